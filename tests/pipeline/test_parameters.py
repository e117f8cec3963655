"""Values that people give for notebooks' parameters: read, checked, and refused with the type that is wanted."""

import nbformat
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cinematch_lib import CineMatchError, UnknownNameError
from cinematch_lib.pipeline import notebooks
from cinematch_lib.pipeline.notebooks import NOTEBOOKS, STEPS, step_parameters
from cinematch_lib.pipeline.parameters import Parameter, check_parameters, notebook_parameters

REGION = Parameter("region", str, "US")
MAX_YEAR = Parameter("max_year", int | None, None)
MIN_RATINGS = Parameter("min_ratings", int, 0)
REQUIRE = Parameter("require_tmdb", bool, False)
KEEP = Parameter("genres_keep", list[str], [])
DATE = Parameter("date", str | None, None)
WEIGHTS = Parameter("field_weights", dict[str, float], {})
KNOWN = {one.name: one for one in (REGION, MAX_YEAR, MIN_RATINGS, REQUIRE, KEEP, WEIGHTS)}


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (REGION, "NO", "NO"),
        (REGION, "null", "null"),
        (REGION, "007", "007"),
        (REGION, "", ""),
        (REGION, "a #1: [file", "a #1: [file"),
        (REGION, "2020-13-45", "2020-13-45"),
        (MAX_YEAR, "1999", 1999),
        (MAX_YEAR, "null", None),
        (MAX_YEAR, "-5", -5),
        (MAX_YEAR, "1e3", 1000),
        (MAX_YEAR, "2.5e3", 2500),
        (MAX_YEAR, "1980.0", 1980),
        (DATE, "2015-01-01", "2015-01-01"),
        (DATE, "2015", "2015"),
        (DATE, "null", None),
        (MIN_RATINGS, " 7 ", 7),
        (REQUIRE, "true", True),
        (REQUIRE, "NO", False),
        (KEEP, "[]", []),
        (KEEP, "[comedy, sci-fi]", ["comedy", "sci-fi"]),
        (WEIGHTS, "{genres: 1, year: 0.5}", {"genres": 1, "year": 0.5}),
        (WEIGHTS, '{"genres": 0.5}', {"genres": 0.5}),
    ],
)
def test_what_is_typed_is_read_as_the_parameter_wants_it(parameter, text, value):
    assert parameter.parse(text) == value
    assert type(parameter.parse(text)) is type(value)


@pytest.mark.parametrize(
    ("parameter", "text", "wanted"),
    [
        (MIN_RATINGS, "1980.5", "a whole number (its default is 0)"),
        (MIN_RATINGS, "many", "a whole number (its default is 0)"),
        (MIN_RATINGS, "true", "a whole number (its default is 0)"),
        (MIN_RATINGS, "null", "a whole number (its default is 0)"),
        (MIN_RATINGS, "", "a whole number (its default is 0)"),
        (MIN_RATINGS, "2020-13-45", "a whole number (its default is 0)"),
        (MAX_YEAR, "1980.5", "a whole number or null (its default is None)"),
        (MAX_YEAR, "'1980'", "a whole number or null (its default is None)"),
        (REQUIRE, "1", "true or false (its default is False)"),
        (REQUIRE, "maybe", "true or false (its default is False)"),
        (KEEP, "comedy", "a list such as [comedy, drama] (its default is [])"),
        (KEEP, "comedy, drama", "a list such as [comedy, drama] (its default is [])"),
        (KEEP, "[comedy, 7]", "a list such as [comedy, drama] (its default is [])"),
        (KEEP, "[comedy", "a list such as [comedy, drama] (its default is [])"),
        (WEIGHTS, "0.5", "numbers by name such as {genres: 0.5} (its default is {})"),
        (WEIGHTS, "{genres: much}", "numbers by name such as {genres: 0.5} (its default is {})"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_type_and_the_default(parameter, text, wanted):
    with pytest.raises(CineMatchError) as refused:
        parameter.parse(text)
    assert str(refused.value) == f"{parameter.name} must be {wanted}, got {text!r}"


@given(parameter=st.sampled_from(list(KNOWN.values())), text=st.text())
def test_whatever_is_typed_is_of_the_type_or_refused(parameter, text):
    try:
        value = parameter.parse(text)
    except CineMatchError as error:
        assert str(error).startswith(f"{parameter.name} must be ")
    else:
        assert parameter.check(value) == value


@pytest.mark.parametrize(
    ("parameter", "value", "text"),
    [
        (MIN_RATINGS, "5", "min_ratings must be a whole number (its default is 0), got '5'"),
        (MIN_RATINGS, 5.5, "min_ratings must be a whole number (its default is 0), got 5.5"),
        (REQUIRE, "true", "require_tmdb must be true or false (its default is False), got 'true'"),
        (REGION, False, "region must be text (its default is 'US'), got False; put it in quotes"),
        (REGION, 7, "region must be text (its default is 'US'), got 7; put it in quotes"),
        (REGION, None, "region must be text (its default is 'US'), got None"),
        (KEEP, "comedy", "genres_keep must be a list such as [comedy, drama] (its default is []), got 'comedy'"),
    ],
)
def test_values_from_a_file_have_their_type_already(parameter, value, text):
    with pytest.raises(CineMatchError) as refused:
        parameter.check(value)
    assert str(refused.value) == text


@pytest.mark.parametrize(
    ("parameter", "written", "value"),
    [(DATE, "2015-01-01", "2015-01-01"), (DATE, "2015", "2015"), (DATE, "", None), (MAX_YEAR, "1e3", 1000)],
)
def test_dates_and_numbers_in_a_file_are_what_they_look_like(parameter, written, value):
    assert parameter.check(yaml.safe_load(written)) == value


def test_values_are_checked_by_name():
    assert check_parameters({"region": "NO", "max_year": "1990"}, KNOWN, typed=True) == {
        "region": "NO",
        "max_year": 1990,
    }
    assert check_parameters({"max_year": None, "genres_keep": ["drama"]}, KNOWN) == {
        "max_year": None,
        "genres_keep": ["drama"],
    }
    with pytest.raises(CineMatchError, match="max_year must be a whole number or null"):
        check_parameters({"max_year": "1990"}, KNOWN)


def test_an_unknown_name_gets_a_suggestion_and_the_list():
    with pytest.raises(UnknownNameError) as refused:
        check_parameters({"max_yaer": "1990"}, KNOWN, typed=True)
    assert str(refused.value) == (
        f"no notebook has the parameter 'max_yaer'; there are {', '.join(KNOWN)}; did you mean max_year?"
    )


def test_a_parameter_of_a_step_that_is_not_run():
    with pytest.raises(CineMatchError) as refused:
        check_parameters({"max_year": "1990"}, {"region": REGION}, elsewhere=KNOWN, typed=True)
    assert str(refused.value) == "the parameter max_year belongs to a step that is not run this time; leave it out"


def notebook(path, *sources, tags=("parameters",)):
    cells = [nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)}) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_parameters_are_read_from_the_tagged_cell(tmp_path):
    path = notebook(tmp_path / "01.ipynb", 'region = "US"  # whose\nmax_year = None  # the last')
    assert notebook_parameters(path) == {"region": REGION, "max_year": MAX_YEAR}


@pytest.mark.parametrize(("sources", "count"), [((), 0), (("a = 1", "b = 2"), 2)])
def test_a_notebook_without_the_one_cell(tmp_path, sources, count):
    path = notebook(tmp_path / "01.ipynb", *sources)
    with pytest.raises(CineMatchError) as refused:
        notebook_parameters(path)
    assert str(refused.value) == f"{path} must have one cell tagged 'parameters', and has {count}"


OLD_NAMES = {
    "penalty": "regularization",
    "thinning": "dropout",
    "sitting_weight": "session_weight",
    "calendar": "year_weight",
    "cold": "content_weight",
    "also": "extra_analyses",
    "searching": "tune",
}


@pytest.mark.parametrize("old", OLD_NAMES)
def test_an_old_name_is_answered_with_the_new_one(old):
    known = {name: one for step in STEPS.values() for name, one in notebook_parameters(NOTEBOOKS / step).items()}
    message = f"the parameter {old} is called {OLD_NAMES[old]} now; use the new name"
    with pytest.raises(CineMatchError, match=message):
        check_parameters({old: "1"}, known, typed=True)
    with pytest.raises(CineMatchError, match=message):
        check_parameters({old: 1}, {}, elsewhere=known)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("a: int = 1", "line 1 is no assignment to one name, without a type"),
        ("a: int", "line 1 is no assignment"),
        ("a = b = 1", "line 1 is no assignment"),
        ("import os", "line 1 is no assignment"),
        ("a = 1\nb.c = 2", "line 2 is no assignment"),
        ("a = None", "the default None does not tell the type of a"),
        ("a = [1]", "the default [1] does not tell the type of a"),
        ("a = int('1')", "malformed node or string on line 1"),
        ("a = ", "invalid syntax"),
    ],
)
def test_the_cell_holds_assignments_of_literals_and_nothing_else(tmp_path, source, reason):
    path = notebook(tmp_path / "01.ipynb", source)
    with pytest.raises(CineMatchError) as refused:
        notebook_parameters(path)
    assert f"the cell tagged 'parameters' of {path} must hold lines such as 'seed = 0" in str(refused.value)
    assert reason in str(refused.value)


def test_the_cell_is_not_executed(tmp_path):
    path = notebook(tmp_path / "01.ipynb", f"a = open({str(tmp_path / 'made')!r}, 'w').write('')")
    with pytest.raises(CineMatchError):
        notebook_parameters(path)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("step", STEPS)
def test_every_step_has_its_parameters(step):
    known = step_parameters([step])
    assert known.keys() >= {"dataset", "seed"}
    assert all(one.description and one.check(one.default) == one.default for one in known.values())


def test_a_notebook_without_a_parameter_that_the_runner_sets_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path)
    path = notebook(tmp_path / STEPS["train"], 'dataset = "sample"\nraw_dir = "raw"')
    with pytest.raises(CineMatchError) as refused:
        step_parameters(["train"])
    assert str(refused.value) == f"{path} lacks the parameters artifacts_dir, data_dir, run_dir, which step train needs"
