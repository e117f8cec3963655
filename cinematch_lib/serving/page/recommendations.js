// The list of recommendations. A verdict on a film in it does not change it until the user updates the list, so that
// nothing moves under the pointer.

import { call, path, RequestError, TokenRequired, Unavailable } from "./api.js";
import { byId, cloneTemplate, element } from "./dom.js";
import { reportList } from "./events.js";
import { filmCard } from "./films.js";
import { filterFields, relaxations, setOptions } from "./filters.js";
import { state } from "./state.js";
import { isOnWatchlist, toggleWatchlist, watchedIds } from "./watchlist.js";

const PAGE_SIZE = 20;
const MAX_IDS = 1000; // in one list of a request
const DIM_DELAY = 250; // milliseconds until a list that is loading is dimmed

const list = byId("film-list");
const missing = new Set(); // ids of judged films that the current run lacks

let request = null; // the request of the list that is shown
let nextCursor = null; // for more films; null at the end
let usedVerdicts = new Map(); // the verdicts and watched films at that time
let pending = null; // the AbortController of the last request

showPlaceholders();

/** Request the list and show it, or the error. An unavailable server or a missing token is reported elsewhere. */
export async function recommend() {
  const options = { user_id: state.user, use_feedback: false, include_reasons: true, capped: true };
  await ask({ limit: PAGE_SIZE, ...filterFields(), ...tasteFields(), ...options });
}

/** Show more of the same list. */
export async function showMore() {
  const shown = list.children.length;
  await ask({ ...request, ...tasteFields(), cursor: nextCursor }, true);
  list.children[shown]?.querySelector("h3")?.focus();
}

/** Update the list after new verdicts. */
export async function updateList() {
  await recommend();
  byId("films-heading").focus({ preventScroll: true });
  byId("films-heading").scrollIntoView();
}

/** Offer to update the list if verdicts or watched films have changed since it was loaded. */
export function showPending() {
  const now = verdicts();
  const films = new Set([...now.keys(), ...usedVerdicts.keys()]);
  const changes = [...films].filter((id) => now.get(id) !== usedVerdicts.get(id)).length;
  byId("update").hidden = !request || !changes || byId("view-for-you").hidden;
  byId("update-text").textContent = `Update the list with ${changes === 1 ? "your choice" : `your ${changes} choices`}`;
}

/** Whether the filters have changed since the list was loaded: another tab may have set them. */
export const isStale = () =>
  request && Object.entries(filterFields()).some(([name, now]) => JSON.stringify(now) !== JSON.stringify(request[name]));

const verdicts = () =>
  new Map([
    ...watchedIds().map((id) => [id, "watched"]),
    ...state.taste.map((one) => [one.movie_id, one.stars ?? one.verdict]),
  ]);

/** The verdicts as fields of a request, the newest MAX_IDS of each kind. */
function tasteFields() {
  const available = (verdict) => state.films(verdict).filter((one) => !missing.has(one.movie_id));
  const ids = (verdict) => available(verdict).map((one) => one.movie_id).slice(-MAX_IDS);
  const watched = watchedIds().filter((id) => state.verdict(id) === null);
  const rated = available("rated");
  const older = rated.slice(0, -MAX_IDS).map((one) => one.movie_id); // too many stars for one request
  return {
    liked_movie_ids: ids("like"),
    disliked_movie_ids: ids("dislike"),
    not_interested_ids: ids("not_interested"),
    ratings: rated.slice(-MAX_IDS).map(({ movie_id, stars }) => ({ movie_id, rating: stars })),
    seen: [...older, ...ids("seen"), ...watched].slice(-MAX_IDS),
  };
}

/** Send a request and show its films, in place of those that are shown or after them. */
async function ask(body, isMore = false) {
  pending?.abort();
  const mine = (pending = new AbortController());
  const current = verdicts();
  list.setAttribute("aria-busy", "true");
  const dim = setTimeout(() => list.classList.add("is-slow"), DIM_DELAY);
  try {
    const response = await call("POST", "api/recommendations", { body, signal: mine.signal });
    if (response.ignored.length && (await dropMissing().catch(() => false))) return await recommend();
    if (!isMore) [request, usedVerdicts] = [body, current];
    nextCursor = response.next_cursor;
    show(response, isMore);
  } catch (problem) {
    const isReported = problem instanceof Unavailable || problem instanceof TokenRequired;
    if (problem instanceof RequestError) await recover(problem);
    else if (!isReported && problem.name !== "AbortError") throw problem;
  } finally {
    clearTimeout(dim);
    if (pending === mine) {
      list.classList.remove("is-slow");
      list.setAttribute("aria-busy", "false");
    }
  }
}

/** Request again without films and names that the current run lacks; if it lacks none, show the error. */
async function recover(error) {
  if (await dropMissing().catch(() => false)) return recommend();
  byId("problem").textContent = error.message;
  byId("problem").hidden = false;
}

/** Drop films and names that the current run lacks from later requests; returns whether there were any. */
async function dropMissing() {
  const before = JSON.stringify([filterFields(), tasteFields()]);
  setOptions(...(await Promise.all(["genres", "services", "about"].map((name) => call("GET", `api/${name}`)))));
  await Promise.all(
    state.taste.map(async ({ movie_id: id }) => {
      await call("GET", path`api/movies/${id}`).catch((problem) => problem.status === 404 && missing.add(id));
    }),
  );
  return before !== JSON.stringify([filterFields(), tasteFields()]);
}

function show({ recommendations, list_id }, isMore) {
  const cards = recommendations.map((film) => filmCard(film, isOnWatchlist, toggleWatchlist));
  if (isMore) list.append(...cards);
  else list.replaceChildren(...cards);
  reportList(list_id, cards);
  byId("problem").hidden = true;
  const count = list.children.length;
  byId("no-match").hidden = count > 0;
  byId("relax").replaceChildren(...relaxations().map(relaxButton));
  byId("films-status").textContent = statusText(count);
  byId("more").hidden = nextCursor === null;
  showPending();
}

function statusText(count) {
  if (!count) return "No matching film";
  if (count === 1) return "The only matching film";
  return nextCursor === null ? `All ${count} matching films` : `${count} films, best match first`;
}

function relaxButton([label, act]) {
  const button = element("button", { type: "button" }, label);
  button.addEventListener("click", () => {
    act();
    byId("films-heading").focus({ preventScroll: true });
  });
  return button;
}

function showPlaceholders() {
  list.replaceChildren(...Array.from({ length: 6 }, () => cloneTemplate("waiting-template").made));
}
