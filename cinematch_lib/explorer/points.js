// Many points on a canvas: a part of the map in view, drawn pixel by pixel, and the point nearest to a place.
//
// Places on the map are from -1 to 1, x to the right and y upwards; pixels are those of the style sheet.

const CELLS = 96; // of the index of points, along each side
const MAX_ZOOM = 40;

class View {
  constructor() {
    this.whole();
  }

  whole() {
    [this.x, this.y, this.zoom] = [0, 0, 1];
  }

  resize(width, height) {
    [this.width, this.height] = [width, height];
  }

  get scale() {
    return Math.min(this.width, this.height) / 2.06 * this.zoom;
  }

  pixel(x, y) {
    return [this.width / 2 + (x - this.x) * this.scale, this.height / 2 - (y - this.y) * this.scale];
  }

  place(left, top) {
    return [this.x + (left - this.width / 2) / this.scale, this.y - (top - this.height / 2) / this.scale];
  }

  move(right, down) {
    this.x = Math.min(1, Math.max(-1, this.x - right / this.scale));
    this.y = Math.min(1, Math.max(-1, this.y + down / this.scale));
  }

  // Zoom such that the place under a pixel stays where it is.
  zoomAt(factor, left = this.width / 2, top = this.height / 2) {
    const [x, y] = this.place(left, top);
    this.zoom = Math.min(MAX_ZOOM, Math.max(1, this.zoom * factor));
    const [x2, y2] = this.place(left, top);
    this.move((x2 - x) * this.scale, -(y2 - y) * this.scale);
    if (this.zoom === 1) this.whole();
  }
}

class Points {
  // `places` holds x and y of each point, one after the other.
  constructor(places) {
    this.places = places;
    this.size = places.length / 2;
    this.starts = new Uint32Array(CELLS * CELLS + 1);
    this.rows = new Uint32Array(this.size);
    const cells = new Uint32Array(this.size);
    for (let row = 0; row < this.size; row++)
      this.starts[(cells[row] = this.cell(places[2 * row]) * CELLS + this.cell(places[2 * row + 1])) + 1]++;
    for (let at = 0; at < CELLS * CELLS; at++) this.starts[at + 1] += this.starts[at];
    const next = this.starts.slice();
    for (let row = 0; row < this.size; row++) this.rows[next[cells[row]]++] = row;
  }

  cell(value) {
    return Math.min(CELLS - 1, Math.max(0, Math.floor((value + 1) / 2 * CELLS)));
  }

  // The rows of the cells that a rectangle touches.
  *near(left, bottom, right, top) {
    for (let x = this.cell(left); x <= this.cell(right); x++)
      for (let y = this.cell(bottom); y <= this.cell(top); y++)
        for (let at = this.starts[x * CELLS + y]; at < this.starts[x * CELLS + y + 1]; at++) yield this.rows[at];
  }

  // The row that is nearest to a place within a distance, -1 for none; the cost of a row is `weigh(dx, dy)`.
  nearest(x, y, distance, weigh = (dx, dy) => dx * dx + dy * dy) {
    let best = -1, least = Infinity;
    for (const row of this.near(x - distance, y - distance, x + distance, y + distance)) {
      const dx = this.places[2 * row] - x, dy = this.places[2 * row + 1] - y;
      if (dx * dx + dy * dy > distance * distance) continue;
      const cost = weigh(dx, dy, row);
      if (cost < least) [best, least] = [row, cost];
    }
    return best;
  }

  // Draw the points on a canvas, those of `kept` (a byte each) over the others; the colours are numbers of Uint32Array.
  draw(canvas, view, ratio, kept, keptColour, otherColour) {
    const {width, height} = canvas, context = canvas.getContext("2d");
    if (this.image?.width !== width || this.image.height !== height) this.image = context.createImageData(width, height);
    const pixels = new Uint32Array(this.image.data.buffer).fill(0), {places, size} = this;
    const radius = Math.min(5, Math.max(0.9, 110 / Math.sqrt(this.size) * Math.sqrt(view.zoom) + 0.4)) * ratio;
    const stamp = Int32Array.from(disc(radius), ([right, down]) => down * width + right), reach = Math.ceil(radius), scale = view.scale * ratio;
    const left = width / 2 - view.x * scale, top = height / 2 + view.y * scale, middles = new Int32Array(size);
    let first = 0, last = size; // of the points in view: the others are first, from the end those that are kept
    for (let row = 0; row < size; row++) {
      const x = Math.round(left + places[2 * row] * scale), y = Math.round(top - places[2 * row + 1] * scale);
      if (x < reach || y < reach || x >= width - reach || y >= height - reach) continue;
      middles[kept[row] ? --last : first++] = y * width + x;
    }
    for (let at = 0; at < first; at++)
      for (let part = 0; part < stamp.length; part++) pixels[middles[at] + stamp[part]] = otherColour;
    for (let at = last; at < size; at++)
      for (let part = 0; part < stamp.length; part++) pixels[middles[at] + stamp[part]] = keptColour;
    context.putImageData(this.image, 0, 0);
  }
}

// The pixels of a disc, relative to its middle.
function disc(radius) {
  const reach = Math.ceil(radius), all = [];
  for (let right = -reach; right <= reach; right++)
    for (let down = -reach; down <= reach; down++)
      if (right * right + down * down <= radius * radius) all.push([right, down]);
  return all;
}

// A colour of the style sheet as a number of an image's pixels.
function pixelColour(colour) {
  const context = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return new Uint32Array(context.getImageData(0, 0, 1, 1).data.buffer)[0];
}
