"""One notebook in a kernel of its own: it does not depend on the person's settings of matplotlib and Jupyter."""

import json
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from cinematch_lib.pipeline.kernel import StepFailedError, execute_notebook, reported

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def executed(folder, *sources, tags=()):
    """The executed copy of a notebook with these cells behind the one of parameters."""
    cells = [new_code_cell("seed: int = 0", metadata={"tags": ["parameters"]})]
    cells += [new_code_cell(source, metadata={"tags": list(tags)}) for source in sources]
    nbformat.write(new_notebook(cells=cells, metadata=KERNEL), folder / "source.ipynb")
    execute_notebook(folder / "source.ipynb", folder / "target.ipynb", {}, cwd=folder)
    return folder / "target.ipynb"


def test_the_kernel_is_this_python_whatever_kernelspecs_there_are(tmp_path, monkeypatch):
    spec = tmp_path / "share" / "kernels" / "python3"
    spec.mkdir(parents=True)
    other = {"argv": ["/bin/false", "{connection_file}"], "display_name": "Other", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(other))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    made = executed(tmp_path, "import sys\nprint(sys.executable)")
    assert nbformat.read(made, as_version=4).cells[-1].outputs[0].text.strip() == sys.executable


@pytest.mark.skipif(sys.platform != "linux", reason="sockets without a file or a port are Linux's")
def test_the_channels_of_a_kernel_are_no_ports_that_another_process_might_take(tmp_path):
    listening = "[one for one in psutil.Process().net_connections() if one.status == psutil.CONN_LISTEN]"
    made = executed(tmp_path, f"import psutil\nprint(len({listening}))")
    # A kernel has five channels; it opens one port for itself, which the system chooses then.
    assert int(nbformat.read(made, as_version=4).cells[-1].outputs[0].text) <= 1
    assert not list(tmp_path.glob("*cinematch*"))


def test_what_cells_tagged_report_print_is_found(tmp_path):
    made = executed(tmp_path, "print('a\\n\\nb')", "pass", "import sys\nprint('x', file=sys.stderr)", tags=["report"])
    assert reported(made) == ["a", "b"]
    assert reported(executed(tmp_path, "print('a')")) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ENOSPC", "No space left on device: 'x.csv'; the disk is full: free some room, or name folders on another"),
        ("EMFILE", "Too many open files: 'x.csv'; too few files may be open at once: raise the limit, as by ulimit"),
        ("EROFS", "Read-only file system: 'x.csv'; the disk cannot be written to: name folders on another one"),
    ],
)
def test_an_error_of_the_disk_is_one_line(tmp_path, name, said):
    source = f"import errno, os\nraise OSError(errno.{name}, os.strerror(errno.{name}), 'x.csv')"
    with pytest.raises(StepFailedError) as failed:
        executed(tmp_path, source)
    assert str(failed.value).startswith(f" in cell [2] of source.ipynb: {said}")
    assert "\n" not in str(failed.value)


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


def test_a_profile_of_ipython_is_not_run_and_nothing_is_written_beside_the_notebook(tmp_path, monkeypatch):
    startup = tmp_path / "home" / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "own.py").write_text("print = None\n")
    monkeypatch.setenv("HOME", "home")
    monkeypatch.delenv("IPYTHONDIR", raising=False)
    monkeypatch.chdir(tmp_path)
    work = tmp_path / "work"
    work.mkdir()
    made = executed(work, "import os\nprint(os.environ['HOME'])")
    assert nbformat.read(made, as_version=4).cells[-1].outputs[0].text.strip() == str(tmp_path / "home")
    assert sorted(path.name for path in work.iterdir()) == ["source.ipynb", "target.ipynb"]


INTERRUPTED_AFTER = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
time.sleep({seconds})
os.kill(os.getppid(), signal.SIGINT)
time.sleep(60)
"""
EXECUTING = """
import sys
from pathlib import Path
from cinematch_lib.pipeline.kernel import execute_notebook
folder = Path(sys.argv[1])
try:
    execute_notebook(folder / "source.ipynb", folder / "target.ipynb", {}, cwd=folder)
except KeyboardInterrupt:
    print("interrupted", file=sys.stderr)
"""


def test_an_interrupted_cell_prints_nothing_when_its_kernel_is_found_dead(tmp_path):
    processes = []
    for seconds in (0.9, 0.94, 0.97, 0.99):  # nbclient looks each second whether the kernel lives
        folder = tmp_path / str(seconds)
        folder.mkdir()
        cell = new_code_cell(INTERRUPTED_AFTER.format(seconds=seconds))
        nbformat.write(new_notebook(cells=[cell], metadata=KERNEL), folder / "source.ipynb")
        command = [sys.executable, "-c", EXECUTING, str(folder)]
        processes.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
    assert [one.communicate(timeout=120)[1] for one in processes] == ["interrupted\n"] * 4
