// What pictures share: elements, numbers, a heading with buttons, the table behind, and saving as SVG and PNG.
// This file is put before the file of a kind of picture, which makes one module of both.

const NAMESPACE = "http://www.w3.org/2000/svg";

const number = new Intl.NumberFormat("en-US").format;

function add(parent, name, attributes = {}, text = "") {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  parent.append(made);
  return made;
}

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
      save.onclick = () => (form === "SVG" ? this.saveAs(this.picture(), "svg") : this.savePng());
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

  // A copy of `this.svg` that needs no style sheet.
  picture() {
    const copy = this.svg.cloneNode(true);
    const [, , width, height] = this.svg.getAttribute("viewBox").split(" ");
    for (const [key, value] of Object.entries({xmlns: NAMESPACE, width, height})) copy.setAttribute(key, value);
    const originals = [...this.svg.querySelectorAll("*")];
    [...copy.querySelectorAll("*")].forEach((one, at) => {
      const style = getComputedStyle(originals[at]);
      for (const name of ["fill", "stroke", "font-size", "font-family", "font-weight", "opacity", "text-anchor"])
        one.style.setProperty(name, style.getPropertyValue(name));
    });
    return new Blob([new XMLSerializer().serializeToString(copy)], {type: "image/svg+xml"});
  }

  saveAs(blob, ending) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${this.get("title").toLowerCase().replaceAll(" ", "_")}.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  async savePng() {
    const image = new Image(), [, , width, height] = this.svg.getAttribute("viewBox").split(" ").map(Number);
    image.src = URL.createObjectURL(this.picture());
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), {width: 2 * width, height: 2 * height});
    const context = canvas.getContext("2d");
    context.fillStyle = getComputedStyle(this.svg).getPropertyValue("--card") || "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(image.src);
    canvas.toBlob(blob => this.saveAs(blob, "png"));
  }
}

