// A table of films that the kernel sorts and divides into pages.
//
// The model holds `head` (names of the columns), `rows` (cells; the first is [id, title], numbers are null if unknown),
// `total` (films on all pages), `page` and `pages`, and `sort` ([column, descending], column -1 for the kernel's own
// order); a press sets `asked`, [page, column, descending, a counter].

const number = new Intl.NumberFormat("en-US").format;

const ROLES = {table: "table", tr: "row", th: "columnheader", td: "cell"}; // kept where the style stacks the cells

function make(parent, name, className = "", text = "") {
  const made = document.createElement(name);
  if (ROLES[name]) made.role = ROLES[name];
  Object.assign(made, {className, textContent: text});
  parent.append(made);
  return made;
}

function button(parent, className, text, press) {
  return Object.assign(make(parent, "button", className, text), {type: "button", onclick: press});
}

class FilmTable {
  constructor(model, root) {
    this.get = name => model.get(name);
    this.ask = (page, column, descending) => {
      model.set("asked", [page, column, descending, this.get("asked")[3] + 1]);
      model.save_changes();
    };
    this.caption = make(root, "div", "cm-hint");
    this.caption.setAttribute("aria-live", "polite");
    const table = make(make(root, "div", "cm-wide-table"), "table", "cm-table cm-lookup");
    this.head = make(make(table, "thead"), "tr");
    this.body = make(table, "tbody");
    const pages = make(root, "div", "cm-map-bar");
    this.back = button(pages, "cm-small", "Previous", () => this.turn(-1));
    this.forth = button(pages, "cm-small", "Next", () => this.turn(1));
    this.place = make(pages, "span", "cm-hint");
    this.heads = this.get("head").map((name, column) => {
      const head = make(this.head, "th");
      head.scope = "col";
      head.button = button(head, "cm-sort", name, () => this.sortBy(column));
      return head;
    });
    this.show();
  }

  turn(by) {
    this.ask(this.get("page") + by, ...this.get("sort"));
  }

  // The first press sorts numbers from the highest and texts from A, the second the other way, the third as before.
  sortBy(column) {
    const [now, descending] = this.get("sort"), first = this.isNumber[column];
    if (now !== column) this.ask(0, column, first);
    else if (descending === first) this.ask(0, column, !first);
    else this.ask(0, -1, false);
  }

  show() {
    const rows = this.get("rows"), [sorted, descending] = this.get("sort"), pages = this.get("pages");
    this.isNumber = this.get("numeric");
    this.caption.textContent = this.get("caption");
    this.heads.forEach((head, column) => {
      head.className = this.isNumber[column] ? "cm-number" : "";
      head.setAttribute("aria-sort", column === sorted ? (descending ? "descending" : "ascending") : "none");
    });
    this.body.replaceChildren(...rows.map(([[id, title], ...cells]) => {
      const row = Object.assign(document.createElement("tr"), {role: ROLES.tr});
      button(make(row, "td"), "cm-film", title).dataset.open = id;
      cells.forEach((cell, at) => {
        const text = typeof cell === "number" && at !== 0 ? number(cell) : cell ?? "";
        make(row, "td", this.isNumber[at + 1] ? "cm-number" : "", text);
      });
      return row;
    }));
    this.back.disabled = this.get("page") <= 0;
    this.forth.disabled = this.get("page") >= pages - 1;
    this.place.textContent = pages > 1 ? `Page ${number(this.get("page") + 1)} of ${number(pages)}` : "";
  }
}

function render({model, el}) {
  el.classList.add("cm");
  const table = new FilmTable(model, el);
  for (const name of ["rows", "sort", "caption", "page", "pages"]) model.on(`change:${name}`, () => table.show());
}

export default {render};
