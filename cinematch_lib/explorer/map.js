// The map of films: a drag keeps the films of a rectangle, pointing names a film, a click pins it.
//
// The model holds `places` (float32, x and y of each film), `names` (lines of text), `ids` (float64), `order` (uint32,
// the rows by popularity), `kept` (a bit each) and `area` ([left, bottom, right, top] or []); a drag sets `brush`, which
// is such an area. `saving.js`, `picture.js` and `points.js` stand before it.

const NEAR = 9, NAMES = 28, LISTED = 40, STEP = 40, TRIED = 300;
// Pixels, names on the map, films in the table, pixels that a key moves, and films whose names are tried on the map.
const HELP = "Arrow keys go from film to film, Enter pins one, Space begins and ends a rectangle, Escape keeps all films, " +
  "plus and minus zoom, Shift with arrow keys moves the map.";

const buffer = (view, Kind) => new Kind(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

class FilmMap extends Picture {
  constructor(model, root) {
    super(model, root);
    this.view = new View();
    this.stage = element(root, "div", "cm-map");
    this.stage.tabIndex = 0;
    for (const [key, value] of Object.entries({role: "application", "aria-label": `${this.get("title")}. ${HELP}`}))
      this.stage.setAttribute(key, value);
    this.base = element(this.stage, "canvas");
    this.marks = element(this.stage, "canvas");
    const bar = element(root, "div", "cm-map-bar");
    this.mode = this.button(bar, "Move", "Move the map by dragging", () => this.setMoving(!this.moving));
    this.button(bar, "+", "Zoom in", () => this.zoom(1.6));
    this.button(bar, "−", "Zoom out", () => this.zoom(1 / 1.6));
    this.button(bar, "Whole map", "", () => (this.view.whole(), this.draw()));
    this.all = this.button(bar, "Keep all", "", () => this.send([]));
    this.pinned = element(root, "div", "cm-map-pin");
    this.pinned.setAttribute("aria-live", "polite");
    this.behind(root);
    [this.cursor, this.pin, this.start, this.moving] = [-1, -1, null, false];
    this.listen();
    this.read();
  }

  button(bar, text, label, press) {
    const made = element(bar, "button", "cm-small", text);
    made.type = "button";
    if (label) made.title = label, made.setAttribute("aria-label", label);
    made.onclick = press;
    return made;
  }

  setMoving(moving) {
    this.moving = moving;
    this.mode.setAttribute("aria-pressed", moving);
    this.stage.classList.toggle("cm-moving", moving);
  }

  listen() {
    const {stage} = this, at = event => {
      const box = this.base.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    stage.addEventListener("pointerdown", event => {
      if (event.button) return;
      stage.setPointerCapture(event.pointerId);
      this.start = {at: at(event), moved: false, moves: this.moving || event.shiftKey};
    });
    stage.addEventListener("pointermove", event => this.pointAt(...at(event)));
    stage.addEventListener("pointerup", event => this.release(...at(event)));
    stage.addEventListener("pointercancel", () => (this.start = null, this.drawMarks()));
    stage.addEventListener("pointerleave", () => this.start || this.hover(-1));
    stage.addEventListener("keydown", event => this.key(event));
    stage.addEventListener("wheel", event => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 200), ...at(event));
    }, {passive: false});
    this.sizes = new ResizeObserver(([{contentRect}]) => {
      [this.width, this.height] = [Math.round(contentRect.width), Math.round(contentRect.height)];
      this.draw();
    });
    this.sizes.observe(stage);
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", this.redraw = () => this.draw());
  }

  end() {
    this.sizes.disconnect();
    this.scheme.removeEventListener("change", this.redraw);
  }

  read() {
    this.points = new Points(buffer(this.get("places"), Float32Array));
    this.ids = buffer(this.get("ids"), Float64Array);
    this.order = buffer(this.get("order"), Uint32Array);
    this.names = new TextDecoder().decode(this.get("names")).split("\n");
    this.readKept();
  }

  readKept() {
    const bits = buffer(this.get("kept"), Uint8Array);
    this.kept = new Uint8Array(this.points.size);
    for (let row = 0; row < this.kept.length; row++) this.kept[row] = (bits[row >> 3] >> (row & 7)) & 1;
    this.draw();
    this.showTable();
  }

  place(row) {
    return [this.points.places[2 * row], this.points.places[2 * row + 1]];
  }

  draw() {
    const {width, height} = this; // not the element's, for which a browser would lay out the page anew
    if (!width || !height) return;
    const ratio = devicePixelRatio || 1;
    this.view.resize(width, height);
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    for (const canvas of [this.base, this.marks])
      if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, {width: wide, height: high});
    this.readColours();
    this.points.draw(this.base, this.view, ratio, this.kept, ...this.pixels);
    this.labels = this.chooseLabels(this.base.getContext("2d"));
    this.drawMarks();
  }

  readColours() {
    if (this.colours?.isDark === this.scheme.matches) return;
    const style = getComputedStyle(this.stage), colour = name => style.getPropertyValue(name).trim();
    this.colours = {kept: colour("--kept"), other: colour("--behind"), ink: colour("--ink"), card: colour("--card"),
      accent: colour("--accent"), font: style.fontFamily, isDark: this.scheme.matches};
    this.pixels = [pixelColour(this.colours.kept), pixelColour(this.colours.other)];
  }

  // The names of the most popular films in view that do not overlap.
  chooseLabels(context) {
    const chosen = [], {width, height} = this.view;
    let tried = 0;
    context.font = `11px ${this.colours.font}`;
    for (const row of this.order) {
      if (chosen.length >= Math.min(NAMES, width / 16)) break;
      if (!this.kept[row]) continue;
      const [x, y] = this.view.pixel(...this.place(row));
      if (x < 20 || x > width - 20 || y < 22 || y > height - 4) continue;
      if (tried++ > TRIED) break;
      const name = this.names[row].replace(/ \(\d{4}\)$/, "");
      const text = name.length > 28 ? `${name.slice(0, 27)}…` : name, half = context.measureText(text).width / 2 + 4;
      if (x < half || x > width - half) continue;
      const free = chosen.every(one => Math.abs(one.x - x) > one.half + half || Math.abs(one.y - y) > 15);
      if (free) chosen.push({row, text, x, y, half});
    }
    return chosen;
  }

  drawMarks() {
    if (!this.colours) return; // not yet in the page
    const context = this.marks.getContext("2d"), ratio = devicePixelRatio || 1, {ink, card, accent, font} = this.colours;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.view.width, this.view.height);
    const area = this.dragged ?? this.get("area");
    if (area.length) {
      const [left, bottom] = this.view.pixel(area[0], area[1]), [right, top] = this.view.pixel(area[2], area[3]);
      context.strokeStyle = accent;
      context.lineWidth = 1.5;
      context.strokeRect(left, top, right - left, bottom - top);
    }
    Object.assign(context, {textAlign: "center", lineJoin: "round", strokeStyle: card, fillStyle: ink, lineWidth: 3});
    context.font = `11px ${font}`;
    for (const {text, x, y} of this.labels) context.strokeText(text, x, y - 6), context.fillText(text, x, y - 6);
    for (const [row, colour] of [[this.pin, accent], [this.cursor, ink]]) {
      if (row < 0) continue;
      const [x, y] = this.view.pixel(...this.place(row));
      context.beginPath();
      context.arc(x, y, 7, 0, 7);
      Object.assign(context, {strokeStyle: colour, lineWidth: 2.5});
      context.stroke();
    }
  }

  // The film that is pointed at; a pointer that points at none leaves the film that keys have reached.
  hover(row, byKey = false) {
    if (row === this.cursor || (row < 0 && this.byKey)) return;
    this.byKey = byKey;
    this.cursor = row;
    this.told.textContent = row < 0 ? "" : this.named(row);
    this.drawMarks();
  }

  named(row) {
    return `${this.names[row]}${this.kept[row] ? "" : ", not kept"}`;
  }

  pointAt(left, top) {
    const {start, view} = this;
    if (!start) return this.hover(this.points.nearest(...view.place(left, top), NEAR / view.scale));
    if (!start.moved && Math.hypot(left - start.at[0], top - start.at[1]) < 4) return;
    start.moved = true;
    if (start.moves) {
      view.move(left - start.at[0], top - start.at[1]);
      start.at = [left, top];
      return this.draw();
    }
    const [x, y] = view.place(...start.at), [x2, y2] = view.place(left, top);
    this.send([Math.min(x, x2), Math.min(y, y2), Math.max(x, x2), Math.max(y, y2)]);
  }

  release(left, top) {
    const {start} = this;
    this.start = null;
    if (!start || start.moved) return;
    this.setPin(this.points.nearest(...this.view.place(left, top), NEAR / this.view.scale));
  }

  setPin(row) {
    this.pin = row;
    this.pinned.replaceChildren();
    if (row >= 0) {
      element(this.pinned, "span", "", `${this.named(row)} `);
      const open = element(this.pinned, "button", "cm-small", "Open this film");
      Object.assign(open, {type: "button"}).dataset.open = this.ids[row];
    }
    this.drawMarks();
  }

  zoom(factor, ...at) {
    this.view.zoomAt(factor, ...at);
    this.draw();
  }

  send(area) {
    const limited = area.map(one => Number(Math.min(1, Math.max(-1, one)).toFixed(4)));
    this.dragged = limited;
    this.drawMarks();
    this.model.set("brush", limited);
    this.model.save_changes();
  }

  key(event) {
    const arrows = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}, arrow = arrows[event.key];
    const others = {
      Enter: () => this.setPin(this.cursor), Escape: () => (this.corner = null, this.send([])), "+": () => this.zoom(1.6),
      "=": () => this.zoom(1.6), "-": () => this.zoom(1 / 1.6), " ": () => this.toggleCorner()};
    if (event.altKey || event.ctrlKey || event.metaKey || !(arrow || others[event.key])) return;
    event.preventDefault();
    if (!arrow) return others[event.key]();
    if (event.shiftKey) return this.view.move(-arrow[0] * STEP, arrow[1] * STEP), this.draw();
    this.step(...arrow);
  }

  // To the nearest film in a direction; from none, to the most popular film in view.
  step(right, up) {
    if (this.cursor < 0) return this.hover(this.labels[0]?.row ?? this.order.find(row => this.kept[row]) ?? -1, true);
    const [x, y] = this.place(this.cursor), own = this.cursor;
    const cost = (dx, dy, row) => {
      const along = dx * right + dy * up, aside = Math.abs(dx * up) + Math.abs(dy * right);
      return row === own || !this.kept[row] || along <= 0 || aside > along ? Infinity : along + 2 * aside;
    };
    const found = [0.02, 0.1, 0.5, 2].map(reach => () => this.points.nearest(x, y, reach / Math.sqrt(this.view.zoom), cost))
      .reduce((row, search) => (row < 0 ? search() : row), -1);
    if (found < 0) return;
    this.hover(found, true);
    const [left, top] = this.view.pixel(...this.place(found));
    if (left < 0 || top < 0 || left > this.view.width || top > this.view.height)
      this.view.move(this.view.width / 2 - left, this.view.height / 2 - top), this.draw();
    if (this.corner) this.stretch();
  }

  toggleCorner() {
    this.corner = this.corner || this.cursor < 0 ? null : this.place(this.cursor);
  }

  stretch() {
    const [x, y] = this.corner, [x2, y2] = this.place(this.cursor), edge = 0.002;
    this.send([Math.min(x, x2) - edge, Math.min(y, y2) - edge, Math.max(x, x2) + edge, Math.max(y, y2) + edge]);
  }

  showArea() {
    if (!this.start) this.dragged = null;
    this.all.disabled = !this.get("area").length;
    this.drawMarks();
  }

  // The most popular of the kept films.
  fillTable() {
    const head = element(this.table, "tr");
    for (const name of ["film", "right", "up"]) element(head, "th", name === "film" ? "" : "cm-number", name);
    let rows = 0;
    for (const row of this.order) {
      if (!this.kept[row]) continue;
      if (rows++ >= LISTED) break;
      const line = element(this.table, "tr"), name = element(element(line, "td"), "button", "cm-film", this.names[row]);
      Object.assign(name, {type: "button"}).dataset.open = this.ids[row];
      for (const value of this.place(row)) element(line, "td", "cm-number", value.toFixed(2).replace("-", "−"));
    }
  }

  picture() {
    const {width, height} = this.view, {kept, other, ink, accent, font} = this.colours;
    const svg = document.createElementNS(NAMESPACE, "svg"), area = this.get("area");
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("font-family", font);
    for (const [isKept, colour] of [[0, other], [1, kept]]) {
      let d = "";
      for (let row = 0; row < this.points.size; row++) {
        const [x, y] = this.view.pixel(...this.place(row));
        if (this.kept[row] === isKept && x >= 0 && y >= 0 && x <= width && y <= height) d += `M${x.toFixed(1)} ${y.toFixed(1)}h0`;
      }
      add(svg, "path", {d, stroke: colour, fill: "none", "stroke-width": 2, "stroke-linecap": "round"});
    }
    if (area.length) {
      const [x, bottom] = this.view.pixel(area[0], area[1]), [right, y] = this.view.pixel(area[2], area[3]);
      add(svg, "rect", {x, y, width: right - x, height: bottom - y, fill: "none", stroke: accent});
    }
    for (const {text, x, y} of this.labels)
      add(svg, "text", {x, y: y - 6, fill: ink, "text-anchor": "middle", "font-size": 11}, text);
    return svg;
  }
}

function render({model, el}) {
  el.classList.add("cm");
  const map = new FilmMap(model, el);
  model.on("change:places", () => map.read());
  model.on("change:kept", () => map.readKept());
  model.on("change:area", () => map.showArea());
  map.showArea();
  return () => map.end();
}

export default {render};
