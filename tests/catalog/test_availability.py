import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.availability import films, services
from support.tables import write_csv

from cinematch_lib.catalog.availability import ServicesSource, demo_services
from cinematch_lib.errors import CineMatchError

SHARES = {
    "Amazon Prime Video": 0.30,
    "Apple TV+": 0.08,
    "Disney+": 0.12,
    "HBO Max": 0.15,
    "Hulu": 0.20,
    "Netflix": 0.25,
}


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
