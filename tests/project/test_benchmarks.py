"""Benchmarks are run by hand, so tests hold that what they import from the library and from tests or patch is there."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

BENCHMARKS = sorted((Path(__file__).parents[2] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_what_a_benchmark_imports_from_the_library_and_from_tests_exists(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("cinematch_lib", "support"):
            module = importlib.import_module(node.module)
            missing = [one.name for one in node.names if not hasattr(module, one.name)]
            for name in missing:
                importlib.import_module(f"{node.module}.{name}")


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_what_a_benchmark_patches_exists(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "mock.patch":
            pkgutil.resolve_name(ast.literal_eval(node.args[0]))
