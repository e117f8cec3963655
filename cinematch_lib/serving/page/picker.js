// Typing a title and picking a film: a combobox after the ARIA Authoring Practices, its list a listbox.

import { Away, call, Locked, path } from "./api.js";
import { byId, element, settled } from "./dom.js";
import { showPoster } from "./poster.js";
import { counted, filmName } from "./words.js";

const SHOWN = 8;

const input = byId("pick-input");
const list = byId("pick-list");
const status = byId("pick-status");

let found = [];
let active = -1;
let waiting = null;
let enterPicks = false; // Enter came before the answer: take the first film of it

/** Let people pick films: `pick(film)` is called for each, `verdict(movieId)` says what was said of one before. */
export function letPick(pick, verdict) {
  const choose = (at) => {
    const film = found[at];
    input.value = "";
    close();
    pick(film);
  };
  const search = settled(async () => {
    const text = input.value.trim();
    if (!text || document.activeElement !== input) return close();
    waiting?.abort();
    waiting = new AbortController();
    try {
      const answer = await call("GET", path`api/search?q=${text}&limit=${SHOWN}`, { signal: waiting.signal });
      show(answer.results, verdict);
      if (enterPicks && found.length) choose(0);
      enterPicks = false;
    } catch (problem) {
      if (problem.name === "AbortError") return;
      close();
      if (!(problem instanceof Away || problem instanceof Locked)) status.textContent = problem.message;
    }
  }, 120);

  input.addEventListener("input", () => {
    waiting?.abort();
    enterPicks = false;
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
      else if (found.length) activate((active + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
    } else if (event.key === "Tab") close();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
  list.addEventListener("click", (event) => {
    const at = [...list.children].indexOf(event.target.closest("[role=option]"));
    if (found[at]) choose(at);
  });
  input.addEventListener("blur", close);
}

function show(films, verdict) {
  found = films;
  list.replaceChildren(...films.map((film, at) => option(film, at, verdict(film.movie_id))));
  if (!films.length) {
    const none = { role: "option", "aria-disabled": "true", class: "option-none" };
    list.append(element("li", none, "No film here is called that."));
  }
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
  const how = `${counted(films.length, "film")}; arrow keys to choose, Enter to add.`;
  status.textContent = films.length ? how : "No film found.";
  activate(films.length ? 0 : -1);
}

function option(film, at, said) {
  const poster = element("span", { class: "poster", "aria-hidden": "true" });
  showPoster(poster, film);
  const more = [film.director?.slice(0, 2).join(", "), said === "like" ? "you like it" : said && "you turned it down"];
  return element(
    "li",
    { role: "option", id: `pick-${at}`, "aria-selected": "false" },
    poster,
    element("span", { class: "option-name" }, filmName(film)),
    element("span", { class: "option-more" }, more.filter(Boolean).join(" · ")),
  );
}

function activate(at) {
  active = at;
  [...list.children].forEach((one, row) => one.setAttribute("aria-selected", String(row === at)));
  if (at < 0) return input.removeAttribute("aria-activedescendant");
  input.setAttribute("aria-activedescendant", `pick-${at}`);
  list.children[at].scrollIntoView({ block: "nearest" });
}

function close() {
  waiting?.abort();
  enterPicks = false;
  list.hidden = true;
  found = [];
  active = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}
