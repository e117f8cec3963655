"""The parts of the page without a browser: controls, recommendations, comparison, missing files."""

import re
import subprocess
import sys

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support.page_parts import button, opened, part, text_field, texts
from support.small_projects import DATASET, QUICK, publish, small_project
from test_counts import FILTERS, filters_of

from cinematch_lib import CineMatchError, Preferences, Recommender
from cinematch_lib.artifacts.runs import Run, current_run_id, list_runs
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.explorer import markup
from cinematch_lib.explorer.comparison import evaluated_run, film_changes
from cinematch_lib.explorer.current_run import CurrentRun
from cinematch_lib.explorer.film_list import film_list
from cinematch_lib.explorer.settings import Settings
from cinematch_lib.pipeline.notebooks import STEPS, step_parameters
from cinematch_lib.pipeline.parameters import check_parameters


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return small_project(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def page(project):
    return opened(project)


def shown_films(page):
    return [int(movie) for movie in re.findall(r'data-film="(\d+)"', part(page.catalog, "cm-scroll").value)]


# --- settings and controls ---------------------------------------------------------------------------


def test_the_page_starts_with_the_settings_of_the_current_run(page, project):
    # its evaluation's parameters too, which the page has no control for
    assert page.state.settings == Settings(DATASET, Filters(min_year=1990), "demo", QUICK)
    assert page.state.count.kept == len(Recommender.load(project / "artifacts"))
    assert current_run_id(project / "artifacts") in texts(page.status)
    assert re.search(r"this page takes [\d,]+ MB of memory", texts(page.status))


@settings(max_examples=25, deadline=None)
@given(options=FILTERS, services=st.sampled_from(["demo", "none"]))
def test_controls_return_the_settings_they_were_given(page, options, services):
    filters = filters_of(**options | {"services_keep": ["Netflix (demo)"] if services == "demo" else []})
    wanted = Settings(DATASET, filters, services)
    page.set(wanted)
    as_set = page.state.settings.filters
    assert page.state.settings.services == services
    assert {**vars(as_set), "genres_keep": None, "genres_drop": None} == {
        **vars(filters), "genres_keep": None, "genres_drop": None,
    }  # fmt: skip
    for name in ("genres_keep", "genres_drop"):  # the chips have an order of their own
        assert set(getattr(as_set, name)) == set(getattr(filters, name))
    assert f"{page.state.count.kept:,} films" in texts(page.catalog)


def test_pressing_a_genre_keeps_it_then_drops_it_then_resets_it(page):
    page.set(Settings(DATASET, Filters()))
    for said, keep, drop in (("✓ war", ("war",), ()), ("✕ war", (), ("war",)), ("war", (), ())):
        button(page.catalog, "war").click()
        filters = page.state.settings.filters
        assert (button(page.catalog, "war").description, filters.genres_keep, filters.genres_drop) == (said, keep, drop)


def test_another_source_of_services_clears_those_that_it_lacks(page):
    page.set(Settings(DATASET, Filters(services_keep=["Hulu (demo)"])))
    page._controls._source.value = "none"
    assert page.state.settings.filters.services_keep == ()
    assert page.state.settings.services == "none"


def test_settings_are_saved_as_parameters_of_the_pipeline(page, tmp_path):
    wanted = Settings(DATASET, Filters(max_year=2000, genres_drop=["war"], services_keep=["Netflix (demo)"]))
    wanted.save(tmp_path / "params.yaml")
    text = (tmp_path / "params.yaml").read_text(encoding="utf-8")
    assert text.startswith("# cinematch run -f params.yaml\n")
    values = yaml.safe_load(text)
    assert check_parameters(values, step_parameters(list(STEPS))) == values
    assert values["min_year"] is None
    assert values["services_keep"] == ["Netflix (demo)"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("notes.txt", r"a parameter file must end in \.yaml or \.yml, got .*notes\.txt"),
        ("no/params.yaml", "no is not a folder; create it, or choose another path"),
    ],
)
def test_an_invalid_path_for_parameters_is_refused_and_nothing_written(tmp_path, name, message):
    with pytest.raises(CineMatchError, match=message):
        Settings(DATASET, Filters()).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_the_settings_of_a_run_are_the_parameters_of_its_pipeline(sample_run):
    found = Settings.from_run(Run.current(sample_run.artifacts))
    assert (found.dataset, found.filters, found.services) == ("sample", Filters(), "demo")
    assert set(found.validated(list(STEPS))) == {"dataset", "services", *vars(Filters()), *found.rest}
    assert not {"raw_dir", "data_dir", "artifacts_dir", "run_dir"} & set(found.rest)
    assert found.matches(Run.current(sample_run.artifacts).info)


# --- recommendations ---------------------------------------------------------------------------------


def pick(page, text):
    field = text_field(page.catalog)
    field.value = text
    part(page.catalog, "cm-suggestions").children[0].click()
    assert field.value == ""


def test_liked_films_are_picked_by_part_of_a_misspelt_title_and_the_list_follows_the_filters(project):
    page, recommender = opened(project), Recommender.load(project / "artifacts")
    pick(page, "toy stori")
    liked = recommender.find("Toy Story (1995)").movie_id
    assert "Toy Story (1995) ✕" in texts(part(page.catalog, "cm-liked"))
    page.set(Settings(DATASET, Filters(genres_keep=["children"], max_year=1995)))
    kept = page.state.films.ids[page.state.count.keeps]
    expected = recommender.recommend(Preferences(liked_movie_ids=[liked]), among=kept)
    assert shown_films(page) == [one.movie_id for one in expected] != []
    assert expected[0].explanation in texts(page.catalog)
    button(page.catalog, "Toy Story (1995) ✕").click()
    assert shown_films(page) == [one.movie_id for one in recommender.recommend(among=kept)]


def test_films_that_the_run_lacks_are_reported(project):
    page = opened(project)
    page.set(Settings(DATASET, Filters(max_year=1989)))
    older = page.state.count.kept
    assert f"{older:,} of the {older:,} films that fit are not in the current run" in texts(page.catalog)
    assert "No film of the current run fits these filters." in texts(page.catalog)


def test_a_bar_is_as_long_as_the_positive_and_negative_terms(project):
    recommender = Recommender.load(project / "artifacts")
    found = recommender.recommend(Preferences(liked_movie_ids=[recommender.find("Toy Story").movie_id]))
    items = film_list(found).split("<li ")[1:]
    below = max(-sum(min(one.value, 0) for one in film.reasons) for film in found)
    scale = below + max(sum(max(one.value, 0) for one in film.reasons) for film in found)
    for film, item in zip(found, items, strict=True):
        widths = [float(width) for width in re.findall(r"<i style=\"left:[\d.]+%;width:([\d.]+)%", item)]
        assert len(widths) == len(film.reasons)
        told = any(one.movie and f"{one.movie.label}, higher in this list" in film.explanation for one in film.reasons)
        is_lowered = any(round(100 * one.share) < 0 for one in film.reasons)
        assert ("Lowers the score: " in item) == (is_lowered and not told)
        assert sum(widths) == pytest.approx(100 * sum(abs(one.value) for one in film.reasons) / scale, abs=0.1)


def test_ratings_and_content_are_separate_segments(sample_run):
    recommender = Recommender.load(sample_run.artifacts)
    liked = Preferences(liked_movie_ids=[recommender.find("Heat (1995)").movie_id])
    shown = film_list(recommender.recommend(liked))
    assert "ratings, with Heat (1995): +" in shown
    assert "content, like Heat (1995): +" in shown


def test_text_from_data_is_escaped():
    assert "<script>" not in markup.table(("film",), [("<script>alert(1)</script>",)])
    assert "<script>" not in markup.waterfall([("<script>", 1, 1)], 1)
    assert "<b>" not in markup.notice("<b>")


# --- comparison --------------------------------------------------------------------------------------


def test_two_settings_are_compared(project):
    page = opened(project)
    page.set(Settings(DATASET, Filters(min_year=1995)))
    button(page.comparison, "Pin these").click()
    a = page.state
    page.set(Settings(DATASET, Filters(max_year=1995)))
    added, removed = film_changes(a, page.state, page._index.popularity_order)
    table = page.state.films.films
    assert len(added) - len(removed) == page.state.count.kept - a.count.kept
    assert (table.iloc[added]["year"] < 1995).all()
    assert (table.iloc[removed]["year"] > 1995).all()
    said = texts(page.comparison)
    assert f"{len(added):,} films" in said
    assert "before 1995" in said
    assert "after 1995" in said
    assert "No evaluated run has the settings of A and B" in said
    button(page.comparison, "Back to A").click()
    assert page.state.settings == a.settings


def test_metrics_of_runs_with_both_settings_are_compared(tmp_path):
    folder = small_project(tmp_path)
    a, b = Filters(min_year=1995), Filters(min_year=1994)
    made = [publish(folder, filters, served=of) for filters, of in ((a, [0.25, 0.5, 0.75]), (b, [0.375, 0.625, 0.875]))]
    runs = list_runs(folder / "artifacts")
    assert [evaluated_run(Settings(DATASET, filters), runs).run_id for filters in (a, b)] == [
        one.run_id for one in made
    ]
    for other in (Settings(DATASET, Filters()), Settings(DATASET, a, "none"), Settings("another", a)):
        assert evaluated_run(other, runs) is None
    page = opened(folder)
    page.set(Settings(DATASET, a))
    page.pin()
    page.set(Settings(DATASET, b))
    assert "0.500 0.625 +0.125 [+0.125, +0.125]: larger than the noise" in texts(page.comparison)


# --- what is missing ---------------------------------------------------------------------------------


def test_without_raw_tables_and_a_run_the_page_shows_what_to_run(tmp_path):
    page = opened(tmp_path)
    said = texts(page.status)
    assert f"The films of sample are not in {tmp_path / 'raw' / 'sample'}" in said
    assert "make a run: cinematch run --dataset sample." in said
    assert "has no current run yet" in said
    assert "see the message above" in texts(page.catalog)


def test_without_a_run_the_page_counts_with_the_pipelines_defaults_and_shows_what_to_run(tmp_path):
    folder = small_project(tmp_path)
    (folder / "artifacts" / "current").unlink()
    page = opened(folder, dataset=DATASET)
    assert page.state.settings.filters == Filters()
    assert "has no current run yet; make one (cinematch run)" in texts(page.catalog)
    assert shown_films(page) == []


def test_an_altered_run_is_reported_and_films_are_still_counted(tmp_path):
    folder = small_project(tmp_path)
    meta = folder / "artifacts/runs" / current_run_id(folder / "artifacts") / "movies_meta.json"
    meta.chmod(0o644)
    meta.write_text("{}")
    page = opened(folder, dataset=DATASET)
    assert "movies_meta.json was altered" in texts(page.status)
    assert "make the run anew (cinematch run)" in texts(page.catalog)
    assert page.state.count.kept > 0


def test_settings_that_the_raw_tables_no_longer_support_are_reported(tmp_path):
    folder = small_project(tmp_path)
    publish(folder, Filters(min_ratings=3))
    (folder / "raw" / DATASET / "ratings.csv").unlink()
    assert "min_ratings=3 needs ratings.csv, which this data set lacks" in texts(opened(folder).status)


def test_an_unknown_services_file_is_reported_and_the_page_has_no_services(tmp_path):
    folder = small_project(tmp_path)
    own = tmp_path / "own.csv"
    own.write_text("movieId,service\n1,Mubi\n")
    publish(folder, Filters(services_keep=["Mubi"]), services="file", own=own)
    page = opened(folder)
    assert 'services="file" needs services_file' in texts(page.status)
    assert page.state.settings.services == "none"
    assert page.state.settings.filters == Filters()


def test_a_sealed_run_of_another_program_is_reported(artifacts):
    assert "cannot be read; make a new one: cinematch run" in CurrentRun.load(artifacts).problem


def test_the_web_server_of_the_page_loads_nothing_that_shows_films():
    loaded = "print([one for one in ('pandas', 'sklearn', 'matplotlib', 'ipywidgets') if one in sys.modules])"
    command = [sys.executable, "-c", f"import sys, cinematch_lib.explorer.app; {loaded}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "[]"
