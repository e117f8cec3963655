// What this browser keeps: a random user id, what was said of films, the filters, and what the server was not told yet.
// Every change is written at once and announced by the event "change" on `kept.changes`.

const KEY = "cinematch";
const VERDICTS = ["like", "dislike", "not_interested"];
const MOST = 1000; // ids in one list of a request: the server takes no more, so the oldest stay out

export const NO_FILTERS = {
  genres: [], services: [], year_min: null, year_max: null, runtime_min: null, runtime_max: null,
};

class Kept {
  changes = new EventTarget();
  lasting = true; // false where the browser lets nothing be kept

  constructor() {
    this.read();
    this.write();
    addEventListener("storage", (event) => {
      if (event.key !== KEY) return;
      this.read(); // another tab wrote, or somebody cleared what is kept
      this.announce();
    });
  }

  read() {
    let found = {};
    try {
      found = JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      // unreadable or not allowed: start afresh
    }
    this.user = typeof found.user === "string" ? found.user : this.user ?? newUser();
    this.taste = Array.isArray(found.taste) ? found.taste.filter(isVerdict) : [];
    this.filters = filtersIn(found.filters);
    this.unsent = Object.fromEntries(Object.entries(found.unsent ?? {}).filter(isUnsent));
  }

  write() {
    const { user, taste, filters, unsent } = this;
    try {
      localStorage.setItem(KEY, JSON.stringify({ user, taste, filters, unsent }));
    } catch {
      this.lasting = false;
    }
  }

  announce() {
    this.changes.dispatchEvent(new Event("change"));
  }

  /** "like", "dislike", "not_interested" or null. */
  verdict(movieId) {
    return this.taste.find((one) => one.movie_id === movieId)?.verdict ?? null;
  }

  /** Before a change: what another tab wrote a moment ago is not to be written over. */
  refresh() {
    if (this.lasting) this.read();
  }

  /** Keep what was said of a film; null takes it back. */
  say({ movie_id, title, year }, verdict) {
    this.refresh();
    this.taste = this.taste.filter((one) => one.movie_id !== movie_id);
    if (verdict) this.taste.push({ movie_id, title, year, verdict });
    this.unsent[movie_id] = verdict ?? "clear";
    this.write();
    this.announce();
  }

  /** The films with this verdict, in the order in which it was given. */
  films(verdict) {
    return this.taste.filter((one) => one.verdict === verdict);
  }

  ids(verdict) {
    return this.films(verdict).slice(-MOST).map((one) => one.movie_id);
  }

  filterBy(filters) {
    this.refresh();
    this.filters = { ...this.filters, ...filters };
    this.write();
  }

  /** The server was told `verdict` of the film: done, unless another was given meanwhile. */
  told(movieId, verdict) {
    this.refresh();
    if (this.unsent[movieId] !== verdict) return;
    delete this.unsent[movieId];
    this.write();
  }

  /** Forget everything, and be somebody else from now on. */
  forget() {
    this.user = newUser();
    this.taste = [];
    this.filters = { ...NO_FILTERS };
    this.unsent = {};
    this.write();
    this.announce();
  }
}

function isVerdict(one) {
  return Number.isInteger(one?.movie_id) && typeof one.title === "string" && VERDICTS.includes(one.verdict);
}

const isUnsent = ([id, verdict]) => /^\d+$/.test(id) && (verdict === "clear" || VERDICTS.includes(verdict));

/** The filters that `found` holds; what is none of ours is passed over. */
function filtersIn(found) {
  const filters = { ...NO_FILTERS };
  for (const [name, none] of Object.entries(NO_FILTERS)) {
    const value = found?.[name];
    if (none === null ? Number.isInteger(value) : Array.isArray(value)) filters[name] = value;
  }
  return filters;
}

function newUser() {
  // crypto.randomUUID is missing where a page is neither on loopback nor encrypted
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `web-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

export const kept = new Kept();
