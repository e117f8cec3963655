"""The tables of the store, as scripts that bring a database from each version of its format to the next."""

# The version that added each.
TABLES = {"users": 1, "watchlist": 1, "feedback": 1, "accounts": 3, "preferences": 3, "learning": 5}

# One user in each spelling of an id; users without films go.
_ONE_SPELLING = """
    UPDATE OR IGNORE users SET name = canonical(name);
    UPDATE OR IGNORE watchlist SET user = (SELECT one.id FROM users one, users old
        WHERE old.id = watchlist.user AND one.name = canonical(old.name));
    UPDATE OR IGNORE feedback SET user = (SELECT one.id FROM users one, users old
        WHERE old.id = feedback.user AND one.name = canonical(old.name));
    DELETE FROM users WHERE name != canonical(name);
    DELETE FROM users WHERE id NOT IN (SELECT user FROM watchlist UNION SELECT user FROM feedback);
    """

# SQLite: one script a version; user_version counts those that were applied. A published script is never changed.
SQLITE = (
    """
    CREATE TABLE users (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    );
    CREATE TABLE watchlist (
        user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        movie_id INTEGER NOT NULL,
        film TEXT NOT NULL,              -- JSON, as it was shown when it was added
        added TEXT NOT NULL,             -- ISO 8601, UTC
        watched INTEGER NOT NULL DEFAULT 0,
        UNIQUE (user, movie_id)
    );
    CREATE TABLE feedback (
        user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        movie_id INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('like', 'dislike', 'not_interested')),
        title TEXT NOT NULL,
        year INTEGER NOT NULL,
        given TEXT NOT NULL,             -- ISO 8601, UTC
        UNIQUE (user, movie_id)
    );
    """,
    _ONE_SPELLING,
    # Users of the newer client; their lists are those of the user whose name is the number.
    """
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        email TEXT NOT NULL,
        email_key TEXT NOT NULL UNIQUE,  -- in one case
        name TEXT NOT NULL,
        created TEXT NOT NULL            -- ISO 8601, UTC
    );
    CREATE TABLE preferences (
        account INTEGER PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
        fields TEXT NOT NULL,            -- JSON
        updated TEXT NOT NULL            -- ISO 8601, UTC
    );
    ALTER TABLE watchlist ADD COLUMN service TEXT;
    """,
    _ONE_SPELLING,  # since then, also with several slashes in a row
    # Stars and films that were only seen. SQLite cannot change the check of a column.
    """
    CREATE TABLE opinions (
        user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
        movie_id INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('like', 'dislike', 'not_interested', 'seen', 'rating')),
        title TEXT NOT NULL,
        year INTEGER NOT NULL,
        given TEXT NOT NULL,             -- ISO 8601, UTC
        rating REAL CHECK (rating BETWEEN 0.5 AND 5),
        UNIQUE (user, movie_id)
    );
    INSERT INTO opinions (rowid, user, movie_id, kind, title, year, given)
        SELECT rowid, user, movie_id, kind, title, year, given FROM feedback;
    DROP TABLE feedback;
    ALTER TABLE opinions RENAME TO feedback;
    CREATE TABLE learning (
        since TEXT NOT NULL              -- ISO 8601, UTC: what was said since then may be learned from
    );
    """,
)

# PostgreSQL: the tables of version 4, then one script a version, with the same version numbers as SQLite's. A rowid
# orders the films of a list by the time of adding, as SQLite's own does.
POSTGRES_BASE = 4
POSTGRES = (
    """
    CREATE TABLE users (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    );
    CREATE TABLE watchlist (
        rowid BIGINT GENERATED ALWAYS AS IDENTITY,
        "user" BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
        movie_id BIGINT NOT NULL,
        film TEXT NOT NULL,
        added TEXT NOT NULL,
        watched INTEGER NOT NULL DEFAULT 0,
        service TEXT,
        PRIMARY KEY ("user", movie_id)
    );
    CREATE TABLE feedback (
        rowid BIGINT GENERATED ALWAYS AS IDENTITY,
        "user" BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
        movie_id BIGINT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('like', 'dislike', 'not_interested')),
        title TEXT NOT NULL,
        year INTEGER NOT NULL,
        given TEXT NOT NULL,
        PRIMARY KEY ("user", movie_id)
    );
    CREATE TABLE accounts (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        email TEXT NOT NULL,
        email_key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        created TEXT NOT NULL
    );
    CREATE TABLE preferences (
        account BIGINT PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
        fields TEXT NOT NULL,
        updated TEXT NOT NULL
    );
    """,
    """
    ALTER TABLE feedback ADD COLUMN rating DOUBLE PRECISION;
    CREATE TABLE learning (since TEXT NOT NULL);
    """,
)
