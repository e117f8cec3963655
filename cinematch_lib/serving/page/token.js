// The dialog that asks the user for the server's token.

import { byId } from "./dom.js";

/** The token entered, or null if the dialog was closed. `refused`: the previous token was wrong. */
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

function submit() {
  // A header can contain printable ASCII only.
  const isValid = /^[\x21-\x7e]+$/.test(byId("token-input").value.trim());
  byId("token-problem").hidden = isValid;
  if (isValid) byId("token-dialog").close("use");
}

byId("token-use").addEventListener("click", submit);
byId("token-cancel").addEventListener("click", () => byId("token-dialog").close());
byId("token-input").addEventListener("keydown", (event) => {
  if (event.key === "Enter") submit();
});
