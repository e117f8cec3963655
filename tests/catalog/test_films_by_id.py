"""Films of which only ids are given: known to the data set, to its table of facts, or to TMDb."""

import pytest
from support import tmdb_server

from cinematch_lib import CineMatchError
from cinematch_lib.catalog.additions import OWN_IDS
from cinematch_lib.catalog.films_by_id import films_by_id, read_ids
from cinematch_lib.data import fetch

HEAT_IMDB, HEAT = "0113277", 6


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    fetch("sample", folder)
    return folder


@pytest.fixture
def tmdb(monkeypatch):
    with tmdb_server.running() as server:
        monkeypatch.setenv("TMDB_API_URL", server.url)
        monkeypatch.setenv("TMDB_BEARER_TOKEN", tmdb_server.TOKEN)
        yield server


def ids(tmp_path, text):
    (tmp_path / "ids.txt").write_text(text)
    return read_ids(tmp_path / "ids.txt")


@pytest.mark.parametrize(
    "text",
    [
        f"tt{HEAT_IMDB}\n\n949\nhttps://www.imdb.com/title/tt0000001/\nhttps://www.themoviedb.org/movie/603-the-matrix\n",
        f"imdb_id,tmdb_id\ntt{HEAT_IMDB},\n,949\ntt0000001,\n,603\n",
    ],
)
def test_ids_are_read_from_lines_and_from_columns(tmp_path, text):
    found = ids(tmp_path, text)
    assert found["tmdbId"].tolist() == ["", "949", "", "603"]
    assert found["imdbId"].str.extract(r"tt(\d+)")[0].dropna().tolist() == [HEAT_IMDB, "0000001"]


def test_a_file_with_titles_holds_films_and_no_ids(tmp_path):
    assert ids(tmp_path, "title,tmdbId\nHeat,949\n") is None
    with pytest.raises(CineMatchError, match="was not found; name a file with films or their ids"):
        read_ids(tmp_path / "nothing")


def test_facts_come_from_the_data_set_and_else_from_tmdb(raw, tmp_path, tmdb):
    tmdb.gone.add(777002)
    tmdb.of_imdb["9999991"] = 777001
    tmdb.films[777003] = tmdb_server.film(777003, genres=[])
    wanted = ids(tmp_path, f"tt{HEAT_IMDB}\n777000\ntt9999991\n777002\n777003\n777000\n")
    films, missing = films_by_id(wanted, raw, "sample")
    assert films["movieId"].tolist() == [HEAT, OWN_IDS + 777000, OWN_IDS + 777001]
    assert films["title"].tolist() == ["Heat", "Film 777000", "Film 777001"]
    assert films["imdbId"].tolist() == [HEAT_IMDB, "", "9999991"]
    assert films.loc[1, ["year", "genres", "runtime", "director"]].tolist() == [
        1995, "action|sci-fi", 170, "Michael Mann",
    ]  # fmt: skip
    assert missing == ["the film 777002 of TMDb is not known to TMDb", "the film 777003 of TMDb has no genre"]


def test_without_a_token_what_is_missing_is_told(raw, tmp_path, monkeypatch):
    monkeypatch.setenv("TMDB_BEARER_TOKEN", "")
    films, missing = films_by_id(ids(tmp_path, f"tt{HEAT_IMDB}\n777009\ntt9999999\n"), raw, "sample")
    assert films["title"].tolist() == ["Heat"]
    told = "has no facts here; set TMDB_BEARER_TOKEN to ask TMDb"
    assert missing == [f"the film 777009 of TMDb {told}", f"tt9999999 {told}"]
