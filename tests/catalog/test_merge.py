import pandas as pd
import pytest
from support.merging import NO_SERVICES, merge
from support.tables import write_csv, write_movielens, write_tmdb

from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.data.tables import MERGED_DTYPES
from cinematch_lib.errors import CineMatchError


def merged(tmp_path, movies, rows=None, links=None):
    """The films of these tables by movieId; `rows` are TMDb's."""
    metadata = None if rows is None else write_tmdb(tmp_path / "tmdb_metadata.csv", rows)
    return merge(write_movielens(tmp_path / "ml", movies, links), metadata)[0].set_index("movieId")


# --- what a film becomes -----------------------------------------------------------------------------


def test_columns_dtypes_and_order(tmp_path):
    folder = write_movielens(tmp_path, [(6, "Heat (1995)", "Action"), (1, "Toy Story (1995)", "Comedy")])
    films, rejects = merge(folder)
    assert list(films.columns) == [*MERGED_DTYPES, "has_tmdb", "line"]
    assert {name: str(films[name].dtype) for name in MERGED_DTYPES} == MERGED_DTYPES
    assert films["movieId"].to_list() == [1, 6]
    assert films["line"].to_list() == [3, 2]
    assert rejects.table().empty


def test_movielens_alone_leaves_the_rest_unknown(tmp_path):
    film = merged(tmp_path, [(1, "Toy Story (1995)", "Adventure|Comedy")]).loc[1]
    assert film[["title", "year", "genres", "imdbId", "tmdbId"]].to_list() == [
        "Toy Story",
        1995,
        "adventure|comedy",
        "0000001",
        1,
    ]
    assert film["overview"] == "Toy Story"
    assert film[["runtime", "popularity", "vote_count", "vote_average"]].isna().all()
    assert set(film[["keywords", "cast_top", "director", "original_language", "poster_path", "services"]]) == {""}
    assert not film["has_tmdb"]


@pytest.mark.parametrize("title", ["NA", "null", "None", "nan", "N/A", "#N/A", "true", "1984", "-"])
def test_a_film_may_be_called_like_a_missing_value(tmp_path, title):
    films = merged(tmp_path, [(1, f"{title} (1995)", "Drama")], [{"tmdb_id": "1", "overview": title + "!"}])
    assert films.loc[1, ["title", "overview"]].to_list() == [title, title + "!"]


def test_ids_keep_their_zeros_and_stay_nullable(tmp_path):
    movies = [(number, "Heat (1995)", "Drama") for number in range(1, 6)]
    links = [(1, "0114709", "862"), (2, "114709", "862.0"), (3, "10872600", ""), (4, "", "949"), (5, "tt0000001", "x")]
    films = merged(tmp_path, movies, links=links)
    assert films["imdbId"].to_list() == ["0114709", "0114709", "10872600", "", "0000001"]
    assert films["tmdbId"].to_list() == [862, 862, pd.NA, 949, pd.NA]


def test_a_language_has_one_code_however_tmdbs_table_writes_it(tmp_path):
    written = {"ja": "ja", "Japanese": "ja", "ZH-hans": "zh", "cn": "cn", "Oriya": "or", "xx": "xx", "": "", "None": ""}
    folder = write_movielens(
        tmp_path / "ml", [(number, "Heat (1995)", "Drama") for number in range(1, 1 + len(written))]
    )
    rows = [{"tmdb_id": str(at), "title": "Heat", "original_language": one} for at, one in enumerate(written, 1)]
    films, rejects = merge(folder, write_tmdb(tmp_path / "tmdb_metadata.csv", rows))
    assert films["original_language"].to_list() == list(written.values())
    assert rejects.repairs["tmdb_metadata.csv"]["original languages in words, or with a region, read as codes"] == 3


def test_movielens_genres_are_kept_and_tmdbs_taken_only_where_it_lists_none(tmp_path):
    movies = [
        (1, "One (2001)", "Sci-Fi|IMAX|Children"),
        (2, "Two (2002)", "(no genres listed)"),
        (3, "Three (2003)", "IMAX"),
        (4, "Four (2004)", "(no genres listed)"),
        (5, "Five (2005)", "Drama|drama|DRAMA"),
    ]
    rows = [{"tmdb_id": str(number), "genres": "Science Fiction|Family|History"} for number in (1, 2, 3)]
    films = merged(tmp_path, movies, rows)
    assert films["genres"].to_list() == [
        "sci-fi|children",
        "sci-fi|children|history",
        "sci-fi|children|history",
        "",
        "drama",
    ]


def test_the_titles_year_comes_before_tmdbs(tmp_path):
    movies = [
        (1, "One (2001)", "Drama"),
        (2, "Two", "Drama"),
        (3, "Three (0000)", "Drama"),
        (4, "Four (9999)", "Drama"),
        (5, "Five", "Drama"),
        (6, "Six", "Drama"),
    ]
    dates = {1: "1999-01-01", 2: "2002-05-06", 3: "2003-01-01", 4: "", 5: "0000-00-00", 6: "9999-01-01"}
    rows = [{"tmdb_id": str(number), "title": "x", "release_date": date} for number, date in dates.items()]
    assert merged(tmp_path, movies, rows)["year"].to_list() == [2001, 2002, 2003, pd.NA, pd.NA, pd.NA]
    assert merged(tmp_path / "alone", movies)["year"].to_list() == [2001] + [pd.NA] * 5


def test_a_runtime_that_nobody_knows_is_not_invented(tmp_path):
    movies = [(number, "Heat (1995)", "Drama") for number in (1, 2, 3)]
    rows = [{"tmdb_id": "1", "runtime": "170"}, {"tmdb_id": "2", "runtime": "0", "title": "Heat"}]
    assert merged(tmp_path, movies, rows)["runtime"].to_list() == [170, pd.NA, pd.NA]


@pytest.mark.parametrize("column", ["year", "release_date", "Release Year", "startYear"])
@pytest.mark.parametrize("value", ["1995", "1995.0", "1995-12-15", "12/15/1995", "15 Dec 1995"])
def test_a_year_that_is_not_in_the_title_is_read_from_a_column(tmp_path, column, value):
    folder = write_movielens(tmp_path, [(6, "", ""), (7, "", "")])
    rows = [(6, "Heat", "Crime", value), (7, "Sabrina (1954)", "Comedy", value)]
    write_csv(folder / "movies.csv", ["movieId", "title", "genres", column], rows)
    films, rejects = merge(folder)
    assert films["year"].to_list() == [1995, 1954]
    assert rejects.notes() == ["movies.csv: 1 years from a column, as the title has none"]


def test_garbled_titles_are_mended_and_counted(tmp_path):
    movies = [(1, "Tom &amp; Jerry (1992)", "Comedy"), (2, "AmÃ©lie (2001)", "Comedy"), (3, "Señor (2003)", "Comedy")]
    films, rejects = merge(write_movielens(tmp_path, movies))
    assert films["title"].to_list() == ["Tom & Jerry", "Amélie", "Señor"]
    assert rejects.notes() == ["movies.csv: 2 titles with HTML entities, or UTF-8 read as Windows-1252, mended"]


def test_years_behind_titles_in_another_form_are_read_where_most_titles_have_them(tmp_path):
    movies = [
        (1, "Heat - 1995", "Crime"),
        (2, "Ran [1985]", "Drama"),
        (3, "Matrix, The, 1999", "Sci-Fi"),
        (4, "M", "Crime"),
    ]
    films, rejects = merge(write_movielens(tmp_path / "a", movies))
    assert films["title"].to_list() == ["Heat", "Ran", "The Matrix", "M"]
    assert films["year"].fillna(0).to_list() == [1995, 1985, 1999, 0]
    assert rejects.repairs["movies.csv"] == {"years behind titles in another form than (1995), read as such": 3}
    movies = [(1, "Berlin, 1999", "Drama"), (2, "Ran (1985)", "Drama"), (3, "Heat (1995)", "Crime")]
    assert merge(write_movielens(tmp_path / "b", movies))[0]["title"][0] == "Berlin, 1999"


def test_titles_that_say_nothing_are_unknown_and_counted(tmp_path):
    movies = [(1, "nan", "Crime"), (2, " NULL ", "Drama"), (3, "Null (1995)", "Drama")]
    films, rejects = merge(write_movielens(tmp_path, movies))
    assert films["title"].to_list() == ["(untitled)", "(untitled)", "Null"]
    assert rejects.repairs["movies.csv"] == {"titles that say nothing, such as 'nan', made unknown": 2}


def test_control_characters_in_titles_are_removed_and_counted(tmp_path):
    movies = [
        (1, "He\0at (1995)\ufeff", "Crime"),
        (2, "\x1b[1mRan\x07 (1985)", "Drama"),
        (3, "It\x92s On (1998)", "Drama"),
    ]
    films, rejects = merge(write_movielens(tmp_path, movies))
    assert films["title"].to_list() == ["Heat", "[1mRan", "It’s On"]
    assert films["year"].to_list() == [1995, 1985, 1998]
    assert rejects.repairs["movies.csv"] == {
        "titles with HTML entities, or UTF-8 read as Windows-1252, mended": 1,
        "titles with control characters, which were removed": 2,
    }


def test_an_overview_that_nobody_knows_is_the_title(tmp_path):
    movies = [(1, "Matrix, The (1999)", "Drama"), (2, "Matrix, The (1999)", "Drama"), (3, "Heat (1995)", "Drama")]
    rows = [{"tmdb_id": "1", "overview": "A <i>hacker</i>."}, {"tmdb_id": "2", "overview": " ", "runtime": "136"}]
    assert merged(tmp_path, movies, rows)["overview"].to_list() == ["A hacker.", "The Matrix", "Heat"]


def test_a_film_without_a_title_takes_tmdbs_or_says_so(tmp_path):
    movies = [(1, " (2019)", "Drama"), (2, "(2019)", "Drama"), (3, "", "Drama")]
    films = merged(tmp_path, movies, [{"tmdb_id": "1", "title": "Parasite"}])
    assert films["title"].to_list() == ["Parasite", "(untitled)", "(untitled)"]
    assert films["overview"].to_list() == films["title"].to_list()
    assert films["year"].to_list() == [2019, 2019, pd.NA]


def test_both_films_of_a_shared_tmdb_id_get_the_facts(tmp_path):
    movies = [(1, "Heat (1995)", "Drama"), (2, "Heat (1995)", "Drama")]
    films = merged(tmp_path, movies, [{"tmdb_id": "949", "director": "Michael Mann"}], [(1, "", 949), (2, "", 949)])
    assert films["director"].to_list() == ["Michael Mann", "Michael Mann"]
    assert films["has_tmdb"].all()


def test_facts_are_found_by_imdb_id_where_there_is_no_tmdb_id(tmp_path):
    movies = [(number, "Heat (1995)", "Drama") for number in (1, 2, 3, 4)]
    rows = [
        {"imdb_id": "tt0113277", "director": "Michael Mann"},
        {"tmdb_id": "949", "imdb_id": "0113277", "director": "Somebody Else"},
    ]
    films = merged(tmp_path, movies, rows[:1], [(1, "0113277", ""), (2, "", ""), (3, "0113277", "7"), (4, "1", "")])
    assert films["director"].to_list() == ["Michael Mann", "", "Michael Mann", ""]
    both = merged(tmp_path / "both", movies[:1], rows, [(1, "0113277", "949")])
    assert both["director"].to_list() == ["Somebody Else"]


def test_a_metadata_table_without_a_row_of_use_is_as_none(tmp_path):
    movies = [(1, "Heat (1995)", "Drama")]
    empty = merged(tmp_path / "a", movies, [])
    other = merged(tmp_path / "b", movies, [{"tmdb_id": "77", "director": "Nobody", "runtime": "5"}])
    alone = merged(tmp_path / "c", movies)
    pd.testing.assert_frame_equal(empty, alone)
    pd.testing.assert_frame_equal(other, alone)


def test_metadata_of_films_that_are_not_there_is_counted(tmp_path):
    folder = write_movielens(
        tmp_path, [(1, "Heat (1995)", "Drama"), (2, "Heat (1995)", "Drama")], [(1, "", 9), (2, "", 9)]
    )
    rows = [{"tmdb_id": number, "title": "Heat"} for number in (7, 8, 9)]
    _, rejects = merge(folder, write_tmdb(tmp_path / "tmdb_metadata.csv", rows))
    assert rejects.repairs["tmdb_metadata.csv"] == {"rows about films that movies.csv lacks, not used": 2}


# --- what is set aside -------------------------------------------------------------------------------


def test_rows_of_movies_that_name_no_film_or_one_twice_are_set_aside_by_line(tmp_path):
    movies = [(1, "Heat (1995)", "Drama"), ("x", "Ran (1985)", "War"), ("1.0", "Heat, again", ""), ("", "", "")]
    folder = write_movielens(tmp_path, movies, [(1, "", "")])
    path = folder / "movies.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\r\nx", b"\r\n\r\nx"))
    films, rejects = merge(folder)
    assert films["movieId"].to_list() == [1]
    assert rejects.table().iloc[:, :5].values.tolist() == [
        ["movies.csv", 4, "x", "Ran (1985)", "movieId is not a number"],
        ["movies.csv", 6, "", "", "movieId is not a number"],
        ["movies.csv", 5, "1.0", "Heat, again", "movieId repeats an earlier row"],
    ]


def test_links_of_films_that_are_not_there_are_set_aside_and_films_without_links_counted(tmp_path):
    movies = [(number, "Heat (1995)", "Drama") for number in (1, 2, 3)]
    links = [(9, "0000009", "9"), (1, "0000001", "1"), ("y", "", ""), (1, "0000002", "2"), (2, "", "")]
    films, rejects = merge(write_movielens(tmp_path, movies, links))
    assert films["imdbId"].to_list() == ["0000001", "", ""]
    assert rejects.table().iloc[:, :5].values.tolist() == [
        ["links.csv", 4, "y", "", "movieId is not a number"],
        ["links.csv", 5, "1", "", "movieId repeats an earlier row"],
        ["links.csv", 2, "9", "", "no such film in movies.csv"],
    ]
    assert rejects.repairs == {"links.csv": {"films without a TMDb or IMDb id": 2}}


@pytest.mark.parametrize("unlinked", [0, 1, 2])
def test_films_that_share_an_id_are_counted_however_many_have_none(tmp_path, unlinked):
    movies = [(number, "Heat (1995)", "Drama") for number in range(1, 6)]
    links = [(1, "1", "949"), (2, "2", "949"), (3, "3", "7")] + [(4 + more, "4", "") for more in range(unlinked)]
    _, rejects = merge(write_movielens(tmp_path, movies, links))
    assert rejects.repairs["links.csv"]["films that share a tmdbId with another, both kept"] == 2


def test_ids_in_links_that_are_none_are_counted(tmp_path):
    movies = [(number, "Heat (1995)", "Drama") for number in (1, 2)]
    _, rejects = merge(write_movielens(tmp_path, movies, [(1, "unknown", "862"), (2, "0113277", "-")]))
    assert rejects.repairs == {
        "links.csv": {"imdbId that is none made unknown": 1, "tmdbId that is none made unknown": 1}
    }


def test_no_row_of_use_leaves_no_films_and_no_failure(tmp_path):
    folder = write_movielens(tmp_path, [("x", "Heat (1995)", "Drama")], [])
    for services in (NO_SERVICES, ServicesSource("demo")):
        films, rejects = merge(folder, write_tmdb(tmp_path / "tmdb.csv", [{"tmdb_id": "1", "title": "x"}]), services)
        assert films.empty
        assert {name: str(films[name].dtype) for name in MERGED_DTYPES} == MERGED_DTYPES
        assert rejects.counts("movies.csv") == {"movieId is not a number": 1}


def test_movies_without_a_film_is_refused(tmp_path):
    folder = write_movielens(tmp_path, [])
    with pytest.raises(CineMatchError) as refused:
        merge(folder)
    assert (
        str(refused.value) == f"{folder / 'movies.csv'} holds no films, at most a first line; put the whole table there"
    )


@pytest.mark.parametrize("name", ["movies.csv", "links.csv"])
def test_a_missing_table_is_named(tmp_path, name):
    folder = write_movielens(tmp_path, [(1, "Heat (1995)", "Drama")])
    (folder / name).unlink()
    with pytest.raises(CineMatchError, match=rf"{name} was not found; it should hold the columns movieId, "):
        merge(folder)
