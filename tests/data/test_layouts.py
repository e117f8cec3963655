"""Data sets in other layouts and forms than MovieLens's newer ones, in miniature: the same facts come out."""

import bz2
import gzip
import lzma
import zipfile

import pandas as pd
import pytest
from support.tables import write_csv, write_movielens

from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.merge import merge_films
from cinematch_lib.data import fetch
from cinematch_lib.data.layouts import describe, look
from cinematch_lib.data.movielens import read_movies, read_ratings
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.data.tmdb import find_metadata
from cinematch_lib.errors import CineMatchError

MOVIES = [
    (1, "Toy Story (1995)", "Animation|Children|Comedy"),
    (6, "Heat (1995)", "Action|Crime"),
    (9, "Misérables, Les (1995)", "Drama"),
]
LINKS = [(1, "0114709", 862), (6, "0113277", 949), (9, "0113828", 4415)]
RATINGS = [(1, 1, 4.0, 964982703), (1, 6, 5.0, 964982704), (2, 9, 3.0, 964982705)]
FACTS = [
    (1, "Toy Story", 1995, "animation|children|comedy"),
    (6, "Heat", 1995, "action|crime"),
    (9, "Les Misérables", 1995, "drama"),
]


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def usual(folder):
    write_movielens(folder, MOVIES, LINKS, RATINGS)


def million(folder):
    write(folder / "movies.dat", "".join(f"{i}::{t}::{g}\n" for i, t, g in MOVIES).encode("latin-1"))
    write(folder / "ratings.dat", "".join(f"{u}::{m}::{r:g}::{t}\n" for u, m, r, t in RATINGS).encode())
    write(folder / "users.dat", b"1::F::1::10::48067\n")


def hundred_thousand(folder):
    flags = ["Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"]
    lines = []
    for movie, title, genres in MOVIES:
        has = {name.replace("Children", "Children's") for name in genres.split("|")}
        bits = ["0", *("1" if flag in has else "0" for flag in flags), *"0000000000"]
        lines.append("|".join([str(movie), title, "01-Jan-1995", "", "http://a/", *bits]))
    write(folder / "u.item", "\n".join(lines).encode("latin-1") + b"\n")
    write(folder / "u.data", "".join(f"{u}\t{m}\t{r:g}\t{t}\n" for u, m, r, t in RATINGS).encode())


def kaggle_20m(folder):
    write_csv(folder / "movie.csv", ["movieId", "title", "genres"], MOVIES)
    write_csv(folder / "link.csv", ["movieId", "imdbId", "tmdbId"], [(a, int(b), f"{c}.0") for a, b, c in LINKS])
    rows = [(u, m, r, pd.Timestamp(t, unit="s").strftime("%Y-%m-%d %H:%M:%S")) for u, m, r, t in RATINGS]
    write_csv(folder / "rating.csv", ["userId", "movieId", "rating", "timestamp"], rows)


def movies_dataset(folder):
    columns = ["adult", "genres", "id", "imdb_id", "original_language", "overview", "release_date", "runtime"]
    columns += ["title", "vote_count"]
    texts = {1: "Toys live.", 6: 'A "heist",\nand more.', 9: "No overview found."}
    rows = []
    for (movie, title, genres), (_, imdb, tmdb) in zip(MOVIES, LINKS, strict=True):
        listed = str([{"id": 1, "name": name} for name in genres.split("|")])
        name = {9: "Les Misérables"}.get(movie, title.removesuffix(" (1995)"))
        rows.append(["False", listed, tmdb, f"tt{imdb}", "en", texts[movie], "1995-12-15", "90.0", name, "7.0"])
    rows += [
        [" - Written by Anna", "0.065", "/ff.jpg"],
        ["False", "[]", 77, "", "en", "", "2000-10-11", "", "Memento", ""],
    ]
    write_csv(folder / "movies_metadata.csv", columns, rows)
    write_csv(folder / "links.csv", ["movieId", "imdbId", "tmdbId"], LINKS)
    write_csv(folder / "ratings_small.csv", ["userId", "movieId", "rating", "timestamp"], RATINGS)
    keywords = [(862, "[{'id': 1, 'name': 'toy'}, {'id': 2, 'name': \"boy's room\"}]"), (949, "[]")]
    write_csv(folder / "keywords.csv", ["id", "keywords"], keywords)
    cast = "[{'character': 'V', 'name': 'Al Pacino', 'order': 0}, {'name': 'Robert De Niro', 'order': 1}]"
    crew = "[{'job': 'Writer', 'name': 'Nobody'}, {'department': 'D', 'job': 'Director', 'name': 'Michael Mann'}]"
    write_csv(folder / "credits.csv", ["cast", "crew", "id"], [(cast, crew, 949)])


def separated_by(separator):
    def make(folder):
        usual(folder)
        for path in folder.glob("*.csv"):
            path.write_text(path.read_text().replace(",", separator).replace(f"Misérables{separator}", "Misérables,"))

    return make


semicolons = separated_by(";")


def spreadsheet(folder):
    """As a spreadsheet saves it: a line sep=, UTF-16, other spellings, numbers with decimals, empty times."""
    usual(folder)
    for path in folder.glob("*.csv"):
        text = path.read_text().replace("movieId", " Movie_ID").replace("userId", "USER ID").replace(",", "\t")
        text = text.replace('"Misérables\t Les (1995)"', "Misérables, Les (1995)")
        path.write_text(f"sep=\t\n{text}", encoding="utf-16")


def packed(ending, pack):
    def make(folder):
        usual(folder)
        for path in list(folder.glob("*.csv")):
            write(folder / f"{path.name}{ending}", pack(path.read_bytes()))
            path.unlink()

    return make


def zipped(folder):
    usual(folder)
    for path in list(folder.glob("*.csv")):
        with zipfile.ZipFile(folder / f"{path.stem}.zip", "w") as archive:
            archive.write(path, path.name)
        path.unlink()


def parquet(folder):
    usual(folder)
    for path in list(folder.glob("*.csv")):
        pd.read_csv(path, dtype={"imdbId": "str"}).to_parquet(folder / f"{path.stem}.parquet")
        path.unlink()


LAYOUTS = {
    "usual": usual,
    "1M": million,
    "100K": hundred_thousand,
    "Kaggle's 20M": kaggle_20m,
    "The Movies Dataset": movies_dataset,
    "semicolons": semicolons,
    "carets": separated_by("^"),
    "colons": separated_by("::"),
    "spreadsheet": spreadsheet,
    "gz": packed(".gz", gzip.compress),
    "bz2": packed(".bz2", bz2.compress),
    "xz": packed(".xz", lzma.compress),
    "zip": zipped,
    "parquet": parquet,
    "nested": lambda folder: usual(folder / folder.name),
    "capitals": lambda folder: (usual(folder), [p.rename(p.with_name(p.name.title())) for p in folder.glob("*.csv")]),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_facts_are_the_same_in_every_layout(tmp_path, name):
    LAYOUTS[name](tmp_path / "set")
    folder = fetch("set", tmp_path)
    films = merge_films(folder, None, ServicesSource(), RejectLog())
    assert list(films[["movieId", "title", "year", "genres"]].itertuples(index=False, name=None)) == FACTS
    if look(folder).layout.needed == ("movies", "links"):
        assert films["imdbId"].tolist() == [imdb for _, imdb, _ in LINKS]
        assert films["tmdbId"].tolist() == [tmdb for _, _, tmdb in LINKS]
    ratings = read_ratings(folder)
    assert list(ratings.itertuples(index=False, name=None)) == RATINGS
    assert ratings.dtypes.astype(str).tolist() == ["int32", "int32", "float32", "int64"]


def test_the_movies_dataset_brings_its_facts_and_what_is_broken_is_counted(tmp_path):
    movies_dataset(tmp_path / "set")
    log = RejectLog()
    films = merge_films(tmp_path / "set", find_metadata(tmp_path, "set"), ServicesSource(), log).set_index("movieId")
    assert films.loc[6, ["overview", "runtime", "cast_top", "director"]].tolist() == [
        'A "heist", and more.', 90, "Al Pacino|Robert De Niro", "Michael Mann",
    ]  # fmt: skip
    assert films.loc[1, "keywords"] == "toy|boy's room"
    assert films.loc[9, "overview"] == "Les Misérables"  # "No overview found." is none
    assert log.counts("movies.csv") == {
        "row is broken: other columns than the first line, or no id": 1,
        "no MovieLens id in links.csv": 1,
    }
    assert log.table()["line"].tolist() == [6, 7]
    assert log.repairs["movies_metadata.csv"]["overview that says nothing, such as 'nan', made unknown"] == 1


def test_what_is_unusual_is_reported(tmp_path):
    semicolons(tmp_path / "set")
    (tmp_path / "set" / "ratings.csv").rename(tmp_path / "set" / "ratings.txt")
    log = RejectLog()
    merge_films(tmp_path / "set", None, ServicesSource(), log)
    read_ratings(tmp_path / "set", log)
    assert log.notes() == [
        "movies.csv: 3 rows separated by ;",
        "links.csv: 3 rows separated by ;",
        "ratings.csv: 3 rows read from ratings.txt, 3 rows separated by ;",
    ]


def test_a_zip_that_lies_in_raw_is_unpacked_and_stays(tmp_path):
    usual(tmp_path / "elsewhere" / "mine")
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        for path in (tmp_path / "elsewhere" / "mine").iterdir():
            archive.write(path, f"mine/{path.name}")
    assert len(read_ratings(fetch("mine", tmp_path))) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "mine", "mine.zip"]


def test_a_zip_of_something_else_is_named_with_what_it_holds(tmp_path):
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        archive.writestr("photo.jpg", b"x")
    with pytest.raises(CineMatchError, match=r"mine\.zip holds no data set but photo\.jpg; remove it"):
        fetch("mine", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.zip"]


def test_a_damaged_gz_is_named(tmp_path):
    usual(tmp_path / "set")
    (tmp_path / "set" / "ratings.csv").rename(tmp_path / "set" / "ratings.csv.gz")
    with pytest.raises(CineMatchError, match=r"ratings\.csv\.gz is damaged \(.*\); copy or download it again"):
        read_ratings(tmp_path / "set")


def test_a_folder_of_something_else_is_named_with_what_it_holds(tmp_path):
    write(tmp_path / "mine" / "films.xlsx", b"x")
    with pytest.raises(CineMatchError, match=r"lacks movies\.csv and links\.csv, and holds films\.xlsx; put"):
        fetch("mine", tmp_path)


def test_a_look_at_a_folder_names_the_layout_the_files_and_the_command(tmp_path):
    million(tmp_path / "old ones")
    lines = describe(tmp_path / "old ones")
    assert lines[0] == f"{tmp_path / 'old ones'}: the layout of MovieLens 1M and 10M"
    assert [line.split()[:2] for line in lines[1:-1]] == [
        ["movies", "movies.dat,"],
        ["ratings", "ratings.dat,"],
        ["tags", "not"],
        ["links", "not"],
        ["tmdb_metadata", "not"],
    ]
    assert lines[-1] == f"To use it: cinematch run --raw-dir {tmp_path} --dataset 'old ones'"


def test_a_look_at_an_incomplete_folder_names_what_is_missing(tmp_path):
    usual(tmp_path / "mine")
    (tmp_path / "mine" / "links.csv").unlink()
    assert describe(tmp_path / "mine")[-1] == "It cannot be read without links.csv."
    write(tmp_path / "other" / "a.txt", b"x")
    assert describe(tmp_path / "other") == [f"{tmp_path / 'other'} holds a.txt: no table of any layout that is known."]
    with pytest.raises(CineMatchError, match="nowhere is no folder; name one that holds the files"):
        describe(tmp_path / "nowhere")


def test_a_data_set_two_folders_deep_is_read_and_an_archive_is_told_to_be_unpacked(tmp_path):
    usual(tmp_path / "set" / "set" / "set")
    assert len(read_ratings(fetch("set", tmp_path))) == 3
    write(tmp_path / "mine" / "archive.zip", b"x")
    with pytest.raises(
        CineMatchError, match=r"holds archive\.zip; unpack archive\.zip there, or put what is missing there"
    ):
        fetch("mine", tmp_path)


def test_a_table_of_other_columns_under_the_name_of_an_older_set_is_refused_with_those_that_it_needs(tmp_path):
    write(tmp_path / "set" / "movies.dat", b"id\ttitle\timdbID\n1\tHeat\t0113277\n")
    with pytest.raises(CineMatchError, match="its lines should hold movieId, title, genres, separated by '::'"):
        read_movies(tmp_path / "set")
