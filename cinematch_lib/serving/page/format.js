// Numbers, names and dates as text.

/** A running time: 170 is "2 h 50 min". */
export function minutes(count) {
  const [hours, rest] = [Math.floor(count / 60), count % 60];
  return [hours && `${hours} h`, (rest || !hours) && `${rest} min`].filter(Boolean).join(" ");
}

/** A genre in title case: "sci-fi" is "Sci-Fi". */
export function genreName(name) {
  if (name === "tv movie") return "TV movie";
  return name.replace(/(^|[-\s])(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase());
}

/** Title and year: "Heat (1995)". */
export const filmName = ({ title, year }) => (year ? `${title} (${year})` : title);

/** "1 star", "4.5 stars". */
export const starsText = (stars) => plural(stars, "star");

/** "1 film", "20 films". */
export const plural = (count, noun) => `${count} ${noun}${String(count) === "1" ? "" : "s"}`;

/** The choices for a field of languages, given as names by codes: `[code, name]`, by name. */
export const languageChoices = (names) => Object.entries(names).sort(([, one], [, other]) => one.localeCompare(other));

/** A share in percent, with a minus sign: -0.08 is "−8%". */
export const percent = (share) => `${share < 0 ? "−" : ""}${Math.round(Math.abs(share) * 100)}%`;

/** The date of an ISO 8601 time in the user's locale; "" for an invalid time. */
export function day(time) {
  const date = new Date(time ?? "");
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleDateString(undefined, { dateStyle: "medium" });
}

/** A service's name without " (demo)", and whether it is invented, that is, had it. */
export function service(name) {
  const bare = name.replace(/ \(demo\)$/, "");
  return { bare, invented: bare !== name };
}
