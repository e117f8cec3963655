// The dialog that shows, exports and deletes the user's data, in this browser and on the server.

import { call, path, Unavailable } from "./api.js";
import { byId, element } from "./dom.js";
import { plural } from "./format.js";
import { state } from "./state.js";

const dialog = byId("data-dialog");
const status = byId("data-status");
const remove = byId("data-delete");

/** Set up the dialog. */
export function setUpDataDialog() {
  byId("open-data").addEventListener("click", () => {
    byId("data-id").textContent = state.user;
    byId("data-memory").hidden = state.isPersistent;
    status.textContent = "";
    resetDelete();
    dialog.showModal();
  });
  byId("data-close").addEventListener("click", () => dialog.close());
  byId("data-export").addEventListener("click", () => attempt(download));
  remove.addEventListener("click", () => {
    if (remove.dataset.confirmed) return attempt(deleteAll);
    remove.dataset.confirmed = "yes";
    remove.textContent = "Yes, delete everything";
    status.textContent = "This cannot be undone. Press the button again to delete your films, filters and watchlist.";
  });
}

function resetDelete() {
  delete remove.dataset.confirmed;
  remove.textContent = "Delete all data";
}

async function attempt(act) {
  try {
    await act();
  } catch (problem) {
    const unavailable = "The server is not responding; try again later.";
    status.textContent = problem instanceof Unavailable ? unavailable : problem.message;
  }
  resetDelete();
}

async function download() {
  const { user, taste, filters } = state;
  const data = { ...(await call("GET", path`api/users/${user}/data`)), in_this_browser: { taste, filters } };
  const file = URL.createObjectURL(new Blob([JSON.stringify(data, null, 2)], { type: "application/json" }));
  const link = element("a", { href: file, download: "cinematch-data.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(file), 10000);
  status.textContent = "Saved as cinematch-data.json.";
}

async function deleteAll() {
  const { watchlist, feedback } = await call("DELETE", path`api/users/${state.user}/data`);
  state.reset();
  byId("data-id").textContent = state.user;
  status.textContent =
    `Deleted: ${plural(watchlist, "film")} on your watchlist and feedback on ${plural(feedback, "film")}. ` +
    "You have a new id.";
}
