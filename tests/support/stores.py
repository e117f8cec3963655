"""What tests of the store write into it, and read of it."""

import sqlite3

from cinematch_lib.serving.store import FILE


def film(movie_id=1, title="Heat"):
    return {"movie_id": movie_id, "title": title, "year": 1995}


def kinds(store, user_id):
    return {one.movie_id: one.kind for one in store.feedback(user_id)}


def read(folder, query):
    """The rows of a query of the file itself."""
    with sqlite3.connect(folder / FILE) as connection:
        return connection.execute(query).fetchall()
