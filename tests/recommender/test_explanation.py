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
TIME = Feature("year", "the time it was made", 0.02)


def liked(film, value, *features):
    return ("liked", value, film, features)


def general(value):
    return ("general", value, None, ())


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
    (said,) = explained(parts).words
    return said


def test_shares_are_of_what_speaks_for_the_film():
    reasons = with_shares([liked(HEAT, 0.3, MANN), general(0.1), ("disliked", -0.2, GIGLI, ())])
    assert [(one.kind, one.value, one.share) for one in reasons] == [
        ("liked", 0.3, pytest.approx(0.75)),
        ("disliked", -0.2, pytest.approx(-0.5)),
        ("general", 0.1, pytest.approx(0.25)),
    ]


def test_reasons_that_add_nothing_are_left_out():
    assert [one.kind for one in with_shares([liked(HEAT, 0.0), general(0.1)])] == ["general"]
    assert with_shares([]) == ()


def test_where_nothing_speaks_for_it_shares_are_of_what_speaks_against_it():
    reasons = with_shares([general(-0.1), ("disliked", -0.3, GIGLI, ())])
    assert [one.share for one in reasons] == pytest.approx([-0.75, -0.25])


def test_a_liked_film_is_named_with_what_is_shared():
    assert words(liked(HEAT, 0.42, MANN, CRIME, TIME), general(0.03)) == (
        "Like Heat (1995) (93%): mostly director Michael Mann, crime; better liked than average (7%)"
    )


def test_a_film_without_a_year_is_named_by_its_title():
    assert words(liked(movie("Heat", None), 0.3, MANN)) == "Like Heat (100%): director Michael Mann"


def test_features_that_count_little_or_against_are_not_named():
    against = Feature("year", "the time it was made", -0.05)
    assert words(liked(HEAT, 0.25, MANN, against)) == "Like Heat (1995) (100%): mostly director Michael Mann"


def test_three_features_at_most_are_named():
    features = [Feature("cast_top", name, 0.1) for name in "ABCD"]
    assert words(liked(HEAT, 0.4, *features)) == "Like Heat (1995) (100%): mostly A, B, C"


def test_films_that_add_little_are_counted():
    parts = [liked(HEAT, 0.8, MANN), *[liked(CASINO, 0.05, CRIME)] * 4]
    assert words(*parts) == "Like Heat (1995) (80%): director Michael Mann; like 4 more you liked (20%)"


def test_one_film_that_adds_little_is_named_without_more():
    assert words(liked(HEAT, 0.95, MANN), liked(CASINO, 0.05, CRIME)) == (
        "Like Heat (1995) (95%): director Michael Mann; like Casino (1995) (5%)"
    )


def test_many_films_that_add_hardly_anything_each_are_counted_together():
    assert words(*[liked(HEAT, 0.01, CRIME)] * 100) == "Like 100 films you liked (100%)"


def test_what_adds_hardly_anything_is_passed_over():
    assert words(liked(HEAT, 0.99, MANN), general(0.01)) == "Like Heat (1995) (99%): director Michael Mann"
    assert words(liked(HEAT, 0.001, MANN), general(0.999)) == "Better liked than average (100%)"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["drama"], "Has a genre you asked for: drama (100%)"),
        (["drama", "comedy"], "Has genres you asked for: drama, comedy (100%)"),
    ],
)
def test_the_genres_it_has_are_named(names, said):
    assert words(("genres", 0.1, None, tuple(Feature("genres", name, 0.1 / len(names)) for name in names))) == said


def test_what_speaks_against_it_comes_last():
    assert words(liked(HEAT, 0.2, MANN), ("disliked", -0.1, GIGLI, (CRIME,)), general(0.2)) == (
        "Like Heat (1995) (50%): director Michael Mann; better liked than average (50%); "
        "but like Gigli (2003) (−25%), which you disliked"
    )


def test_every_kind_that_speaks_against_it_has_words():
    parts = [liked(HEAT, 0.5, MANN), liked(CASINO, -0.1), general(-0.1), ("variety", -0.2, GIGLI, ())]
    assert words(*parts) == (
        "Like Heat (1995) (100%): director Michael Mann; but unlike Casino (1995) (−20%), which you liked; "
        "less liked than average (−20%); close to Gigli (2003), higher in this list (−40%)"
    )


def test_unlikeness_to_a_disliked_film_speaks_for_it():
    assert words(("disliked", 0.1, GIGLI, ()), general(0.1)) == (
        "Unlike Gigli (2003) (50%), which you disliked; better liked than average (50%)"
    )


def test_nothing_but_reasons_against_it_needs_no_but():
    assert words(("popular", 0.1, None, (Feature("likes", "12 people", 0.1),))) == "Liked by 12 people (100%)"
    few = ("popular", -0.1, None, (Feature("likes", "3 people", -0.1),))
    assert words(liked(HEAT, 0.4, MANN), few).endswith("; but less known: liked by 3 people (−25%)")
    assert words(general(-0.1)) == "Less liked than average (−100%)"
    assert words(*[("disliked", -0.01, GIGLI, ())] * 200) == "Like 200 films you disliked (−100%)"


def test_more_against_it_than_for_it_is_said_in_words():
    assert words(general(1.0), liked(CASINO, -1.004)).endswith("unlike Casino (1995) (−100%), which you liked")
    assert words(general(1.0), liked(CASINO, -1.006)).endswith("(more than all that), which you liked")


def test_no_reasons_at_all():
    assert words() == words(general(0.0)) == "Nothing speaks for or against it."


def test_each_film_of_a_list_is_explained_by_its_own_addends():
    values = np.array([[0.3, 0.1], [0.0, 0.0], [-0.2, 0.0]])
    films = [HEAT, CASINO]
    explanations = Explanations(
        lambda: [
            Contributions("rated_with_liked", values, lambda _, at: films[at]),
            Contributions("general", np.array([[0.0], [0.1], [0.0]])),
        ]
    )
    assert explanations.words == [
        "People who like Heat (1995) (75%) and Casino (1995) (25%) also like it",
        "Better liked than average (100%)",
        "People who like Heat (1995) (−100%), which you liked, like it less than expected",
    ]
    assert [[(one.kind, one.movie, one.value) for one in explanations.reasons(at)] for at in range(3)] == [
        [("rated_with_liked", HEAT, 0.3), ("rated_with_liked", CASINO, 0.1)],
        [("general", None, 0.1)],
        [("rated_with_liked", HEAT, -0.2)],
    ]


def test_a_feature_and_a_reason_are_plain_values():
    assert Feature("director", "director Michael Mann", 0.3) == MANN
    assert Reason("general", 0.1, 1.0) == Reason("general", 0.1, 1.0, None, ())
    with pytest.raises(AttributeError):
        MANN.value = 1


# --- through other people's ratings ------------------------------------------------------------------


def rated(film, value, of="liked"):
    return (f"rated_with_{of}", value, film, ())


def test_liked_films_that_speak_through_ratings_are_told_together():
    assert words(rated(HEAT, 0.62), rated(CASINO, 0.38)) == (
        "People who like Heat (1995) (62%) and Casino (1995) (38%) also like it"
    )


def test_those_that_say_little_are_counted():
    few = [rated(movie(f"Film {at}"), 0.04) for at in range(5)]
    assert words(rated(HEAT, 0.5), rated(GIGLI, 0.3), *few) == (
        "People who like Heat (1995) (50%), Gigli (2003) (30%) and 5 more you liked (20%) also like it"
    )
    assert words(*few * 5) == "People who like 25 films you liked (100%) also like it"


def test_likeness_beside_ratings_is_told_of_the_film():
    assert words(rated(HEAT, 0.6), liked(HEAT, 0.4, MANN)) == (
        "People who like Heat (1995) (60%) also like it; it is like Heat (1995) (40%): director Michael Mann"
    )
    assert words(rated(HEAT, 0.4), liked(HEAT, 0.6, MANN)) == (
        "Like Heat (1995) (60%): director Michael Mann; people who like Heat (1995) (40%) also like it"
    )


def test_ratings_that_speak_against_it_are_told_as_what_they_are():
    parts = [rated(HEAT, 1.0), rated(CASINO, -0.2), rated(GIGLI, -0.1, "disliked"), ("disliked", -0.1, GIGLI, ())]
    assert words(*parts) == (
        "People who like Heat (1995) (100%) also like it; but people who like Gigli (2003) (−10%), which you "
        "disliked, also like it; it is like Gigli (2003) (−10%), which you disliked; people who like Casino (1995) "
        "(−20%), which you liked, like it less than expected"
    )


def test_what_admirers_of_a_disliked_film_like_less_speaks_for_it():
    assert words(rated(HEAT, 0.9), rated(GIGLI, 0.1, "disliked")) == (
        "People who like Heat (1995) (90%) also like it; people who like Gigli (2003) (10%), which you disliked, "
        "like it less than expected"
    )
    many = [rated(movie(f"Film {at}"), 0.04, "disliked") for at in range(3)]
    assert words(rated(HEAT, 0.88), *many) == (
        "People who like Heat (1995) (88%) also like it; people who like 3 films you disliked (12%) like it less "
        "than expected"
    )
