"""The bar of the page: undo and redo, links, and the selection as a file."""

from io import BytesIO

import pandas as pd
import pytest
from support.page_parts import opened, texts
from support.small_projects import DATASET, small_project

from cinematch_lib.catalog.filters import Filters
from cinematch_lib.explorer.settings import Settings
from cinematch_lib.explorer.toolbar import FORMATS


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return small_project(tmp_path_factory.mktemp("navigation"))


@pytest.fixture
def page(project):
    return opened(project)


def press(page, name):
    page._navigation.widget._handle_custom_msg({"press": name}, [])


def open_link(page, link):
    bar = page._navigation.widget
    bar._handle_custom_msg({"open": link}, [])
    return bar.message


def test_settings_and_likes_are_undone_and_redone(page):
    bar, first = page._navigation.widget, page.state.settings
    assert (bar.can_undo, bar.can_redo) == (False, False)
    toys = page.recommender.find("Toy Story").movie_id
    page.like(toys)
    press(page, "undo")
    assert (bar.can_undo, bar.can_redo) == (False, True)
    assert "Toy Story (1995) ✕" not in texts(page.catalog)
    press(page, "redo")
    assert "Toy Story (1995) ✕" in texts(page.catalog)
    press(page, "none")
    assert page.state.settings.filters == Filters()
    press(page, "run")
    assert page.state.settings == first


def test_a_link_opens_the_page_in_its_state(page, project):
    page.set(Settings(DATASET, Filters(max_year=1995, genres_keep=["children"])))
    page.like(page.recommender.find("Toy Story").movie_id)
    link = page._navigation.widget.link
    other = opened(project)
    assert open_link(other, link) == ""
    assert other.state.settings.filters == page.state.settings.filters
    assert other._navigation.widget.link == link
    assert other._recommendations.preferences == page._recommendations.preferences


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("services=cable", "services must be one of demo, none on this page, got 'cable'"),
        ("services_keep=Mubi", "Mubi"),
        ("like=99999999", "99999999"),
        ("person=3", "the evaluation of this run held out no person 3"),
        ("min_year=x", "min_year must be a number in a link, got 'x'"),
    ],
)
def test_a_link_that_the_page_cannot_show_changes_nothing(page, link, message):
    before = page.state.settings, page._recommendations.preferences
    assert message in open_link(page, link)
    assert (page.state.settings, page._recommendations.preferences) == before


def test_the_kept_films_are_read_by_pandas(page):
    page.set(Settings(DATASET, Filters(min_year=1995)))
    films = page.selected_films()
    csv = pd.read_csv(BytesIO(FORMATS["csv"](films)), dtype={"imdbId": "str"})
    parquet = pd.read_parquet(BytesIO(FORMATS["parquet"](films)))
    assert (
        csv["movieId"].tolist() == parquet["movieId"].tolist() == page.state.films.ids[page.state.count.keeps].tolist()
    )
    assert csv["imdbId"].str.len().min() >= 7
    assert (parquet["year"] >= 1995).all()
    assert csv["ratings"].sum() > 0
