"""One's own ratings from a file, on the page."""

import re

import pytest
from playwright.sync_api import expect
from support.browser import needs_chromium
from support.page_server import CONTRASTS, MANY
from support.small_runs import ids

from cinematch_lib import Preferences

pytestmark = needs_chromium

HEAT, TOY_STORY = 6, 1
TEXT = "Date,Name,Year,Letterboxd URI,Rating\n,Heat,1995,,4.5\n,Toy Stroy,1995,,2\n,Zzyzx Qqq,1901,,3\n"


def choose(visit, text, name="ratings.csv"):
    visit.page.get_by_role("button", name="Bring your ratings").click()
    visit.page.get_by_label("File of ratings").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    )


def test_the_ratings_of_a_file_count_and_what_is_missing_can_be_chosen(visit, films):
    page = visit.page
    choose(visit, TEXT)
    expect(page.locator("#upload-status")).to_have_text("1 film added with your stars. 2 films not found here:")
    visit.shows(ids(films.recommend(Preferences(ratings={HEAT: 4.5}), k=MANY, capped=True)))
    rows = page.get_by_role("list", name="Films that were not found").get_by_role("listitem")
    expect(rows.nth(1)).to_contain_text("Zzyzx Qqq (1901)")
    assert page.evaluate(CONTRASTS) == []
    rows.first.get_by_role("button", name="It is Toy Story (1995)").click()
    expect(rows.first).to_have_text("Toy Stroy (1995): added as Toy Story (1995), 2 stars.")
    visit.focuses("upload-file")
    page.get_by_role("button", name="Close").click()
    visit.shows(ids(films.recommend(Preferences(ratings={HEAT: 4.5, TOY_STORY: 2}), k=MANY, capped=True)))
    assert visit.chips() == ["Heat (1995) · 4.5 ★"]
    assert visit.data()["feedback"] == []


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_files_in_other_encodings_are_read_and_what_was_converted_is_told(visit, encoding):
    visit.page.get_by_role("button", name="Bring your ratings").click()
    content = "Name,Rating\nMisérables,8/10\nHeat – 1995,4\n".encode(encoding)
    visit.page.get_by_label("File of ratings").set_input_files(
        {"name": "ratings.csv", "mimeType": "text/csv", "buffer": content}
    )
    expect(visit.page.locator("#upload-status")).to_contain_text("1 rating written as '8/10', which is 4 stars")
    expect(visit.page.locator("#upload-status")).to_contain_text("1 title with a year behind, as 'Heat – 1995'")
    assert "�" not in visit.page.content()


def test_the_ratings_of_a_file_can_be_taken_back(visit, films):
    visit.pick("heat", "Heat (1995)")
    visit.has_feedback({HEAT: "like"})
    choose(visit, TEXT)
    expect(visit.page.locator("#toast-text")).to_have_text("Added 1 rating.")
    visit.has_feedback({})
    visit.page.get_by_role("button", name="Close").click()
    visit.page.get_by_role("button", name="Undo").click()
    visit.shows(ids(films.recommend(Preferences(liked_movie_ids=[HEAT]), k=MANY, capped=True)))
    visit.has_feedback({HEAT: "like"})


def test_many_films_are_sent_as_stars_and_beyond_the_limit_as_seen(visit, films):
    rated = films.movie_ids[:1005].tolist()
    choose(visit, "movieId,rating\n" + "".join(f"{movie_id},4\n" for movie_id in rated))
    newest, older = dict.fromkeys(rated[5:], 4), rated[:5]
    visit.shows(ids(films.recommend(Preferences(ratings=newest, seen=older), k=MANY, capped=True)))
    expect(visit.page.locator("#liked li")).to_have_count(61)
    expect(visit.page.locator("#liked li").last).to_have_text("and 945 more")
    assert visit.overflow() == 0


def test_other_files_are_refused_in_plain_words(visit):
    problem = visit.page.locator("#upload-problem")
    choose(visit, "PK zip")
    expect(problem).to_have_text("This is a zip file. Unpack it, and choose ratings.csv from it.")
    choose_again = visit.page.get_by_label("File of ratings")
    choose_again.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"x" * 2_000_000})
    expect(problem).to_contain_text("larger than 1.9 MB")
    choose_again.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"Name,Rating\nHeat,good\n"})
    expect(problem).to_have_text(re.compile("the file has the rating 'good' on line 2"))
    visit.expect_error("status of 422")
