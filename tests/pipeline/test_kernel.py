"""One notebook in a kernel of its own: it does not depend on the person's settings of matplotlib."""

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from cinematch_lib.pipeline.kernel import execute_notebook


def test_settings_of_matplotlib_from_outside_do_not_reach_the_kernel(tmp_path, monkeypatch):
    settings, work = tmp_path / "settings", tmp_path / "work"
    settings.mkdir()
    work.mkdir()
    (settings / "matplotlibrc").write_text("text.usetex: True\nfigure.dpi: 7\n")
    monkeypatch.setenv("MATPLOTLIBRC", str(settings / "matplotlibrc"))
    monkeypatch.setenv("MPLBACKEND", "no_such_backend")
    source, target = tmp_path / "source.ipynb", tmp_path / "target.ipynb"
    cells = [
        new_code_cell("seed: int = 0", metadata={"tags": ["parameters"]}),
        new_code_cell(
            "%matplotlib inline\nimport matplotlib as mpl\nprint(seed, mpl.rcParams['text.usetex'], mpl.get_backend())"
        ),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), source)
    seconds, peak_mb = execute_notebook(source, target, {"seed": 7}, cwd=work)
    assert seconds > 0 and peak_mb > 0
    output = nbformat.read(target, as_version=4).cells[-1].outputs[0].text.split()
    assert output[:2] == ["7", "False"]
    assert "inline" in output[2]
