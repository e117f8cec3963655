import io
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.run_files import REMEDY, folder_of, forge
from support.small_runs import film_table

from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.artifacts.runs import Run
from cinematch_lib.artifacts.search_index import SEARCH_INDEX, Lookup, SearchIndex
from cinematch_lib.artifacts.texts import Texts
from cinematch_lib.errors import CineMatchError

TABLE = film_table(
    {"title": "Seven (a.k.a. Se7en)", "director": "David Fincher", "cast_top": "Brad Pitt|Morgan Freeman"}
    | {"overview": "Two detectives hunt a killer"},
    {"title": "Rocky II"},
    {"title": "The Lord of the Rings: The Two Towers", "director": "Peter Jackson", "cast_top": "Brad Pitt"}
    | {"overview": "A hobbit walks"},
    {"title": "千と千尋"},
)
COLUMNS = movies_meta(TABLE, np.zeros(4), [], "none", []).columns


def written(index):
    file = io.BytesIO()
    index.write(file)
    return file.getvalue()


def rows_of(names, joined):
    return sorted(row for name in names.joined.find(joined) for row in names.rows.between(name, name + 1))


def test_what_is_written_is_read_and_its_bytes_depend_on_nothing_else():
    data = written(SearchIndex.of(COLUMNS))
    assert written(SearchIndex.read(data)) == data
    assert written(pickle.loads(pickle.dumps(SearchIndex.of(COLUMNS)))) == data  # noqa: S301


def test_films_stand_under_every_form_of_every_name():
    titles = SearchIndex.read(written(SearchIndex.of(COLUMNS))).titles
    for joined in ("7", "seven", "se7en"):
        assert rows_of(titles, joined) == [0]
    assert rows_of(titles, "rocky2") == [1]
    assert rows_of(titles, "twotowers") == [2]
    assert rows_of(titles, "lordrings2towers") == [2]
    assert rows_of(titles, "千と千尋") == [3]
    assert {titles.names[name].split()[0] for name in titles.initials.beginning("lotr")} == {"lord", "the"}


def test_people_and_words_of_plots():
    index = SearchIndex.of(COLUMNS)
    assert rows_of(index.people, "bradpitt") == [0, 2]
    assert index.plots.find("killer").tolist() == [0]
    assert index.plots.find("rocky").tolist() == []  # a title that stands in for an overview is no plot


def test_an_index_of_no_films():
    index = SearchIndex.read(written(SearchIndex.of(movies_meta(TABLE[:0], np.zeros(0), [], "none", []).columns)))
    assert len(index.titles.names) == len(index.plots.texts) == 0


TEXTS = st.lists(st.text(max_size=6), max_size=8)


@given(TEXTS, st.text(max_size=3))
def test_a_lookup_finds_what_a_dictionary_finds(texts, prefix):
    lookup = Lookup.of([text] for text in texts)
    for text in {*texts, prefix}:
        assert lookup.find(text).tolist() == [at for at, one in enumerate(texts) if one == text]
    begin = sorted(at for at, one in enumerate(texts) if one.startswith(prefix))
    assert sorted(lookup.beginning(prefix).tolist()) == begin


@given(TEXTS)
def test_texts_are_as_they_were_given(texts):
    stored = Texts.of(texts)
    assert list(stored) == stored.decoded(np.arange(len(texts))) == texts
    assert stored.lengths.tolist() == [len(text) for text in texts]
    assert list(stored.without("0")) == [text.replace("0", "") for text in texts]
    some = np.flatnonzero(np.arange(len(texts)) % 3 != 1)[::-1]
    assert list(stored.take(some)) == stored.decoded(some) == [texts[at] for at in some.tolist()]


@pytest.mark.parametrize("held", [[True, False] * (len(TABLE) // 2), [False] * len(TABLE)])
def test_indexes_of_parts_merge_into_the_index_of_all_films(held):
    held = np.resize(held, len(TABLE))
    parts = [
        (SearchIndex.of(movies_meta(TABLE[rows], np.zeros(rows.sum()), [], "none", []).columns), np.flatnonzero(rows))
        for rows in (held, ~held)
    ]
    assert written(SearchIndex.merged(parts)) == written(SearchIndex.of(COLUMNS))


@pytest.mark.parametrize("data", [b"", b"nonsense", written(SearchIndex.of(COLUMNS))[:-40]])
def test_a_file_of_another_kind_is_refused_by_name(artifacts, data):
    forge(folder_of(artifacts), SEARCH_INDEX, data)
    with pytest.raises(CineMatchError, match="was refused: it holds no search index") as refused:
        Run.current(artifacts).read_search_index()
    assert str(folder_of(artifacts) / SEARCH_INDEX) in str(refused.value)
    assert str(refused.value).endswith(REMEDY)


def test_a_file_that_lacks_an_array_or_has_another_kind_of_it_is_refused():
    with np.load(io.BytesIO(written(SearchIndex.of(COLUMNS)))) as arrays:
        made = dict(arrays)
    lacking = {name: array for name, array in made.items() if name != "titles.norms"}
    for wrong in (
        lacking,
        made | {"titles.norms": np.zeros((2, 2))},
        made | {"plots.postings.numbers": np.array(["a"])},
    ):
        file = io.BytesIO()
        np.savez(file, **wrong)
        with pytest.raises(CineMatchError, match="it holds no search index"):
            SearchIndex.read(file.getvalue())
