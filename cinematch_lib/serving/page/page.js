// The page: what belongs together is wired together here.

import { askAgain, Away, call, Locked, lookNow, path, Refused, server } from "./api.js";
import { letSeeData } from "./data.js";
import { byId, element, icon } from "./dom.js";
import { letFilter, offer, showFilters } from "./filters.js";
import { kept } from "./kept.js";
import { letPick } from "./picker.js";
import { isStale, paintAll, recommend, renewed, showMore, showPending } from "./recommendations.js";
import { say } from "./toast.js";
import { forgetWatchlist, readWatchlist, watchlist } from "./watchlist.js";
import { counted, filmName } from "./words.js";

const VIEWS = { "#for-you": "For you", "#watchlist": "Watchlist" };

// -- what was said of films -----------------------------------------------------------------------------------------

function showTaste() {
  const liked = kept.films("like");
  byId("liked").replaceChildren(...liked.toReversed().map(chip));
  byId("liked-none").hidden = liked.length > 0;
  byId("pick-heading").textContent = liked.length ? "What will it be tonight?" : "Start with a film you love.";
  const others = [...kept.films("dislike"), ...kept.films("not_interested")];
  byId("others").hidden = !others.length;
  byId("others-list").replaceChildren(...others.map(chip));
}

function chip(film) {
  const words = film.verdict === "like" ? "Remove" : "Let back in";
  const named = { type: "button", title: words, "aria-label": `${words}: ${filmName(film)}` };
  const button = element("button", named, icon("remove"));
  button.addEventListener("click", () => {
    const list = button.closest("ul");
    const at = [...list.children].indexOf(button.parentElement);
    kept.say(film, null);
    say(`Removed: ${filmName(film)}.`, () => {
      kept.say(film, film.verdict);
      recommend();
    });
    const next = list.children[Math.min(at, list.children.length - 1)]?.querySelector("button");
    (next ?? byId("pick-input")).focus();
    recommend();
  });
  return element("li", { class: "chip" }, element("span", {}, filmName(film)), button);
}

function pick(film) {
  if (kept.verdict(film.movie_id) === "like") return say(`You like ${filmName(film)} already.`);
  const before = kept.verdict(film.movie_id);
  kept.say(film, "like");
  byId("liked").scrollTo({ left: 0 });
  byId("pick-status").textContent = `Added ${filmName(film)}. You like ${counted(kept.films("like").length, "film")}.`;
  say(`Added ${filmName(film)}.`, () => {
    kept.say(film, before);
    recommend();
  });
  recommend();
}

let telling = false;

/** Tell the server what it was not told yet, one film after the other. */
async function tellServer() {
  if (telling) return;
  telling = true;
  try {
    for (let left; (left = Object.entries(kept.unsent)).length; ) {
      const [id, feedback] = left[0];
      const movieId = Number(id);
      try {
        await call("POST", path`api/feedback/${kept.user}`, { body: { movie_id: movieId, feedback } });
      } catch (problem) {
        if (!(problem instanceof Refused) || problem.status >= 500) throw problem;
      }
      kept.told(movieId, feedback); // a film that the server refuses to hear of is not worth telling again
    }
  } catch {
    // told at the next change, or when the server is back
  } finally {
    telling = false;
  }
}

// -- what there is --------------------------------------------------------------------------------------------------

async function readCatalog() {
  const ask = (name) => call("GET", `api/${name}`);
  const [genres, services, about] = await Promise.all([ask("genres"), ask("services"), ask("about")]);
  offer(genres.genres, services.services, services.source);
  byId("credits").replaceChildren(...about.attributions.map((line) => element("li", {}, ...withLinks(line))));
  byId("catalog").textContent = `${about.num_items.toLocaleString("en")} films in this catalog. Run ${about.run_id}.`;
}

/** The text, with what is an address in it made a link. */
function withLinks(text) {
  return text.split(/(https:\/\/[^\s]*[^\s.,;)])/).map((part, at) =>
    at % 2 ? element("a", { href: part, rel: "noopener noreferrer", target: "_blank" }, part) : part,
  );
}

async function readAll() {
  const problems = (await Promise.allSettled([readCatalog(), readWatchlist(), recommend()])).map((one) => one.reason);
  const said = problems.find((problem) => problem && !(problem instanceof Away || problem instanceof Locked));
  if (said) say(said.message);
  tellServer();
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

let user = kept.user;

kept.changes.addEventListener("change", () => {
  showTaste();
  showFilters();
  paintAll();
  showPending();
  tellServer();
  if (kept.user !== user) becomeAnother();
  else if (isStale()) recommend();
});

/** Everything was deleted, here or in another tab: start as somebody new. */
function becomeAnother() {
  user = kept.user;
  forgetWatchlist();
  recommend();
}
watchlist.addEventListener("change", paintAll);

server.addEventListener("away", () => {
  byId("away-text").textContent =
    "CineMatch’s server is not answering just now. " +
    "Your choices are safe in this browser; this page tries again by itself.";
  byId("away").hidden = false;
});
server.addEventListener("back", () => {
  byId("away").hidden = true;
  say("The server is back.");
  readAll();
});
server.addEventListener("pause", ({ detail }) => say(`The server asks for a pause of ${counted(detail, "second")}.`));
server.addEventListener("locked", () => (byId("locked").hidden = false));
server.addEventListener("unlocked", () => {
  byId("locked").hidden = true;
  readAll();
});
byId("away-now").addEventListener("click", lookNow);
byId("locked-open").addEventListener("click", askAgain);
byId("more").addEventListener("click", showMore);
byId("renew").addEventListener("click", renewed);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  heading().focus();
});
addEventListener("hashchange", () => showView(true));

letPick(pick, (movieId) => kept.verdict(movieId));
letFilter(async () => {
  await recommend();
  const top = byId("films-heading");
  if (top.getBoundingClientRect().top < 0) top.scrollIntoView({ behavior: "instant" });
});
letSeeData();
showTaste();
showView(false);
readAll();
