// The filters: genres and services to tick, years and minutes with an end or two.

import { byId, element, settled } from "./dom.js";
import { kept, NO_FILTERS } from "./kept.js";
import { genreName, service } from "./words.js";

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

/** Set the filters up; `onChange` is called whenever what they ask for is another. */
export function letFilter(onChange) {
  changed = onChange;
  for (const of of Object.keys(PRESETS)) setUpRange(of);
  byId("filters-clear").addEventListener("click", clearFilters);
  byId("filters-open").addEventListener("click", () => {
    const open = byId("filters-open").getAttribute("aria-expanded") !== "true";
    byId("filters-open").setAttribute("aria-expanded", String(open));
  });
  showFilters();
}

/** Show what can be asked for: the genres, the services and where they are from, the ends of years and minutes. */
export function offer(genres, services, source) {
  const known = (of, names) => kept.filters[of].filter((one) => names.includes(one)); // another run may lack some
  kept.filterBy({ genres: known("genres", genres), services: known("services", services) });
  offerTicks("genres", genres, genreName);
  offerTicks("services", services, (name) => service(name).bare);
  byId("services-set").hidden = !services.length;
  byId("services-note").hidden = source !== "demo";
  showFilters();
}

/** The filters in a request's words. */
export function asked() {
  const { genres, services, ...bounds } = kept.filters;
  return { preferred_genres: genres, services, ...bounds };
}

/** What could be loosened: `[words, act]` for each filter that is on. */
export function loosenings() {
  const { genres, services } = kept.filters;
  const ways = [];
  if (genres.length) ways.push(["Any genre", () => change({ genres: [] })]);
  if (services.length) ways.push(["Any service", () => change({ services: [] })]);
  for (const [of, words] of [["year", "Any year"], ["runtime", "Any length"]]) {
    if (bounded(of)) ways.push([words, () => change({ [`${of}_min`]: null, [`${of}_max`]: null })]);
  }
  if (ways.length > 1) ways.push(["Clear all filters", clearFilters]);
  return ways;
}

function clearFilters() {
  const had = document.activeElement === byId("filters-clear");
  change({ ...NO_FILTERS });
  if (had) byId("filters-heading").focus(); // the button is disabled now and would drop the focus
}

function change(filters) {
  kept.filterBy(filters);
  showFilters();
  changed();
}

function offerTicks(of, names, words) {
  const there = [...byId(of).querySelectorAll("input")].map((box) => box.value);
  if (names.join("|") === there.join("|")) return; // somebody's focus may be on one
  byId(of).replaceChildren(...names.map((name) => tick(of, name, words(name))));
}

function tick(of, name, words) {
  const box = element("input", { type: "checkbox", value: name });
  box.addEventListener("change", () => {
    const others = kept.filters[of].filter((one) => one !== name);
    change({ [of]: box.checked ? [...others, name] : others });
  });
  return element("label", { class: "pick-one" }, box, element("span", {}, words));
}

function setUpRange(of) {
  const set = document.querySelector(`[data-range="${of}"]`);
  const presets = PRESETS[of].map(([words, low, high]) => {
    const button = element("button", { type: "button", class: "preset", "aria-pressed": "false" }, words);
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") === "true";
      change({ [`${of}_min`]: on ? null : low, [`${of}_max`]: on ? null : high });
    });
    return button;
  });
  set.querySelector("[data-part=presets]").append(...presets);
  set.addEventListener("input", settled(() => readRange(of, set), 450));
  set.addEventListener("change", () => readRange(of, set)); // on leaving a field, before anything else is shown
}

function readRange(of, set) {
  const inputs = ENDS.map((end) => set.querySelector(`[data-bound=${end}]`));
  const [low, high] = inputs.map((input) => (input.value === "" ? null : Number(input.value)));
  const unfit = inputs.find((input) => !input.checkValidity());
  const crossed = low !== null && high !== null && low > high;
  const problem = set.querySelector(".problem");
  problem.hidden = !unfit && !crossed;
  problem.textContent = unfit ? unfit.validationMessage : "“From” is above “to”, so nothing can fit.";
  for (const input of inputs) input.setAttribute("aria-invalid", String(crossed || input === unfit));
  const now = { [`${of}_min`]: low, [`${of}_max`]: high };
  const same = Object.keys(now).every((name) => now[name] === kept.filters[name]);
  if (!unfit && !crossed && !same) change(now);
}

const bounded = (of) => ENDS.some((end) => kept.filters[`${of}_${end}`] !== null);

/** Make the controls say what is kept. */
export function showFilters() {
  for (const of of ["genres", "services"]) {
    for (const box of byId(of).querySelectorAll("input")) box.checked = kept.filters[of].includes(box.value);
  }
  for (const of of Object.keys(PRESETS)) {
    const set = document.querySelector(`[data-range="${of}"]`);
    const [low, high] = ENDS.map((end) => kept.filters[`${of}_${end}`]);
    for (const [at, bound] of [low, high].entries()) {
      const input = set.querySelector(`[data-bound=${ENDS[at]}]`);
      if (input !== document.activeElement) input.value = bound ?? "";
      input.setAttribute("aria-invalid", "false");
    }
    set.querySelector(".problem").hidden = true;
    set.querySelectorAll(".preset").forEach((button, at) => {
      const [, from, to] = PRESETS[of][at];
      button.setAttribute("aria-pressed", String(bounded(of) && from === low && to === high));
    });
  }
  const { genres, services } = kept.filters;
  const on = genres.length + services.length + bounded("year") + bounded("runtime");
  byId("filters-count").hidden = !on;
  byId("filters-count").textContent = on;
  byId("filters-open").setAttribute("aria-label", on ? `Filters, ${on} on` : "Filters");
  byId("filters-clear").disabled = !on;
}
