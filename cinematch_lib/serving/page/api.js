// Asking the server. A server that is away is asked after until it is back; a pause that it wants is kept; a token
// that it wants is asked for once, for all requests that wait for it.

import { askForToken } from "./token.js";

const LONGEST_WAIT = 15; // seconds between two looks whether the server is back
const PATIENCE = 20000; // milliseconds until a server that does not answer counts as away
const BETWEEN = [502, 503, 504]; // what stands in for a server that is away
const TOKEN = "cinematch-token";

/** Tells of "away", "back", "pause" (`detail` is seconds), "locked" and "unlocked". */
export const server = new EventTarget();

/** The server cannot be reached; it is being looked for. */
export class Away extends Error {}

/** The server wants a token, and nobody gave one. */
export class Locked extends Error {}

/** The server said no: `status`, and `message` for a person. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

let token = stored();
let asking = null;
let declined = false;
let nudge = null;

/** The server's answer, a value from JSON. Throws Away, Locked, Refused, or AbortError when `signal` says so. */
export async function call(method, path, { body, signal } = {}) {
  for (;;) {
    const sent = token;
    const response = await send(method, path, body, signal, sent);
    if (response.status === 401) {
      if (sent === token) await unlock(sent !== null);
    } else if (response.status === 429) {
      await pause(Number(response.headers.get("Retry-After")) || 1);
      signal?.throwIfAborted();
    } else {
      return answerOf(response);
    }
  }
}

/** A path with this text in it, whatever letters the text has. */
export const path = (words, ...values) =>
  words.reduce((one, next, at) => one + encodeURIComponent(values[at - 1]) + next);

/** Ask for the token again, after it was declined. */
export function askAgain() {
  declined = false;
  server.dispatchEvent(new Event("unlocked"));
}

/** Look at once whether the server is back. */
export const lookNow = () => nudge?.();

async function send(method, to, body, signal, bearer) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (bearer !== null) headers.Authorization = `Bearer ${bearer}`;
  const signals = [AbortSignal.timeout(PATIENCE), ...(signal ? [signal] : [])];
  try {
    return await fetch(to, { method, headers, body: JSON.stringify(body), signal: AbortSignal.any(signals) });
  } catch (problem) {
    if (signal?.aborted) throw problem;
    throw lost();
  }
}

async function answerOf(response) {
  const { ok, status } = response;
  let answer = null;
  try {
    answer = await response.json();
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    if (!(problem instanceof SyntaxError)) throw lost(); // half an answer
  }
  if (ok && answer !== null) return answer;
  if (typeof answer?.detail === "string") throw new Refused(status, answer.detail);
  if (BETWEEN.includes(status)) throw lost();
  throw new Refused(status, `The server did not do that, and did not say why (${status}).`);
}

function lost() {
  look();
  return new Away("the server is away");
}

async function look() {
  if (nudge) return;
  for (let wait = 1; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    const nudged = new Promise((resolve) => (nudge = resolve));
    server.dispatchEvent(new Event("away"));
    await Promise.race([nudged, sleep(wait)]);
    try {
      const { ok } = await fetch("health", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
      if (ok) break;
    } catch {
      // still away
    }
  }
  nudge = null;
  server.dispatchEvent(new Event("back"));
}

addEventListener("online", lookNow);

async function unlock(refused) {
  if (declined) throw new Locked("a token is needed");
  asking ??= askForToken(refused).finally(() => (asking = null));
  const given = await asking;
  if (given === null) {
    declined = true;
    server.dispatchEvent(new Event("locked"));
    throw new Locked("a token is needed");
  }
  token = given;
  try {
    sessionStorage.setItem(TOKEN, token);
  } catch {
    // it is kept as long as the page is open
  }
}

function stored() {
  try {
    return sessionStorage.getItem(TOKEN);
  } catch {
    return null;
  }
}

async function pause(seconds) {
  server.dispatchEvent(new CustomEvent("pause", { detail: seconds }));
  await sleep(seconds);
}

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
