// What the user sees of a list and does with its films: sent to the server in batches, for experiments. An event that
// cannot be sent is lost.

import { call } from "./api.js";
import { byId } from "./dom.js";

const DELAY = 400; // milliseconds until events are sent together
const LIKED = 4; // stars from which on a rated film counts as liked

let waiting = [];
let timer = null;

// The cards of a list that no one has seen yet; when one of them comes into view, the list was seen.
const observer = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    observer.unobserve(target);
    add("seen", target.dataset.listId);
  }
});

/** Report when the user sees the list with these cards, and what they do with its films. */
export function reportList(listId, cards) {
  cards.forEach((card, at) => Object.assign(card.dataset, { listId, position: at + 1 }));
  if (cards.length) observer.observe(cards[0]);
}

/** What a click on a button of a card means, before it has an effect; null for nothing. */
function meaning(button) {
  const isSet = button.getAttribute("aria-pressed") === "true" || button.getAttribute("aria-expanded") === "true";
  if (isSet) return null;
  if (button.dataset.part === "why") return "click";
  if ("save" in button.dataset) return "watchlist";
  return { like: "like", seen: "watched" }[button.dataset.verdict] ?? null;
}

function add(type, listId, card = null) {
  const event_id = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const film = card ? { movie_id: Number(card.dataset.id), position: Number(card.dataset.position) } : {};
  waiting.push({ event_id, list_id: listId, type, ...film });
  timer ??= setTimeout(send, DELAY);
}

function send() {
  clearTimeout(timer);
  timer = null;
  const events = waiting;
  waiting = [];
  if (events.length) call("POST", "api/events", { body: { events }, keepalive: true }).catch(() => {});
}

function report(type, target) {
  const card = target.closest(".film[data-list-id]");
  if (type && card) add(type, card.dataset.listId, card);
}

const list = byId("film-list");
list.addEventListener(
  "click",
  ({ target }) => {
    const button = target.closest("button");
    if (button) report(meaning(button), button);
  },
  true, // before the button changes
);
list.addEventListener("change", ({ target }) => report(Number(target.value) >= LIKED ? "like" : null, target));
document.addEventListener("visibilitychange", () => document.hidden && send());
