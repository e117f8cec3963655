// The watchlist, which the server stores.

import { call, path, RequestError, Unavailable } from "./api.js";
import { byId, cloneTemplate, element, icon } from "./dom.js";
import { facts } from "./films.js";
import { day, filmName, plural } from "./format.js";
import { showPoster } from "./poster.js";
import { state } from "./state.js";
import { showToast } from "./toast.js";

let items = [];
let loaded = false;
let last = Promise.resolve(); // the change that is being sent

/** Dispatches "change". */
export const watchlist = new EventTarget();

/** Whether a film is on the watchlist. */
export const isOnWatchlist = (movieId) => items.some((one) => one.movie_id === movieId);

/** The ids of the films on the watchlist that are marked as watched, as far as the run has them. */
export const watchedIds = () => items.filter((one) => one.watched && one.available !== false).map((one) => one.movie_id);

/** Load the watchlist from the server. */
export async function loadWatchlist() {
  const user = state.user;
  const response = await call("GET", path`api/watchlist/${user}`);
  if (user !== state.user) return;
  items = response.items;
  loaded = true;
  changed();
}

/** Show an empty watchlist, as for a new user. */
export function clearWatchlist() {
  items = [];
  changed();
}

/** Add a film to the watchlist, or remove it. */
export function toggleWatchlist(film) {
  const item = items.find((one) => one.movie_id === film.movie_id);
  return item ? remove(item) : add(film);
}

function add(film, watched = false) {
  const item = { added_date: new Date().toISOString(), ...film, watched };
  return change(item.movie_id, item, `Added to your watchlist: ${filmName(film)}.`, () => remove(item), async () => {
    await call("POST", path`api/watchlist/${state.user}`, { body: { movie_id: film.movie_id } });
    if (watched) await call("PUT", path`api/watchlist/${state.user}/${film.movie_id}/watched?watched=true`);
  });
}

function remove(item) {
  const text = `Removed from your watchlist: ${filmName(item)}.`;
  return change(item.movie_id, null, text, () => add(item, item.watched), () =>
    call("DELETE", path`api/watchlist/${state.user}/${item.movie_id}`),
  );
}

function setWatched(item, watched) {
  const text = `${watched ? "Watched" : "Not watched"}: ${filmName(item)}.`;
  return change(item.movie_id, { ...item, watched }, text, () => setWatched(item, !watched), () =>
    call("PUT", path`api/watchlist/${state.user}/${item.movie_id}/watched?watched=${watched}`),
  );
}

/** Show a changed item (null: removed) at once, then send the change; if that fails, show the former item again. */
async function change(movieId, item, text, undo, send) {
  const before = items.find((one) => one.movie_id === movieId) ?? null;
  replace(movieId, item);
  const sent = last.then(send); // in order, so that the last change wins
  last = sent.catch(() => {});
  try {
    await sent;
    showToast(text, undo);
  } catch (problem) {
    replace(movieId, before);
    const reason = problem instanceof Unavailable ? "the server is not responding" : problem.message.replace(/\.$/, "");
    showToast(`Not saved: ${reason}.`);
    if (problem instanceof RequestError) await loadWatchlist().catch(() => {});
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
  const [watched, unwatched] = [items.filter((one) => one.watched), items.filter((one) => !one.watched)];
  const focused = document.activeElement?.closest(".watch-film") && { ...document.activeElement.dataset };
  byId("watch-list").replaceChildren(...unwatched.map(row));
  byId("seen-list").replaceChildren(...watched.map(row));
  byId("seen-heading").hidden = !watched.length;
  byId("watch-none").hidden = !loaded || items.length > 0;
  byId("watch-status").textContent = items.length ? `${unwatched.length} to watch, ${watched.length} watched` : "";
  byId("watch-count").hidden = !unwatched.length;
  byId("watch-count").textContent = unwatched.length || "";
  byId("watch-count").setAttribute("aria-label", `${plural(unwatched.length, "film")} to watch`);
  if (focused?.of) restoreFocus(focused);
}

function restoreFocus({ of, act }) {
  const same = document.querySelector(`.watch-film [data-of="${of}"][data-act="${act}"]`);
  (same ?? byId("watch-heading")).focus({ preventScroll: true });
}

function row(item) {
  const { made, part } = cloneTemplate("watch-template");
  part("title").textContent = item.title;
  part("year").textContent = item.year || "";
  part("facts").textContent = facts(item);
  const added = day(item.added_date);
  const missing = item.available === false ? "not in the current catalog" : "";
  part("added").textContent = [added && `added ${added}`, missing].filter(Boolean).join(" · ");
  part("actions").setAttribute("aria-label", filmName(item));
  showPoster(part("poster"), item);
  const pressed = { class: "save", "aria-pressed": String(item.watched) };
  const watchedButton = button(item, "watched", pressed, icon("done"), "Watched");
  watchedButton.addEventListener("click", () => setWatched(item, !item.watched));
  const round = { class: "round", title: "Remove", "aria-label": "Remove" };
  const removeButton = button(item, "remove", round, icon("remove"));
  removeButton.addEventListener("click", () => remove(item));
  part("actions").append(watchedButton, removeButton);
  return made;
}

function button(item, act, attributes, ...inside) {
  return element("button", { type: "button", ...attributes, "data-of": item.movie_id, "data-act": act }, ...inside);
}
