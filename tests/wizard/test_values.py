"""Values of parameters: as typed, as shown, and as written in the command."""

from hypothesis import given
from hypothesis import strategies as st

from cinematch_lib.pipeline.parameters import Parameter
from cinematch_lib.wizard.values import parse, to_argument, to_text

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = {
    str: st.text(),
    int: st.integers(),
    bool: st.booleans(),
    int | None: st.none() | st.integers(),
    list[str]: st.lists(st.text()),
    list[int]: st.lists(st.integers()),
    dict[str, float]: st.dictionaries(st.text(), NUMBERS, max_size=3),
}


@given(st.sampled_from(list(VALUES)).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind])))
def test_the_command_gives_the_values_that_were_answered(kind_and_value):
    kind, value = kind_and_value
    assert Parameter("name", kind, value).parse(to_argument(value)) == value


@given(
    st.sampled_from([int | None, bool, int, list[str], list[int]]).flatmap(
        lambda kind: st.tuples(st.just(kind), VALUES[kind])
    )
)
def test_the_answer_that_a_question_shows_is_the_value(kind_and_value):
    kind, value = kind_and_value
    if kind == list[str]:
        value = [word for word in value if word.isalpha() and word.isascii() and word.casefold() not in YAML_WORDS]
    assert parse(Parameter("name", kind, value), to_text(value)) == value


YAML_WORDS = {"none", "null", "true", "false", "yes", "no", "on", "off", "y", "n"}
