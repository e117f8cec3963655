// A short word at the foot of the window, with a way back; screen readers are told it too.

import { byId } from "./dom.js";

const SHOWN = 9000; // milliseconds; as long as hand or focus is on it, it stays

const toast = byId("toast");
let timer;
let takeBack = null;

/** Say `text`; `undo`, where given, is called when the person takes it back. */
export function say(text, undo = null) {
  byId("toast-text").textContent = text;
  byId("said").textContent = text;
  byId("toast-undo").hidden = undo === null;
  takeBack = undo;
  toast.hidden = false;
  later();
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(() => (toast.matches(":hover, :focus-within") ? later() : hide()), SHOWN);
}

function hide() {
  toast.hidden = true;
  takeBack = null;
}

byId("toast-undo").addEventListener("click", () => {
  const undo = takeBack;
  hide();
  byId("said").textContent = "Taken back.";
  undo?.();
});
