// The page: connects the modules.

import { call, path, reconnectNow, RequestError, retryToken, server, TokenRequired, Unavailable } from "./api.js";
import { setUpDataDialog } from "./data.js";
import { byId, element, icon } from "./dom.js";
import { setOptions, setUpFilters, showFilters } from "./filters.js";
import { filmName, plural } from "./format.js";
import { setUpPicker } from "./picker.js";
import { isStale, recommend, showMore, showPending, updateCards, updateList } from "./recommendations.js";
import { state } from "./state.js";
import { showToast } from "./toast.js";
import { clearWatchlist, loadWatchlist, watchlist } from "./watchlist.js";

const VIEWS = { "#for-you": "For you", "#watchlist": "Watchlist" };

// -- the user's verdicts on films -----------------------------------------------------------------------------------

function showVerdicts() {
  const liked = state.films("like");
  byId("liked").replaceChildren(...liked.toReversed().map(chip));
  byId("liked-none").hidden = liked.length > 0;
  byId("pick-heading").textContent = liked.length ? "What to watch tonight?" : "Start with a film you love.";
  const others = [...state.films("dislike"), ...state.films("not_interested")];
  byId("hidden-films").hidden = !others.length;
  byId("hidden-list").replaceChildren(...others.map(chip));
}

function chip(film) {
  const label = film.verdict === "like" ? "Remove" : "Show again";
  const attributes = { type: "button", title: label, "aria-label": `${label}: ${filmName(film)}` };
  const button = element("button", attributes, icon("remove"));
  button.addEventListener("click", () => {
    const list = button.closest("ul");
    const at = [...list.children].indexOf(button.parentElement);
    state.setVerdict(film, null);
    showToast(`Removed: ${filmName(film)}.`, () => {
      state.setVerdict(film, film.verdict);
      recommend();
    });
    const next = list.children[Math.min(at, list.children.length - 1)]?.querySelector("button");
    (next ?? byId("pick-input")).focus();
    recommend();
  });
  return element("li", { class: "chip" }, element("span", {}, filmName(film)), button);
}

function pick(film) {
  if (state.verdict(film.movie_id) === "like") return showToast(`You already like ${filmName(film)}.`);
  const before = state.verdict(film.movie_id);
  state.setVerdict(film, "like");
  byId("liked").scrollTo({ left: 0 });
  byId("pick-status").textContent = `Added ${filmName(film)}. You like ${plural(state.films("like").length, "film")}.`;
  showToast(`Added ${filmName(film)}.`, () => {
    state.setVerdict(film, before);
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
      const [id, feedback] = left[0];
      const movieId = Number(id);
      try {
        await call("POST", path`api/feedback/${state.user}`, { body: { movie_id: movieId, feedback } });
      } catch (problem) {
        if (!(problem instanceof RequestError) || problem.status >= 500) throw problem;
      }
      state.markSent(movieId, feedback); // also after a refusal, which would repeat
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
  setOptions(genres.genres, services.services, services.source);
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
  const problems = (await Promise.allSettled([loadCatalog(), loadWatchlist(), recommend()])).map((one) => one.reason);
  const isReported = (problem) => problem instanceof Unavailable || problem instanceof TokenRequired;
  const failure = problems.find((problem) => problem && !isReported(problem));
  if (failure) showToast(failure.message);
  sendVerdicts();
}

// -- views ----------------------------------------------------------------------------------------------------------

function showView(focus) {
  const view = location.hash in VIEWS ? location.hash : "#for-you";
  for (const link of document.querySelectorAll(".views a")) {
    if (link.hash === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  byId("view-for-you").hidden = view !== "#for-you";
  byId("view-watchlist").hidden = view !== "#watchlist";
  document.title = view === "#for-you" ? "CineMatch" : `${VIEWS[view]} · CineMatch`;
  showPending();
  if (!focus) return;
  scrollTo(0, 0);
  heading().focus({ preventScroll: true });
}

const heading = () => byId(byId("view-for-you").hidden ? "watch-heading" : "films-heading");

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
watchlist.addEventListener("change", updateCards);

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
showVerdicts();
showView(false);
loadAll();
