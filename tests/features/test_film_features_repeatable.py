"""The same films give the same features, to the last byte."""

import os
import subprocess
import sys

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from support.film_features import names
from support.small_runs import film_table, same

from cinematch_lib.features.film_features import FilmFeatures

DUMP = """
import hashlib, sys
import pandas as pd
from cinematch_lib.artifacts.estimators import dump
from cinematch_lib.features.film_features import FilmFeatures
people = "Al Pacino|Robert De Niro|Tom Cruise|Sharon Stone".split("|")
films = pd.DataFrame({"cast_top": people, "overview": [f"{name} hunts a robot" for name in people]})
films = films.assign(keywords="heist|war", director=people[::-1], genres="war|crime", year=1995, runtime=90)
features = FilmFeatures(min_df=1, ngram_max=2)
matrix = features.fit_transform(films)
for part in (features.text_, features.genres_, features.numbers_):
    print(hashlib.sha256(dump(part)).hexdigest())
print(hashlib.sha256(matrix.data.tobytes() + matrix.indices.tobytes()).hexdigest())
"""


def test_two_processes_make_the_same_bytes():
    started = [
        subprocess.Popen(
            [sys.executable, "-c", DUMP],
            env=os.environ | {"PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2024")
    ]
    said = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert said[0] == said[1]
    assert len(set(said[0].split())) == 4


WORDS = st.lists(st.sampled_from(["robot", "heist", "love", "war", "x", "Éa", "the"]), max_size=4)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "overview": WORDS.map(" ".join),
                "keywords": WORDS.map("|".join),
                "cast_top": WORDS.map("|".join),
                "genres": WORDS.map("|".join),
                "year": st.none() | st.integers(1900, 2030),
                "runtime": st.none() | st.integers(1, 400),
            }
        ),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 3),
)
def test_any_films_have_rows_of_length_one(rows, min_df):
    films = film_table(*rows)
    features = FilmFeatures(min_df=min_df)
    matrix = features.fit_transform(films)
    np.testing.assert_allclose(sparse.linalg.norm(matrix, axis=1), 1, rtol=1e-5)
    assert len(names(features)) == matrix.shape[1]
    assert same(matrix, features.transform(films))
