"""Build the API reference, and check what readers rely on: ``python scripts/build_docs.py [FOLDER]``.

It fails for a link in the Markdown pages that leads nowhere, and for a public name without a docstring.
"""

import ast
import importlib
import pkgutil
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "cinematch_lib"
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", flags=re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_DESCRIBED_ELSEWHERE = ("overload", ".setter")  # by the function itself, by the property
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", flags=re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```", flags=re.MULTILINE | re.DOTALL)


def main() -> int:
    """Check, then build; returns the exit code."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "docs"
    if problems := [*broken_links(), *undocumented_names()]:
        print("\n".join(problems), file=sys.stderr)
        return 1
    build(folder)
    print(f"The API reference is in {folder / 'index.html'}")
    return 0


def pages() -> list[Path]:
    """The Markdown pages that people read, in alphabetical order."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("cinematch_lib/**/*.md")])


def broken_links(root: Path = ROOT) -> Iterator[str]:
    """Links from one of the pages to a file or a heading that is not there; addresses on the web are not visited."""
    for page in pages():
        for target in _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8"))):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            path = page.parent / name if name else page
            where = f"{page.relative_to(root)}: the link {target}"
            if not path.exists():
                yield f"{where} leads to a file that does not exist"
            elif anchor and anchor not in anchors(path.read_text(encoding="utf-8")):
                yield f"{where} leads to a heading that does not exist"


def anchors(markdown: str) -> set[str]:
    r"""The anchors of a page's headings, as GitHub makes them.

    >>> sorted(anchors("# A run's files\n## Files\n## Files"))
    ['a-runs-files', 'files', 'files-1']
    """
    seen: Counter[str] = Counter()
    found = set()
    for heading in _HEADING.findall(_FENCED.sub("", markdown)):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def undocumented_names() -> Iterator[str]:
    """Public modules, classes, functions and methods of the library that have no docstring."""
    for path in sorted(LIBRARY.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.read_text(encoding="utf-8").strip() and not ast.get_docstring(tree):
            yield f"{path.relative_to(ROOT)}: the module has no docstring"
        for name, node in _public(tree):
            if not ast.get_docstring(node):
                yield f"{path.relative_to(ROOT)}:{node.lineno}: {name} has no docstring"


def _public(tree: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            if any(ast.unparse(one).endswith(_DESCRIBED_ELSEWHERE) for one in node.decorator_list):
                continue
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from _public(node, f"{prefix}{node.name}.")


def build(folder: Path) -> None:
    """Write the API reference of every module to `folder`; whatever pdoc warns of is an error."""
    import pdoc  # in the development environment alone

    names = ["cinematch_lib", *(one.name for one in pkgutil.walk_packages([str(LIBRARY)], "cinematch_lib."))]
    for module in map(importlib.import_module, names):
        for name in getattr(module, "__all__", ()):  # pdoc does not ask modules that import their names late
            setattr(module, name, getattr(module, name))
    pdoc.render.configure(docformat="numpy", show_source=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", module="pdoc")
        # A package without __all__ adds its modules by itself; others have to be named.
        warnings.filterwarnings("ignore", message="The module specification")
        # Types that exist for the type checker alone are shown as they are written.
        warnings.filterwarnings("ignore", message="Failed to run TYPE_CHECKING code|Error parsing type annotation")
        pdoc.pdoc(*names, output_directory=folder)


if __name__ == "__main__":
    sys.exit(main())
