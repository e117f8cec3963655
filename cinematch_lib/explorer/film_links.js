// Tells the kernel which film is opened, and moves the focus there and back.
//
// Every button with `data-open`, a film's id, opens that film, wherever it stands on the page; `data-close` closes it.
// `opened` is [id, a counter], id 0 for none; `shown`, a counter, grows when the kernel has shown the film.

function render({model, el}) {
  const ending = new AbortController();
  let from = null;
  const page = () => el.closest(".jp-NotebookPanel") ?? document.body;
  document.addEventListener("click", event => {
    const button = event.target.closest?.("button[data-open], button[data-close]");
    if (!button || !page().contains(button)) return;
    if (button.dataset.open && !button.closest(".cm-film-view")) from = button;
    model.set("opened", [Number(button.dataset.open ?? 0), model.get("opened")[1] + 1]);
    model.save_changes();
  }, {signal: ending.signal});
  model.on("change:shown", () => setTimeout(() => {
    const film = page().querySelector(".cm-film-view h3");
    if (model.get("opened")[0]) film?.focus(), film?.scrollIntoView({block: "start"});
    else if (from?.isConnected) from.focus();
  }, 50));
  return () => ending.abort();
}

export default {render};
