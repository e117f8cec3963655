// A bar chart of all films and, over them, of the films that the filters keep; it answers to pointer and keyboard.
//
// The model holds `title`, `labels` (one a bar), `all` and `kept` (films a bar), and one of
// - `edges`, the lower ends of the bars and the upper end of the last: dragging sets `brush`, [low, high], inclusive,
//   null for no bound, and `bounds` tells what holds; with `open_end` there is no upper bound;
// - `states`, 0, 1 (kept) or 2 (dropped) a bar: a click sets `pick`, the bar's number and a counter.
// `saving.js` and `picture.js` stand before it.

const WIDTH = 420, LEFT = 36, RIGHT = 8, TOP = 8, BOTTOM = 20, HEIGHT = 116, ROW = 17, LETTER = 6.6, NUMBER = 44;
const STATES = ["any", "only these", "none of these"];

// Round numbers up to `top`, at most `count` of them.
function ticks(top, count = 4) {
  const step = [1, 2, 5].flatMap(one => [...Array(9).keys()].map(power => one * 10 ** power))
    .sort((a, b) => a - b).find(one => top / one <= count) ?? top;
  return [...Array(Math.floor(top / step) + 1).keys()].map(at => at * step);
}

class Chart extends Picture {
  constructor(model, root) {
    super(model, root);
    this.svg = add(root, "svg", {class: "cm-chart", role: "group", "aria-label": this.get("title")});
    this.behind(root);
    this.draw();
  }

  tell(at) {
    this.told.textContent =
      at === null ? "" : `${this.get("labels")[at]}: ${number(this.get("kept")[at])} of ${number(this.get("all")[at])}`;
  }

  draw() {
    this.svg.replaceChildren();
    this.paint();
    this.show();
  }

  // Bars, bounds and table as the model has them now.
  show() {
    this.showBars(this.get("kept"));
    this.showTable();
  }

  fillTable() {
    const [all, kept, labels] = ["all", "kept", "labels"].map(this.get), head = element(this.table, "tr");
    for (const [name, kind] of [[this.get("title"), ""], ["films", "cm-number"], ["kept", "cm-number"]])
      element(head, "th", kind, name);
    labels.forEach((label, at) => {
      if (!all[at]) return;
      const row = element(this.table, "tr");
      element(row, "td", "", label);
      for (const value of [all[at], kept[at]]) element(row, "td", "cm-number", number(value));
    });
  }
}

class RangeChart extends Chart {
  paint() {
    const all = this.get("all"), edges = this.get("edges"), svg = this.svg;
    this.width = (WIDTH - LEFT - RIGHT) / Math.max(all.length, 1);
    this.top = Math.max(1, ...all);
    this.y = films => HEIGHT - BOTTOM - films / this.top * (HEIGHT - BOTTOM - TOP);
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    for (const value of ticks(this.top)) {
      add(svg, "line", {class: "cm-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: this.y(value), y2: this.y(value)});
      add(svg, "text", {class: "cm-tick", x: LEFT - 5, y: this.y(value) + 3, "text-anchor": "end"}, number(value));
    }
    const every = Math.ceil(all.length / 10);
    all.forEach((films, at) => {
      this.bar("cm-all", at, films);
      if (at % every === 0)
        add(svg, "text", {class: "cm-tick", x: this.x(at) + this.width / 2, y: HEIGHT - 6, "text-anchor": "middle"},
          edges[at] >= 10000 ? `${edges[at] / 1000}k` : edges[at]);
    });
    this.bars = all.map((_, at) => this.bar("cm-kept-bar", at, 0));
    this.drawn = all.map(() => 0);
    this.shade = add(svg, "rect", {class: "cm-brush", y: TOP, height: HEIGHT - TOP - BOTTOM});
    const area = add(svg, "rect", {
      class: "cm-area", x: LEFT, y: 0, width: WIDTH - LEFT - RIGHT, height: HEIGHT, fill: "transparent"});
    area.addEventListener("pointermove", event => this.move(event));
    area.addEventListener("pointerdown", event => this.start(event, area));
    area.addEventListener("pointerup", event => this.end(event));
    area.addEventListener("pointerleave", () => this.tell(null));
    area.addEventListener("dblclick", () => this.send(null, null));
    this.handles = (this.get("open_end") ? ["from"] : ["from", "to"]).map((name, side) => {
      const handle = add(svg, "rect", {
        class: "cm-handle", y: HEIGHT / 2 - 18, width: 5, height: 26, rx: 2, tabindex: 0, role: "slider",
        "aria-label": `${this.get("title")}, ${name}`, "aria-valuemin": edges[0], "aria-valuemax": edges.at(-1) - 1});
      handle.addEventListener("keydown", event => this.key(event, side));
      return handle;
    });
  }

  bar(kind, at, films) {
    return add(this.svg, "rect", {
      class: kind, x: this.x(at) + this.width * .06, width: this.width * .88, y: this.y(films),
      height: HEIGHT - BOTTOM - this.y(films)});
  }

  x(at) {
    return LEFT + at * this.width;
  }

  // The place of a value between the edges, in bars.
  place(value) {
    const edges = this.get("edges"), at = edges.findLastIndex(edge => edge <= value);
    if (at < 0) return 0;
    return at >= edges.length - 1 ? edges.length - 1 : at + (value - edges[at]) / (edges[at + 1] - edges[at]);
  }

  showBars(kept) {
    this.bars.forEach((bar, at) => {
      if (this.drawn[at] === kept[at]) return; // a browser lays out anew what is set
      bar.setAttribute("y", this.y(kept[at]));
      bar.setAttribute("height", HEIGHT - BOTTOM - this.y(kept[at]));
    });
    this.drawn = kept;
    if (!this.from) this.showBounds(...this.get("bounds"));
  }

  showBounds(low, high) {
    const edges = this.get("edges"), last = edges.length - 1;
    const ends = [low === null ? 0 : this.place(low), high === null ? last : this.place(high + 1)];
    this.shade.setAttribute("x", this.x(ends[0]));
    this.shade.setAttribute("width", Math.max(0, this.x(ends[1]) - this.x(ends[0])));
    this.shade.setAttribute("visibility", low === null && high === null ? "hidden" : "visible");
    this.handles.forEach((handle, side) => {
      const value = [low, high][side];
      handle.setAttribute("x", this.x(ends[side]) - 2.5);
      handle.setAttribute("aria-valuenow", value ?? (side ? edges.at(-1) - 1 : edges[0]));
      handle.setAttribute("aria-valuetext", value === null ? "no bound" : number(value));
    });
  }

  at(event) {
    const box = this.svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * WIDTH;
    return Math.min(this.get("all").length - 1, Math.max(0, Math.floor((x - LEFT) / this.width)));
  }

  start(event, area) {
    area.setPointerCapture(event.pointerId);
    this.from = {at: this.at(event), moved: false};
  }

  move(event) {
    const at = this.at(event);
    this.tell(at);
    if (!this.from || (at === this.from.at && !this.from.moved)) return;
    this.from.moved = true;
    const edges = this.get("edges"), [first, last] = [Math.min(at, this.from.at), Math.max(at, this.from.at)];
    this.send(first ? edges[first] : null, last < edges.length - 2 ? edges[last + 1] - 1 : null);
  }

  end() {
    const clicked = this.from && !this.from.moved ? this.from.at : null;
    this.from = null;
    if (clicked !== null && this.get("bounds").some(one => one !== null)) this.send(null, null);
  }

  key(event, side) {
    const steps = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10};
    const edges = this.get("edges"), bounds = [...this.get("bounds")], end = side ? edges.length - 1 : 0;
    const now = bounds[side] === null ? end : Math.round(this.place(bounds[side] + side));
    let to = event.key === "Home" ? 0 : event.key === "End" ? edges.length - 1 : now + (steps[event.key] ?? NaN);
    if (Number.isNaN(to)) return;
    event.preventDefault();
    const other = this.place(side ? bounds[0] ?? edges[0] : (bounds[1] ?? edges.at(-1) - 1) + 1);
    to = side ? Math.min(Math.max(to, Math.floor(other) + 1), end) : Math.max(Math.min(to, Math.ceil(other) - 1), 0);
    bounds[side] = to === end ? null : edges[to] - side;
    this.send(...bounds);
  }

  send(low, high) {
    const brush = [low, this.get("open_end") ? null : high];
    this.showBounds(...brush);
    if (String(brush) === String(this.sent ?? this.get("bounds"))) return;
    this.sent = brush;
    this.model.set("brush", brush);
    this.model.save_changes();
  }
}

class NameChart extends Chart {
  paint() {
    const all = this.get("all"), labels = this.get("labels"), height = Math.max(all.length * ROW, 1);
    const start = Math.min(WIDTH / 2, LETTER * Math.max(0, ...labels.map(label => label.length)) + 12);
    this.length = films => films / Math.max(1, ...all) * (WIDTH - start - NUMBER);
    this.svg.setAttribute("viewBox", `0 0 ${WIDTH} ${height}`);
    this.rows = labels.map((label, at) => {
      const row = add(this.svg, "g", {class: "cm-name", transform: `translate(0 ${at * ROW})`, tabindex: 0, role: "button"});
      add(row, "rect", {width: WIDTH, height: ROW, fill: "transparent"});
      add(row, "text", {class: "cm-label", x: start - 8, y: 13, "text-anchor": "end"}, `${label} `); // two words of a name
      add(row, "rect", {class: "cm-all", x: start, y: 3, height: ROW - 6, width: this.length(all[at])});
      const bar = add(row, "rect", {class: "cm-kept-bar", x: start, y: 3, height: ROW - 6});
      const count = add(row, "text", {class: "cm-tick", x: WIDTH - 2, y: 13, "text-anchor": "end"});
      row.addEventListener("click", () => this.pick(at));
      row.addEventListener("keydown", event => {
        if (event.key === "Enter" || event.key === " ") event.preventDefault(), this.pick(at);
      });
      row.addEventListener("pointerenter", () => this.tell(at));
      row.addEventListener("pointerleave", () => this.tell(null));
      return {row, bar, count};
    });
  }

  showBars(kept) {
    const states = this.get("states"), labels = this.get("labels");
    this.rows.forEach(({row, bar, count}, at) => {
      bar.setAttribute("width", this.length(kept[at]));
      count.textContent = number(kept[at]);
      row.dataset.state = states[at];
      row.setAttribute("aria-label", `${labels[at]} ${number(kept[at])} films kept, ${STATES[states[at]]}`);
    });
  }

  pick(at) {
    this.model.set("pick", [at, (this.get("pick")[1] ?? 0) + 1]);
    this.model.save_changes();
  }
}

function render({model, el}) {
  el.classList.add("cm");
  const chart = new (model.get("edges").length ? RangeChart : NameChart)(model, el);
  const show = () => {
    chart.sent = undefined;
    chart.show();
  };
  for (const name of ["kept", "bounds", "states"]) model.on(`change:${name}`, show);
  for (const name of ["all", "labels", "edges"]) model.on(`change:${name}`, () => chart.draw());
}

export default {render};
