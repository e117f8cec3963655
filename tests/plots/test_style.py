"""Figures do not depend on the user's matplotlib configuration, and models keep their colours."""

import os
import subprocess
import sys

from cinematch_lib.evaluation.report import NAMES
from cinematch_lib.models import MODELS
from cinematch_lib.plots.style import MODEL_COLOURS, new_axes, shorten

DRAW = """
import sys
from pathlib import Path
import pandas as pd
from cinematch_lib.plots import catalog
figure = catalog.films_by_year(pd.DataFrame({"year": pd.array([1999, 2001, 2001], dtype="Int64")}))
figure.savefig(Path(sys.argv[1]) / "saved.png", metadata={"Software": None})
(Path(sys.argv[1]) / "shown.png").write_bytes(figure._repr_png_())
figure.canvas.print_figure(Path(sys.argv[1]) / "printed.png", bbox_inches="tight", metadata={"Software": None})
"""
OF_SOMEBODY_ELSE = """
text.usetex: True
font.family: Comic Sans MS
font.size: 30
savefig.dpi: 10
savefig.bbox: tight
savefig.transparent: True
axes.prop_cycle: cycler(color=["r"])
axes.grid: True
xtick.labelsize: 4
backend: TkAgg
"""


def drawn(folder, **environment):
    """The bytes of figures drawn in a new process with this environment."""
    folder.mkdir()
    command = [sys.executable, "-c", DRAW, folder]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_figures_do_not_depend_on_the_users_configuration(tmp_path):
    (tmp_path / "empty").write_text("")
    (tmp_path / "matplotlibrc").write_text(OF_SOMEBODY_ELSE)
    expected = drawn(tmp_path / "a", MATPLOTLIBRC=str(tmp_path / "empty"))
    configured = {"MATPLOTLIBRC": str(tmp_path / "matplotlibrc"), "MPLBACKEND": "module://no.such.backend"}
    assert drawn(tmp_path / "b", **configured) == expected
    assert len(expected) == 3


def test_every_model_has_a_colour_of_its_own():
    assert {*NAMES, *MODELS} <= MODEL_COLOURS.keys()
    assert len(set(MODEL_COLOURS.values())) == len(MODEL_COLOURS)


def test_a_notebook_shows_a_figure_without_any_backend():
    figure, _ = new_axes(1.0)
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_a_long_label_keeps_its_first_and_last_words():
    assert shorten("Heat (1995)", 36) == "Heat (1995)"
    assert shorten("The Lord of the Rings: The Two Towers (2002)", 36) == "The Lord of the … Two Towers (2002)"
