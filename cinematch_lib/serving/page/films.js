// A recommended film as a card, and what can be said of it there.

import { copyOf, element, icon } from "./dom.js";
import { kept } from "./kept.js";
import { showPoster } from "./poster.js";
import { reasonsOf } from "./reasons.js";
import { say } from "./toast.js";
import { filmName, genreName, minutes, service } from "./words.js";

const VERDICTS = {
  like: ["Like", "You like"],
  dislike: ["Dislike", "You dislike"],
  not_interested: ["Not interested", "Not interested in"],
};

/** Length, genres and original facts of a film in a line. */
export function factsOf({ runtime, runtime_known, genres }) {
  const length = runtime && runtime_known !== false ? minutes(runtime) : "";
  return [length, (genres ?? []).map(genreName).join(", ")].filter(Boolean).join(" · ");
}

/** A card for a recommendation; `saved` says what is on the watchlist, `save(film)` puts it there or takes it off. */
export function filmCard(film, saved, save) {
  const { made, part } = copyOf("film-template");
  made.dataset.id = film.movie_id;
  part("title").textContent = film.title;
  part("year").textContent = film.year || "";
  part("facts").textContent = factsOf(film);
  part("people").textContent = peopleOf(film);
  const told = film.overview_known === false || film.overview === film.title ? "" : film.overview;
  part("overview").textContent = told;
  for (const name of ["facts", "people", "overview", "services"]) part(name).hidden = !part(name).textContent;
  part("services").append(...shownOn(film.services ?? []));
  showPoster(part("poster"), film);
  part("actions").setAttribute("aria-label", `Say of ${filmName(film)}`);
  const verdicts = Object.keys(VERDICTS).map((verdict) => verdictButton(film, verdict));
  part("actions").append(...verdicts, saveButton(film, save));
  letExplain(film, part("why"), part("reasons"));
  paint(made, film.movie_id, saved(film.movie_id));
  return made;
}

/** Make a card show what was said of its film, and whether it is on the watchlist. */
export function paint(card, movieId, saved) {
  const said = kept.verdict(movieId);
  card.classList.toggle("is-down", said === "dislike" || said === "not_interested");
  for (const button of card.querySelectorAll("[data-verdict]")) {
    button.setAttribute("aria-pressed", String(button.dataset.verdict === said));
  }
  const save = card.querySelector("[data-save]");
  save.setAttribute("aria-pressed", String(saved));
  save.querySelector("use").setAttribute("href", saved ? "#icon-done" : "#icon-add");
}

/** Say something of a film, and offer to take it back. */
export function judge(film, verdict) {
  const before = kept.verdict(film.movie_id);
  kept.say(film, verdict);
  const words = verdict ? `${VERDICTS[verdict][1]} ${filmName(film)}.` : `Taken back: ${filmName(film)}.`;
  say(words, () => kept.say(film, before));
}

function peopleOf({ director, cast }) {
  const [by, played] = [(director ?? []).slice(0, 2).join(", "), (cast ?? []).slice(0, 3).join(", ")];
  return by && played ? `${by}, with ${played}` : by || (played && `With ${played}`);
}

function verdictButton(film, verdict) {
  const [words] = VERDICTS[verdict];
  const named = { type: "button", class: "round", title: words, "aria-label": words, "data-verdict": verdict };
  const button = element("button", named, icon(verdict));
  button.addEventListener("click", () => judge(film, kept.verdict(film.movie_id) === verdict ? null : verdict));
  return button;
}

function saveButton(film, save) {
  const button = element("button", { type: "button", class: "save", "data-save": true }, icon("add"), "Watchlist");
  button.addEventListener("click", () => save(film));
  return button;
}

function shownOn(names) {
  const services = names.map(service);
  if (!services.length) return [];
  const words = `On ${services.map(({ bare }) => bare).join(", ")} `;
  const invented = services.some((one) => one.invented);
  return invented ? [words, element("span", { class: "invented" }, "invented")] : [words];
}

function letExplain(film, button, holder) {
  holder.id = `why-${film.movie_id}`;
  button.setAttribute("aria-controls", holder.id);
  const explain = (open) => {
    if (open && !holder.children.length) holder.append(...reasonsOf(film));
    button.setAttribute("aria-expanded", String(open));
    holder.hidden = !open;
  };
  button.addEventListener("click", () => explain(holder.hidden));
  holder.parentElement.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || holder.hidden) return;
    explain(false);
    button.focus();
  });
}
