// The filters: checkboxes for genres and services, bounds for year and running time; and the sliders among them.

import { byId, cloneTemplate, debounce, element, setChoices } from "./dom.js";
import { genreName, languageChoices, service } from "./format.js";
import { changedKnobs, setUpKnobs, showKnobs } from "./knobs.js";
import { NO_FILTERS, state } from "./state.js";

const PRESETS = {
  year: [
    ["to 1979", null, 1979],
    ["1980s", 1980, 1989],
    ["1990s", 1990, 1999],
    ["2000s", 2000, 2009],
    ["from 2010", 2010, null],
  ],
  runtime: [
    ["to 90", null, 90],
    ["90–120", 90, 120],
    ["from 120", 120, null],
  ],
};
const ENDS = ["min", "max"];

let changed = () => {};

/** Set up the filters; `onChange` is called after each change. */
export function setUpFilters(onChange) {
  changed = onChange;
  for (const of of Object.keys(PRESETS)) setUpRange(of);
  byId("languages").addEventListener("change", ({ target }) =>
    change({ original_languages: target.value ? [target.value] : [] }),
  );
  setUpKnobs(change);
  byId("filters-clear").addEventListener("click", clearFilters);
  byId("filters-open").addEventListener("click", () => {
    const open = byId("filters-open").getAttribute("aria-expanded") !== "true";
    byId("filters-open").setAttribute("aria-expanded", String(open));
  });
  showFilters();
}

/** Show the genres, services, languages and ranges of the catalog; selected names that it lacks are cleared. */
export function setOptions({ genres }, { services, source }, about) {
  const { original_languages: languages } = about;
  const known = (of, names) => state.filters[of].filter((one) => names.includes(one));
  state.setFilters({
    genres: known("genres", genres),
    services: known("services", services),
    original_languages: known("original_languages", languages),
  });
  for (const of of Object.keys(PRESETS)) limitRange(of, about[`${of}_min`], about[`${of}_max`]);
  setChoices(byId("languages"), languageChoices(about.language_names));
  byId("languages-set").hidden = !languages.length;
  setCheckboxes("genres", genres, genreName);
  setCheckboxes("services", services, (name) => service(name).bare);
  byId("services-set").hidden = !services.length;
  byId("services-note").hidden = source !== "demo";
  showFilters();
}

/** The filters as fields of a request. */
export function filterFields() {
  const { genres, services, ...bounds } = state.filters;
  return { preferred_genres: genres, services, ...bounds };
}

/** Ways to relax the filters: `[label, act]` for each active filter. */
export function relaxations() {
  const { genres, services, original_languages: languages } = state.filters;
  const ways = [];
  if (genres.length) ways.push(["Any genre", () => change({ genres: [] })]);
  if (services.length) ways.push(["Any service", () => change({ services: [] })]);
  if (languages.length) ways.push(["Any language", () => change({ original_languages: [] })]);
  for (const [of, label] of [["year", "Any year"], ["runtime", "Any length"]]) {
    if (isBounded(of)) ways.push([label, () => change({ [`${of}_min`]: null, [`${of}_max`]: null })]);
  }
  if (ways.length > 1) ways.push(["Clear all filters", clearFilters]);
  return ways;
}

function clearFilters() {
  const hadFocus = document.activeElement === byId("filters-clear");
  change({ ...NO_FILTERS });
  if (hadFocus) byId("filters-heading").focus(); // the disabled button would lose the focus
}

function change(filters) {
  state.setFilters(filters);
  showFilters();
  changed();
}

function setCheckboxes(of, names, label) {
  const shown = [...byId(of).querySelectorAll("input")].map((box) => box.value);
  if (names.join("|") === shown.join("|")) return; // keeps the focus
  byId(of).replaceChildren(...names.map((name) => checkbox(of, name, label(name))));
}

function checkbox(of, name, label) {
  const box = element("input", { type: "checkbox", value: name });
  box.addEventListener("change", () => {
    const others = state.filters[of].filter((one) => one !== name);
    change({ [of]: box.checked ? [...others, name] : others });
  });
  return element("label", { class: "pick-one" }, box, element("span", {}, label));
}

function setUpRange(of) {
  const set = document.querySelector(`[data-range="${of}"]`);
  const presets = PRESETS[of].map(([label, low, high]) => {
    const button = element("button", { type: "button", class: "preset", "aria-pressed": "false" }, label);
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") === "true";
      change({ [`${of}_min`]: on ? null : low, [`${of}_max`]: on ? null : high });
    });
    return button;
  });
  const { made, part } = cloneTemplate("range-template");
  part("presets").append(...presets);
  for (const input of made.querySelectorAll("input")) [input.min, input.max] = [set.dataset.min, set.dataset.max];
  set.append(made);
  set.addEventListener("input", debounce(() => readRange(of, set), 450));
  set.addEventListener("change", () => readRange(of, set)); // when a field loses the focus
}

/** Offer only presets and bounds that some film from `first` to `last` fits; nothing where both are null. */
function limitRange(of, first, last) {
  const set = document.querySelector(`[data-range="${of}"]`);
  set.hidden = first === null;
  set.querySelectorAll(".preset").forEach((button, at) => {
    const [, low, high] = PRESETS[of][at];
    button.hidden = (low ?? -Infinity) > last || (high ?? Infinity) < first;
  });
  set.querySelector("[data-bound=min]").max = last ?? "";
  set.querySelector("[data-bound=max]").min = first ?? "";
}

function readRange(of, set) {
  const inputs = ENDS.map((end) => set.querySelector(`[data-bound=${end}]`));
  const [low, high] = inputs.map((input) => (input.value === "" ? null : Number(input.value)));
  const invalid = inputs.find((input) => !input.checkValidity());
  const crossed = low !== null && high !== null && low > high;
  const problem = set.querySelector(".problem");
  problem.hidden = !invalid && !crossed;
  problem.textContent = invalid ? invalid.validationMessage : "“From” must not be above “to”.";
  for (const input of inputs) input.setAttribute("aria-invalid", String(crossed || input === invalid));
  const now = { [`${of}_min`]: low, [`${of}_max`]: high };
  const same = Object.keys(now).every((name) => now[name] === state.filters[name]);
  if (!invalid && !crossed && !same) change(now);
}

const isBounded = (of) => ENDS.some((end) => state.filters[`${of}_${end}`] !== null);

/** Make the controls show the stored filters. */
export function showFilters() {
  for (const of of ["genres", "services"]) {
    for (const box of byId(of).querySelectorAll("input")) box.checked = state.filters[of].includes(box.value);
  }
  for (const of of Object.keys(PRESETS)) {
    const set = document.querySelector(`[data-range="${of}"]`);
    const [low, high] = ENDS.map((end) => state.filters[`${of}_${end}`]);
    for (const [at, bound] of [low, high].entries()) {
      const input = set.querySelector(`[data-bound=${ENDS[at]}]`);
      if (input !== document.activeElement) input.value = bound ?? "";
      input.setAttribute("aria-invalid", "false");
    }
    set.querySelector(".problem").hidden = true;
    set.querySelectorAll(".preset").forEach((button, at) => {
      const [, from, to] = PRESETS[of][at];
      button.setAttribute("aria-pressed", String(isBounded(of) && from === low && to === high));
    });
  }
  showKnobs();
  const { genres, services, original_languages: languages } = state.filters;
  byId("languages").value = languages[0] ?? "";
  const active = genres.length + services.length + languages.length + isBounded("year") + isBounded("runtime") + changedKnobs();
  byId("filters-count").hidden = !active;
  byId("filters-count").firstElementChild.textContent = active;
  byId("filters-clear").disabled = !active;
}
