"""The person at hand on the analyst's page: typed, uploaded, or held out by the evaluation; and the sliders."""

import re
from datetime import UTC, datetime

import pytest
from support.page_parts import button, opened, part, shown_html, text_field, texts

from cinematch_lib import Preferences
from cinematch_lib.artifacts.runs import Run
from cinematch_lib.evaluation.held_out import read_people, read_recommender
from cinematch_lib.explorer.film_list import film_list
from cinematch_lib.explorer.person_picker import FILE, TYPED

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HEAT, TOY_STORY, ALIEN = 6, 1, 1214


@pytest.fixture(scope="module")
def shared(sample_run):
    return opened(sample_run.folder)


@pytest.fixture
def page(shared):
    """The page with nobody at hand."""
    yield shared
    view = shared._recommendations
    view.picker._choice.value = TYPED
    view.picker._picker.set({})
    view.knobs.set({})


def listed(page):
    return [int(movie) for movie in re.findall(r'data-film="(\d+)"', part(page.catalog, "cm-scroll").value)]


def ids(recommendations):
    return [one.movie_id for one in recommendations]


def upload(page, name, text):
    """Give the page a file, as a browser does."""
    picker = page._recommendations.picker
    picker._choice.value = FILE
    content = text.encode() if isinstance(text, str) else text
    picker._file.value = (
        {"name": name, "content": memoryview(content), "size": len(content), "type": "", "last_modified": NOON},
    )
    return texts(page.catalog)


def test_films_are_typed_and_given_stars(page):
    field = text_field(page.catalog)
    field.value = "toy story 1995"
    button(page.catalog, "+ Toy Story (1995)").click()
    assert listed(page) == ids(page.recommender.recommend(Preferences(liked_movie_ids=[TOY_STORY])))
    stars = part(page.catalog, "cm-stars")
    stars.value = 1.5
    assert listed(page) == ids(page.recommender.recommend(Preferences(ratings={TOY_STORY: 1.5})))
    assert stars.tooltip == "Stars of Toy Story (1995)"


def test_ratings_are_uploaded_and_what_was_not_found_is_told(page):
    said = upload(
        page,
        "ratings.csv",
        "Date,Name,Year,Rating\n2020-01-01,Heat,1995,4.5\n2020-01-01,Alien,1979,5\n2020-01-01,Nope,2099,3\n",
    )
    assert "2 ratings, 2 of them likes" in said
    assert "not found: Nope (2099)" in said
    assert listed(page) == ids(page.recommender.recommend(Preferences(ratings={HEAT: 4.5, ALIEN: 5.0})))


def test_a_file_that_is_none_is_refused_by_its_name_and_the_list_stays(page):
    page._recommendations.picker._choice.value = FILE
    before = listed(page)
    said = upload(page, "diary.csv", "one,two\n1,2\n")
    assert "diary.csv has no columns that say which film and how many stars" in said
    assert "/tmp" not in said
    assert "is damaged or no zip" in upload(page, "mine.zip", b"PK\x03\x04broken")
    assert listed(page) == before


def test_a_held_out_person_gets_the_list_of_a_recommender_that_learned_nothing_from_them(page, sample_run):
    run = Run.current(sample_run.artifacts)
    ratings, _ = read_people(run)
    unaware = read_recommender(run)
    user = int(ratings.loc[ratings["hidden"] == 1, "userId"].iloc[0])
    of_user = ratings[ratings["userId"] == user]
    history, hidden = of_user[of_user["hidden"] == 0], set(of_user.loc[of_user["hidden"] == 1, "movieId"])
    page._recommendations.picker.hold_out(user)
    wanted = Preferences(ratings=dict(zip(history["movieId"], history["rating"], strict=True)))
    assert listed(page) == ids(unaware.recommend(wanted, 20)) != ids(page.recommender.recommend(wanted, 20))
    html = shown_html(page.catalog)
    found = [one for one in listed(page) if one in hidden]
    assert html.count("✓ a hidden like") == len(found)
    assert f"{len(found)} of {len(hidden)} hidden likes found" in html
    rows = re.findall(r'data-open="(\d+)">[^<]*</button></td><td>(✓ \d+|missed)</td><td>([\d,]+)</td>', html)
    ranking = unaware.ranking(wanted).tolist()
    assert {int(movie): int(rank.replace(",", "")) for movie, _, rank in rows} == {
        one: ranking.index(one) + 1 for one in hidden
    }
    assert [state for _, state, _ in rows].count("missed") == len(hidden) - len(found)
    assert "None of these ratings were learned from" in texts(page.catalog)


def test_sliders_turn_the_list_and_mark_what_moved(page):
    page.like(HEAT)
    liked, usual = Preferences(liked_movie_ids=[HEAT]), listed(page)
    page._recommendations.knobs.set({"diversity": 0.6})
    expected = page.recommender.recommend(Preferences(liked_movie_ids=[HEAT], diversity=0.6))
    assert listed(page) == ids(expected)
    marks = dict(
        re.findall(
            r'data-open="(\d+)">[^<]*</button></span>(?: <span class="cm-mark">([^<]*)</span>)?',
            shown_html(page.catalog),
        )
    )
    for one in expected:
        before = usual.index(one.movie_id) + 1 if one.movie_id in usual else None
        words = (
            "new"
            if before is None
            else ""
            if before == one.rank
            else f"{'↑' if before > one.rank else '↓'} from {before}"
        )
        assert marks[str(one.movie_id)] == words
    new = sum(one not in usual for one in ids(expected))
    assert f"The sliders bring in {new} of 20 films" in texts(page.catalog)
    button(page.catalog, "Defaults").click()
    assert listed(page) == ids(page.recommender.recommend(liked)) == usual
    assert "cm-mark" not in shown_html(page.catalog)


def test_the_legend_of_a_long_history_names_its_films_together(page, sample_run):
    many = ids(page.recommender.recommend(k=40))
    html = film_list(page.recommender.recommend(Preferences(liked_movie_ids=many)))
    assert re.search(r"ratings, with \d+ other films", html)
    assert "all other terms together" in html
    assert html.count("<i style=") < 20 * 15 + 20
