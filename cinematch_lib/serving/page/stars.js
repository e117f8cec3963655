// The stars of a film: a slider that looks like five stars, with half stars, for mouse, touch and keyboard.

import { element, icon } from "./dom.js";
import { starsText } from "./format.js";

const STARS = 5;

/** A control that calls `rate(stars)` after a change, with 0 where the stars were removed. */
export function starsControl(rate) {
  const input = element("input", { type: "range", min: 0, max: STARS, step: 0.5, "aria-label": "Your stars" });
  const row = () => Array.from({ length: STARS }, () => icon("star"));
  const drawn = element("span", { class: "stars-drawn", "aria-hidden": "true" }, ...row());
  const filled = element("span", { class: "stars-drawn stars-filled", "aria-hidden": "true" }, ...row());
  const control = element("span", { class: "stars" }, drawn, filled, input);
  input.addEventListener("input", () => show(control, Number(input.value)));
  input.addEventListener("change", () => rate(Number(input.value)));
  return control;
}

/** Make the control in `holder` show `stars`; null for none. */
export function updateStars(holder, stars) {
  show(holder.querySelector(".stars"), stars ?? 0);
}

function show(control, stars) {
  const input = control.querySelector("input");
  input.value = stars;
  input.setAttribute("aria-valuetext", stars ? starsText(stars) : "no stars");
  input.title = stars ? `${starsText(stars)}; to remove them, drag to the left` : "Rate with stars";
  control.style.setProperty("--stars", stars);
}
