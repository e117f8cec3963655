// Asking a person for the server's token.

import { byId } from "./dom.js";

/** The token that was typed, or null when the dialog was closed without one. `refused`: the last one was wrong. */
export function askForToken(refused) {
  const dialog = byId("token-dialog");
  const input = byId("token-input");
  byId("token-problem").hidden = !refused;
  input.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  input.focus();
  return new Promise((resolve) => {
    const closed = () => resolve(dialog.returnValue === "use" ? input.value.trim() : null);
    dialog.addEventListener("close", closed, { once: true });
  });
}

function use() {
  // A header can hold printable ASCII only; nothing else is a token.
  const fits = /^[\x21-\x7e]+$/.test(byId("token-input").value.trim());
  byId("token-problem").hidden = fits;
  if (fits) byId("token-dialog").close("use");
}

byId("token-use").addEventListener("click", use);
byId("token-cancel").addEventListener("click", () => byId("token-dialog").close());
byId("token-input").addEventListener("keydown", (event) => {
  if (event.key === "Enter") use();
});
