import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tables import write_csv

from cinematch_lib.catalog.availability import ServicesSource, demo_services, film_services
from cinematch_lib.data.rejects import RejectLog
from cinematch_lib.errors import CineMatchError

SHARES = {
    "Amazon Prime Video": 0.30,
    "Apple TV+": 0.08,
    "Disney+": 0.12,
    "HBO Max": 0.15,
    "Hulu": 0.20,
    "Netflix": 0.25,
}


def films():
    """Toy Story, Heat, a film without ids, and two films that share a tmdbId."""
    return pd.DataFrame(
        {
            "movieId": [1, 6, 7, 8, 9],
            "tmdbId": pd.array([862, 949, None, 5, 5], dtype="Int64"),
            "imdbId": ["0114709", "0113277", "", "0000008", "10872600"],
        },
        index=[10, 11, 12, 13, 14],
    )


def services(source, **options):
    """Each film's services by movieId, and the ledger."""
    rejects = RejectLog()
    found = film_services(films(), ServicesSource(source, **options), rejects)
    assert found.index.tolist() == films().index.tolist()
    assert found.dtype == "str"
    return dict(zip(films()["movieId"], found, strict=True)), rejects


def from_file(tmp_path, columns, *rows, **options):
    found, rejects = services("file", path=write_csv(tmp_path / "mine.csv", columns, rows), **options)
    return {movie: names for movie, names in found.items() if names}, rejects


# --- what may be asked for ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"source": "netflix"}, "services must be one of tmdb, file, demo, none, got 'netflix'"),
        (
            {"source": "file"},
            'services="file" needs services_file: a CSV with movieId, imdbId or tmdbId, and service',
        ),
        ({"kinds": ["stream"]}, "kinds of offer must be some of flatrate, free, ads, rent, buy, got ['stream']"),
        ({"kinds": []}, "kinds of offer must be some of flatrate, free, ads, rent, buy, got []"),
        ({"region": "USA"}, "region must be an ISO 3166 code of two letters, such as US, got 'USA'"),
        ({"region": ""}, "region must be an ISO 3166 code of two letters, such as US, got ''"),
    ],
)
def test_a_source_that_cannot_be_is_refused(options, said):
    with pytest.raises(CineMatchError) as refused:
        ServicesSource(**options)
    assert str(refused.value) == said


def test_a_region_may_be_in_small_letters():
    assert ServicesSource(region="de").region == "DE"


def test_none_means_none():
    found, rejects = services("none")
    assert set(found.values()) == {""}
    assert rejects.files() == []


# --- the demonstration -------------------------------------------------------------------------------


def test_every_invented_service_says_so_in_its_name():
    named = {name for names in demo_services(np.arange(1, 2000)) for name in names.split("|") if name}
    assert named == {f"{name} (demo)" for name in SHARES}


def test_the_shares_are_as_documented():
    lists = [set(names.split("|")) for names in demo_services(np.arange(1, 20_001))]
    for name, share in SHARES.items():
        assert sum(f"{name} (demo)" in names for names in lists) / len(lists) == pytest.approx(share, abs=0.015)
    both = sum({"Netflix (demo)", "Hulu (demo)"} <= names for names in lists) / len(lists)
    assert both == pytest.approx(0.25 * 0.20, abs=0.01)  # one service says nothing about another


def test_the_demonstration_is_the_same_everywhere_and_for_ever():
    assert demo_services(np.array([1, 2, 47, 1_000_000])) == [
        "Netflix (demo)",
        "Amazon Prime Video (demo)|Disney+ (demo)",
        "",
        "Apple TV+ (demo)|Hulu (demo)|Netflix (demo)",
    ]


@given(ids=st.lists(st.integers(1, 2**53), min_size=1, max_size=20), seed=st.integers(-(2**70), 2**70))
def test_a_films_services_depend_on_its_id_and_the_seed_alone(ids, seed):
    together = demo_services(np.array(ids), seed)
    assert together == [demo_services(np.array([one]), seed)[0] for one in ids]
    assert all(names == "|".join(sorted(names.split("|"))) for names in together)


def test_another_seed_gives_other_services():
    ids = np.arange(1, 1001)
    several = [demo_services(ids, seed) for seed in range(3)]
    for first, second in ((0, 1), (1, 2), (0, 2)):
        same = sum(one == other for one, other in zip(several[first], several[second], strict=True))
        assert same < 500


def test_the_demonstration_is_reached_by_its_name():
    found, rejects = services("demo", seed=3)
    assert list(found.values()) == demo_services(films()["movieId"].to_numpy(), 3)
    assert rejects.files() == []


# --- a file of one's own -----------------------------------------------------------------------------


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
        ("film,service\n1,Netflix\n", "needs a column movieId, imdbId or tmdbId to say which film has the service"),
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


# --- TMDb's ------------------------------------------------------------------------------------------

PROVIDERS = ["tmdb_id", "region", "kind", "service"]


def test_tmdbs_offers_count_by_region_and_kind(tmp_path):
    rows = [
        ("862", "US", "flatrate", "Disney Plus"),
        ("862", "US", "rent", "Apple TV"),
        ("862", "DE", "flatrate", "WOW"),
        ("5", "US", "free", "Tubi"),
        ("5", "US", "flatrate", "Netflix"),
        ("404", "US", "flatrate", "Netflix"),
    ]
    path = write_csv(tmp_path / "providers.csv", PROVIDERS, rows)
    assert services("tmdb", path=path)[0] == {1: "Disney+", 6: "", 7: "", 8: "Netflix", 9: "Netflix"}
    both = services("tmdb", path=path, kinds=["free", "flatrate"])[0]
    assert both[8] == both[9] == "Netflix|Tubi"
    assert services("tmdb", path=path, region="de")[0][1] == "WOW"


def test_rows_of_tmdb_that_name_no_film_or_service_are_set_aside(tmp_path):
    rows = [("862", "US", "flatrate", ""), ("error", "US", "flatrate", "Netflix"), ("949", "US", "flatrate", "Max")]
    found, rejects = services("tmdb", path=write_csv(tmp_path / "providers.csv", PROVIDERS, rows))
    assert found == {1: "", 6: "HBO Max", 7: "", 8: "", 9: ""}
    assert rejects.table().iloc[:, :5].values.tolist() == [
        ["services: providers.csv", 3, "error", "Netflix", "tmdb_id is not a number"],
        ["services: providers.csv", 2, "862", "", "no service named"],
    ]


@pytest.mark.parametrize("given_path", [True, False])
def test_tmdbs_offers_have_to_be_fetched_first(tmp_path, given_path):
    path = tmp_path / "providers.csv" if given_path else None
    with pytest.raises(CineMatchError) as refused:
        services("tmdb", path=path)
    assert str(refused.value) == (
        f'services="tmdb" needs {path or "raw/tmdb/providers.csv"}, which TMDb has not been asked for yet; '
        'fetch it, or choose services="demo", "file" or "none"'
    )


def test_a_services_file_that_would_not_be_read_is_refused(tmp_path):
    own = tmp_path / "my.csv"
    chosen = {"raw_dir": tmp_path, "region": "US", "offers": ["flatrate"], "seed": 0}
    with pytest.raises(CineMatchError, match='which services="demo" does not read; say services="file"'):
        ServicesSource.from_parameters("demo", services_file=own, **chosen)
    assert ServicesSource.from_parameters("file", services_file=own, **chosen).table == own
    tmdb = ServicesSource.from_parameters("tmdb", services_file=None, **chosen)
    assert tmdb.table == tmp_path / "tmdb" / "providers.csv"
