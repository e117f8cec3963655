// The list of recommended films. It changes when asked to: what is said of a film in it leaves it as it is, until
// the person has it renewed, so that nothing moves under the finger.

import { Away, call, Locked, path, Refused } from "./api.js";
import { byId, copyOf, element } from "./dom.js";
import { filmCard, paint } from "./films.js";
import { asked, loosenings, offer } from "./filters.js";
import { kept } from "./kept.js";
import { isSaved, toggleSaved } from "./watchlist.js";
import { counted } from "./words.js";

const PAGE = 20;
const MOST = 100;
const SLOW = 250; // milliseconds after which a list that is being renewed is dimmed

const list = byId("film-list");
const gone = new Set(); // films that people spoke of and that this run does not have

let request = null; // what the list shown was asked for with
let saidThen = new Map(); // what had been said of films then
let waiting = null;

waitingCards();

/** Ask for the list anew, and show it, or what is wrong. Of a server that is away or locked others tell. */
export async function recommend() {
  const how = { user_id: kept.user, use_feedback: false, include_reasons: true };
  await ask({ limit: PAGE, ...asked(), ...tasteAsked(), ...how });
}

/** Show more of the same list. */
export async function showMore() {
  const shown = list.children.length;
  await ask({ ...request, limit: Math.min(request.limit + PAGE, MOST) }, shown);
  list.children[shown]?.querySelector("h3")?.focus();
}

/** Renew the list after films in it were spoken of. */
export async function renewed() {
  await recommend();
  byId("films-heading").focus({ preventScroll: true });
  byId("films-heading").scrollIntoView();
}

/** Make all cards show what was said of their films. */
export function paintAll() {
  for (const card of list.querySelectorAll("[data-id]")) {
    const movieId = Number(card.dataset.id);
    paint(card, movieId, isSaved(movieId));
  }
}

/** Offer to renew the list, where something was said since it was made. */
export function showPending() {
  const now = said();
  const films = new Set([...now.keys(), ...saidThen.keys()]);
  const changes = [...films].filter((id) => now.get(id) !== saidThen.get(id)).length;
  byId("renew").hidden = !request || !changes || byId("view-for-you").hidden;
  byId("renew-text").textContent = `Renew the list with ${changes === 1 ? "your choice" : `your ${changes} choices`}`;
}

/** Whether the list shown was asked for with other filters than are set now: another tab may have set them. */
export const isStale = () =>
  request && Object.entries(asked()).some(([name, value]) => JSON.stringify(value) !== JSON.stringify(request[name]));

const said = () => new Map(kept.taste.map((one) => [one.movie_id, one.verdict]));

function tasteAsked() {
  const here = (verdict) => kept.ids(verdict).filter((id) => !gone.has(id));
  return {
    liked_movie_ids: here("like"),
    disliked_movie_ids: here("dislike"),
    not_interested_ids: here("not_interested"),
  };
}

async function ask(body, keep = 0) {
  waiting?.abort();
  const mine = (waiting = new AbortController());
  const then = keep ? saidThen : said();
  list.setAttribute("aria-busy", "true");
  const dim = setTimeout(() => list.classList.add("is-slow"), SLOW);
  try {
    const answer = await call("POST", "api/recommendations", { body, signal: mine.signal });
    [request, saidThen] = [body, then];
    show(answer.recommendations, keep);
  } catch (problem) {
    if (problem instanceof Refused) await explain(problem);
    else if (!(problem.name === "AbortError" || problem instanceof Away || problem instanceof Locked)) throw problem;
  } finally {
    clearTimeout(dim);
    if (waiting === mine) {
      list.classList.remove("is-slow");
      list.setAttribute("aria-busy", "false");
    }
  }
}

/** Ask again without what this run does not have; where that is not it, show what the server says. */
async function explain(refusal) {
  if (await lostSome().catch(() => false)) return recommend();
  byId("problem").textContent = refusal.message;
  byId("problem").hidden = false;
}

/** Whether this run lacks films or names that were asked for; they are not asked for again. */
async function lostSome() {
  const before = JSON.stringify([asked(), tasteAsked()]);
  const [genres, services] = await Promise.all([call("GET", "api/genres"), call("GET", "api/services")]);
  offer(genres.genres, services.services, services.source);
  await Promise.all(
    Object.values(tasteAsked()).flat().map(async (id) => {
      await call("GET", path`api/movies/${id}`).catch((problem) => problem.status === 404 && gone.add(id));
    }),
  );
  return before !== JSON.stringify([asked(), tasteAsked()]);
}

function show(films, keep) {
  const cards = films.slice(keep).map((film) => filmCard(film, isSaved, toggleSaved));
  if (keep) list.append(...cards);
  else list.replaceChildren(...cards);
  byId("problem").hidden = true;
  byId("none-fit").hidden = films.length > 0;
  byId("loosen").replaceChildren(...loosenings().map(loosenButton));
  byId("films-status").textContent = statusOf(films.length);
  byId("more").hidden = films.length < request.limit || request.limit >= MOST;
  showPending();
}

function statusOf(count) {
  if (!count) return "No film fits.";
  if (count === 1) return "The one film that fits";
  const films = counted(count, "film");
  return count < request.limit ? `All ${films} that fit` : `${films}, the best fit first`;
}

function loosenButton([words, act]) {
  const button = element("button", { type: "button" }, words);
  button.addEventListener("click", () => {
    act();
    byId("films-heading").focus({ preventScroll: true });
  });
  return button;
}

function waitingCards() {
  list.replaceChildren(...Array.from({ length: 6 }, () => copyOf("waiting-template").made));
}
