// The state in this browser's storage: a random user id, the user's verdicts on films (the "taste"), the filters, and
// the verdicts that were not sent to the server yet. A film has one verdict; that of a rated film comes with its stars.
// Every change is written at once; `state.changes` dispatches
// "change".

const KEY = "cinematch";
const STORED = ["like", "dislike", "not_interested"]; // the verdicts that every server stores
const LEARNED = ["seen", "rated"]; // those that a server stores that learns from them
const VERDICTS = [...STORED, ...LEARNED];
const SENT = /^(like|dislike|not_interested|seen|rating [0-9.]+|clear)$/; // what is told to the server
const LIKED = 4; // stars from which on a rated film counts as liked

export const NO_KNOBS = { discovery: null, diversity: null, recency: null }; // from 0 to 1; null for the server's default
export const NO_FILTERS = {
  genres: [], services: [], original_languages: [], year_min: null, year_max: null, runtime_min: null, runtime_max: null, ...NO_KNOBS,
};

class State {
  changes = new EventTarget();
  isPersistent = true; // false if the browser does not allow storage
  learns = false; // whether the server learns from feedback

  constructor() {
    this.read();
    this.write();
    addEventListener("storage", (event) => {
      if (event.key !== KEY) return;
      this.read(); // another tab wrote, or the storage was cleared
      this.announce();
    });
  }

  read() {
    let stored = {};
    try {
      stored = JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      // unreadable or not allowed: start with an empty state
    }
    this.user = typeof stored.user === "string" ? stored.user : this.user ?? newUser();
    this.taste = Array.isArray(stored.taste) ? stored.taste.filter(isVerdict) : [];
    this.filters = validFilters(stored.filters);
    this.unsent = Object.fromEntries(Object.entries(stored.unsent ?? {}).filter(isUnsent));
  }

  write() {
    const { user, taste, filters, unsent } = this;
    try {
      localStorage.setItem(KEY, JSON.stringify({ user, taste, filters, unsent }));
    } catch {
      this.isPersistent = false;
    }
  }

  announce() {
    this.changes.dispatchEvent(new Event("change"));
  }

  /** The verdict on a film: "like", "dislike", "not_interested", "seen", "rated" or null. */
  verdict(movieId) {
    return this.entry(movieId)?.verdict ?? null;
  }

  /** The user's stars for a film, 0.5 to 5; null where it is not rated. */
  stars(movieId) {
    return this.entry(movieId)?.stars ?? null;
  }

  entry(movieId) {
    return this.taste.find((one) => one.movie_id === movieId);
  }

  /** Read the storage before a change, so that a change of another tab is not overwritten. */
  refresh() {
    if (this.isPersistent) this.read();
  }

  /** Set the verdict on a film, "rated" with its stars; null clears it. */
  setVerdict({ movie_id, title, year }, verdict, stars = null) {
    this.refresh();
    this.put({ movie_id, title, year, verdict, ...(stars && { stars }) });
    this.write();
    this.announce();
  }

  /** Rate several films `{movie_id, title, year, rating}` at once; returns a function that takes this back. */
  addRatings(films) {
    this.refresh();
    const before = films.map((one) => this.entry(one.movie_id) ?? { ...one, verdict: null });
    for (const { rating, ...film } of films) this.put({ ...film, verdict: "rated", stars: rating }, false);
    this.write();
    this.announce();
    return () => {
      this.refresh();
      before.forEach((one) => this.put(one));
      this.write();
      this.announce();
    };
  }

  /** Replace the entry of a film; `isTold` is false for many at once, of which a learning server is not told. */
  put(entry, isTold = true) {
    const { movie_id, verdict } = entry;
    const isStored = STORED.includes(this.verdict(movie_id)) || this.entry(movie_id)?.sent || movie_id in this.unsent;
    this.taste = this.taste.filter((one) => one.movie_id !== movie_id);
    if (verdict) this.taste.push(entry);
    if (STORED.includes(verdict)) this.unsent[movie_id] = verdict;
    else if (verdict && this.learns && isTold) this.unsent[movie_id] = entry.stars ? `rating ${entry.stars}` : verdict;
    else if (isStored) this.unsent[movie_id] = "clear";
  }

  /** The films that are liked, or rated with 4 stars or more, in the order in which they were judged. */
  liked() {
    return this.taste.filter((one) => one.verdict === "like" || one.stars >= LIKED);
  }

  /** The other films: disliked, of no interest, seen, or rated lower. */
  others() {
    const liked = this.liked();
    return this.taste.filter((one) => !liked.includes(one));
  }

  /** The films with this verdict, in the order in which they were judged. */
  films(verdict) {
    return this.taste.filter((one) => one.verdict === verdict);
  }

  setFilters(filters) {
    this.refresh();
    this.filters = { ...this.filters, ...filters };
    this.write();
  }

  /** Record that `verdict` was sent, unless it has changed since. */
  markSent(movieId, verdict) {
    this.refresh();
    if (this.unsent[movieId] !== verdict) return;
    delete this.unsent[movieId];
    const entry = this.entry(movieId);
    if (LEARNED.includes(entry?.verdict)) entry.sent = verdict !== "clear";
    this.write();
  }

  /** Clear everything and create a new user id. */
  reset() {
    this.user = newUser();
    this.taste = [];
    this.filters = { ...NO_FILTERS };
    this.unsent = {};
    this.write();
    this.announce();
  }
}

function isVerdict(one) {
  const isFilm = Number.isInteger(one?.movie_id) && typeof one.title === "string" && VERDICTS.includes(one.verdict);
  return isFilm && (one.verdict === "rated" ? one.stars >= 0.5 && one.stars <= 5 : one.stars === undefined);
}

const isUnsent = ([id, verdict]) => /^\d+$/.test(id) && SENT.test(verdict);

/** The valid filters in `stored`; others are ignored. */
function validFilters(stored) {
  const filters = { ...NO_FILTERS };
  for (const [name, none] of Object.entries(NO_FILTERS)) {
    const value = stored?.[name];
    const isValid = name in NO_KNOBS ? value >= 0 && value <= 1 : Number.isInteger(value);
    if (none === null ? isValid && typeof value === "number" : Array.isArray(value)) filters[name] = value;
  }
  return filters;
}

function newUser() {
  // crypto.randomUUID exists only on loopback and over HTTPS
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `web-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

export const state = new State();
