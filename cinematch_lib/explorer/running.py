"""The pipeline in a process of its own, watched from the page."""

import atexit
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cinematch_lib.explorer.settings import Settings, to_yaml
from cinematch_lib.pipeline.runner import Folders, steps_between

FIRST = "clean"  # the raw tables are there: the page counts them
_COMMAND = [sys.executable, "-c", "import sys; from cinematch_lib.cli.main import main; sys.exit(main())"]
_STEP = re.compile(r"\[(\d+)/(\d+)\] (.*)")


@dataclass(frozen=True)
class Progress:
    """How far a run is: steps done of all, and what the pipeline said last."""

    done: int
    of: int
    said: str


def progress_in(line: str) -> Progress | None:
    """What a line of the pipeline says about how far it is; None for other lines.

    >>> progress_in("[2/3] features …"), progress_in("[2/3] features: 2.1 s, 300 MB")
    (Progress(done=1, of=3, said='features …'), Progress(done=2, of=3, said='features: 2.1 s, 300 MB'))
    """
    found = _STEP.match(line)
    if not found:
        return None
    number, of, said = int(found[1]), int(found[2]), found[3].strip()
    return Progress(number - said.endswith("…"), of, said)


class PipelineProcess:
    """One run of ``cinematch run`` from `FIRST` to the step `last`, or to the end.

    `ended` is called with None, or a line on what went wrong. Both callbacks come from another thread.
    """

    def __init__(
        self,
        settings: Settings,
        folders: Folders,
        going: Callable[[Progress], None],
        ended: Callable[[str | None], None],
        last: str | None = None,
    ) -> None:
        """Start it. Raises CineMatchError for parameters that the pipeline would refuse."""
        steps = steps_between(FIRST, last)
        values = settings.checked(steps)
        self._files = tempfile.TemporaryDirectory()
        parameters = Path(self._files.name) / "params.yaml"
        parameters.write_text(to_yaml(values), encoding="utf-8")
        places = [f"--{name.replace('_', '-')}={folder.resolve()}" for name, folder in vars(folders).items()]
        self._errors = (Path(self._files.name) / "errors").open("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            [*_COMMAND, "run", "-f", parameters, "--from", FIRST, "--to", steps[-1], *places],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
        )
        atexit.register(self.stop)  # a page that is closed takes its run along; the current run does not change
        self._going, self._ended = going, ended
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; the current run does not change."""
        if self._process.poll() is None:
            self._process.terminate()

    def wait(self) -> None:
        """Until it ended and `ended` returned."""
        self._thread.join()

    def _watch(self) -> None:
        for line in self._process.stdout:
            if progress := progress_in(line):
                self._going(progress)
        code = self._process.wait()
        self._process.stdout.close()
        self._errors.seek(0)
        errors = self._errors.read().splitlines()
        self._errors.close()
        self._files.cleanup()
        atexit.unregister(self.stop)
        self._ended(what_went_wrong(errors) or f"it ended with code {code}" if code else None)


def what_went_wrong(errors: Sequence[str]) -> str:
    """The one line that tells why a command failed, from what it wrote to stderr; empty where it wrote nothing.

    Where a notebook broke, that is the cell, and the last line of the traceback.

    >>> what_went_wrong(["cinematch: step clean failed in cell [3] of 02_clean.ipynb: ask for less", "Kept: x"])
    'step clean failed in cell [3] of 02_clean.ipynb: ask for less'
    """
    said = [line.strip() for line in errors if line.strip()]
    first = next((at for at, line in enumerate(said) if line.startswith("cinematch: ")), None)
    if first is None:
        return said[-1] if said else ""
    line = said[first].removeprefix("cinematch: ")
    if line.endswith(":"):
        rest = [one for one in said[first + 1 :] if not one.startswith("The notebook as far as it came")]
        line = f"{line} {rest[-1]}" if rest else line.rstrip(":")
    return line
