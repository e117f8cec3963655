// Requests to the server: reconnects when it is unavailable, waits when it limits the rate, and asks the user for its
// token once for all requests that need it.

import { askForToken } from "./token.js";

const MAX_RETRY_WAIT = 15; // seconds between two attempts to reconnect
const TIMEOUT = 20000; // milliseconds
const GATEWAY_ERRORS = [502, 503, 504]; // from a proxy whose server is unavailable
const TOKEN_KEY = "cinematch-token";

/** Dispatches "unavailable", "available", "rate-limited" (`detail` is seconds), "locked" and "unlocked". */
export const server = new EventTarget();

/** The server cannot be reached; reconnecting. */
export class Unavailable extends Error {}

/** The server requires a token, and the user gave none. */
export class TokenRequired extends Error {}

/** An error response: `status`, and `message` for the user. */
export class RequestError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

let token = storedToken();
let tokenDialog = null; // the promise of an open dialog
let declined = false;
let retryNow = null; // ends the wait for the next attempt to reconnect

/** The parsed JSON response. Throws Unavailable, TokenRequired, RequestError, or AbortError after `signal`. */
export async function call(method, path, { body, signal, keepalive } = {}) {
  for (;;) {
    const sent = token;
    const response = await send(method, path, { body, signal, keepalive }, sent);
    if (response.status === 401) {
      if (sent === token) await unlock(sent !== null);
    } else if (response.status === 429) {
      await pause(Number(response.headers.get("Retry-After")) || 1);
      signal?.throwIfAborted();
    } else {
      return parse(response);
    }
  }
}

/** A tagged template: a path whose values are URL-encoded. */
export const path = (words, ...values) =>
  words.reduce((one, next, at) => one + encodeURIComponent(values[at - 1]) + next);

/** Ask for the token again after the user closed the dialog. */
export function retryToken() {
  declined = false;
  server.dispatchEvent(new Event("unlocked"));
}

/** Try to reconnect at once. */
export const reconnectNow = () => retryNow?.();

async function send(method, url, { body, signal, keepalive }, bearer) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (bearer !== null) headers.Authorization = `Bearer ${bearer}`;
  const signals = [AbortSignal.timeout(TIMEOUT), ...(signal ? [signal] : [])];
  try {
    return await fetch(url, { method, headers, body: JSON.stringify(body), signal: AbortSignal.any(signals), keepalive });
  } catch (problem) {
    if (signal?.aborted) throw problem;
    throw unavailable();
  }
}

async function parse(response) {
  const { ok, status } = response;
  let value = null;
  try {
    value = await response.json();
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    if (!(problem instanceof SyntaxError)) throw unavailable(); // an incomplete response
  }
  if (ok && value !== null) return value;
  if (typeof value?.detail === "string") throw new RequestError(status, value.detail);
  if (Array.isArray(value?.detail)) {
    throw new RequestError(status, value.detail.map(({ loc, msg }) => `${loc.join(".")}: ${msg}`).join("; "));
  }
  if (GATEWAY_ERRORS.includes(status)) throw unavailable();
  throw new RequestError(status, `The server could not handle the request (status ${status}).`);
}

function unavailable() {
  reconnect();
  return new Unavailable("the server is unavailable");
}

async function reconnect() {
  if (retryNow) return;
  for (let wait = 1; ; wait = Math.min(2 * wait, MAX_RETRY_WAIT)) {
    const interrupted = new Promise((resolve) => (retryNow = resolve));
    server.dispatchEvent(new Event("unavailable"));
    await Promise.race([interrupted, sleep(wait)]);
    try {
      const { ok } = await fetch("health", { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
      if (ok) break;
    } catch {
      // still unavailable
    }
  }
  retryNow = null;
  server.dispatchEvent(new Event("available"));
}

addEventListener("online", reconnectNow);

async function unlock(refused) {
  if (declined) throw new TokenRequired("the server requires a token");
  tokenDialog ??= askForToken(refused).finally(() => (tokenDialog = null));
  const given = await tokenDialog;
  if (given === null) {
    declined = true;
    server.dispatchEvent(new Event("locked"));
    throw new TokenRequired("the server requires a token");
  }
  token = given;
  try {
    sessionStorage.setItem(TOKEN_KEY, token);
  } catch {
    // without storage the token lasts as long as the page
  }
}

function storedToken() {
  try {
    return sessionStorage.getItem(TOKEN_KEY);
  } catch {
    return null;
  }
}

async function pause(seconds) {
  server.dispatchEvent(new CustomEvent("rate-limited", { detail: seconds }));
  await sleep(seconds);
}

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
