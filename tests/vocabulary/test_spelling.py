import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cinematch_lib.vocabulary.spelling import DEMO_SUFFIX, fold, fold_closed


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  The  GODFATHER: Part II ", "the godfather part ii"),
        ("Amélie", "amelie"),
        ("Ame\u0301lie", "amelie"),
        ("WALL·E", "wall e"),
        ("Straße", "strasse"),
        ("千と千尋の神隠し", "千と千尋の神隠し"),
        ("!!!", ""),
        ("", ""),
    ],
)
def test_fold_leaves_out_case_accents_and_punctuation(text, folded):
    assert fold(text) == folded


@given(st.text())
def test_fold_is_idempotent(text):
    assert fold(fold(text)) == fold(text)
    assert fold_closed(fold_closed(text)) == fold_closed(text)


@given(st.text())
def test_fold_does_not_mind_how_accents_are_encoded(text):
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(st.text())
def test_fold_closed_is_fold_without_spaces(text):
    assert fold_closed(text) == fold(text).replace(" ", "")
    assert not any(char.isspace() for char in fold_closed(text))


def test_the_demonstrations_mark_is_in_plain_sight():
    assert DEMO_SUFFIX == " (demo)"
