"""The table of films: sorted by any column, in pages, over all films that are kept or found."""

import pytest
from support.page_parts import opened, text_field
from support.small_projects import DATASET, small_project

from cinematch_lib.catalog.filters import Filters
from cinematch_lib.explorer.film_table import FILMS_PER_PAGE
from cinematch_lib.explorer.settings import Settings

TITLE, YEAR, MINUTES, RATINGS, KEPT = 0, 1, 2, 5, 6


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    shown = opened(small_project(tmp_path_factory.mktemp("table")))
    shown.set(Settings(DATASET, Filters(min_year=1990)))
    return shown


def ask(page, number, column, descending):
    table = page._lookup._table
    table.asked = [number, column, descending, table.asked[3] + 1]
    return table.rows


def all_rows(page, column, descending):
    return [row for at in range(page._lookup._table.pages) for row in ask(page, at, column, descending)]


def test_every_kept_film_is_on_one_page(page):
    rows = all_rows(page, -1, False)
    assert {row[0][0] for row in rows} == set(page.state.films.ids[page.state.count.keeps].tolist())
    assert page._lookup._table.pages == -(-len(rows) // FILMS_PER_PAGE)
    counts = [row[RATINGS] for row in rows]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("descending", [False, True])
def test_numbers_and_texts_are_sorted_over_all_pages_and_unknown_numbers_come_last(page, descending):
    years = [int(row[YEAR]) for row in all_rows(page, YEAR, descending)]
    assert years == sorted(years, reverse=descending)
    minutes = [row[MINUTES] for row in all_rows(page, MINUTES, descending)]
    known = [one for one in minutes if one is not None]
    assert minutes == [*sorted(known, reverse=descending), *[None] * (len(minutes) - len(known))]
    titles = [row[TITLE][1].casefold() for row in all_rows(page, TITLE, descending)]
    assert titles == sorted(titles, reverse=descending)


def test_matches_are_sorted_too_kept_or_not(page):
    text_field(page.lookup).value = "the"
    reasons = [row[KEPT] for row in all_rows(page, KEPT, True)]
    text_field(page.lookup).value = ""
    assert reasons[0] == "before 1990"
    assert "✓" in reasons[-1]
