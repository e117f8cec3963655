// The dialog that takes the user's ratings from a file: another service's export.

import { call, Unavailable } from "./api.js";
import { byId, element } from "./dom.js";
import { filmName, plural, starsText } from "./format.js";
import { state } from "./state.js";
import { showToast } from "./toast.js";

const MAX_SIZE = 1.9 * 2 ** 20; // bytes; the server takes 2 MiB with the JSON around them
const MAX_ROWS = 50; // films that were not found, shown at most

const dialog = byId("upload-dialog");
const input = byId("upload-file");
const status = byId("upload-status");
const problem = byId("upload-problem");

/** Set up the dialog; `changed()` is called when films were added or taken back. */
export function setUpUpload(changed) {
  byId("upload-open").addEventListener("click", () => {
    input.value = "";
    show("", []);
    dialog.showModal();
  });
  byId("upload-close").addEventListener("click", () => dialog.close());
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    show("Reading the file…", []);
    try {
      const { ratings, not_found, remarks } = await matched(file);
      add(ratings, changed);
      const missing = not_found.length ? ` ${plural(not_found.length, "film")} not found here:` : "";
      const read = remarks.length ? ` Read in the file: ${remarks.join("; ")}.` : "";
      show(`${plural(ratings.length, "film")} added with your stars.${read}${missing}`, not_found, changed);
    } catch (error) {
      show("", []);
      problem.textContent = error instanceof Unavailable ? "The server is not responding; try again later." : error.message;
      problem.hidden = false;
    }
  });
}

/** The server's answer for a file. Throws an Error with a message for the user. */
async function matched(file) {
  if (file.size > MAX_SIZE) throw new Error("This file is larger than 1.9 MB. Choose a file that holds ratings alone.");
  const text = decoded(await file.arrayBuffer());
  if (text.startsWith("PK")) throw new Error("This is a zip file. Unpack it, and choose ratings.csv from it.");
  return call("POST", "api/ratings", { body: { text } });
}

/** The text of UTF-8, of UTF-16 with its mark, or else of Windows-1252. */
function decoded(content) {
  const [first, second] = new Uint8Array(content.slice(0, 2));
  const marks = { "255,254": "utf-16le", "254,255": "utf-16be" };
  try {
    return new TextDecoder(marks[`${first},${second}`] ?? "utf-8", { fatal: true }).decode(content);
  } catch {
    return new TextDecoder("windows-1252").decode(content);
  }
}

function add(ratings, changed) {
  if (!ratings.length) return;
  const undo = state.addRatings(ratings);
  showToast(`Added ${plural(ratings.length, "rating")}.`, () => {
    undo();
    changed();
  });
  changed();
}

function show(text, missing, changed) {
  problem.hidden = true;
  status.textContent = text;
  const rows = missing.slice(0, MAX_ROWS).map((one) => row(one, changed));
  if (missing.length > MAX_ROWS) rows.push(element("li", {}, `and ${plural(missing.length - MAX_ROWS, "other film")}`));
  byId("upload-missing").replaceChildren(...rows);
}

/** A film that was not found, with buttons that take a similar one in its place. */
function row({ name, rating, reason, suggestions }, changed) {
  const choices = suggestions.map((film) => {
    const choice = element("button", { type: "button" }, `It is ${filmName(film)}`);
    choice.addEventListener("click", () => {
      add([{ ...film, rating }], changed);
      item.replaceChildren(`${name}: added as ${filmName(film)}, ${starsText(rating)}.`);
      input.focus();
    });
    return choice;
  });
  const why = reason ? `, left out of this catalog: ${reason}` : "";
  const item = element("li", {}, element("span", {}, `${name}${why}`), ...choices);
  return item;
}
