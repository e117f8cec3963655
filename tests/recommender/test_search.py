import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.search_index import FAMOUS, found, index_of
from support.small_runs import recommender_of, sample_recommender

from cinematch_lib import CineMatchError, UnknownNameError


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return sample_recommender(tmp_path_factory)


def labels(recommender, text, k=5):
    return [movie.label for movie in recommender.search(text, k)]


# --- what is found, in which order -------------------------------------------------------------------


def test_titles_that_are_the_text_come_before_those_that_begin_with_it_or_hold_it():
    index = index_of("Cheating", "City Heat", "Heathers", "Heat", quality=[1, 1, 1, 1])
    assert found(index, "heat") == ["Heat (2000)", "City Heat (2000)", "Heathers (2000)", "Cheating (2000)"]
    assert found(index, "heat", k=2) == ["Heat (2000)", "City Heat (2000)"]


@pytest.mark.parametrize("title", ["O", "W.", "10", "Ma"])
def test_a_title_of_one_or_two_letters_comes_before_the_best_known_that_begin_with_them(title):
    known = ["O Brother", "Wonder", "10 Things I Hate About You", "Mama Mia", "Matrix"]
    index = index_of(*known, title, quality=[1, 1, 1, 1, 1, 0])
    assert found(index, title.lower(), k=1) == [f"{title} (2000)"]


def test_well_liked_films_come_first_then_lower_ids():
    index = index_of("Alien 1", "Alien 2", "Alien 3", "Alien 4", quality=[0, 1, 1, 0])
    assert found(index, "alien") == ["Alien 2 (2000)", "Alien 3 (2000)", "Alien 1 (2000)", "Alien 4 (2000)"]


@pytest.mark.parametrize(
    "text", ["amelie", "AMÉLIE", " Ame\u0301lie ", "Amelie!", "Amélie (2001)", "Le fabuleux destin d'Amélie Poulain"]
)
def test_case_accents_and_punctuation_do_not_matter(text):
    index = index_of(("Amélie (Le fabuleux destin d'Amélie Poulain)", 2001), "Camelot")
    assert found(index, text)[0] == "Amélie (Le fabuleux destin d'Amélie Poulain) (2001)"


@pytest.mark.parametrize(
    "text", ["The Matrix", "matrix", "Matrix, The", "Matrix, The (1999)", "The Matrix (1999)", "matrix 1999"]
)
def test_a_leading_article_and_movielens_form_do_not_matter(text):
    index = index_of("Matrix Found", ("The Matrix", 1999))
    assert found(index, text)[0] == "The Matrix (1999)"


@pytest.mark.parametrize("text", ["Se7en", "seven", "Seven (1995)", "seven (a.k.a. se7en)"])
def test_alternative_titles(text):
    index = index_of("Seven Samurai", ("Seven (a.k.a. Se7en)", 1995))
    assert found(index, text)[0] == "Seven (a.k.a. Se7en) (1995)"


@pytest.mark.parametrize("text", ["spiderman", "Spider-Man", "spider man", "SPIDER MAN (2002)"])
def test_spaces_and_hyphens_do_not_matter(text):
    index = index_of("Paperman", ("The Amazing Spider-Man", 2012), ("Spider-Man", 2002))
    assert found(index, text)[:2] == ["Spider-Man (2002)", "The Amazing Spider-Man (2012)"]
    assert index.resolve(text) == 2


@pytest.mark.parametrize("text", ["Godfahter", "godfathr", "The Godfahter", "godfather (1973)", "Godfatherr"])
def test_a_misspelt_title(text):
    index = index_of("Cocaine Godmother", ("The Godfather", 1972), "Heat")
    assert found(index, text)[0] == "The Godfather (1972)"
    assert "Heat (2000)" not in found(index, text)


def test_of_titles_as_close_the_one_without_more_words_comes_first():
    assert found(index_of("Body Heat", ("Heat", 1995), "Hate Story"), "haet")[0] == "Heat (1995)"


def test_one_word_misspelt_among_others():
    index = index_of("The Shawshank Redemption", "Redemption Road", "Pulp Fiction")
    assert found(index, "shawshenk redemption") == ["The Shawshank Redemption (2000)"]


def test_small_words_alone_are_no_likeness():
    index = index_of("Silence of the Lambs", "Raiders of the Lost Ark", "The Fellowship of the Ring")
    assert found(index, "silence of the lambs") == ["Silence of the Lambs (2000)"]


@pytest.mark.parametrize("text", ["", "   ", "?!", "...", "()", "(", "xyzzy qwerty", "\x00"])
def test_nothing_found_is_an_empty_list(text):
    assert found(index_of("Heat", "Casino"), text) == []


def test_titles_in_other_letters():
    index = index_of("千と千尋の神隠し", "Иди и смотри", "Ça", "$", "★ (Star)")
    assert found(index, "千と千尋") == ["千と千尋の神隠し (2000)"]
    assert found(index, "иди и смотри") == ["Иди и смотри (2000)"]
    assert found(index, "ca")[0] == "Ça (2000)"
    assert found(index, "$") == ["$ (2000)"]
    assert found(index, "★") == ["★ (Star) (2000)"]


def test_a_year_is_found_and_comes_before_none():
    index = index_of(("Heat", 1995), ("Casino", 1995), ("2001: A Space Odyssey", 1968), ("Amélie", 2001))
    assert found(index, "1995") == ["Heat (1995)", "Casino (1995)"]
    assert found(index, "2001") == ["2001: A Space Odyssey (1968)", "Amélie (2001)"]
    assert found(index, "(1995)") == ["Heat (1995)", "Casino (1995)"]


def test_of_one_name_the_year_in_brackets_comes_first():
    index = index_of(("Sabrina", 1995), ("Sabrina", 1954))
    assert found(index, "Sabrina (1954)") == ["Sabrina (1954)", "Sabrina (1995)"]


def test_a_very_long_text_is_answered_at_once():
    assert found(index_of("Heat"), "heat " * 100_000) == ["Heat (2000)"]


def test_an_index_of_no_titles():
    assert index_of().search("heat", 5) == []


# --- the one film that a title names -----------------------------------------------------------------


def test_a_title_that_is_one_films():
    index = index_of(("Heat", 1995), ("The Heat", 2013), ("Casino", None))
    assert index.resolve("Heat") == 0  # to the letter
    assert index.resolve("The Heat") == 1
    assert index.resolve("Heat (2013)") == 1
    assert index.resolve("casino") == 2


def test_films_that_no_name_tells_apart():
    index = index_of(("War of the Worlds", 2005), ("War of the Worlds", 2005), ("Heat", 1995), quality=[0.1, 0.3, 0])
    assert index.resolve("War of the Worlds (2005)") == index.resolve("war of the worlds") == 1


@pytest.mark.parametrize(
    ("title", "message"),
    [
        ("Sabrina", "2 films are called 'Sabrina': Sabrina (1995), Sabrina (1954); add the year"),
        ("Sabrina (1955)", "no film here is called 'Sabrina (1955)'; did you mean Sabrina (1954), Sabrina (1995)?"),
        ("Godfahter", "no film here is called 'Godfahter'; did you mean The Godfather (1972)?"),
        ("xyzzy", "no film here is called 'xyzzy'"),
        ("", "no film here is called ''"),
        ("  ", "no film here is called '  '"),
        ("???", "no film here is called '???'"),
        ("(1995)", "no film here is called '(1995)'"),
    ],
)
def test_what_names_no_film_or_several(title, message):
    index = index_of(("Sabrina", 1995), ("Sabrina", 1954), ("The Godfather", 1972), ("", 1990))
    with pytest.raises(UnknownNameError) as raised:
        index.resolve(title)
    assert str(raised.value) == message


def test_suggestions_can_be_read():
    films = recommender_of({"title": "Heat", "year": 1995}, {"title": "Casino", "year": 1995})
    with pytest.raises(UnknownNameError) as raised:
        films.find("Haet")
    assert raised.value.suggestions == ("Heat (1995)",)


# --- on the sample, as people ask --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("godfahter", "The Godfather (1972)"),
        ("star wars 1977", "Star Wars: Episode IV - A New Hope (1977)"),
        ("empire strikes back", "Star Wars: Episode V - The Empire Strikes Back (1980)"),
        ("schindlers list", "Schindler's List (1993)"),
        ("jurrasic park", "Jurassic Park (1993)"),
        ("walle", "WALL·E (2008)"),
        ("pulp ficton", "Pulp Fiction (1994)"),
        ("shawshenk", "The Shawshank Redemption (1994)"),
        ("12 monkeys", "Twelve Monkeys (a.k.a. 12 Monkeys) (1995)"),
        ("leon the professional", "Léon: The Professional (a.k.a. The Professional) (Léon) (1994)"),
        ("se7en", "Seven (a.k.a. Se7en) (1995)"),
        ("Crouching tiger", "Crouching Tiger, Hidden Dragon (Wo hu cang long) (2000)"),
        ("cite des enfants perdus", "The City of Lost Children (La Cité des enfants perdus) (1995)"),
        ("terminator 2", "Terminator 2: Judgment Day (1991)"),
        ("2001", "2001: A Space Odyssey (1968)"),
        ("alien", "Alien (1979)"),
        ("et the extraterrestrial", "E.T. the Extra-Terrestrial (1982)"),
        ("dr strangelove", "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb (1964)"),
        ("Silence of the Lambs, The (1991)", "The Silence of the Lambs (1991)"),
        ("oceans eleven 2001", "Ocean's Eleven (2001)"),
    ],
)
def test_what_people_ask_for_comes_first(sample, text, first):
    assert labels(sample, text)[0] == first


# --- people and plots --------------------------------------------------------------------------------


STORIES = (
    {
        "title": "Heat",
        "director": "Michael Mann",
        "cast_top": "Al Pacino|Val Kilmer",
        "overview": "A thief robs banks.",
    },
    {
        "title": "Collateral",
        "year": 1995,
        "director": "Michael Mann",
        "overview": "A taxi driver meets a killer.",
    },
    {"title": "Mann", "overview": "Nobody is called so."},
    {"title": "The Banks", "overview": "Two thieves dig a tunnel."},
)


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("michael mann", ["Heat", "Collateral"]),
        ("micheal man", ["Heat", "Collateral"]),
        ("mann", ["Mann", "Heat", "Collateral"]),
        ("pacino", ["Heat"]),
        ("taxi killer", ["Collateral"]),
        ("bank", ["The Banks", "Heat"]),
        ("tunnel", ["The Banks"]),
        ("pacinno", ["Heat"]),
        ("heat pacino", ["Heat"]),
        ("mann taxi", ["Collateral", "Mann"]),
        ("kilmer thief", ["Heat"]),
        ("michael mann 1995", ["Collateral", "Heat"]),
        ("banks pacino", ["Heat", "The Banks"]),
    ],
)
def test_people_and_plots_come_after_titles(text, titles):
    films = recommender_of(*STORIES, quality=[0.4, 0.3, 0.2, 0.1])
    assert [movie.title for movie in films.search(text)][: len(titles)] == titles


@pytest.mark.parametrize("text", ["lee brothers", "The Lee Brothers", "lee bros", "lee sisters", "lee brothers 2000"])
def test_brothers_are_people_of_a_surname_and_those_who_made_a_film_together_come_first(text):
    films = recommender_of(
        {"title": "Brothers"},
        {"title": "Two Brothers"},
        {"title": "Alone", "director": "Ann Lee"},
        {"title": "Together", "director": "Ann Lee|Bo Lee"},
        {"title": "Leeds", "director": "Lee Dean", "cast_top": "Ann Leeson"},
        quality=[0.4, 0.3, 0.3, 0.3, 0.3],
    )
    assert [movie.title for movie in films.search(text)][:2] == ["Together", "Alone"]


def test_a_title_with_brothers_comes_before_people():
    films = recommender_of({"title": "Lee's Brothers"}, {"title": "Together", "director": "Ann Lee|Bo Lee"})
    assert films.search("lees brothers")[0].title == "Lee's Brothers"


def test_a_number_beside_initials_is_no_person():
    films = recommender_of({"title": "Heat", "director": "Mary Irons"}, {"title": "MI Four"}, quality=[1, 0.5])
    assert films.search("mi 4")[0].title == "MI Four"


def test_fields_say_what_is_searched():
    films = recommender_of(*STORIES, quality=[0.4, 0.3, 0.2, 0.1])
    assert [movie.title for movie in films.search("mann", fields=["title"])] == ["Mann"]
    assert [movie.title for movie in films.search("mann", fields=["people"])] == ["Heat", "Collateral"]
    assert [movie.title for movie in films.search("banks", fields=["plot"])] == ["Heat"]
    for fields in (["name"], ["title", "name"], "title", [], None):
        with pytest.raises(CineMatchError) as raised:
            films.search("mann", fields=fields)
        assert str(raised.value) == f"fields must be a list of title, people, plot, got {fields!r}"


@given(st.text(max_size=40))
def test_any_text_is_answered(text):
    assert len(ANY.search(text, 3)) <= 3


ANY = index_of(*FAMOUS)
