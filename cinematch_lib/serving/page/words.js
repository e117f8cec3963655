// How things are said on the page.

/** Minutes as people say them: 170 is "2 h 50 min". */
export function minutes(count) {
  const [hours, rest] = [Math.floor(count / 60), count % 60];
  return [hours && `${hours} h`, (rest || !hours) && `${rest} min`].filter(Boolean).join(" ");
}

/** A genre's name with capitals: "sci-fi" is "Sci-Fi". */
export function genreName(name) {
  if (name === "tv movie") return "TV movie";
  return name.replace(/(^|[-\s])(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase());
}

/** Title and year, as people name a film: "Heat (1995)". */
export const filmName = ({ title, year }) => (year ? `${title} (${year})` : title);

/** "1 film", "20 films". */
export const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

/** A share as a percentage, with a true minus sign: -0.08 is "−8 %". */
export const percent = (share) => `${share < 0 ? "−" : ""}${Math.round(Math.abs(share) * 100)} %`;

/** The day of a time in ISO format, as the reader's language writes it; "" where there is none. */
export function day(time) {
  const read = new Date(time ?? "");
  return Number.isNaN(read.getTime()) ? "" : read.toLocaleDateString(undefined, { dateStyle: "medium" });
}

/** A service's name without the mark of an invented one, and whether it bore it. */
export function service(name) {
  const bare = name.replace(/ \(demo\)$/, "");
  return { bare, invented: bare !== name };
}
