// A short message at the bottom of the window, with an undo; it is also announced to screen readers.

import { byId } from "./dom.js";

const DURATION = 9000; // milliseconds; longer while the pointer or the focus is on the message

const toast = byId("toast");
let timer;
let undo = null;

/** Show `text`; with `onUndo` it has an undo button that calls it. */
export function showToast(text, onUndo = null) {
  byId("toast-text").textContent = text;
  byId("announcement").textContent = text;
  byId("toast-undo").hidden = onUndo === null;
  undo = onUndo;
  toast.hidden = false;
  hideLater();
}

function hideLater() {
  clearTimeout(timer);
  timer = setTimeout(() => (toast.matches(":hover, :focus-within") ? hideLater() : hide()), DURATION);
}

function hide() {
  toast.hidden = true;
  undo = null;
}

byId("toast-undo").addEventListener("click", () => {
  const action = undo;
  hide();
  byId("announcement").textContent = "Undone.";
  action?.();
});
