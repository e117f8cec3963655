// Seeing, taking along and deleting what is kept about oneself, here and on the server.

import { Away, call, path } from "./api.js";
import { byId, element } from "./dom.js";
import { kept } from "./kept.js";
import { counted } from "./words.js";

const dialog = byId("data-dialog");
const status = byId("data-status");
const remove = byId("data-delete");

/** Set the dialog up. */
export function letSeeData() {
  byId("open-data").addEventListener("click", () => {
    byId("data-id").textContent = kept.user;
    byId("data-memory").hidden = kept.lasting;
    status.textContent = "";
    calm();
    dialog.showModal();
  });
  byId("data-close").addEventListener("click", () => dialog.close());
  byId("data-export").addEventListener("click", () => attempt(download));
  remove.addEventListener("click", () => {
    if (remove.dataset.sure) return attempt(deleteAll);
    remove.dataset.sure = "yes";
    remove.textContent = "Yes, delete it for good";
    status.textContent = "This cannot be undone. Press the button again to delete your films, filters and watchlist.";
  });
}

function calm() {
  delete remove.dataset.sure;
  remove.textContent = "Delete all of it";
}

async function attempt(act) {
  try {
    await act();
  } catch (problem) {
    const away = "The server is not answering; try again when it is back.";
    status.textContent = problem instanceof Away ? away : problem.message;
  }
  calm();
}

async function download() {
  const { user, taste, filters } = kept;
  const data = { ...(await call("GET", path`api/users/${user}/data`)), in_this_browser: { taste, filters } };
  const file = URL.createObjectURL(new Blob([JSON.stringify(data, null, 2)], { type: "application/json" }));
  const link = element("a", { href: file, download: "cinematch-data.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(file), 10000);
  status.textContent = "Saved as cinematch-data.json.";
}

async function deleteAll() {
  const { watchlist, feedback } = await call("DELETE", path`api/users/${kept.user}/data`);
  kept.forget();
  byId("data-id").textContent = kept.user;
  status.textContent =
    `Deleted: ${counted(watchlist, "film")} of your watchlist and what you said of ${counted(feedback, "film")}. ` +
    "You have a new id.";
}
