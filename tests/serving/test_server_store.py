"""The store by itself, in a SQLite file and in PostgreSQL."""

import threading

import psycopg
import pytest
from support import stores
from support.stores import film, kinds

from cinematch_lib.serving import store as store_module
from cinematch_lib.serving.accounts import Accounts
from cinematch_lib.serving.database import StoreError
from cinematch_lib.serving.store import ListFullError, Store


@pytest.fixture(params=["file", "postgres"])
def place(request, tmp_path):
    if request.param == "file":
        return tmp_path / "deep" / "state"
    postgres = request.getfixturevalue("postgres")
    postgres.clear()
    return postgres.address


@pytest.fixture
def store(place):
    one = Store(place)
    yield one
    one.close()


def read(place, query):
    if isinstance(place, str):
        with psycopg.connect(place, options="-c search_path=cinematch") as connection:
            return connection.execute(query).fetchall()
    return stores.read(place, query)


def test_stored_data_is_there_after_reopening(place):
    store = Store(place)
    assert store.add_to_watchlist("anna", film())
    assert not store.add_to_watchlist("anna", film())
    store.set_feedback("anna", 2, "Collateral", 2004, "dislike")
    store.close()
    again = Store(place)
    (saved,) = again.watchlist("anna")
    assert (saved.film, saved.watched) == (film(), False)
    assert kinds(again, "anna") == {2: "dislike"}
    again.close()


def test_deleting_a_user_deletes_their_lists(store, place):
    store.add_to_watchlist("anna", film())
    store.set_feedback("anna", 2, "Collateral", 2004, "like")
    store.set_feedback("ben", 2, "Collateral", 2004, "like")
    assert store.delete_user("anna") == (1, 1, False)
    assert store.delete_user("anna") == (0, 0, False)
    assert read(place, "SELECT count(*) FROM watchlist") == [(0,)]
    assert read(place, "SELECT count(*) FROM feedback") == [(1,)]
    assert read(place, "SELECT name FROM users") == [("ben",)]


def test_an_unknown_kind_of_feedback_is_refused_by_the_database(store):
    with pytest.raises(StoreError, match="could not be saved"):
        store.set_feedback("anna", 2, "Collateral", 2004, "adore")
    assert kinds(store, "anna") == {}


def test_the_length_of_a_list_is_limited(store, monkeypatch):
    monkeypatch.setattr(store_module, "MAX_LIST_LENGTH", 2)
    for movie_id in (1, 2):
        store.add_to_watchlist("anna", film(movie_id))
        store.set_feedback("anna", movie_id, "Film", 2000, "like")
    with pytest.raises(ListFullError, match="a user's watchlist holds at most 2 films; remove some first"):
        store.add_to_watchlist("anna", film(3))
    with pytest.raises(ListFullError, match="a user's feedback holds at most 2 films"):
        store.set_feedback("anna", 3, "Film", 2000, "like")
    assert not store.add_to_watchlist("anna", film(2))
    store.set_feedback("anna", 2, "Film", 2000, "dislike")
    assert store.add_to_watchlist("ben", film(3))


def test_many_threads_and_two_stores_in_one_place_lose_nothing(place):
    stores = [Store(place), Store(place)]

    def write(at):
        for movie_id in range(1, 26):
            assert stores[at % 2].add_to_watchlist(f"user {at}", film(movie_id))
            stores[at % 2].set_feedback(f"user {at}", movie_id, "Film", 2000, "like")

    threads = [threading.Thread(target=write, args=[at]) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for at in range(8):
        assert [one.film["movie_id"] for one in stores[0].watchlist(f"user {at}")] == list(range(1, 26))
        assert list(kinds(stores[1], f"user {at}")) == list(range(1, 26))
    for store in stores:
        store.close()


def test_a_user_goes_with_their_last_film(store, place):
    store.add_to_watchlist("anna", film())
    store.set_feedback("anna", 2, "Collateral", 2004, "like")
    store.remove_from_watchlist("anna", 1)
    assert read(place, "SELECT name FROM users") == [("anna",)]
    store.clear_feedback("anna", 2)
    assert read(place, "SELECT name FROM users") == []


def test_feedback_on_a_film_replaces_the_earlier_and_is_the_newest(store):
    for movie_id in (1, 2, 3):
        store.set_feedback("anna", movie_id, "Film", 2000, "like")
    store.set_feedback("anna", 1, "Film", 2000, "dislike")
    assert list(kinds(store, "anna").items()) == [(2, "like"), (3, "like"), (1, "dislike")]
    assert [one.feedback_id for one in store.feedback("anna")][-1] > store.feedback("anna")[0].feedback_id


def test_the_number_of_an_account_is_no_users_id_and_is_never_given_again(store):
    accounts = Accounts(store.database)
    for user_id in ("1", "3"):
        store.add_to_watchlist(user_id, film())
    anna, ben = accounts.identify("anna@example.org", "Anna"), accounts.identify("ben@example.org", "Ben")
    assert (anna.id, ben.id) == (2, 4)
    assert accounts.identify("ANNA@example.org", None) == anna
    assert store.delete_user("4") == (0, 0, True)
    assert accounts.identify("ben@example.org", "Ben").id == 5
    assert accounts.set_preferences(anna, {"services": ["Netflix"]})["services"] == ["Netflix"]
    assert accounts.set_preferences(anna, {"runtime_max": 90})["services"] == ["Netflix"]


def test_one_account_for_an_e_mail_that_many_name_at_once(store, place):
    other = Store(place)
    numbers = []

    def identify(at):
        numbers.append(Accounts((store, other)[at % 2].database).identify("anna@example.org", "Anna").id)

    threads = [threading.Thread(target=identify, args=[at]) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 8
    assert len(set(numbers)) == 1
    other.close()


def test_a_list_never_grows_beyond_its_limit_when_many_add_at_once(store, place, monkeypatch):
    monkeypatch.setattr(store_module, "MAX_LIST_LENGTH", 5)
    other, refused = Store(place), []

    def add(movie_id):
        try:
            (store, other)[movie_id % 2].add_to_watchlist("anna", film(movie_id))
        except ListFullError:
            refused.append(movie_id)

    threads = [threading.Thread(target=add, args=[movie_id]) for movie_id in range(1, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 7
    assert len(store.watchlist("anna")) == 5
    other.close()
