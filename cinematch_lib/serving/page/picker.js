// The title picker: a combobox with a listbox, after the ARIA Authoring Practices.

import { call, path, TokenRequired, Unavailable } from "./api.js";
import { byId, debounce, element } from "./dom.js";
import { filmName, plural } from "./format.js";
import { showPoster } from "./poster.js";

const MAX_OPTIONS = 8;

const input = byId("pick-input");
const list = byId("pick-list");
const status = byId("pick-status");

let found = [];
let active = -1; // the option that is highlighted, and that Enter takes; the first one once there are results
let inList = false; // an arrow key has moved from the text to the options
let pending = null; // the AbortController of the last search
let enterPicks = false; // Enter was pressed before the response: pick its first film

/** Set up the picker; `pick(film)` is called for each film picked, `verdict(movieId)` returns the user's verdict. */
export function setUpPicker(pick, verdict) {
  const choose = (at) => {
    const film = found[at];
    input.value = "";
    close();
    pick(film);
  };
  const search = debounce(async () => {
    const text = input.value.trim();
    if (!text || document.activeElement !== input) return close();
    pending?.abort();
    pending = new AbortController();
    try {
      const answer = await call("GET", path`api/search?q=${text}&limit=${MAX_OPTIONS}`, { signal: pending.signal });
      show(answer.results, answer.left_out, verdict);
      if (enterPicks && active >= 0) choose(active);
      enterPicks = false;
    } catch (problem) {
      if (problem.name === "AbortError") return;
      close();
      if (!(problem instanceof Unavailable || problem instanceof TokenRequired)) status.textContent = problem.message;
    }
  }, 120);

  input.addEventListener("input", () => {
    pending?.abort();
    enterPicks = inList = false;
    activate(-1);
    search();
  });
  input.addEventListener("focus", () => input.value.trim() && search());
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      if (list.hidden) input.value = "";
      close();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (active >= 0) choose(active);
      else enterPicks = input.value.trim() !== "";
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) search();
      else if (found.length) move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Tab") close();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus on the input
  list.addEventListener("click", (event) => {
    const at = options().indexOf(event.target.closest("[role=option]"));
    if (found[at]) choose(at);
  });
  input.addEventListener("blur", close);
}

function show(films, leftOut, verdict) {
  found = films;
  inList = false;
  const remedies = new Set(leftOut.map(({ remedy }) => remedy[0].toUpperCase() + remedy.slice(1)));
  const notes = [...leftOut.map(({ title, reason }) => `${title} is not in this catalog: ${reason}.`), ...remedies];
  if (!films.length && !notes.length) notes.push("No film found.");
  const disabled = { role: "option", "aria-disabled": "true", class: "option-none" };
  const choices = films.map((film, at) => option(film, at, verdict(film.movie_id)));
  list.replaceChildren(...notes.map((note) => element("li", disabled, note)), ...choices);
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
  const summary = `${plural(films.length, "film")}; arrow keys to choose, Enter to add.`;
  status.textContent = [...(films.length ? [summary] : []), ...notes].join(" ");
  activate(films.length && !notes.length ? 0 : -1); // a film that is not here is not another one of its name
}

function option(film, at, verdict) {
  const poster = element("span", { class: "poster", "aria-hidden": "true" });
  showPoster(poster, film);
  const more = [film.director?.slice(0, 2).join(", "), verdict === "like" ? "liked" : verdict && "hidden"];
  return element(
    "li",
    { role: "option", id: `pick-${at}`, "aria-selected": "false" },
    poster,
    element("span", { class: "option-name" }, filmName(film)),
    element("span", { class: "option-more" }, more.filter(Boolean).join(" · ")),
  );
}

/** The options that can be chosen, one for each film found. */
const options = () => [...list.querySelectorAll("[id]")];

/** Move the highlight by one option: from the text, to the first option or the last one. */
function move(step) {
  const from = inList ? active : step > 0 ? -1 : found.length;
  inList = true;
  activate((from + step + found.length) % found.length);
}

function activate(at) {
  active = at;
  options().forEach((one, row) => one.setAttribute("aria-selected", String(row === at)));
  if (at < 0) return input.removeAttribute("aria-activedescendant");
  input.setAttribute("aria-activedescendant", `pick-${at}`);
  options()[at].scrollIntoView({ block: "nearest" });
}

function close() {
  pending?.abort();
  enterPicks = false;
  list.hidden = true;
  found = [];
  active = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}
