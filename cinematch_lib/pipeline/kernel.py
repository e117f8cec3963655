"""One notebook, run by papermill in a kernel of its own: what it took, or why it failed."""

import asyncio
import errno
import logging
import os
import re
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop

from cinematch_lib.errors import MEANT_FOR_PEOPLE, CineMatchError, NothingToDoError, want_of_memory
from cinematch_lib.pipeline.notebook_libraries import DeadKernelError, PapermillExecutionError, nbformat, papermill
from cinematch_lib.storage.memory import free_memory

# Errors of the system that say all there is to say, with what a person can do.
_REMEDIES = {
    errno.ENOSPC: "the disk is full: free some room, or name folders on another one",
    errno.EDQUOT: "the quota of the disk is used up: free some room, or name folders on another one",
    errno.EROFS: "the disk cannot be written to: name folders on another one",
    errno.EACCES: "allow it to be read and written, or name other folders",
    errno.EMFILE: "too few files may be open at once: raise the limit, as by ulimit -n 1024",
}
_SYSTEM_ERROR = re.compile(r"\[Errno (\d+)\] (.*)", re.DOTALL)
REPORT_TAG = "report"  # of cells whose output the command line shows too
_STARTED_MB = 30.0  # a kernel that holds less did not come as far as running cells
_CLOSE_OTHERS = "close other programs or take a smaller data set"
_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class StepFailedError(CineMatchError):
    """A notebook failed; the message shows the cell and its error."""


def execute_notebook(source: Path, target: Path, values: Mapping[str, Any], cwd: Path) -> tuple[float, float]:
    """Run the notebook `source` with the parameters `values` in the folder `cwd`; the executed copy is `target`.

    Returns the wall-clock seconds and the peak memory of the kernel in megabytes (10^6 bytes). Raises
    NothingToDoError if the notebook did, and for any other error StepFailedError, whose message continues
    "step … failed"; the copy then ends where it failed.
    """
    # It would warn of parameters with types that it does not know; they were checked. Failures are reported below.
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    ensure_event_loop().set_exception_handler(_tell_unless_dead)  # the loop that nbclient runs its tasks in
    began = time.perf_counter()
    # Among the files of the run, so that nothing is left elsewhere when this process is killed.
    with _PeakMemory() as memory, tempfile.TemporaryDirectory(prefix=".kernel-", dir=target.parent) as scratch:
        try:
            papermill.execute_notebook(
                source,
                target,
                values,
                kernel_name="python3",
                kernel_manager_class=_kernel_manager(scratch),
                cwd=str(cwd),
                progress_bar=False,
                shutdown_kernel="immediate",  # results are in files by then; it is quicker, and quiet on Ctrl-C
                extra_arguments=["--IPKernelApp.log_level=ERROR"],  # it warns that loopback is not encrypted
                stderr_file=sys.stderr if sys.stderr.isatty() else None,
            )
        except PapermillExecutionError as error:
            if error.ename == NothingToDoError.__name__:
                raise NothingToDoError(error.evalue) from None
            raise StepFailedError(_failure(source.name, target, error)) from None
        except OSError as error:  # of this process, which writes the copy
            remedy = _REMEDIES.get(error.errno or 0, "try again")
            raise StepFailedError(f": {target} could not be written ({error.strerror}); {remedy}") from None
        except RuntimeError as error:
            if not isinstance(error, DeadKernelError) and memory.peak_mb < _STARTED_MB:
                raise StepFailedError(
                    f": no kernel of {sys.executable} started ({error}); try: {sys.executable} -m ipykernel_launcher "
                    "--version\n"
                ) from None
            raise StepFailedError(
                f": its kernel died, most likely for want of memory (it held up to {memory.peak_mb:,.0f} MB); "
                f"{_more_memory()}\n"
            ) from None
    return round(time.perf_counter() - began, 2), round(memory.peak_mb, 1)


def _tell_unless_dead(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what an abandoned task raised, unless it is that its kernel is dead.

    Ctrl-C abandons the task that waits for a cell; while the kernel is shut down, the task may notice its death.
    A kernel that dies by itself is told by `execute_notebook`.
    """
    if not isinstance(context.get("exception"), DeadKernelError):
        loop.default_exception_handler(context)


def reported(notebook: Path) -> list[str]:
    """The lines that the cells tagged ``report`` of an executed notebook printed."""
    cells = nbformat.read(notebook, as_version=4).cells
    outputs = [one for cell in cells if REPORT_TAG in cell.metadata.get("tags", []) for one in cell.outputs]
    return [line for one in outputs if one.get("name") == "stdout" for line in one.text.splitlines() if line.strip()]


def _kernel_manager(scratch: str) -> type["_KernelManager"]:
    """A manager of kernels that keep their temporary files in the folder `scratch`."""
    home = os.environ.get("HOME")
    values = {"scratch": Path(scratch).resolve(), "home": None if home is None else str(Path(home).absolute())}
    return type("_KernelManagerInFolder", (_KernelManager,), values)


class _KernelManager(AsyncKernelManager):
    """Starts kernels of this very Python, whatever kernelspecs there are, with the default settings of matplotlib.

    Neither another Python that is installed as ``python3``, nor ``matplotlibrc`` or ``MPLBACKEND``, nor a profile of
    IPython has a say.
    """

    scratch = Path()
    home: str | None = None  # the absolute path: the kernel works in another folder

    @property
    def kernel_spec(self) -> KernelSpec:
        """How to start a kernel."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")

    async def start_kernel(self, **options: Any) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
        environment["MATPLOTLIBRC"] = str(Path(matplotlib.get_data_path()) / "matplotlibrc")
        environment["TMPDIR"] = environment["IPYTHONDIR"] = str(self.scratch)
        if self.home is not None:
            environment["HOME"] = self.home
        self.connection_file = str(self.scratch / "connection.json")
        if sys.platform == "linux":
            # A port of TCP that is free now may be another kernel's by the time this one opens it. Names that begin
            # with @ are no files (unix(7), "abstract"), and messages are signed on either way.
            self.transport, self.ip = "ipc", f"@cinematch-{uuid.uuid4().hex}"
        await super().start_kernel(env=environment, **options)


def _failure(notebook: str, executed: Path, error: PapermillExecutionError) -> str:
    """Where a notebook failed and why, to follow "step … failed": the message, or the cell and the traceback."""
    where = f" in cell [{error.exec_count}] of {notebook}:"
    if error.ename in MEANT_FOR_PEOPLE:
        return f"{where} {error.evalue}"
    traceback = _TERMINAL_COLOURS.sub("", "\n".join(error.traceback)) or _printed(executed)
    name, _, text = traceback.strip().rpartition("\n")[2].partition(": ")
    if want_of_memory(error.ename, error.evalue) or want_of_memory(name.rpartition(".")[2], text):
        return f"{where} memory does not suffice; {_more_memory()}"
    of_system = _SYSTEM_ERROR.match(str(error.evalue))
    if of_system and (remedy := _REMEDIES.get(int(of_system[1]))):
        return f"{where} {of_system[2]}; {remedy}"
    cell = "\n".join(f"    {line}" for line in str(error.source).splitlines())
    return f"{where}\n\n{cell}\n\n{traceback or f'{error.ename}: {error.evalue}'}\n"


def _more_memory() -> str:
    """How to come by memory: what the remedy is depends on which limit leaves the least."""
    _, limit = free_memory()
    return f"raise{limit.removeprefix(' under')}, or take a smaller data set" if limit else _CLOSE_OTHERS


def _printed(executed: Path) -> str:
    """What the last cell with outputs wrote to stderr: a kernel that has no memory left prints its traceback there."""
    outputs = [one for cell in nbformat.read(executed, as_version=4).cells for one in cell.get("outputs", ())]
    return "".join(one.text for one in outputs if one.get("name") == "stderr")


class _PeakMemory:
    """The peak of the memory that the child processes hold together, sampled ten times a second."""

    def __enter__(self) -> "_PeakMemory":
        self.peak_mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        this = psutil.Process()
        while not self._over.wait(0.1):
            held = 0
            for process in this.children(recursive=True):
                try:
                    held += process.memory_info().rss
                except psutil.Error:  # it ended in the meantime
                    continue
            self.peak_mb = max(self.peak_mb, held / 1e6)
