"""A film, opened on the analyst's page: facts with their sources, neighbours, ratings, and why it is recommended."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from support.page_parts import opened, shown_html, texts
from support.small_projects import DATASET, lay_raw
from support.small_runs import recommender_of

from cinematch_lib import Preferences
from cinematch_lib.artifacts.film_map import FilmMap
from cinematch_lib.artifacts.runs import Run
from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.filters import Filters
from cinematch_lib.explorer.counts import AllFilms
from cinematch_lib.explorer.film_facts import FilmFacts
from cinematch_lib.explorer.film_place import place_on_map
from cinematch_lib.explorer.settings import Settings
from cinematch_lib.explorer.why import why

HEAT, TOY_STORY = 6, 1


@pytest.fixture(scope="module")
def page(sample_run):
    return opened(sample_run.folder)


def links(html):
    """The ids of the films whose names are buttons."""
    return [int(one) for one in re.findall(r'data-open="(\d+)"', html)]


def open_film(page, movie_id):
    """Press the name of a film."""
    page._links.opened = [movie_id, page._links.opened[1] + 1]
    page._film.wait()
    return texts(page.film)


def test_the_names_of_recommended_and_found_films_open_them(page):
    assert len(links(shown_html(page.catalog))) == 20
    assert [row[0][1] for row in page._lookup._table.rows][:1] == ["Forrest Gump"]
    said = open_film(page, HEAT)
    assert "Heat (1995) Kept by the filters" in said
    assert page._links.shown > 0
    assert "Press the name of a film" in open_film(page, 0)
    assert "Press the name of a film" in open_film(page, 123_456_789)  # no film of the data set


def test_facts_name_the_file_that_they_come_from(page):
    said = open_film(page, HEAT)
    for name, value, source in (
        ("year", "1995", "MovieLens, movies.csv"),
        ("running time", "170 minutes", "Wikidata, tmdb_metadata.csv"),
        ("language", "English", "Wikidata, tmdb_metadata.csv"),
        ("director", "Michael Mann", "Wikidata, tmdb_metadata.csv"),
        ("ids", "MovieLens 6, IMDb tt0113277", "MovieLens, links.csv"),
    ):
        assert f"{name} {value} {source}" in said
    assert "invented for demonstration" in open_film(page, TOY_STORY)


def test_years_and_genres_that_movielens_lacks_come_from_tmdb(tmp_path):
    folder = lay_raw(tmp_path)
    movies = folder / "movies.csv"
    movies.write_text(
        movies.read_text().replace("Toy Story (1995),Adventure|Animation|Children|Comedy|Fantasy", "Toy Story,")
    )
    metadata = folder / "tmdb_metadata.csv"
    films = AllFilms.load(folder, metadata, ServicesSource("none"))
    facts = {one.name: one for one in FilmFacts(DATASET, folder, metadata).of(films, 0, "none")}
    assert (facts["year"].value, facts["year"].source) == ("1995", "TMDb, tmdb_metadata.csv")
    assert facts["genres"].source == "TMDb, tmdb_metadata.csv"


def test_neighbours_are_those_of_the_weights_and_of_the_features(page, sample_run):
    open_film(page, HEAT)
    run, html = Run.current(sample_run.artifacts), page._film._near.value
    ratings, content = (links(part) for part in html.split("Nearest by content"))
    weights = run.read_item_weights()
    row = weights.matrix[[weights.movie_ids.searchsorted(HEAT)]].toarray().ravel()
    assert ratings == weights.movie_ids[np.argsort(-row, kind="stable")[:10]].tolist()
    assert len(content) == 10
    assert HEAT not in [*ratings, *content]
    both = len(set(ratings) & set(content))
    assert f"{both} of 10 are in both lists." in html


def test_ratings_are_drawn_by_year_with_a_table_behind(page, sample_run):
    said = open_film(page, HEAT)
    html = page._film._by_year.value
    numbers = [int(one) for one in re.findall(r'<td>\d{4}</td><td class="cm-number">(\d+)</td>', html)]
    assert sum(numbers) == int(re.search(r"ratings (\d+) MovieLens, ratings.csv", said)[1]) > 100
    assert 'role="img" aria-label="Heat (1995): ratings by year"' in html
    assert len(links(html)) == 10  # what people who like it also like
    assert "who gave it 4 stars or more" in said


def test_why_says_the_rank_and_the_terms_of_the_score(page):
    page.like(TOY_STORY)
    liked = Preferences(liked_movie_ids=[TOY_STORY])
    best = page.recommender.recommend(liked, 1, among=page.state.films.ids)[0]
    assert f"It has rank 1 of {len(page.recommender) - 1:,} by its score alone." in open_film(page, best.movie_id)
    assert best.explanation in texts(page.film)
    assert "The person likes it; a film that is known is not recommended." in open_film(page, TOY_STORY)


def test_a_film_that_the_filters_drop_says_by_which_rule_and_follows_a_change(page):
    open_film(page, HEAT)
    page.set(Settings("sample", Filters(min_year=2000)))
    assert "Dropped by the filters: before 2000" in texts(page.film)
    assert "the filters drop it (before 2000). Without that, its score would be:" in texts(page.film)
    page.set(Settings("sample", Filters()))
    assert "Kept by the filters" in texts(page.film)


def test_its_place_on_the_map_is_marked_with_its_neighbours():
    ids, places = np.arange(1, 4), np.array([[0, 0], [0, 1], [-1, 0]], dtype=np.float32)
    html = place_on_map(FilmMap(ids, places), 1, "Heat (1995)", [(2, 0.5)], [(3, 0.9), (99, 0.1)])
    circles = [
        one.attrib for one in ElementTree.fromstring(re.search("<svg.*</svg>", html)[0]).iter() if "cx" in one.attrib
    ]
    ring = next(one for one in circles if one["fill"] == "none")
    marked = {one["fill"]: (float(one["cx"]), float(one["cy"])) for one in circles if one["r"] == "3.5"}
    assert [(round(x - float(ring["cx"])), round(y - float(ring["cy"]))) for x, y in marked.values()] == [
        (0, -198),
        (-198, 0),
    ]
    assert place_on_map(FilmMap(ids, places), 7, "Elsewhere", [], []) == ""
    assert place_on_map(None, 1, "Heat (1995)", [], []) == ""


@pytest.mark.parametrize("liked", [[], [1]])
def test_why_tells_of_a_film_that_the_data_set_has_twice(liked):
    films = recommender_of(
        *({"title": "Heat", "tmdbId": 949, "genres": "crime"} for _ in range(2)), {"genres": "crime"}
    )
    assert "under two ids" in why(films, Preferences(liked_movie_ids=liked), 2, films.movie_ids)
    assert "It has rank" in why(films, Preferences(liked_movie_ids=liked), 3, films.movie_ids)
