"""The command ``cinematch explore``: the analyst's page as a web page."""

import argparse
import tempfile
from pathlib import Path

from cinematch_lib.cli.arguments import Commands, add_command
from cinematch_lib.errors import CineMatchError, require_extra


def add_explore(commands: Commands) -> None:
    """Add the command ``explore``."""
    explore = add_command(
        commands,
        "explore",
        _explore,
        "open the analyst's page: filters, what they drop, recommendations",
        description="Open the analyst's page in a browser, from the current run. It answers this computer alone, at an "
        "address with a token, until Ctrl-C. Needs the extra lab.",
        examples=("cinematch explore", "cinematch explore --dataset ml-latest-small --no-browser"),
        folders=("raw", "data", "artifacts"),
    )
    explore.add_argument(
        "--dataset", metavar="NAME", default="sample", help="the data set, where there is no current run"
    )
    explore.add_argument("--port", type=int, default=8866, help="port; another free one if it is taken (default: 8866)")
    explore.add_argument("--no-browser", action="store_true", help="print the address, and open no browser")


def _explore(options: argparse.Namespace) -> None:
    if not 1 <= options.port <= 65535:
        raise CineMatchError(f"--port must be between 1 and 65535, got {options.port}")
    require_extra("lab", "voila", "papermill")
    from cinematch_lib.pipeline.notebook_libraries import load_notebook_node, nbformat, parameterize_notebook  # isort: skip
    from cinematch_lib.explorer.app import serve
    from cinematch_lib.pipeline.folders import Folders
    from cinematch_lib.pipeline.notebooks import FOLDERS, NOTEBOOKS

    folders = {name: getattr(options, name).resolve() for name in FOLDERS}
    notebook = load_notebook_node(str(NOTEBOOKS / "explore.ipynb"))
    notebook = parameterize_notebook(
        notebook, {"dataset": options.dataset, **{name: str(path) for name, path in folders.items()}}
    )
    with tempfile.TemporaryDirectory(prefix="cinematch-explore-") as folder:
        page = Path(folder) / "explore.ipynb"
        nbformat.write(notebook, page)
        flags = ["--no-browser"] if options.no_browser else []
        serve(page, Folders(**folders), options.port, *flags)
