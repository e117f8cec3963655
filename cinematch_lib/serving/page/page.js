// The page: connects the modules.

import { call, path, reconnectNow, RequestError, retryToken, server, TokenRequired, Unavailable } from "./api.js";
import { browse, setUpBrowsing } from "./browse.js";
import { setUpDataDialog } from "./data.js";
import { byId, element, icon } from "./dom.js";
import { setOptions, setUpFilters, showFilters } from "./filters.js";
import { filmName, plural } from "./format.js";
import { setUpPicker } from "./picker.js";
import { updateCard } from "./films.js";
import { isStale, recommend, showMore, showPending, updateList } from "./recommendations.js";
import { state } from "./state.js";
import { showToast } from "./toast.js";
import { setUpUpload } from "./upload.js";
import { clearWatchlist, isOnWatchlist, loadWatchlist, watchlist } from "./watchlist.js";

const MAX_CHIPS = 60; // films on one line

// By hash: the name of a view, its element, and its heading.
const VIEWS = {
  "#for-you": ["CineMatch", "view-for-you", "films-heading"],
  "#browse": ["Browse · CineMatch", "view-browse", "browse-heading"],
  "#watchlist": ["Watchlist · CineMatch", "view-watchlist", "watch-heading"],
};

// -- the user's verdicts on films -----------------------------------------------------------------------------------

function showVerdicts() {
  const liked = state.liked();
  byId("liked").replaceChildren(...chips(liked));
  byId("liked-none").hidden = liked.length > 0;
  byId("pick-heading").textContent = liked.length ? "What to watch tonight?" : "Start with a film you love.";
  const others = state.others();
  byId("hidden-films").hidden = !others.length;
  byId("hidden-list").replaceChildren(...chips(others));
}

/** Chips of the newest films, the newest first, and the number of the others. */
function chips(films) {
  const more = films.length - MAX_CHIPS;
  const shown = films.slice(-MAX_CHIPS).toReversed().map(chip);
  return more > 0 ? [...shown, element("li", { class: "chip" }, element("span", { class: "more-films" }, `and ${more} more`))] : shown;
}

function chip(film) {
  const label = film.verdict === "like" || film.verdict === "rated" ? "Remove" : "Show again";
  const attributes = { type: "button", title: label, "aria-label": `${label}: ${filmName(film)}` };
  const button = element("button", attributes, icon("remove"));
  button.addEventListener("click", () => {
    const list = button.closest("ul");
    const at = [...list.children].indexOf(button.parentElement);
    state.setVerdict(film, null);
    showToast(`Removed: ${filmName(film)}.`, () => {
      state.setVerdict(film, film.verdict, film.stars);
      recommend();
    });
    const next = list.children[Math.min(at, list.children.length - 1)]?.querySelector("button");
    (next ?? byId("pick-input")).focus();
    recommend();
  });
  const mark = film.stars ? ` · ${film.stars} ★` : film.verdict === "seen" ? " · seen" : "";
  return element("li", { class: "chip" }, element("span", {}, `${filmName(film)}${mark}`), button);
}

function pick(film) {
  const before = state.entry(film.movie_id);
  if (state.liked().includes(before)) return showToast(`You already like ${filmName(film)}.`);
  state.setVerdict(film, "like");
  byId("liked").scrollTo({ left: 0 });
  byId("pick-status").textContent = `Added ${filmName(film)}. You like ${plural(state.liked().length, "film")}.`;
  showToast(`Added ${filmName(film)}.`, () => {
    state.setVerdict(film, before?.verdict ?? null, before?.stars);
    recommend();
  });
  recommend();
}

let isSending = false;

/** Send the verdicts that were not sent yet, one after the other. */
async function sendVerdicts() {
  if (isSending) return;
  isSending = true;
  try {
    for (let left; (left = Object.entries(state.unsent)).length; ) {
      const [id, said] = left[0];
      const [feedback, stars] = said.split(" ");
      const movieId = Number(id);
      const body = { movie_id: movieId, feedback, ...(stars && { rating: Number(stars) }) };
      try {
        await call("POST", path`api/feedback/${state.user}`, { body });
      } catch (problem) {
        if (!(problem instanceof RequestError) || problem.status >= 500) throw problem;
      }
      state.markSent(movieId, said); // also after a refusal, which would repeat
    }
  } catch {
    // sent at the next change, or when the server is available again
  } finally {
    isSending = false;
  }
}

// -- the catalog ----------------------------------------------------------------------------------------------------

async function loadCatalog() {
  const get = (name) => call("GET", `api/${name}`);
  const [genres, services, about] = await Promise.all([get("genres"), get("services"), get("about")]);
  setOptions(genres, services, about);
  setUpBrowsing(genres.genres, services.services, about);
  state.learns = about.learns_from_feedback;
  byId("learns").hidden = byId("data-learns").hidden = !state.learns;
  byId("credits").replaceChildren(...about.attributions.map((line) => element("li", {}, ...withLinks(line))));
  byId("catalog").textContent = `${about.num_items.toLocaleString("en")} films in this catalog. Run ${about.run_id}.`;
}

/** The text with its URLs as links. */
function withLinks(text) {
  return text.split(/(https:\/\/[^\s]*[^\s.,;)])/).map((part, at) =>
    at % 2 ? element("a", { href: part, rel: "noopener noreferrer", target: "_blank" }, part) : part,
  );
}

async function loadAll() {
  const lists = loadWatchlist().finally(recommend); // watched films are not recommended
  const problems = (await Promise.allSettled([loadCatalog(), lists])).map((one) => one.reason);
  const isReported = (problem) => problem instanceof Unavailable || problem instanceof TokenRequired;
  const failure = problems.find((problem) => problem && !isReported(problem));
  if (failure) showToast(failure.message);
  sendVerdicts();
}

// -- views ----------------------------------------------------------------------------------------------------------

const currentView = () => (location.hash in VIEWS ? location.hash : "#for-you");

function showView(focus) {
  const view = currentView();
  for (const link of document.querySelectorAll(".views a")) {
    if (link.hash === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const [hash, [, element]] of Object.entries(VIEWS)) byId(element).hidden = view !== hash;
  document.title = VIEWS[view][0];
  showPending();
  if (view === "#browse") browse();
  if (!focus) return;
  scrollTo(0, 0);
  heading().focus({ preventScroll: true });
}

const heading = () => byId(VIEWS[currentView()][2]);

/** Make all cards show the verdicts and the watchlist. */
function updateCards() {
  for (const card of document.querySelectorAll(".film[data-id]")) {
    const movieId = Number(card.dataset.id);
    updateCard(card, movieId, isOnWatchlist(movieId));
  }
}

// -- wiring ---------------------------------------------------------------------------------------------------------

let user = state.user;

state.changes.addEventListener("change", () => {
  showVerdicts();
  showFilters();
  updateCards();
  showPending();
  sendVerdicts();
  if (state.user !== user) switchUser();
  else if (isStale()) recommend();
});

/** All data was deleted, here or in another tab: start as a new user. */
function switchUser() {
  user = state.user;
  clearWatchlist();
  recommend();
}
watchlist.addEventListener("change", () => {
  updateCards();
  showPending();
});

server.addEventListener("unavailable", () => {
  byId("unavailable-text").textContent = // set each time, so that it is announced
    "The server is not responding. Your choices are saved in this browser; the page reconnects automatically.";
  byId("unavailable").hidden = false;
});
server.addEventListener("available", () => {
  byId("unavailable").hidden = true;
  showToast("The server is available again.");
  loadAll();
});
server.addEventListener("rate-limited", ({ detail }) =>
  showToast(`Too many requests; waiting for ${plural(detail, "second")}.`),
);
server.addEventListener("locked", () => (byId("locked").hidden = false));
server.addEventListener("unlocked", () => {
  byId("locked").hidden = true;
  loadAll();
});
byId("retry").addEventListener("click", reconnectNow);
byId("locked-open").addEventListener("click", retryToken);
byId("more").addEventListener("click", showMore);
byId("update").addEventListener("click", updateList);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  heading().focus();
});
addEventListener("hashchange", () => showView(true));

setUpPicker(pick, (movieId) => state.verdict(movieId));
setUpFilters(async () => {
  await recommend();
  const top = byId("films-heading");
  if (top.getBoundingClientRect().top < 0) top.scrollIntoView({ behavior: "instant" });
});
setUpDataDialog();
setUpUpload(recommend);
showVerdicts();
showView(false);
loadAll();
