// Saving a picture as a file that stands for itself: an SVG of the page with its title, its colours, and a background.

const NAMESPACE = "http://www.w3.org/2000/svg", EDGE = 14, HEAD = 34;
// Styles of shapes and of texts, with the values that need not be written.
const SHAPE = {fill: "", "fill-opacity": "1", stroke: "none", "stroke-opacity": "1", "stroke-width": "1px", opacity: "1"};
const TEXT = {...SHAPE, "font-size": "", "font-family": "", "font-weight": "400", "text-anchor": "start"};

function add(parent, name, attributes = {}, text = "") {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  parent.append(made);
  return made;
}

// A copy of an SVG of the page that needs no style sheet.
function standalone(svg) {
  const copy = svg.cloneNode(true), originals = [...svg.querySelectorAll("*")];
  [...copy.querySelectorAll("*")].forEach((one, at) => {
    const style = getComputedStyle(originals[at]);
    for (const [name, usual] of Object.entries(one.localName === "text" ? TEXT : SHAPE)) {
      one.removeAttribute(name);
      if (style.getPropertyValue(name) !== usual) one.style.setProperty(name, style.getPropertyValue(name));
    }
  });
  return copy;
}

// An SVG with its title above it, on the background that `place`, an element of the page, has.
function framed(svg, title, place) {
  const style = getComputedStyle(place), [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const size = {width: width + 2 * EDGE, height: height + HEAD + EDGE};
  const box = [-EDGE, -HEAD, size.width, size.height];
  for (const [key, value] of Object.entries({xmlns: NAMESPACE, viewBox: box.join(" "), ...size})) svg.setAttribute(key, value);
  svg.prepend(add(svg, "rect", {x: -EDGE, y: -HEAD, ...size, fill: style.getPropertyValue("--card") || "#fff"}));
  const font = {"font-family": style.fontFamily, "font-size": Math.min(14, 1.6 * width / title.length), "font-weight": 600};
  add(svg, "text", {x: 0, y: -14, fill: style.getPropertyValue("--ink") || "#000", ...font}, title);
  return svg;
}

function saveAs(blob, title, ending) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${title.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "_").replace(/^_|_$/g, "")}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// Save an SVG that needs no style sheet as `form`, "SVG" or "PNG".
async function savePicture(svg, title, form) {
  const blob = new Blob([new XMLSerializer().serializeToString(svg)], {type: "image/svg+xml"});
  if (form === "SVG") return saveAs(blob, title, "svg");
  const image = new Image(), size = ["width", "height"].map(name => 2 * svg.getAttribute(name));
  image.src = URL.createObjectURL(blob);
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), {width: size[0], height: size[1]});
  canvas.getContext("2d").drawImage(image, 0, 0, ...size);
  URL.revokeObjectURL(image.src);
  canvas.toBlob(made => saveAs(made, title, "png"));
}

// The buttons of `drawing.figure`, wherever they stand on the page.
function listenForSaving(page, signal) {
  document.addEventListener("click", event => {
    const button = event.target.closest?.("figure.cm-figure button[data-save]");
    if (!button || !page().contains(button)) return;
    const svg = button.closest("figure").querySelector("svg.cm-picture"), title = svg.getAttribute("aria-label");
    savePicture(framed(standalone(svg), title, svg), title, button.dataset.save);
  }, {signal});
}
