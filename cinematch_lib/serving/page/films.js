// A film as a card, with stars and buttons for feedback and the watchlist.

import { cloneTemplate, element, icon } from "./dom.js";
import { filmName, genreName, minutes, service, starsText } from "./format.js";
import { showPoster } from "./poster.js";
import { reasonElements } from "./reasons.js";
import { starsControl, updateStars } from "./stars.js";
import { state } from "./state.js";
import { showToast } from "./toast.js";

const VERDICTS = {
  like: ["Like", "Liked"],
  dislike: ["Dislike", "Disliked"],
  not_interested: ["Not interested", "Not interested in"],
  seen: ["Seen", "Seen"],
};

/** Running time and genres of a film. */
export function facts({ runtime, runtime_known, genres }) {
  const length = runtime && runtime_known !== false ? minutes(runtime) : "";
  return [length, (genres ?? []).map(genreName).join(", ")].filter(Boolean).join(" · ");
}

/** A card for a film; `isSaved` tells if it is on the watchlist, `toggle(film)` adds or removes it. */
export function filmCard(film, isSaved, toggle) {
  const { made, part } = cloneTemplate("film-template");
  made.dataset.id = film.movie_id;
  part("title").textContent = film.title;
  part("year").textContent = film.year || "";
  part("facts").textContent = facts(film);
  part("people").textContent = credits(film);
  part("overview").textContent = film.overview_known === false ? "" : film.overview;
  for (const name of ["facts", "people", "overview", "services"]) part(name).hidden = !part(name).textContent;
  part("services").append(...serviceNodes(film.services ?? []));
  showPoster(part("poster"), film);
  part("actions").setAttribute("aria-label", `Feedback on ${filmName(film)}`);
  const verdicts = Object.keys(VERDICTS).map((verdict) => verdictButton(film, verdict));
  const rate = (stars) => setVerdict(film, stars ? "rated" : null, stars);
  part("actions").append(starsControl(rate), ...verdicts, saveButton(film, toggle));
  if (film.explanation) setUpReasons(film, part("why"), part("reasons"));
  else part("why").parentElement.remove();
  updateCard(made, film.movie_id, isSaved(film.movie_id));
  return made;
}

/** Update the buttons of a card. */
export function updateCard(card, movieId, saved) {
  const verdict = state.verdict(movieId);
  card.classList.toggle("is-down", verdict === "dislike" || verdict === "not_interested");
  for (const button of card.querySelectorAll("[data-verdict]")) {
    button.setAttribute("aria-pressed", String(button.dataset.verdict === verdict));
  }
  updateStars(card, state.stars(movieId));
  const save = card.querySelector("[data-save]");
  save.setAttribute("aria-pressed", String(saved));
  save.querySelector("use").setAttribute("href", saved ? "page/icons.svg#done" : "page/icons.svg#add");
}

/** Set or clear the verdict on a film, with an undo. */
function setVerdict(film, verdict, stars = null) {
  const before = state.entry(film.movie_id);
  state.setVerdict(film, verdict, stars);
  const text = stars ? starsText(stars) : verdict ? VERDICTS[verdict][1] : "Feedback removed";
  showToast(`${text}: ${filmName(film)}.`, () => state.setVerdict(film, before?.verdict ?? null, before?.stars));
}

function credits({ director, cast }) {
  const [by, played] = [(director ?? []).slice(0, 2).join(", "), (cast ?? []).slice(0, 3).join(", ")];
  return by && played ? `${by}, with ${played}` : by || (played && `With ${played}`);
}

function verdictButton(film, verdict) {
  const [label] = VERDICTS[verdict];
  const attributes = { type: "button", class: "round", title: label, "aria-label": label, "data-verdict": verdict };
  const button = element("button", attributes, icon(verdict));
  button.addEventListener("click", () => setVerdict(film, state.verdict(film.movie_id) === verdict ? null : verdict));
  return button;
}

function saveButton(film, toggle) {
  const button = element("button", { type: "button", class: "save", "data-save": true }, icon("add"), "Watchlist");
  button.addEventListener("click", () => toggle(film));
  return button;
}

function serviceNodes(names) {
  const services = names.map(service);
  if (!services.length) return [];
  const text = `On ${services.map(({ bare }) => bare).join(", ")} `;
  const invented = services.some((one) => one.invented);
  return invented ? [text, element("span", { class: "invented" }, "invented")] : [text];
}

function setUpReasons(film, button, holder) {
  holder.id = `why-${film.movie_id}`;
  button.setAttribute("aria-controls", holder.id);
  const toggle = (open) => {
    if (open && !holder.children.length) holder.append(...reasonElements(film));
    button.setAttribute("aria-expanded", String(open));
    holder.hidden = !open;
  };
  button.addEventListener("click", () => toggle(holder.hidden));
  holder.parentElement.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || holder.hidden) return;
    toggle(false);
    button.focus();
  });
}
