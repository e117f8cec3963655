// A film's poster: a generated drawing, and over it TMDb's image when it has loaded. The drawing depends only on the
// film's id, title, year and genres, so a film looks the same everywhere.

import { element } from "./dom.js";
import { MOTIFS, PALETTES } from "./motifs.js";

const SVG = "http://www.w3.org/2000/svg";
const IMAGES = "https://image.tmdb.org/t/p/";

/** Fill `holder` with the poster of a film `{movie_id, title, year, genres, poster_path}`. */
export function showPoster(holder, film) {
  const random = randomFrom(`${film.movie_id} ${film.title}`);
  const one = (among) => among[Math.floor(random() * among.length)];
  const known = (film.genres ?? []).filter((name) => Object.hasOwn(MOTIFS, name));
  const [motifs, palettes] = MOTIFS[known.length ? one(known) : "drama"];
  const motif = one(motifs);
  const [ground, first, second, ink] = PALETTES[one(palettes)];
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 200 300");
  const draw = pen(drawing);
  draw("rect", { width: 200, height: 300, fill: ground });
  motif(draw, random, first, second, ground);
  draw("rect", { y: 196, width: 200, height: 104, fill: ground });
  draw("rect", { x: 16, y: 196, width: 168, height: 2, fill: ink, opacity: 0.55 });
  const title = element("span", { class: "poster-title" }, film.title);
  title.style.color = ink;
  title.dataset.size = titleSize(film.title);
  const year = element("span", { class: "poster-year" }, film.year ? String(film.year) : "");
  year.style.color = ink;
  holder.replaceChildren(drawing, title, year);
  if (/^\/[\w.-]+$/.test(film.poster_path ?? "")) holder.append(image(film.poster_path));
}

/** Smaller for a long title and for a long word, which would be broken. */
function titleSize(title) {
  const longestWord = Math.max(...title.split(/\s+/).map((word) => word.length));
  if (title.length > 30 || longestWord > 12) return "small";
  return title.length > 18 || longestWord > 9 ? "medium" : "large";
}

function image(path) {
  const shown = element("img", { alt: "", loading: "lazy", decoding: "async", width: 185, height: 278 });
  shown.addEventListener("load", () => shown.classList.add("is-there"));
  shown.addEventListener("error", () => shown.remove());
  shown.srcset = `${IMAGES}w342${path} 2x`; // for high-density screens
  shown.src = `${IMAGES}w185${path}`;
  return shown;
}

function pen(drawing) {
  return (name, attributes) => {
    const shape = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
    drawing.append(shape);
  };
}

// mulberry32, seeded with the FNV-1a hash of the text: short, and the same in every browser.
function randomFrom(text) {
  let state = 2166136261;
  for (const letter of text) state = Math.imul(state ^ letter.codePointAt(0), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
