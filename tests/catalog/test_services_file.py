"""A services file of one's own: whose films it means, and which services it names."""

import pytest
from support.availability import services
from support.tables import write_csv

from cinematch_lib.errors import CineMatchError


def from_file(tmp_path, columns, *rows, **options):
    found, rejects = services("file", path=write_csv(tmp_path / "mine.csv", columns, rows), **options)
    return {movie: names for movie, names in found.items() if names}, rejects


@pytest.mark.parametrize(
    ("key", "ids"),
    [
        ("movieId", ["1", "6"]),
        ("tmdbId", ["862", "949.0"]),
        ("imdbId", ["0114709", "tt0113277"]),
        ("imdbId", ["114709", " 113277 "]),
    ],
)
def test_a_film_may_be_named_by_any_id(tmp_path, key, ids):
    rows = [(ids[0], "Netflix"), (ids[1], "Hulu"), (ids[0], "Hulu"), (ids[0], "Netflix")]
    found, rejects = from_file(tmp_path, [key, "service"], *rows)
    assert found == {1: "Hulu|Netflix", 6: "Hulu"}
    assert rejects.files() == []


def test_where_there_are_several_ids_the_first_that_names_a_film_decides(tmp_path):
    found, rejects = from_file(
        tmp_path,
        ["movieId", "imdbId", "tmdbId", "service"],
        ("1", "0113277", "949", "A"),
        ("", "0113277", "862", "B"),
        ("999", "nonsense", "862", "C"),
    )
    assert found == {1: "A|C", 6: "B"}
    assert rejects.files() == []
    assert rejects.notes() == [
        "services: mine.csv: 2 rows whose ids are those of different films, of which the first counts"
    ]


def test_cells_may_hold_lists_in_any_form_and_words_for_none(tmp_path):
    cells = ['["Netflix", "Hulu"]', "['MUBI']", "Netflix & Hulu", "Disney Plus / MUBI", "none", "Not available", "n/a"]
    expected = ["Hulu|Netflix", "MUBI", "Hulu|Netflix", "Disney+|MUBI", "", "", ""]
    for cell, names in zip(cells, expected, strict=True):
        found, rejects = from_file(tmp_path, ["movieId", "service"], ("1", cell), ("6", "Canal+"))
        assert found == ({1: names} if names else {}) | {6: "Canal+"}
        assert rejects.counts("services: mine.csv") == ({} if names else {"no service named": 1})


def test_both_films_of_a_shared_id_get_the_service(tmp_path):
    found, _ = from_file(tmp_path, ["tmdbId", "service"], ("5", "Netflix"))
    assert found == {8: "Netflix", 9: "Netflix"}


def test_an_id_that_nobody_has_names_no_film(tmp_path):
    """Film 7 has no TMDb and no IMDb id: an empty one must not mean it."""
    found, rejects = from_file(tmp_path, ["imdbId", "tmdbId", "service"], ("", "", "Netflix"))
    assert found == {}
    assert rejects.counts("services: mine.csv") == {"no such film in the catalog": 1}


def test_only_the_asked_regions_offers_count_and_an_empty_region_is_any(tmp_path):
    rows = [("1", "Netflix", " us "), ("1", "Hulu", "DE"), ("6", "Hulu", ""), ("6", "Netflix", "de")]
    columns = ["movieId", "service", "region"]
    assert from_file(tmp_path, columns, *rows)[0] == {1: "Netflix", 6: "Hulu"}
    assert from_file(tmp_path, columns, *rows, region="de")[0] == {1: "Hulu", 6: "Hulu|Netflix"}


def test_rows_that_do_not_count_are_set_aside_by_line(tmp_path):
    path = write_csv(
        tmp_path / "mine.csv",
        ["movieId", "service", "region"],
        [("1", "Netflix", "US"), ("1", "Hulu", "DE"), ("6", " ", "US"), ("99", "Hulu", "US"), ("x", "Hulu", "DE")],
    )
    path.write_bytes(path.read_bytes().replace(b"\r\n6", b"\r\n\r\n6"))
    found, rejects = services("file", path=path)
    assert found[1] == "Netflix"
    assert rejects.table().iloc[:, :5].values.tolist() == [
        ["services: mine.csv", 3, "1", "Hulu", "offer of another region than US"],
        ["services: mine.csv", 7, "x", "Hulu", "offer of another region than US"],
        ["services: mine.csv", 5, "6", "", "no service named"],
        ["services: mine.csv", 6, "99", "Hulu", "no such film in the catalog"],
    ]


@pytest.mark.parametrize("cell", ["Netflix, Hulu", "Netflix;Hulu", "hulu | NETFLIX", "Hulu,Netflix,"])
def test_a_cell_may_name_several_services(tmp_path, cell):
    assert from_file(tmp_path, ["movieId", "service"], ("1", cell))[0] == {1: "Hulu|Netflix"}


@pytest.mark.parametrize(
    ("spelt", "service"),
    [
        ("netflix", "Netflix"),
        ("Netflix Standard with Ads", "Netflix"),
        ("Max Amazon Channel", "HBO Max"),
        ("disney plus", "Disney+"),
        ("Amazon Prime Video with Ads", "Amazon Prime Video"),
    ],
)
def test_tiers_channels_and_spellings_are_the_service(tmp_path, spelt, service):
    assert from_file(tmp_path, ["movieId", "service"], ("1", spelt))[0] == {1: service}


def test_spellings_of_an_unknown_service_are_one(tmp_path):
    rows = [("1", "Kino-On-Demand"), ("6", "kino on demand"), ("9", "Kino-On-Demand")]
    assert from_file(tmp_path, ["movieId", "service"], *rows)[0] == dict.fromkeys((1, 6, 9), "Kino-On-Demand")


@pytest.mark.parametrize(("region", "asked"), [("UK", "gb"), ("GB", "uk"), ("USA", "US"), ("United States", "us")])
def test_a_region_has_other_names(tmp_path, region, asked):
    found, _ = from_file(tmp_path, ["movieId", "service", "region"], ("1", "Netflix", region), region=asked)
    assert found == {1: "Netflix"}


@pytest.mark.parametrize(
    "content",
    [
        "movie_id;Service\n6;Netflix\n",
        "\ufeffsep=;\nMovieID;service\n6;Netflix\n",
        "imdbId,service\n113277.0,Netflix\n",
        "imdb id,service\nTT0113277,Netflix\n",
        "imdbId,provider\nhttps://www.imdb.com/title/tt0113277/?ref_=x,Netflix\n",
        "tmdbId\tservice\n949.0\tNetflix\n",
    ],
)
def test_a_file_may_have_any_usual_form(tmp_path, content):
    (tmp_path / "mine.csv").write_text(content, encoding="utf-8")
    assert services("file", path=tmp_path / "mine.csv")[0] == {1: "", 6: "Netflix", 7: "", 8: "", 9: ""}


@pytest.mark.parametrize(
    "content",
    [
        "movieId,Netflix,Hulu,note\n1,1,0,7\n6,1,1,\n9,0,0,\n",
        "movie_id;Netflix;Hulu;region\n1;yes;no;US\n6;Yes;x;\n7;1;1;DE\n",
        "\ufeffimdbId\tnetflix \tHULU\ntt0114709\tTRUE\tFALSE\n0113277\tTRUE\tTRUE\n",
    ],
)
def test_services_may_be_columns_of_yes_and_no(tmp_path, content):
    (tmp_path / "mine.csv").write_text(content, encoding="utf-8")
    found, rejects = services("file", path=tmp_path / "mine.csv")
    assert found == {1: "Netflix", 6: "Hulu|Netflix", 7: "", 8: "", 9: ""}
    (note, *_) = rejects.notes()
    assert note.startswith("services: mine.csv: 2 columns of 0 and 1 read as services (")


def test_a_file_in_windows_1252_is_read_and_that_is_told(tmp_path):
    (tmp_path / "mine.csv").write_bytes("movieId,service\n6,Ciné+\n".encode("cp1252"))
    found, rejects = services("file", path=tmp_path / "mine.csv")
    assert found[6] == "Ciné+"
    assert rejects.notes() == ["services: mine.csv: 1 rows read as Windows-1252, as they are no UTF-8"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "film,service\n1,Netflix\n",
            "needs a column movieId, imdbId, tmdbId or title to say which film has the service",
        ),
        (
            "movieId,name\n1,Netflix\n",
            "lacks the column service; its first line names movieId, name, and a services file table has service",
        ),
        ("", "is empty; its first line should name the columns service"),
        ("tmdbId,service\n", "holds no services, only its first line"),
    ],
)
def test_a_file_that_does_not_say_what_it_should_is_refused(tmp_path, content, said):
    path = tmp_path / "mine.csv"
    path.write_text(content)
    with pytest.raises(CineMatchError) as refused:
        services("file", path=path)
    assert str(refused.value) == f"{path} {said}"


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CineMatchError, match=r"mine\.csv was not found; it should hold the columns service"):
        services("file", path=tmp_path / "mine.csv")


def test_films_are_found_by_their_titles_where_there_are_no_ids(tmp_path):
    path = tmp_path / "services.csv"
    rows = ("toy story,1995,Max", "Heat (1995),,Netflix", "se7en,,Hulu", "Twins,2001,Hulu", "TWINS (1988),,Max")
    path.write_text("\n".join(["Title;Year;Service", *rows]).replace(",", ";") + "\n")
    found, rejects = services("file", path=path)
    assert found == {1: "HBO Max", 6: "Netflix", 7: "Hulu", 8: "HBO Max", 9: "Hulu"}
    assert rejects.files() == []


def test_titles_of_several_films_and_of_none_are_named(tmp_path):
    path = tmp_path / "services.csv"
    path.write_text("title,service\nTwins,Hulu\nNope,Hulu\nHeat (1996),Hulu\nHeat,Hulu\n")
    found, rejects = services("file", path=path)
    assert found == {1: "", 6: "Hulu", 7: "", 8: "", 9: ""}
    assert rejects.table()["id"].tolist() == ["Twins", "Nope", "Heat (1996)"]
    assert rejects.counts("services: services.csv") == {"no such film in the catalog": 3}
