"""Opinions that may be learned from: since when a server was started with ``--learn-from-feedback``, and as ratings."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cinematch_lib.serving.requests import DEFAULT_USER
from cinematch_lib.serving.store import FILE, Store
from cinematch_lib.storage.clock import now
from cinematch_lib.storage.paths import is_address

if TYPE_CHECKING:
    from cinematch_lib.data.feedback import Opinion

STARS = {"like": 4.0, "seen": 3.0, "dislike": 2.0}  # what is learned from opinions without stars


def set_learning(store: Store, allowed: bool) -> None:
    """Allow that opinions given from now on are learned from, if that was not allowed yet; or forbid all of it."""
    with store.database.transaction("learning") as db:
        if not allowed:
            db.execute("DELETE FROM learning")
        elif not db.execute("SELECT since FROM learning").fetchall():
            db.execute("INSERT INTO learning (since) VALUES (?)", (now(),))


def opinions(store: Store) -> "list[Opinion]":
    """What users said of films, and which they watched, since learning was allowed; none where it is not.

    Requests that name no user share one id, which is no person and left out.
    """
    from cinematch_lib.data.feedback import Opinion  # needs pandas, which a server does without

    since = [one for (one,) in store.database.rows("SELECT since FROM learning")]
    if not since:
        return []
    of_users = 'JOIN users ON "user" = users.id WHERE name != ?'
    given = store.database.rows(
        f"SELECT name, movie_id, kind, rating, given FROM feedback {of_users} AND given >= ?", DEFAULT_USER, since[0]
    )
    watched = store.database.rows(
        f"SELECT name, movie_id, 'seen', NULL, added FROM watchlist {of_users} AND added >= ? AND watched = 1",
        DEFAULT_USER,
        since[0],
    )
    latest = {(user, movie_id): (kind, rating, time) for user, movie_id, kind, rating, time in [*watched, *given]}
    return [
        Opinion(user, movie_id, STARS[kind] if rating is None else rating, datetime.fromisoformat(time).timestamp())
        for (user, movie_id), (kind, rating, time) in latest.items()
        if rating is not None or kind in STARS
    ]


def take_feedback(state: str | Path, data_dir: Path) -> str:
    """Bring the shard of ratings in `data_dir` to what the store holds now; returns what changed, "" for nothing.

    Without a store, or where its server does not learn, there is no shard. Raises StoreError.
    """
    from cinematch_lib.data.feedback import write_feedback

    found: list[Opinion] = []
    if is_address(state) or (Path(state) / FILE).is_file():
        store = Store(state)
        try:
            found = opinions(store)
        finally:
            store.close()
    if not write_feedback(found, data_dir):
        return ""
    people = len({one.user for one in found})
    if not people:
        return "No more feedback."
    return f"Feedback to learn from: {len(found):,} opinions of {people:,} {'user' if people == 1 else 'users'}."
