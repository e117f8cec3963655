"""The pipeline as a child process whose progress the page shows."""

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
from cinematch_lib.pipeline.folders import Folders
from cinematch_lib.pipeline.notebooks import steps_between

FIRST = "clean"  # the raw tables exist, since the page counts their films
_COMMAND = [sys.executable, "-c", "import sys; from cinematch_lib.cli.main import main; sys.exit(main())"]
_STEP = re.compile(r"\[(\d+)/(\d+)\] (.*)")


@dataclass(frozen=True)
class Progress:
    """The number of steps that are done, the number of all steps, and the last message."""

    done: int
    total: int
    message: str


def parse_progress(line: str) -> Progress | None:
    """The progress that a line of the pipeline's output reports; None for other lines.

    >>> parse_progress("[2/3] features …"), parse_progress("[2/3] features: 2.1 s, 300 MB")
    (Progress(done=1, total=3, message='features …'), Progress(done=2, total=3, message='features: 2.1 s, 300 MB'))
    """
    if (match := _STEP.match(line)) is None:
        return None
    number, total, message = int(match[1]), int(match[2]), match[3].strip()
    return Progress(number - message.endswith("…"), total, message)


class PipelineProcess:
    """One run of ``cinematch run`` from the step `FIRST` to the step `last`, or to the end.

    `on_progress` is called with each Progress, `on_end` with None or a line that names the failure, both from a
    thread of their own.
    """

    def __init__(
        self,
        settings: Settings,
        folders: Folders,
        on_progress: Callable[[Progress], None],
        on_end: Callable[[str | None], None],
        last: str | None = None,
    ) -> None:
        """Start the process. Raises CineMatchError for parameters that the pipeline would refuse."""
        steps = steps_between(FIRST, last)
        values = settings.validated(steps)
        self._files = tempfile.TemporaryDirectory()
        parameters = Path(self._files.name) / "params.yaml"
        parameters.write_text(to_yaml(values), encoding="utf-8")
        options = [f"--{name.replace('_', '-')}={folder.resolve()}" for name, folder in vars(folders).items()]
        self._errors = (Path(self._files.name) / "errors").open("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            [*_COMMAND, "run", "-f", parameters, "--from", FIRST, "--to", steps[-1], "--use", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
        )
        atexit.register(self.stop)  # closing the page ends the pipeline; the current run does not change
        self._on_progress, self._on_end = on_progress, on_end
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Terminate the process; the current run does not change."""
        if self._process.poll() is None:
            self._process.terminate()

    def wait(self) -> None:
        """Wait until the process has ended and `on_end` has returned."""
        self._thread.join()

    def _watch(self) -> None:
        for line in self._process.stdout:
            if progress := parse_progress(line):
                self._on_progress(progress)
        code = self._process.wait()
        self._process.stdout.close()
        self._errors.seek(0)
        errors = self._errors.read().splitlines()
        self._errors.close()
        self._files.cleanup()
        atexit.unregister(self.stop)
        self._on_end(failure_message(errors) or f"the pipeline ended with code {code}" if code else None)


def failure_message(errors: Sequence[str]) -> str:
    """One line that names why a command failed, from its stderr; empty if that is empty.

    If a notebook failed, the line names the cell and ends with the last line of the traceback.

    >>> failure_message(["cinematch: step clean failed in cell [3] of 02_clean.ipynb: ask for less", "Kept: x"])
    'step clean failed in cell [3] of 02_clean.ipynb: ask for less'
    """
    lines = [line.strip() for line in errors if line.strip()]
    first = next((at for at, line in enumerate(lines) if line.startswith("cinematch: ")), None)
    if first is None:
        return lines[-1] if lines else ""
    message = lines[first].removeprefix("cinematch: ")
    if message.endswith(":"):
        rest = [line for line in lines[first + 1 :] if not line.startswith("The notebook as far as it came")]
        message = f"{message} {rest[-1]}" if rest else message.rstrip(":")
    return message
