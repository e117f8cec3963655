import numpy as np
import pytest

from cinematch_lib.recommender.explanation import Explanations
from cinematch_lib.recommender.films import Movie
from cinematch_lib.recommender.reasons import Contributions, Feature, Reason


def movie(title, year=1995):
    return Movie(1, title, year, None, (), (), title)


HEAT, CASINO, GIGLI = movie("Heat"), movie("Casino"), movie("Gigli", 2003)
MANN = Feature("director", "director Michael Mann", 0.3)
CRIME = Feature("genres", "crime", 0.1)
TIME = Feature("year", "a similar year", 0.02)


def liked(film, value, *features):
    return ("liked", value, film, features)


def quality(value):
    return ("quality", value, None, ())


def popularity(value, people):
    """What the number of people who like a film takes off, where 1,000 like the most popular one."""
    most = Feature("most_likes", "1,000 people like the most popular film", 0.0)
    return ("popularity", value, None, (Feature("likes", people, value), most))


def explained(parts):
    """The explanations of a list of one film, from (kind, value, movie, features)."""
    return Explanations(
        lambda: [of_kind(kind, parts) for kind in dict.fromkeys(part[0] for part in parts)] or [NOTHING]
    )


def of_kind(kind, parts):
    of = [part[1:] for part in parts if part[0] == kind]
    values = np.array([[value for value, _, _ in of]])
    return Contributions(kind, values, lambda _, at: of[at][1], lambda _, at: of[at][2])


NOTHING = Contributions("liked", np.zeros((1, 0)))


def with_shares(parts):
    return explained(parts).reasons(0)


def words(*parts):
    (said,) = explained(parts).sentences
    return said


def test_shares_are_of_what_speaks_for_the_film():
    reasons = with_shares([liked(HEAT, 0.3, MANN), quality(0.1), ("disliked", -0.2, GIGLI, ())])
    assert [(one.kind, one.value, one.share) for one in reasons] == [
        ("liked", 0.3, pytest.approx(0.75)),
        ("disliked", -0.2, pytest.approx(-0.5)),
        ("quality", 0.1, pytest.approx(0.25)),
    ]


def test_reasons_that_add_nothing_are_left_out():
    assert [one.kind for one in with_shares([liked(HEAT, 0.0), quality(0.1)])] == ["quality"]
    assert with_shares([]) == ()


def test_where_nothing_speaks_for_it_shares_are_of_what_speaks_against_it():
    reasons = with_shares([quality(-0.1), ("disliked", -0.3, GIGLI, ())])
    assert [one.share for one in reasons] == pytest.approx([-0.75, -0.25])


def test_a_liked_film_is_named_with_what_is_shared():
    assert words(liked(HEAT, 0.42, MANN, CRIME, TIME), quality(0.03)) == (
        "Similar to Heat (1995): director Michael Mann, crime. Its ratings are above average."
    )


def test_a_film_without_a_year_is_named_by_its_title():
    assert words(liked(movie("Heat", None), 0.3, MANN)) == "Similar to Heat: director Michael Mann."


def test_features_that_count_little_or_against_are_not_named():
    against = Feature("year", "a similar year", -0.05)
    assert words(liked(HEAT, 0.25, MANN, against)) == "Similar to Heat (1995): director Michael Mann."


def test_several_directors_are_told_together():
    coens = tuple(Feature("director", f"director {name} Coen", 0.2) for name in ("Ethan", "Joel"))
    said = words(("rated_with_liked", 0.4, HEAT, ()), liked(GIGLI, 0.4, *coens))
    assert "the directors Ethan Coen and Joel Coen with Gigli" in said


def test_three_features_at_most_are_named():
    features = [Feature("cast_top", name, 0.1) for name in "ABCD"]
    assert words(liked(HEAT, 0.4, *features)) == "Similar to Heat (1995): A, B, C."


def test_what_two_fields_share_is_named_once_and_not_as_a_tag():
    tag, other = Feature("tags", "“crime”", 0.2), Feature("tags", "“al pacino”", 0.05)
    pacino = Feature("cast_top", "Al Pacino", 0.05)
    assert words(liked(HEAT, 0.4, tag, CRIME, pacino, other)) == "Similar to Heat (1995): crime, Al Pacino."


def test_words_of_the_story_are_named_where_nothing_better_is_shared():
    word = Feature("overview", "“heist” in the story", 0.9)
    assert words(liked(HEAT, 0.92, word, TIME)) == "Similar to Heat (1995): “heist” in the story."
    assert words(liked(HEAT, 1.0, word, CRIME)) == "Similar to Heat (1995): crime."


def test_films_that_add_little_are_counted():
    parts = [liked(HEAT, 0.8, MANN), *[liked(CASINO, 0.05, CRIME)] * 4]
    assert words(*parts) == "Similar to Heat (1995) (80%): director Michael Mann; to 4 more films you liked (20%)."


def test_one_film_that_adds_little_is_named_without_more():
    assert words(liked(HEAT, 0.95, MANN), liked(CASINO, 0.05, CRIME)) == (
        "Similar to Heat (1995) (95%): director Michael Mann; to Casino (1995) (5%)."
    )


def test_many_films_that_add_hardly_anything_each_are_counted_together():
    assert words(*[liked(HEAT, 0.01, CRIME)] * 100) == "Similar to 100 films you liked."


def test_what_adds_hardly_anything_is_passed_over():
    assert words(liked(HEAT, 0.99, MANN), quality(0.01)) == "Similar to Heat (1995): director Michael Mann."
    assert words(liked(HEAT, 0.001, MANN), quality(0.999)) == "Its ratings are above average."


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["drama"], "It has drama, which you asked for."),
        (["drama", "comedy"], "It has drama and comedy, which you asked for."),
    ],
)
def test_the_genres_it_has_are_named(names, said):
    assert words(("genres", 0.1, None, tuple(Feature("genres", name, 0.1 / len(names)) for name in names))) == said


def test_what_speaks_against_it_comes_last():
    assert words(liked(HEAT, 0.2, MANN), ("disliked", -0.1, GIGLI, (CRIME,)), quality(0.2)) == (
        "Similar to Heat (1995) (50%): director Michael Mann. Its ratings are above average (50%). "
        "It resembles Gigli (2003) (−25%), which you disliked."
    )


def test_every_kind_that_speaks_against_it_has_words():
    parts = [liked(HEAT, 0.5, MANN), liked(CASINO, -0.1), quality(-0.1), ("diversity", -0.2, GIGLI, ())]
    assert words(*parts) == (
        "Similar to Heat (1995): director Michael Mann. It differs from Casino (1995) (−20%), which you liked. "
        "Its ratings are below average (−20%). It resembles Gigli (2003), higher in this list (−40%)."
    )


def test_unlikeness_to_a_disliked_film_speaks_for_it():
    assert words(("disliked", 0.1, GIGLI, ()), quality(0.1)) == (
        "It differs from Gigli (2003) (50%), which you disliked. Its ratings are above average (50%)."
    )


def test_nothing_but_reasons_against_it_needs_no_but():
    assert words(("popularity", 0.1, None, (Feature("likes", "12 people", 0.1),))) == "12 people like it."
    few = popularity(-0.2, "3 people")
    assert words(liked(HEAT, 0.4, MANN), few).endswith(
        "Mann. 3 people like it, far fewer than the 1,000 who like the most popular film."
    )
    assert words(liked(HEAT, 0.5, MANN), few) == "Similar to Heat (1995): director Michael Mann."
    assert words(quality(-0.1)) == "Its ratings are below average (−100%)."
    assert words(*[("disliked", -0.01, GIGLI, ())] * 200) == "It resembles 200 films you disliked (−100%)."


def test_how_few_people_like_it_is_told_by_the_number_who_like_the_most_popular_film():
    similar = "Similar to Heat (1995): director Michael Mann."
    said = {
        "999 people": similar,
        "501 people": similar,
        "500 people": f"{similar} 500 people like it, fewer than the 1,000 who like the most popular film.",
        "100 people": f"{similar} 100 people like it, fewer than the 1,000 who like the most popular film.",
        "99 people": f"{similar} 99 people like it, far fewer than the 1,000 who like the most popular film.",
        "1 person": f"{similar} Only 1 person likes it.",
        "nobody": f"{similar} Nobody is known to like it.",
    }
    assert {people: words(liked(HEAT, 0.1, MANN), popularity(-0.09, people)) for people in said} == said
    assert words(popularity(-0.1, "999 people")) == (
        "999 people like it, fewer than the 1,000 who like the most popular film."
    )
    assert words(("popularity", 0.1, None, (Feature("likes", "1 person", 0.1),))) == "1 person likes it."


def test_more_against_it_than_for_it_is_said_in_words():
    assert words(quality(1.0), liked(CASINO, -1.004)).endswith(
        "It differs from Casino (1995) (−100%), which you liked."
    )
    assert words(quality(1.0), liked(CASINO, -1.006)).endswith("It differs from Casino (1995), which you liked.")


def test_no_reasons_at_all():
    assert words() == words(quality(0.0)) == ("As far as is known, nothing raises or lowers its score.")


def test_each_film_of_a_list_is_explained_by_its_own_addends():
    values = np.array([[0.3, 0.1], [0.0, 0.0], [-0.2, 0.0]])
    films = [HEAT, CASINO]
    explanations = Explanations(
        lambda: [
            Contributions("rated_with_liked", values, lambda _, at: films[at]),
            Contributions("quality", np.array([[0.0], [0.1], [0.0]])),
        ]
    )
    assert explanations.sentences == [
        "People who like Heat (1995) (75%) also like it, and so do some who like Casino (1995) (25%).",
        "Its ratings are above average.",
        "People who like Heat (1995) (−100%) choose it less often.",
    ]
    assert [[(one.kind, one.movie, one.value) for one in explanations.reasons(at)] for at in range(3)] == [
        [("rated_with_liked", HEAT, 0.3), ("rated_with_liked", CASINO, 0.1)],
        [("quality", None, 0.1)],
        [("rated_with_liked", HEAT, -0.2)],
    ]


def test_a_feature_and_a_reason_are_plain_values():
    assert Feature("director", "director Michael Mann", 0.3) == MANN
    assert Reason("quality", 0.1, 1.0) == Reason("quality", 0.1, 1.0, None, ())
    with pytest.raises(AttributeError):
        MANN.value = 1


# --- through other people's ratings ------------------------------------------------------------------


def rated(film, value, of="liked"):
    return (f"rated_with_{of}", value, film, ())


def test_liked_films_that_speak_through_ratings_are_told_together():
    assert words(rated(HEAT, 0.62), rated(CASINO, 0.38)) == (
        "It is often liked together with Heat (1995) (62%) and Casino (1995) (38%)."
    )


def test_those_that_say_little_are_counted():
    few = [rated(movie(f"Film {at}"), 0.04) for at in range(5)]
    assert words(rated(HEAT, 0.5), rated(GIGLI, 0.3), *few) == (
        "People who like Heat (1995) (50%), Gigli (2003) (30%) and 5 more films you liked (20%) also like it."
    )
    assert words(*few * 5) == "People who like 25 films you liked also like it."


def test_likeness_beside_ratings_is_told_of_the_film():
    assert words(rated(HEAT, 0.6), liked(HEAT, 0.4, MANN)) == (
        "People who like Heat (1995) (60%) also like it; the two films share the director Michael Mann (40%)."
    )
    assert words(rated(HEAT, 0.4), liked(HEAT, 0.6, MANN)) == (
        "Similar to Heat (1995) (60%): director Michael Mann. People who like Heat (1995) (40%) also like it."
    )


def test_item_weights_that_lower_the_score_come_last():
    parts = [rated(HEAT, 1.0), rated(CASINO, -0.2), rated(GIGLI, -0.1, "disliked"), ("disliked", -0.1, GIGLI, ())]
    assert words(*parts) == (
        "People who like Heat (1995) also like it. It is also liked by people who like Gigli (2003) (−10%), which you "
        "disliked. It resembles Gigli (2003) (−10%), which you disliked. People who like Casino (1995) (−20%) choose "
        "it less often."
    )


def test_item_weights_of_disliked_films_can_raise_the_score():
    assert words(rated(HEAT, 0.9), rated(GIGLI, 0.1, "disliked")) == (
        "People who like Heat (1995) (90%) also like it. People who like Gigli (2003) (10%), which you disliked, "
        "choose it less often."
    )
    many = [rated(movie(f"Film {at}"), 0.04, "disliked") for at in range(3)]
    assert words(rated(HEAT, 0.88), *many) == (
        "People who like Heat (1995) (88%) also like it. People who like 3 films you disliked (12%) choose it less "
        "often."
    )


def test_what_lowers_the_score_by_less_than_a_tenth_is_not_told():
    few = popularity(-0.09, "251 people")
    assert words(rated(HEAT, 1.0), few) == "People who like Heat (1995) also like it."
    assert [one.kind for one in with_shares([rated(HEAT, 1.0), few])] == ["rated_with_liked", "popularity"]


def test_the_year_alone_is_told_as_little():
    assert words(liked(HEAT, 0.1, TIME)) == "As far as is known, it shares only a similar year with Heat (1995)."
    length = Feature("runtime", "a similar length", 0.02)
    assert words(liked(HEAT, 0.1, TIME, length)) == (
        "As far as is known, it shares only a similar year and a similar length with Heat (1995)."
    )


def test_small_similarity_beside_item_weights_tells_what_is_shared():
    assert words(rated(HEAT, 0.97), liked(HEAT, 0.03, MANN, CRIME)) == (
        "People who like Heat (1995) also like it; the two films share the director Michael Mann and the genre crime."
    )
