import io
import json
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import MultiLabelBinarizer, StandardScaler
from support.small_runs import film_table

from cinematch_lib.artifacts.estimators import dump, load
from cinematch_lib.errors import CineMatchError
from cinematch_lib.features.film_features import FilmFeatures

TEXTS = ["a robot dreams", "a robot wakes", "two robots"]
PATH = Path("runs/one/tfidf_vectorizer.skops")


@pytest.fixture
def tfidf():
    return TfidfVectorizer(stop_words="english", min_df=1).fit(TEXTS)


def refusal(data):
    with pytest.raises(CineMatchError) as raised:
        load(data, PATH)
    return str(raised.value)


def test_a_vectorizer_comes_back_as_it_was(tfidf):
    again = load(dump(tfidf), PATH)
    assert again.get_params() == tfidf.get_params()
    assert again.vocabulary_ == tfidf.vocabulary_
    assert (again.transform(TEXTS) != tfidf.transform(TEXTS)).nnz == 0


def test_all_parts_of_the_features_come_back():
    films = film_table({"genres": "crime|drama", "keywords": "heist", "year": 1995}, {"genres": "war", "runtime": 90})
    features = FilmFeatures(min_df=1).fit(films)
    text = load(dump(features.text_), PATH)
    genres = load(dump(features.genres_), PATH)
    numbers = load(dump(features.numbers_), PATH)
    assert text["keywords"].vocabulary_ == {"heist": 0}
    assert {name: of.vocabulary_ for name, of in text.items()} == {
        name: of.vocabulary_ for name, of in features.text_.items()
    }
    assert isinstance(genres, MultiLabelBinarizer) and genres.classes_.tolist() == ["crime", "drama", "war"]
    assert isinstance(numbers, StandardScaler)
    np.testing.assert_array_equal(numbers.mean_, features.numbers_.mean_)


def test_the_same_estimator_gives_the_same_bytes(tfidf):
    assert dump(tfidf) == dump(TfidfVectorizer(stop_words="english", min_df=1).fit(TEXTS)) == dump(tfidf)
    assert dump(load(dump(tfidf), PATH)) == dump(tfidf)
    assert dump(tfidf) != dump(TfidfVectorizer(stop_words="english", min_df=1).fit(TEXTS[:2]))


def test_dumping_leaves_the_estimator_as_it_was(tfidf):
    tfidf.transform(TEXTS)
    before = dict(vars(tfidf))
    dump(tfidf)
    dump({"overview": tfidf})
    assert vars(tfidf) == before


def test_nothing_of_the_process_is_in_the_bytes(tfidf):
    with zipfile.ZipFile(io.BytesIO(dump(tfidf))) as packed:
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert all(name == "schema.json" or name.split(".")[0].isdigit() for name in packed.namelist())
        assert str(id(tfidf)) not in packed.read("schema.json").decode()


# --- what is refused ---------------------------------------------------------------------------------


def test_a_type_outside_scikit_learn_is_refused_by_name():
    film_features = FilmFeatures(min_df=1).fit(film_table({"genres": "crime"}))
    assert refusal(skops.io.dumps(film_features)) == (
        f"{PATH} asks for types that are not scikit-learn's and was refused: "
        "cinematch_lib.features.film_features.FilmFeatures; make the run anew"
    )


class Planted:
    """Unpickling this makes a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_is_refused_and_not_run(tmp_path, protocol):
    trace = tmp_path / "trace"
    said = refusal(pickle.dumps(Planted(trace), protocol=protocol))
    assert said.startswith(f"{PATH} is not a skops file and was refused (") and said.endswith("; make the run anew")
    assert not trace.exists()


def test_a_pickle_among_the_arrays_is_refused_and_not_run(tmp_path, tfidf):
    trace = tmp_path / "trace"
    hidden = io.BytesIO()
    np.save(hidden, np.array([Planted(trace)], dtype=object), allow_pickle=True)
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(dump(tfidf))) as good, zipfile.ZipFile(packed, "w") as out:
        for name in good.namelist():
            out.writestr(name, hidden.getvalue() if name.endswith(".npy") else good.read(name))
    assert "is not a skops file and was refused (Object arrays cannot be loaded" in refusal(packed.getvalue())
    assert not trace.exists()


def test_a_broken_file_is_refused(tfidf):
    good = dump(tfidf)
    for broken in (b"", b"not a zip", good[: len(good) // 2], good[10:]):
        assert refusal(broken).startswith(f"{PATH} is not a skops file and was refused (")


@pytest.mark.parametrize("schema", ["", "{", "[]", "{}", '"text"', '{"__class__": "x"}'])
def test_a_zip_with_another_schema_is_refused(schema):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("schema.json", schema)
    assert refusal(packed.getvalue()).startswith(f"{PATH} is not a skops file and was refused (")


def test_a_zip_without_a_schema_is_refused():
    packed = io.BytesIO()
    zipfile.ZipFile(packed, "w").close()
    assert refusal(packed.getvalue()).startswith(f"{PATH} is not a skops file and was refused (")


GOOD = dump(TfidfVectorizer(min_df=1).fit(TEXTS))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_harmless(at, flip):
    data = GOOD[:at] + bytes([GOOD[at] ^ flip]) + GOOD[at + 1 :]
    try:
        load(data, PATH)
    except CineMatchError as error:
        assert str(error).startswith(f"{PATH} ")


def test_plain_values_that_skops_holds_are_no_trouble():
    assert json.dumps(load(skops.io.dumps(OrderedDict(a=1)), PATH)) == '{"a": 1}'
