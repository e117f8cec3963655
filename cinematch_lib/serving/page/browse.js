// The catalog, page by page: which films there are, by genre, service, year, language and votes.

import { call, TokenRequired, Unavailable } from "./api.js";
import { byId, debounce, setChoices } from "./dom.js";
import { filmCard } from "./films.js";
import { genreName, languageChoices, plural, service } from "./format.js";
import { isOnWatchlist, toggleWatchlist } from "./watchlist.js";

const PAGE_SIZE = 24;
const MAX_OFFSET = 2 ** 31 - 1;
const VOTES = [10, 100, 1000];

const form = byId("browse-form");
const list = byId("browse-list");

let offset = 0;
let pending = null; // the AbortController of the last request
let shown = null; // the query that is shown

form.addEventListener("input", debounce(() => browse(0), 300));
form.addEventListener("reset", () => setTimeout(() => browse(0)));
form.addEventListener("submit", (event) => event.preventDefault());
byId("browse-before").addEventListener("click", () => turn(-PAGE_SIZE));
byId("browse-after").addEventListener("click", () => turn(PAGE_SIZE));

/** Offer the genres, services, languages, years and numbers of votes of the catalog. */
export function setUpBrowsing(genres, services, { language_names: languages, year_min, year_max, most_votes }) {
  offer("genre", genres.map((name) => [name, genreName(name)]));
  offer("service", services.map((name) => [name, service(name).bare]));
  offer("language", languageChoices(languages));
  const votes = VOTES.filter((least) => least <= most_votes);
  offer("min_votes", votes.map((least) => [String(least), `${least.toLocaleString("en")} or more`]));
  [form.elements.year.min, form.elements.year.max] = [year_min ?? "", year_max ?? ""];
  form.elements.year.placeholder = year_min ? `${year_min}–${year_max}` : "";
  shown = null; // the catalog may be another one
}

/** Show the films that fit, from place `from` on. */
export async function browse(from = offset) {
  const problem = byId("browse-problem");
  const invalid = form.querySelector(":invalid");
  form.elements.year.setAttribute("aria-invalid", String(invalid !== null));
  problem.hidden = !invalid;
  problem.textContent = invalid?.validationMessage ?? "";
  if (invalid) return;
  const chosen = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = String(new URLSearchParams([...chosen, ["offset", from], ["limit", PAGE_SIZE]]));
  if (query === shown) return;
  pending?.abort();
  pending = new AbortController();
  list.setAttribute("aria-busy", "true");
  try {
    const page = await call("GET", `api/movies?${query}`, { signal: pending.signal });
    [offset, shown] = [from, query];
    show(page);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error instanceof Unavailable || error instanceof TokenRequired) return;
    problem.textContent = error.message;
    problem.hidden = false;
  }
  list.setAttribute("aria-busy", "false");
}

async function turn(by) {
  await browse(Math.min(Math.max(offset + by, 0), MAX_OFFSET));
  byId("browse-status").focus({ preventScroll: true });
  byId("browse-status").scrollIntoView();
}

function show({ movies, count }) {
  list.replaceChildren(...movies.map((film) => filmCard(film, isOnWatchlist, toggleWatchlist)));
  const last = offset + movies.length;
  const range = movies.length < count ? `, ${(offset + 1).toLocaleString("en")} to ${last.toLocaleString("en")} shown` : "";
  byId("browse-status").textContent = count ? `${plural(count.toLocaleString("en"), "film")}${range}` : "No film fits. Choose less.";
  byId("browse-pages").hidden = movies.length === count;
  byId("browse-before").disabled = offset === 0;
  byId("browse-after").disabled = last >= count;
}

/** Set the choices of a field; without choices it is hidden. */
function offer(name, choices) {
  setChoices(form.elements[name], choices);
  form.elements[name].closest("label").hidden = !choices.length;
}
