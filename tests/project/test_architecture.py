"""The direction of imports: a room imports only from itself and from the rooms above it in the table of the docs."""

import ast
import graphlib
import importlib.metadata
import sys
import tomllib

import pytest
from packaging.utils import canonicalize_name
from support.pages import ROOT, names, rows, section

LIBRARY = ROOT / "cinematch_lib"
# In order: data moves down this list, and an import goes up or stays.
ROOMS = [
    "errors",
    "vocabulary",
    "storage",
    "cluster",
    "data",
    "catalog",
    "features",
    "artifacts",
    "recommender",
    "models",
    "testing",
    "evaluation",
    "experiments",
    "plots",
    "pipeline",
    "serving",
    "explorer",
    "wizard",
    "cli",
]
# Rooms that work with the base dependencies; modules of theirs that need an extra are imported late.
BASE_ROOMS = {"errors", "vocabulary", "storage", "cluster", "artifacts", "recommender", "experiments", "cli"}
NEED_AN_EXTRA = {
    "cinematch_lib.artifacts.estimators",
    "cinematch_lib.artifacts.films_table",
    "cinematch_lib.storage.memory",
    "cinematch_lib.storage.resources",
}
BASE = {"numpy", "rapidfuzz", "scipy"}
COMES_WITH = {
    "jupyter_client": "nbclient",
    "jupyter_core": "nbclient",
    "prompt_toolkit": "questionary",
    "pydantic_core": "pydantic",
    "starlette": "fastapi",
}
FILES = sorted(LIBRARY.rglob("*.py"))


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


SOURCES = {module_name(path): path for path in FILES}


def imported(tree):
    """The names of the modules that the statements of a syntax tree import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from ([name for name in inside if name in SOURCES] or [node.module])


class AtImport(ast.NodeTransformer):
    """Removes what does not run when a module is imported: functions, and imports for the type checker."""

    def visit_FunctionDef(self, node):
        return None

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_If(self, node):
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else node


def at_import(path):
    return AtImport().visit(ast.parse(path.read_text(encoding="utf-8")))


IMPORTS = {name: set(imported(ast.parse(path.read_text(encoding="utf-8")))) for name, path in SOURCES.items()}


def test_the_rooms_are_the_folders_in_the_order_of_the_docs():
    table = [names(row[0])[0] for row in rows(section("docs/architecture.md", "Packages"))]
    assert table == ROOMS
    assert set(ROOMS) == {room(name) for name in SOURCES} - {None}


@pytest.mark.parametrize("importer", ROOMS)
def test_no_room_imports_from_a_room_below_it(importer):
    upward = ROOMS[: ROOMS.index(importer) + 1]
    wrong = [
        f"{name} imports {target}"
        for name, targets in IMPORTS.items()
        if room(name) == importer
        for target in sorted(targets)
        if target.startswith("cinematch_lib.") and room(target) not in upward
    ]
    assert wrong == []


def test_no_room_imports_the_whole_library():
    assert [name for name, targets in IMPORTS.items() if "cinematch_lib" in targets] == []


def test_no_modules_import_each_other_in_a_circle():
    graph = {name: targets & SOURCES.keys() - {name} for name, targets in IMPORTS.items()}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which shows the circle


def third_party(tree):
    tops = {name.split(".")[0] for name in imported(tree)}
    return {COMES_WITH.get(name, name) for name in tops - sys.stdlib_module_names - {"cinematch_lib"}}


@pytest.mark.parametrize("name", sorted(BASE_ROOMS))
def test_rooms_of_the_base_import_nothing_heavy(name):
    heavy = {
        module: sorted(third_party(at_import(path)) - BASE)
        for module, path in SOURCES.items()
        if room(module) == name and module not in NEED_AN_EXTRA
    }
    assert {module: packages for module, packages in heavy.items() if packages} == {}


@pytest.mark.parametrize("name", sorted(BASE_ROOMS - {"errors"}))
def test_the_init_of_a_room_of_the_base_imports_no_module_of_the_library(name):
    tree = at_import(LIBRARY / name / "__init__.py")
    assert {one.split(".")[0] for one in imported(tree)} <= sys.stdlib_module_names


def asked_for(tree):
    """The extras that the code asks for, each with the packages that it names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "require_extra":
            extra, *packages = (argument.value for argument in node.args)
            yield extra, set(packages)


def required():
    """By room: the extra that its ``__init__`` asks for, and the packages that it names."""
    for path in sorted(LIBRARY.glob("*/__init__.py")):
        for one in asked_for(ast.parse(path.read_text(encoding="utf-8"))):
            yield path.parent.name, one


REQUIRED = dict(required())


@pytest.mark.parametrize("name", [name for name in ROOMS if name not in BASE_ROOMS])
def test_a_room_checks_for_every_package_that_it_imports(name):
    used = {
        package
        for module, path in SOURCES.items()
        if room(module) == name
        for tree in [at_import(path)]
        for package in third_party(tree) - set().union(*(packages for _, packages in asked_for(tree)))
    }
    extra, packages = REQUIRED[name]
    assert used - BASE <= packages, f"{name} needs {sorted(used - BASE - packages)} of the extra {extra}"


@pytest.mark.parametrize("name", REQUIRED)
def test_the_extra_that_a_room_asks_for_brings_the_packages(name):
    extra, packages = REQUIRED[name]
    distributions = importlib.metadata.packages_distributions()
    brought = brought_by(extra)
    for package in packages:
        assert {canonicalize_name(one) for one in distributions[package]} & brought, (
            f"{package} is not in the extra {extra}"
        )


def brought_by(extra):
    """The distributions that an extra names, those of the extras that it includes too."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    brought = set()
    for line in extras[extra]:
        if line.startswith("cinematch-lib["):
            for other in line[len("cinematch-lib[") : -1].split(","):
                brought |= brought_by(other)
        else:
            brought.add(line.split(">=")[0])
    return brought


@pytest.mark.parametrize("path", [*FILES, *sorted((ROOT / "scripts").glob("*.py"))], ids=lambda path: path.name)
def test_no_file_has_more_than_300_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
