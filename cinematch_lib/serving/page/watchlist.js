// The watchlist: kept by the server, shown here.

import { Away, call, path, Refused } from "./api.js";
import { byId, copyOf, element, icon } from "./dom.js";
import { factsOf } from "./films.js";
import { kept } from "./kept.js";
import { showPoster } from "./poster.js";
import { say } from "./toast.js";
import { counted, day, filmName } from "./words.js";

let items = [];
let loaded = false;
let last = Promise.resolve(); // the change that is being sent

/** Tells of "change". */
export const watchlist = new EventTarget();

/** Whether a film is on the list. */
export const isSaved = (movieId) => items.some((one) => one.movie_id === movieId);

/** Read the list from the server. */
export async function readWatchlist() {
  const user = kept.user;
  const answer = await call("GET", path`api/watchlist/${user}`);
  if (user !== kept.user) return;
  items = answer.items;
  loaded = true;
  changed();
}

/** Show an empty list, as for somebody new. */
export function forgetWatchlist() {
  items = [];
  changed();
}

/** Put a film on the list, or take it off. */
export function toggleSaved(film) {
  const item = items.find((one) => one.movie_id === film.movie_id);
  return item ? take(item) : put(film);
}

function put(film, watched = false) {
  const item = { added_date: new Date().toISOString(), ...film, watched };
  return change(item.movie_id, item, `On your watchlist: ${filmName(film)}.`, () => take(item), async () => {
    await call("POST", path`api/watchlist/${kept.user}`, { body: { movie_id: film.movie_id } });
    if (watched) await call("PUT", path`api/watchlist/${kept.user}/${film.movie_id}/watched?watched=true`);
  });
}

function take(item) {
  return change(item.movie_id, null, `Off your watchlist: ${filmName(item)}.`, () => put(item, item.watched), () =>
    call("DELETE", path`api/watchlist/${kept.user}/${item.movie_id}`),
  );
}

function mark(item, watched) {
  const words = `${watched ? "Watched" : "To watch again"}: ${filmName(item)}.`;
  return change(item.movie_id, { ...item, watched }, words, () => mark(item, !watched), () =>
    call("PUT", path`api/watchlist/${kept.user}/${item.movie_id}/watched?watched=${watched}`),
  );
}

/** Show a film's item as it is to be (null: not there), then send that; when it is not taken, show it as before. */
async function change(movieId, item, words, undo, send) {
  const before = items.find((one) => one.movie_id === movieId) ?? null;
  replace(movieId, item);
  const sent = last.then(send); // one after the other, so that what was pressed last holds
  last = sent.catch(() => {});
  try {
    await sent;
    say(words, undo);
  } catch (problem) {
    replace(movieId, before);
    const why = problem instanceof Away ? "the server is not answering" : problem.message.replace(/\.$/, "");
    say(`That was not saved: ${why}.`);
    if (problem instanceof Refused) await readWatchlist().catch(() => {});
  }
}

function replace(movieId, item) {
  const at = items.findIndex((one) => one.movie_id === movieId);
  items = at < 0 ? [...items, item] : items.map((one) => (one.movie_id === movieId ? item : one));
  items = items.filter(Boolean);
  changed();
}

function changed() {
  show();
  watchlist.dispatchEvent(new Event("change"));
}

function show() {
  const [seen, unseen] = [items.filter((one) => one.watched), items.filter((one) => !one.watched)];
  const focused = document.activeElement?.closest(".watch-film") && { ...document.activeElement.dataset };
  byId("watch-list").replaceChildren(...unseen.map(row));
  byId("seen-list").replaceChildren(...seen.map(row));
  byId("seen-heading").hidden = !seen.length;
  byId("watch-none").hidden = !loaded || items.length > 0;
  byId("watch-status").textContent = items.length ? `${unseen.length} to watch, ${seen.length} watched` : "";
  byId("watch-count").hidden = !unseen.length;
  byId("watch-count").textContent = unseen.length || "";
  byId("watch-count").setAttribute("aria-label", `${counted(unseen.length, "film")} to watch`);
  if (focused?.of) keepFocus(focused);
}

function keepFocus({ of, act }) {
  const again = document.querySelector(`.watch-film [data-of="${of}"][data-act="${act}"]`);
  (again ?? byId("watch-heading")).focus({ preventScroll: true });
}

function row(item) {
  const { made, part } = copyOf("watch-template");
  part("title").textContent = item.title;
  part("year").textContent = item.year || "";
  part("facts").textContent = factsOf(item);
  const added = day(item.added_date);
  const gone = item.available === false ? "no longer in this catalog" : "";
  part("added").textContent = [added && `added ${added}`, gone].filter(Boolean).join(" · ");
  part("actions").setAttribute("aria-label", filmName(item));
  showPoster(part("poster"), item);
  const marked = { class: "save", "aria-pressed": String(item.watched) };
  const watched = button(item, "mark", marked, icon("done"), "Watched");
  watched.addEventListener("click", () => mark(item, !item.watched));
  const off = button(item, "take", { class: "round", title: "Remove", "aria-label": "Remove" }, icon("remove"));
  off.addEventListener("click", () => take(item));
  part("actions").append(watched, off);
  return made;
}

function button(item, act, attributes, ...inside) {
  return element("button", { type: "button", ...attributes, "data-of": item.movie_id, "data-act": act }, ...inside);
}
