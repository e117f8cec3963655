// Sliders that change the kind of list, each from 0 to 1.

import { byId, debounce, element } from "./dom.js";
import { percent } from "./format.js";
import { NO_KNOBS, state } from "./state.js";

// By name of the request's field: label, words at both ends, and the server's default.
const KNOBS = {
  discovery: ["How well known", "well known", "little known", 0.1],
  diversity: ["How varied", "alike", "varied", 0],
  recency: ["How new", "of any age", "newer first", 0],
};
const DELAY = 250; // milliseconds

/** Set up the sliders; `change(filters)` is called after each change. */
export function setUpKnobs(change) {
  byId("knobs").append(...Object.entries(KNOBS).map(([name, knob]) => slider(name, knob, change)));
}

/** Make the sliders show the stored values. */
export function showKnobs() {
  for (const [name, [, , , standard]] of Object.entries(KNOBS)) show(byId(`knob-${name}`), state.filters[name] ?? standard);
}

/** The number of sliders that are not at the server's default. */
export const changedKnobs = () => Object.keys(NO_KNOBS).filter((name) => state.filters[name] !== null).length;

function slider(name, [label, low, high, standard], change) {
  const id = `knob-${name}`;
  const input = element("input", { type: "range", id, min: 0, max: 1, step: 0.05, "aria-describedby": `${id}-ends` });
  const send = debounce(() => {
    const value = Number(input.value);
    change({ [name]: value === standard ? null : value });
  }, DELAY);
  input.addEventListener("input", () => {
    show(input, Number(input.value));
    send();
  });
  const ends = element("span", { class: "knob-ends", id: `${id}-ends` }, element("span", {}, low), element("span", {}, high));
  return element("div", { class: "knob" }, element("label", { for: id }, label), input, ends);
}

function show(input, value) {
  input.value = value;
  input.setAttribute("aria-valuetext", percent(value));
}
