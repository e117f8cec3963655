import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from cinematch_lib.recommender.selection import Selection
from cinematch_lib.recommender.similarity import ContentSimilarity

NAMES = ["overview__robot", "director__Mann", "director__unknown", "genres__crime", "year__cos", "year__sin"]


def content(*rows, names=NAMES):
    return ContentSimilarity(sparse.csr_matrix(np.array(rows, dtype=np.float32)), names)


def added(of, profile, rows):
    """What each seed item adds to the scores of the films in `rows`."""
    return of.common_features(profile, rows).products() * np.array(profile.weights)


def scores(of, vector, rows):
    return of.scores(vector, Selection(rows, np.zeros(len(rows))))


@pytest.fixture
def three():
    """Two films by one director, the third unlike them; the second and third have something unknown."""
    return content(
        [0.6, 0.8, 0, 0, 0, 0],
        [0, 0.6, 0.8, 0, 0, 0],
        [0, 0, 0.6, 0, 0.8, 0],
    )


def test_likeness_to_one_film_is_the_cosine_of_what_is_known(three):
    profile = three.profile([0], [])
    assert scores(three, profile.vector, np.arange(3)) == pytest.approx([1.0, 0.48, 0.0])
    assert (profile.seed_items, profile.weights) == ((0,), (1.0,))


def test_that_two_films_are_unknown_is_no_likeness(three):
    assert scores(three, three.profile([1], []).vector, np.array([2]))[0] == 0


def test_disliked_films_count_half_against_liked_ones(three):
    profile = three.profile([0], [1])
    assert profile.weights == (1.0, -0.5)
    assert scores(three, profile.vector, np.array([0])) == pytest.approx([1 - 0.5 * 0.48])


def test_likings_come_to_length_one(three):
    profile = three.profile([0, 2], [])
    assert np.linalg.norm(profile.vector) == pytest.approx(1)


def test_no_film_or_one_of_which_nothing_is_known_is_a_profile_of_zeros():
    of_two = content([0, 0, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0])
    for profile in (of_two.profile([], []), of_two.profile([0], []), of_two.profile([], [0])):
        assert not profile.vector.any()
        assert scores(of_two, profile.vector, np.arange(2)).tolist() == [0, 0]
        assert not added(of_two, profile, np.array([1])).any()


def test_likeness_among_films_leaves_the_unknown_out(three):
    found = three.pairwise(np.array([0, 1, 2]))
    np.testing.assert_allclose(found, [[1, 0.8, 0], [0.8, 1, 0], [0, 0, 1]], rtol=1e-6)


def test_likeness_of_a_film_of_which_nothing_is_known_is_none():
    assert content([0, 0, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0]).pairwise(np.array([0, 1])).tolist() == [[0, 0], [0, 1]]


def test_shared_features_are_in_words_with_what_adds_most_first():
    both = [0.5, 0.7, 0.0, 0.3, 0.4, 0.1]
    of_two = content(both, both)
    profile = of_two.profile([0], [])
    features = of_two.shared_features(1, 0, 2.0 * profile.weights[0])
    assert [(one.field, one.name) for one in features] == [
        ("director", "director Mann"),
        ("overview", "“robot” in the story"),
        ("year", "a similar year"),  # cosine and sine are one
        ("genres", "crime"),
    ]
    assert [one.value for one in features] == pytest.approx([0.98, 0.5, 0.34, 0.18])
    assert 2 * added(of_two, profile, np.array([1]))[0, 0] == pytest.approx(2.0)


def test_what_speaks_against_a_film_comes_by_how_much_it_does():
    of_two = content([0.6, 0.8, 0, 0, 0, 0], [0.8, 0.6, 0, 0, 0, 0])
    profile = of_two.profile([0], [0])
    assert added(of_two, profile, np.array([1]))[0, 1] == pytest.approx(-0.48)
    features = of_two.shared_features(1, 0, profile.weights[1])
    assert [(one.field, round(one.value, 3)) for one in features] == [("overview", -0.24), ("director", -0.24)]


def test_keywords_and_tags_are_quoted_names_are_not():
    names = ["keywords__los angeles, california", "tags__heist", "cast_top__Al Pacino", "runtime__cos"]
    of_one = content([0.6, 0.5, 0.4, 0.1], names=names)
    assert [one.name for one in of_one.strongest_features(0, 4)] == [
        "“los angeles, california”",
        "“heist”",
        "Al Pacino",
        "a similar length",
    ]


def test_strongest_features_are_parts_of_the_whole():
    of_one = content([0.5, 0.1, 0.5, 0.4, 0.3, 0.3])
    features = of_one.strongest_features(0, 10)
    assert [one.field for one in features] == ["overview", "year", "genres", "director"]
    assert sum(one.value for one in features) == pytest.approx(1)  # of what is known
    assert of_one.strongest_features(0, 2) == features[:2]


def test_a_film_of_which_nothing_is_known_has_no_features():
    assert content([0, 0, 1, 0, 0, 0]).strongest_features(0, 5) == ()


VALUES = st.one_of(st.just(0.0), st.floats(-1, 1, width=32))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(VALUES, min_size=6, max_size=6), min_size=1, max_size=16),
    st.data(),
)
def test_films_score_the_same_read_by_rows_and_by_columns(rows, data):
    of_all = content(*rows)
    liked = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=3, unique=True))
    disliked = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=3, unique=True))
    profile = of_all.profile(liked, disliked)
    by_columns = scores(of_all, profile.vector, np.arange(len(rows)))
    by_rows = np.array([scores(of_all, profile.vector, np.array([row]))[0] for row in range(len(rows))])
    assert by_columns.tobytes() == by_rows.tobytes()
    parts = added(of_all, profile, np.arange(len(rows)))
    assert parts.sum(axis=1) == pytest.approx(by_rows, rel=1e-6, abs=1e-5)
    for row in range(len(rows)):
        for at, (anchor, weight) in enumerate(zip(profile.seed_items, profile.weights, strict=True)):
            features = of_all.shared_features(row, anchor, weight)
            assert sum(one.value for one in features) == pytest.approx(parts[row, at], rel=1e-6, abs=1e-6)


def test_many_films_score_the_same_read_by_rows_and_by_columns():
    drawn = sparse.random(3000, 400, density=0.05, format="csr", dtype=np.float32, random_state=3)
    of_all = ContentSimilarity(drawn, [f"keywords__{at}" for at in range(400)])
    vector = of_all.profile(list(range(0, 100, 7)), [1, 2]).vector
    few, everything = np.arange(0, 3000, 5), np.arange(3000)
    assert scores(of_all, vector, few).tobytes() == scores(of_all, vector, everything)[few].tobytes()


def test_the_order_of_a_matrix_indices_does_not_matter():
    ordered = sparse.random(200, 50, density=0.3, format="csr", dtype=np.float32, random_state=1)
    shuffled = ordered.copy()
    for row in range(200):
        span = slice(shuffled.indptr[row], shuffled.indptr[row + 1])
        shuffled.indices[span], shuffled.data[span] = ordered.indices[span][::-1], ordered.data[span][::-1]
    shuffled.has_sorted_indices = False
    names = [f"keywords__{at}" for at in range(50)]
    found = [
        scores(of, of.profile([3, 4], [5]).vector, np.arange(20))
        for of in (ContentSimilarity(ordered, names), ContentSimilarity(shuffled, names))
    ]
    assert found[0].tobytes() == found[1].tobytes()
