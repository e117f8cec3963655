import pytest
from hypothesis import given
from hypothesis import strategies as st

from cinematch_lib.vocabulary.genres import MOVIELENS_GENRES, TMDB_ONLY_GENRES, canonical_genre, canonical_genres

TMDB_GENRES = {
    "Action": "action",
    "Adventure": "adventure",
    "Animation": "animation",
    "Comedy": "comedy",
    "Crime": "crime",
    "Documentary": "documentary",
    "Drama": "drama",
    "Family": "children",
    "Fantasy": "fantasy",
    "History": "history",
    "Horror": "horror",
    "Music": "musical",
    "Mystery": "mystery",
    "Romance": "romance",
    "Science Fiction": "sci-fi",
    "TV Movie": "tv movie",
    "Thriller": "thriller",
    "War": "war",
    "Western": "western",
}


def test_the_vocabulary_is_movielens_own_in_lower_case():
    assert len(MOVIELENS_GENRES) == 18
    assert list(MOVIELENS_GENRES) == sorted(name.lower() for name in MOVIELENS_GENRES)
    assert TMDB_ONLY_GENRES == ("history", "tv movie")


@pytest.mark.parametrize(("name", "canonical"), TMDB_GENRES.items())
def test_every_genre_of_tmdb_has_its_place(name, canonical):
    assert canonical_genre(name) == canonical


@pytest.mark.parametrize("name", [*MOVIELENS_GENRES, *TMDB_ONLY_GENRES])
def test_case_spaces_and_hyphens_do_not_matter(name):
    for spelling in (name, name.upper(), name.title(), f"  {name} ", name.replace("-", " "), name.replace("-", "")):
        assert canonical_genre(spelling) == name


@pytest.mark.parametrize(
    ("spelling", "canonical"),
    [
        ("scifi", "sci-fi"),
        ("SF", "sci-fi"),
        ("Science-Fiction", "sci-fi"),
        ("Children's", "children"),
        ("Kids", "children"),
        ("animated", "animation"),
        ("Film Noir", "film-noir"),
        ("noir", "film-noir"),
        ("TV  movie", "tv movie"),
    ],
)
def test_common_spellings_reach_the_same_genre(spelling, canonical):
    assert canonical_genre(spelling) == canonical


@pytest.mark.parametrize("name", ["(no genres listed)", "IMAX", "imax", "", "  ", "-"])
def test_what_is_no_genre_has_no_name(name):
    assert canonical_genre(name) is None


def test_a_genre_of_a_data_sets_own_is_kept_in_lower_case():
    assert canonical_genre("  Martial   Arts ") == "martial arts"


@given(st.text())
def test_a_canonical_name_is_its_own(name):
    canonical = canonical_genre(name)
    if canonical is not None:
        assert canonical
        assert canonical_genre(canonical) == canonical


@given(st.lists(st.sampled_from([*TMDB_GENRES, "IMAX", "sci-fi", "Own"])))
def test_lists_keep_their_order_and_name_a_genre_once(names):
    canonical = canonical_genres(names)
    assert len(set(canonical)) == len(canonical)
    assert set(canonical) == {canonical_genre(name) for name in names} - {None}
    assert canonical == sorted(canonical, key=[canonical_genre(name) for name in names].index)
