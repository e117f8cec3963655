"""The notebooks as they are committed: readable, parameterized, without outputs, and running anywhere."""

import ast
import inspect
import io
import json
import tokenize

import nbformat
import pytest

from cinematch_lib.models.hybrid import Hybrid
from cinematch_lib.models.linear import item_weights
from cinematch_lib.models.training import train
from cinematch_lib.pipeline.notebooks import NOTEBOOKS, STEPS
from cinematch_lib.pipeline.parameters import notebook_parameters

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
IN_ALL = {"dataset": "sample", "raw_dir": "raw", "data_dir": "data", "artifacts_dir": "artifacts", "seed": 0}


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def without_magics(source):
    return "\n".join(line for line in source.split("\n") if not line.startswith("%"))


def test_every_step_has_its_notebook_in_order():
    assert list(STEPS.values()) == sorted(STEPS.values())
    assert {*STEPS.values()} <= {path.name for path in PATHS}


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (train, "weights_per_film"),
        (Hybrid.item_weights, "weights_per_film"),
        (item_weights, "weights_per_film"),
        (Hybrid, "prior_weight"),
    ],
)
def test_the_library_trains_with_the_defaults_of_the_notebook(function, name):
    defaults = notebook_parameters(NOTEBOOKS / STEPS["train"])
    assert inspect.signature(function).parameters[name].default == defaults[name].default


def test_a_notebook_is_valid_and_written_as_jupyter_does(path, notebook):
    nbformat.validate(notebook)
    text = path.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"
    assert notebook.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_no_outputs_are_stored(notebook):
    for cell in code_cells(notebook):
        assert cell.outputs == []
        assert cell.execution_count is None
        assert cell.metadata.keys() <= {"tags"}


def test_the_second_cell_alone_is_tagged_parameters(notebook):
    tagged = [number for number, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])]
    assert tagged == [1]


def test_every_parameter_has_a_constant_default_and_a_comment(notebook):
    source = notebook.cells[1].source
    comments = {
        token.start[0]
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT and len(token.string) > 10
    }
    for statement in ast.parse(source).body:
        assert isinstance(statement, ast.Assign), ast.unparse(statement)
        ast.literal_eval(statement.value)
        assert statement.end_lineno in comments, f"{ast.unparse(statement)} has no comment"


def test_all_notebooks_share_the_common_parameters(path):
    parameters = notebook_parameters(path)
    assert {name: parameters[name].default for name in IN_ALL} == IN_ALL
    for parameter in parameters.values():
        assert parameter.check(parameter.default) == parameter.default


def test_a_parameter_of_several_notebooks_means_the_same_in_each():
    seen = {}
    for path in PATHS:
        for name, parameter in notebook_parameters(path).items():
            assert seen.setdefault(name, parameter) == parameter


def test_every_parameter_is_used_or_common(path, notebook):
    after = "\n".join(without_magics(cell.source) for cell in code_cells(notebook)[1:])
    used = {node.id for node in ast.walk(ast.parse(after)) if isinstance(node, ast.Name)}
    assert {*notebook_parameters(path)} - used <= {*IN_ALL}


def test_code_cells_are_short_and_define_nothing(notebook):
    for cell in code_cells(notebook)[1:]:
        assert len(cell.source.split("\n")) <= 8, cell.source
        for node in ast.walk(ast.parse(without_magics(cell.source))):
            assert not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda), cell.source


def test_prose_stands_within_two_cells_of_all_code(notebook):
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds[0] == "markdown"
    assert notebook.cells[0].source.startswith("# ")
    for number, kind in enumerate(kinds):
        # the parameters, their check and the imports follow the opening together
        assert kind == "markdown" or "markdown" in kinds[max(0, number - 4 if number < 5 else number - 2) : number]


def test_executed_notebooks_have_no_stderr_outputs(sample_run):
    executed = sorted(sample_run.artifacts.glob("runs/*/notebooks/*.ipynb"))
    assert len(executed) == len(STEPS)
    for path in executed:
        for cell in code_cells(nbformat.read(path, as_version=4)):
            assert [output.text for output in cell.outputs if output.get("name") == "stderr"] == [], cell.id
