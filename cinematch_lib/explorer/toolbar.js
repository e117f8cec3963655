// The bar above the films: how many are kept, undo and redo, a link to this state, the selection as a file.
//
// `kept` and `read` are numbers of films; `can_undo` and `can_redo` are flags; `link` is the state as text;
// `message` is shown. Pressing a button sends {press: its name}, and opening a link {open: its text}: messages, since of
// changes of a trait that follow fast only the last is sent. A custom message {name} with one buffer is a file to save.
// `sorting.js` and `saving.js` stand before it.

const number = new Intl.NumberFormat("en-US").format;
const REST = 100; // milliseconds without a change after which the address shows the state
const isNotebook = () => document.body.dataset.voila === undefined;
const isText = target => target.closest?.("input:not([type=range], [type=checkbox]), textarea, [contenteditable=true]");

// An attribute, set only where that changes it: a browser lays out anew what is set.
function setChanged(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

class Toolbar {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.ending = new AbortController();
    this.count = this.element(root, "p", "cm-bar-count");
    this.count.setAttribute("aria-live", "polite");
    const actions = this.element(root, "div", "cm-bar-actions");
    this.fold = this.button(actions, "Filters", "Show or hide the filters", () => this.setFolded(this.isOpen()));
    this.fold.classList.add("cm-bar-fold");
    this.parts = this.element(actions, "select", "cm-small cm-bar-parts");
    this.parts.setAttribute("aria-label", "Go to a part of the page");
    this.parts.onchange = () => this.goTo(this.headings[this.parts.selectedIndex - 1]);
    this.undo = this.button(actions, "↶", "Undo (Ctrl+Z)", () => this.press("undo"));
    this.redo = this.button(actions, "↷", "Redo (Ctrl+Shift+Z)", () => this.press("redo"));
    this.button(actions, "As the current run", "", () => this.press("run"));
    this.button(actions, "No filters", "", () => this.press("none"));
    this.copy = this.button(actions, "Copy link", "", () => this.copyLink());
    this.opening = this.button(actions, "Open link", "", () => this.ask());
    this.button(actions, "CSV", "Save the kept films as CSV", () => this.press("csv"));
    this.button(actions, "Parquet", "Save the kept films as Parquet", () => this.press("parquet"));
    this.form = this.element(root, "form", "cm-bar-link");
    this.form.hidden = true;
    this.field = this.element(this.form, "input");
    Object.assign(this.field, {type: "text", placeholder: "A link to a state of this page, or its part after #"});
    this.field.setAttribute("aria-label", "Link to a state of this page");
    this.element(this.form, "button", "cm-small", "Open").type = "submit";
    this.form.onsubmit = event => (event.preventDefault(), this.open(this.field.value));
    this.message = this.element(root, "p", "cm-bar-message");
    this.message.setAttribute("role", "status");
    this.listen();
    this.show();
    setTimeout(() => this.join());
  }

  element(parent, name, className = "", text = "") {
    const made = document.createElement(name);
    Object.assign(made, {className, textContent: text});
    parent.append(made);
    return made;
  }

  button(parent, text, label, press) {
    const made = this.element(parent, "button", "cm-small", text);
    Object.assign(made, {type: "button", onclick: press});
    if (label) made.title = label, made.setAttribute("aria-label", label);
    return made;
  }

  // What needs the page around the bar, which is there after the bar is put into it.
  join() {
    this.part = this.root.closest(".cm-part");
    this.page = this.root.closest(".jp-NotebookPanel") ?? document.body;
    this.setFolded(true);
    this.headings = [...this.page.querySelectorAll("h2")];
    for (const name of ["Go to …", ...this.headings.map(one => one.textContent.replace("¶", ""))])
      this.element(this.parts, "option", "", name);
    this.names = new MutationObserver(() => this.nameControls());
    this.names.observe(this.page, {childList: true, subtree: true, attributes: true, attributeFilter: ["class"]});
    this.nameControls();
  }

  goTo(heading) {
    this.parts.selectedIndex = 0;
    heading.tabIndex = -1;
    heading.focus({preventScroll: true});
    heading.scrollIntoView();
  }

  end() {
    this.ending.abort();
    clearTimeout(this.linking);
    this.names?.disconnect();
  }

  listen() {
    const {signal} = this.ending;
    listenForSorting(() => this.page, signal);
    listenForSaving(() => this.page, signal);
    document.addEventListener("keydown", event => this.key(event), {signal, capture: true});
    this.model.on("msg:custom", (content, buffers) => this.save(content.name, buffers[0]));
    for (const name of ["kept", "read", "can_undo", "can_redo", "message", "link"])
      this.model.on(`change:${name}`, () => this.show());
    if (isNotebook()) return;
    addEventListener("hashchange", () => this.openHash(), {signal});
    this.openHash();
  }

  // Names for what ipywidgets leaves without one, and a landmark for the page.
  nameControls() {
    if (!isNotebook()) document.querySelector("#rendered_cells")?.setAttribute("role", "main");
    for (const field of this.page.querySelectorAll("input[placeholder]:not([aria-label])"))
      field.setAttribute("aria-label", field.placeholder);
    for (const select of this.page.querySelectorAll("select[title]:not([aria-label])"))
      select.setAttribute("aria-label", select.title);
    for (const tab of this.page.querySelectorAll(".widget-toggle-buttons button"))
      setChanged(tab, "aria-pressed", tab.classList.contains("mod-active"));
    for (const handle of this.page.querySelectorAll(".noUi-handle:not([aria-label])")) {
      const name = handle.closest(".cm-slider")?.querySelector("h3")?.lastChild.textContent;
      const isRange = handle.closest(".noUi-base").querySelectorAll(".noUi-handle").length > 1;
      const end = isRange ? (handle.matches(".noUi-handle-upper") ? ", to" : ", from") : "";
      if (name) handle.setAttribute("aria-label", name + end);
    }
  }

  openHash() {
    const text = location.hash.slice(1);
    if (text && text !== this.model.get("link")) this.open(text);
  }

  open(text) {
    this.form.hidden = true;
    this.model.send({open: text});
  }

  press(name) {
    this.model.send({press: name});
  }

  key(event) {
    const letter = event.key.toLowerCase(), isUndo = letter === "z" && !event.shiftKey;
    if (!(event.ctrlKey || event.metaKey) || event.altKey || !(letter === "z" || letter === "y")) return;
    if (isText(event.target) || (isNotebook() && !event.target.closest?.(".cm-part"))) return;
    event.preventDefault();
    event.stopPropagation();
    this.press(isUndo ? "undo" : "redo");
  }

  show() {
    const get = name => this.model.get(name);
    this.count.replaceChildren();
    this.element(this.count, "strong", "", number(get("kept")));
    this.count.append(` of ${number(get("read"))} films`);
    this.undo.disabled = !get("can_undo");
    this.redo.disabled = !get("can_redo");
    this.message.textContent = get("message");
    if (isNotebook()) return;
    clearTimeout(this.linking);
    this.linking = setTimeout(() => this.showLink(), REST); // which would hold up what else follows a change
  }

  showLink() {
    const link = this.model.get("link");
    if (link && `#${link}` !== location.hash) history.replaceState(null, "", `#${link}`);
  }

  isOpen() {
    return this.part?.classList.contains("cm-open") ?? false;
  }

  setFolded(folded) {
    this.part?.classList.toggle("cm-open", !folded);
    this.fold.setAttribute("aria-expanded", !folded);
  }

  async copyLink() {
    if (!isNotebook()) this.showLink();
    const text = isNotebook() ? this.model.get("link") : location.href;
    try {
      await navigator.clipboard.writeText(text);
      this.message.textContent = "The link is copied.";
    } catch {
      this.ask(text);
    }
  }

  ask(text = "") {
    this.form.hidden = false;
    this.field.value = text;
    this.field.focus();
    this.field.select();
  }

  save(name, content) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content]));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
}

function render({model, el}) {
  el.classList.add("cm", "cm-bar");
  const bar = new Toolbar(model, el);
  return () => bar.end();
}

export default {render};
