// Why a film was recommended: the words, and a bar for each addend of its score.

import { element } from "./dom.js";
import { filmName, percent } from "./words.js";

const WORDS = {
  rated_with_liked: (film, speaksFor) => `People who like ${film}${speaksFor ? "" : " like it less than expected"}`,
  rated_with_disliked: (film, speaksFor) =>
    `People who like ${film}, which you dislike${speaksFor ? ", like it less than expected" : ""}`,
  liked: (film, speaksFor) => (speaksFor ? `Like ${film}` : `Unlike ${film}, which you like`),
  disliked: (film, speaksFor) => `${speaksFor ? "Unlike" : "Like"} ${film}, which you dislike`,
  genres: () => "Has genres you asked for",
  popular: (_, speaksFor) => (speaksFor ? "How many like it" : "Less known than others"),
  general: (_, speaksFor) => (speaksFor ? "Better liked than average" : "Less liked than average"),
  variety: (film) => `Close to ${film}, higher in this list`,
};

/** The reasons of a recommendation `{explanation, reasons}`, as elements. */
export function reasonsOf({ explanation, reasons }) {
  const shown = (reasons ?? []).filter((reason) => Math.round(Math.abs(reason.share) * 100) > 0);
  return [element("p", { class: "words" }, explanation), element("ul", { class: "bars" }, ...shown.map(bar))];
}

function bar({ kind, share, movie_id, title, year, features }) {
  const speaksFor = share > 0;
  const film = title ? filmName({ title, year }) : movie_id ? `film ${movie_id}` : "";
  const said = WORDS[kind]?.(film, speaksFor) ?? [kind.replaceAll("_", " "), film].filter(Boolean).join(": ");
  const filled = element("span", { class: "bar-filled" });
  const against = element("span", { class: "visually-hidden" }, "against it, ");
  filled.style.setProperty("--share", Math.min(Math.abs(share), 1));
  return element(
    "li",
    { class: speaksFor ? "reason" : "reason against" },
    element("span", { class: "reason-name" }, said),
    element("span", { class: "reason-share" }, ...(speaksFor ? [] : [against]), percent(share)),
    element("span", { class: "bar", "aria-hidden": "true" }, filled),
    ...(features?.length ? [element("span", { class: "reason-features" }, features.join(" · "))] : []),
  );
}
