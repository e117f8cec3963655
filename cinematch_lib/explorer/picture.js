// What pictures share: elements, numbers, a heading with buttons that save the picture, and the table behind.
// `saving.js` stands before this file, and the file of a kind of picture after it, which makes one module of them.

const number = new Intl.NumberFormat("en-US").format;

function element(parent, name, className = "", text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  parent.append(made);
  return made;
}

class Picture {
  constructor(model, root) {
    this.model = model;
    this.get = name => model.get(name);
    const head = element(root, "div", "cm-chart-head");
    element(head, "h3", "", this.get("title"));
    this.told = element(head, "span", "cm-faint");
    this.told.setAttribute("aria-live", "polite");
    for (const form of ["SVG", "PNG"]) {
      const save = element(head, "button", "cm-save", form);
      save.type = "button";
      save.title = `Save this picture as ${form}`;
      save.setAttribute("aria-label", `Save ${this.get("title")} as ${form}`);
      save.onclick = () => savePicture(framed(this.picture(), this.get("title"), root), this.get("title"), form);
    }
  }

  // The table behind the picture, put last: a summary opens it, and `fillTable` fills it while it is open.
  behind(root) {
    const details = element(root, "details", "cm-behind");
    element(details, "summary", "", "As a table");
    this.table = element(details, "table", "cm-table");
    details.addEventListener("toggle", () => this.showTable());
  }

  showTable() {
    this.table.replaceChildren();
    if (this.table.parentElement.open) this.fillTable();
  }

  // An SVG of what is shown that needs no style sheet.
  picture() {
    return standalone(this.svg);
  }
}
