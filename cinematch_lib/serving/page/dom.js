// Creating and finding elements. Text from the server only becomes text nodes; nothing here or elsewhere parses HTML.

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** A new element. An attribute that is true is set without a value, false or null is omitted; children may be text. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** A copy of a template's only element; `part(name)` finds the element with that `data-part`. */
export function cloneTemplate(templateId) {
  const made = byId(templateId).content.firstElementChild.cloneNode(true);
  return { made, part: (name) => made.querySelector(`[data-part="${name}"]`) };
}

/** An icon from the symbols of the page. */
export function icon(name) {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawn.setAttribute("class", "icon");
  drawn.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `page/icons.svg#${name}`);
  drawn.append(use);
  return drawn;
}

/** Replace the options of a select after its first with `choices`, `[value, label]` each; keeps the chosen one. */
export function setChoices(select, choices) {
  const chosen = select.value;
  select.replaceChildren(select.options[0], ...choices.map(([value, label]) => element("option", { value }, label)));
  select.value = choices.some(([value]) => value === chosen) ? chosen : "";
}

/** Call `act` once, `wait` milliseconds after the last of several calls. */
export function debounce(act, wait) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...values), wait);
  };
}
