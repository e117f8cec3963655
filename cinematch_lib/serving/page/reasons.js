// The explanation of a recommendation: a sentence, and a labelled bar for each term of the score.

import { element } from "./dom.js";
import { filmName, percent } from "./format.js";

// By kind, the label of a term that raises the score and of one that lowers it.
const LABELS = {
  rated_with_liked: (film) => [`People who like ${film} also like it`, `People who like ${film} like it less often`],
  rated_with_watched: (film) => [
    `People who watch ${film} often like it`,
    `People who watch ${film} choose it less often`,
  ],
  rated_with_disliked: (film) => [
    `People who like ${film}, which you dislike, like it less often`,
    `People who like ${film}, which you dislike, also like it`,
  ],
  liked: (film) => [`Similar to ${film}`, `Differs from ${film}, which you like`],
  taste: (film) => [`People who like ${film} like films of its kind`, `People who like ${film} rarely like films of its kind`],
  expected_similarity: (film) => [`Films of its kind are less similar to ${film}`, `Films of its kind are similar to ${film}`],
  disliked: (film) => [`Differs from ${film}, which you dislike`, `Similar to ${film}, which you dislike`],
  genres: () => ["Has genres you asked for", "Lacks genres you asked for"],
  popularity: () => ["How many people like it", "Fewer people like it than the most popular film"],
  quality: () => ["Ratings above average", "Ratings below average"],
  series: (film) => [`Of the series of ${film}`, `Not of the series of ${film}`],
  in_common: () => ["Shared by several films you like", "Not shared by films you like"],
  unrated: () => ["Nobody has rated it yet", "Others have rated it"],
  recency: () => ["A newer film", "An older film"],
  rest: () => ["Further reasons", "Further reasons"],
  diversity: (film) => [`Unlike ${film}, higher in this list`, `Similar to ${film}, higher in this list`],
};

/** The elements that explain a recommendation `{explanation, reasons}`. */
export function reasonElements({ explanation, reasons }) {
  const shown = (reasons ?? []).filter((reason) => Math.round(Math.abs(reason.share) * 100) > 0);
  return [element("p", { class: "words" }, explanation), element("ul", { class: "bars" }, ...shown.map(bar))];
}

function bar({ kind, share, movie_id, title, year, features }) {
  const lowers = share < 0;
  const film = title ? filmName({ title, year }) : movie_id ? `film ${movie_id}` : "";
  const label = LABELS[kind]?.(film)[Number(lowers)] ?? [kind.replaceAll("_", " "), film].filter(Boolean).join(": ");
  const filled = element("span", { class: "bar-filled" });
  const sign = element("span", { class: "visually-hidden" }, "lowers the score, ");
  filled.style.setProperty("--share", Math.min(Math.abs(share), 1));
  return element(
    "li",
    { class: lowers ? "reason against" : "reason" },
    element("span", { class: "reason-name" }, label),
    element("span", { class: "reason-share" }, ...(lowers ? [sign] : []), share < -1 ? "below −100%" : percent(share)),
    element("span", { class: "bar", "aria-hidden": "true" }, filled),
    ...(features?.length ? [element("span", { class: "reason-features" }, features.join(" · "))] : []),
  );
}
