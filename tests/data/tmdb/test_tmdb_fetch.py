"""Whole fetches from a TMDb-shaped server: complete, at pace, also when killed on the way."""

import sqlite3
import time

import pandas as pd
import pytest
from support.http_files import unused_url
from support.tmdb_fetching import fetch, films_asked, lay_links, table
from support.tmdb_server import TOKEN, WAYS, film

from cinematch_lib.data.tmdb import coverage, read_metadata, transport
from cinematch_lib.errors import CineMatchError, DownloadError

# --- what a fetch brings -----------------------------------------------------------------------------


def test_every_film_is_asked_for_once_and_stands_in_both_tables(server, raw):
    server.gone = {3}
    done = fetch(lay_links(raw, [*((n, f"{n:07}", n) for n in range(1, 41)), (41, "0000041", 40)]))
    assert films_asked(server) == dict.fromkeys(range(1, 41), 1)
    assert (done.films, done.found, done.gone, done.asked, done.failures) == (40, 39, 1, 40, 0)
    metadata = table(raw)
    assert metadata["tmdb_id"].astype(int).tolist() == [n for n in range(1, 41) if n != 3]
    assert metadata.iloc[0].to_dict() == {
        "tmdb_id": "1",
        "title": "Film 1",
        "release_date": "1995-12-15",
        "runtime": "170",
        "popularity": "17.5",
        "vote_count": "1886",
        "vote_average": "7.7",
        "genres": "action|sci-fi",
        "overview": "The story of 1.",
        "keywords": "heist|los angeles",
        "cast_top": "Al Pacino|Robert De Niro|Val Kilmer",
        "director": "Michael Mann",
        "original_language": "en",
        "poster_path": "/1.jpg",
        "imdb_id": "",
    }
    assert table(raw, "providers.csv").iloc[0].tolist() == ["1", "US", "flatrate", "Netflix", ""]
    assert "39 of 40 films have TMDb's metadata" in done.message


def test_the_same_answers_make_the_same_tables(server, raw, tmp_path):
    fetch(lay_links(raw, 30))
    fetch(lay_links(tmp_path / "again", [(n, f"{n:07}", n) for n in range(30, 0, -1)]))
    for name in ("tmdb_metadata.csv", "providers.csv"):
        assert (raw / "tmdb" / name).read_bytes() == (tmp_path / "again" / "tmdb" / name).read_bytes()


def test_offers_are_asked_for_anew_after_a_while_for_the_films_that_matter(server, raw):
    folder = lay_links(raw, 6)
    server.gone = {2}
    fetch(folder)
    with sqlite3.connect(raw / "tmdb" / "tmdb.sqlite") as store:
        store.execute("UPDATE films SET asked_at = asked_at - 8 * 86400 WHERE tmdb_id <> 3")
    rented = {"results": {"US": {"rent": [{"provider_name": "Elsewhere"}]}}}
    server.films[4] = film(4, **{"watch/providers": rented})
    before = films_asked(server)
    fetch(folder, offers_of=[1, 2, 3, 4, 99], offers_max_age_days=7)
    asked = {one: count - before[one] for one, count in films_asked(server).items() if count > before[one]}
    assert asked == {1: 1, 4: 1}  # 2 is gone, 3 is fresh, 5 and 6 are not offered to anybody
    providers = table(raw, "providers.csv")
    assert providers[providers["tmdb_id"] == "4"]["service"].tolist() == ["Elsewhere"]


def test_films_without_a_tmdb_id_are_found_by_their_imdb_id(server, raw):
    server.of_imdb = {"0113277": 949, "10872600": 634649, "0000007": 862}
    links = [
        (1, "0113277", ""),
        (2, "10872600", ""),
        (3, "0000003", ""),
        (4, "0114709", 862),
        (5, "0000007", ""),
        (6, "", ""),
    ]
    folder = lay_links(raw, links)
    done = fetch(folder)
    assert films_asked(server) == {949: 1, 634649: 1, 862: 1}
    assert (done.films, done.found, done.gone) == (5, 4, 1)
    assert table(raw)[["tmdb_id", "imdb_id"]].to_numpy().tolist() == [
        ["862", "0000007"],
        ["949", "0113277"],
        ["634649", "10872600"],
    ]
    assert table(raw, "providers.csv")["imdb_id"].tolist() == ["0000007", "0113277", "10872600"]
    before = len(server.log)
    again = fetch(folder)
    assert {path for _, path, *_ in server.log[before:]} == {"/3/movie/changes"}
    assert (again.found, again.gone) == (4, 1)


def test_two_imdb_ids_of_one_film_both_find_it(server, raw):
    server.of_imdb = {"0000001": 949, "0000002": 949}
    fetch(lay_links(raw, [(1, "0000001", ""), (2, "0000002", "")]))
    assert table(raw)[["tmdb_id", "imdb_id"]].to_numpy().tolist() == [["949", "0000001"], ["", "0000002"]]


def test_a_limit_takes_the_most_rated_films_and_the_next_run_goes_on(server, raw):
    folder = lay_links(raw, 20)
    counts = pd.Series({7: 100, 20: 50, 3: 10})
    assert fetch(folder, limit=3, rating_counts=counts).found == 3
    assert set(films_asked(server)) == {3, 7, 20}
    fetch(folder, limit=3, rating_counts=counts)
    fetch(folder, rating_counts=counts)
    assert films_asked(server) == dict.fromkeys(range(1, 21), 1)


def test_another_region_needs_no_request(server, raw, monkeypatch):
    folder = lay_links(raw, 3)
    fetch(folder)
    assert table(raw, "providers.csv")["kind"].unique().tolist() == ["flatrate"]
    monkeypatch.setenv("TMDB_BEARER_TOKEN", "")
    before = len(server.log)
    fetch(folder, region="de")
    assert table(raw, "providers.csv")[["region", "kind"]].drop_duplicates().to_numpy().tolist() == [["DE", "rent"]]
    assert len(server.log) == before


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"limit": -1}, "tmdb_limit must be a number of films"),
        ({"max_age_days": 181}, "max_age_days must be between 0 and 180"),
        ({"region": "USA"}, "region must be an ISO 3166 code of two letters"),
    ],
)
def test_parameters_that_cannot_be_are_refused(server, raw, options, text):
    with pytest.raises(CineMatchError, match=text):
        fetch(lay_links(raw, 1), **options)
    assert server.log == []


# --- without TMDb ------------------------------------------------------------------------------------


def test_without_a_token_one_paragraph_says_what_is_missing(server, raw, monkeypatch):
    monkeypatch.setenv("TMDB_BEARER_TOKEN", "")
    done = fetch(lay_links(raw, 3))
    assert done.message.startswith("No TMDB_BEARER_TOKEN is set, so TMDb was not asked.")
    assert "\n" not in done.message
    assert (server.log, done.films) == ([], 0)
    assert not (raw / "tmdb").exists()


def test_a_data_set_that_brings_its_own_facts_is_not_asked_for(server, raw):
    folder = lay_links(raw, 3)
    (folder / "tmdb_metadata.csv").write_text("tmdb_id\n")
    assert "brings its own table of facts" in fetch(folder).message
    assert server.log == []


def test_a_table_put_there_by_hand_is_used_as_it_is(server, raw):
    folder = lay_links(raw, 3)
    (raw / "tmdb").mkdir()
    (raw / "tmdb" / "tmdb_metadata.csv").write_text("by hand")
    done = fetch(folder)
    assert "was put there by hand and is used as it is; to fetch from TMDb, move it away first" in done.message
    assert [path.name for path in (raw / "tmdb").iterdir()] == ["tmdb_metadata.csv"]
    assert (raw / "tmdb" / "tmdb_metadata.csv").read_text() == "by hand"
    assert server.log == []


def test_a_table_put_in_place_of_a_fetched_one_is_kept_under_another_name(server, raw):
    folder = lay_links(raw, 3)
    fetch(folder)
    (raw / "tmdb" / "tmdb_metadata.csv").write_text("by hand")
    done = fetch(folder)
    assert (raw / "tmdb" / "tmdb_metadata.earlier.csv").read_text() == "by hand"
    assert "is kept as tmdb_metadata.earlier.csv" in done.message
    fetch(folder)
    assert [path.name for path in sorted((raw / "tmdb").glob("*.csv"))] == [
        "providers.csv",
        "tmdb_metadata.csv",
        "tmdb_metadata.earlier.csv",
    ]


# --- pace and trouble --------------------------------------------------------------------------------


def test_five_percent_of_failures_in_every_way_lose_nothing(server, raw, monkeypatch):
    monkeypatch.setattr(transport, "TIMEOUT", (5, 0.3))
    server.share = 0.05
    server.latency = 0.01
    folder = lay_links(raw, 200)
    done = fetch(folder)
    assert set(WAYS) < set(server.statuses())
    assert done.found + len(done.failed) == 200
    assert done.failures == done.asked - done.found
    server.share = 0
    monkeypatch.setattr(transport, "TIMEOUT", (5, 5))  # a busy machine may be slow to answer
    asked = films_asked(server)
    again = fetch(folder)
    assert (again.found, again.failed) == (200, [])
    assert sum(films_asked(server).values()) - sum(asked.values()) == len(done.failed)
    assert len(table(raw)) == 200


def test_what_stays_unanswered_is_listed_and_does_not_stop_the_rest(server, raw):
    server.fails = {"/3/movie/2": "500", "/3/movie/4": "broken"}
    done = fetch(lay_links(raw, 6))
    assert done.failed_requests().sort_values("request").to_numpy().tolist() == [
        ["movie/2", "answered 500"],
        ["movie/4", "answered with broken JSON"],
    ]
    assert done.found == 4
    assert dict(done.summary().to_numpy())["requests that failed in all attempts"] == "2"


def test_a_refused_token_stops_at_once_and_keeps_what_came(server, raw):
    folder = lay_links(raw, 300)
    fetch(folder, limit=20)
    server.token = "renewed"
    with pytest.raises(CineMatchError, match=r"does not accept the token in TMDB_BEARER_TOKEN \(401"):
        fetch(folder)
    assert server.statuses()[401] <= 16
    server.token = TOKEN
    fetch(folder)
    assert set(films_asked(server)) == set(range(1, 301))
    assert max(server.asked("/3/movie/1").values()) == 1


def test_a_server_that_is_down_is_one_line_and_soon(raw, monkeypatch):
    monkeypatch.setenv("TMDB_API_URL", unused_url())
    monkeypatch.setenv("TMDB_BEARER_TOKEN", TOKEN)
    began = time.monotonic()
    with pytest.raises(DownloadError, match="could not be reached, again and again; what came before is kept"):
        fetch(lay_links(raw, 5000))
    assert time.monotonic() - began < 20  # every film asked for would take more than twice as long
    assert not (raw / "tmdb" / "tmdb_metadata.csv").exists()


# --- what it is good for -----------------------------------------------------------------------------


def test_the_table_is_read_as_metadata_without_a_doubt(server, raw):
    from cinematch_lib.data.rejects import RejectLog

    server.films[2] = film(2, overview='Two\nlines, "quoted", <b>bold</b> & more', title="Zero\u2019s, comma")
    fetch(lay_links(raw, 3))
    rejects = RejectLog()
    metadata = read_metadata(raw / "tmdb" / "tmdb_metadata.csv", rejects)
    assert metadata["overview"].tolist()[1] == 'Two lines, "quoted", bold & more'
    assert metadata["runtime"].tolist() == [170, 170, 170]
    assert rejects.table().empty


def test_coverage_counts_films_and_ratings(server, raw):
    server.films[2] = film(2, overview="", poster_path=None)
    server.films[3] = film(3, **{"watch/providers": {"results": {}}})
    server.gone = {4}
    server.of_imdb = {"0000005": 55}
    folder = lay_links(raw, [*((n, f"{n:07}", n) for n in (1, 2, 3, 4)), (5, "0000005", "")])
    assert coverage(folder, raw) is None
    fetch(folder)
    found = coverage(folder, raw, pd.Series({1: 10, 2: 30, 4: 60})).set_index("known")
    assert found["films"].to_dict() == {
        "overview": 60.0, "cast": 80.0, "director": 80.0, "keywords": 80.0, "poster": 60.0, "providers": 60.0
    }  # fmt: skip
    assert found["ratings"].to_dict() == {
        "overview": 10.0, "cast": 40.0, "director": 40.0, "keywords": 40.0, "poster": 10.0, "providers": 40.0
    }  # fmt: skip
    assert list(coverage(folder, raw)) == ["known", "films"]
