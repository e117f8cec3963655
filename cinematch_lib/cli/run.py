"""The command ``cinematch run``: the pipeline, with its progress and its results."""

import argparse
import contextlib
import io
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cinematch_lib.cli.arguments import (
    Commands,
    add_command,
    add_parameter_flag,
    add_state_flag,
    resolve_paths,
    state_of,
)
from cinematch_lib.cli.environment import allow_open_files, load_dotenv_file
from cinematch_lib.cli.output import print_table, print_text, terminal
from cinematch_lib.cli.runs import size
from cinematch_lib.errors import CineMatchError
from cinematch_lib.vocabulary.choices import MODULES_DIR

if TYPE_CHECKING:
    from rich.progress import Progress

    from cinematch_lib.artifacts.runs import RunInfo
    from cinematch_lib.pipeline.runner import StepTime

_OPEN_FILES = 128  # the most that a step and its kernel have open


def add_run(commands: Commands) -> None:
    """Add the command ``run``."""
    run = add_command(
        commands,
        "run",
        _run,
        "run the pipeline: fetch, clean, features, train, evaluate",
        description="Run the notebooks of the pipeline in order: fetch, clean, features, train, evaluate. The result "
        "is a new run, which becomes the current one.",
        examples=(
            "cinematch run",
            "cinematch run --dataset ml-latest-small -p min_year 1990 -p services demo",
            "cinematch run --from train -p regularization 200",
            "cinematch run -f params.yaml",
            "cinematch run --dataset ml-32m -p shards 32 --workers 2 --memory 3GB",
        ),
        folders=("raw", "data", "artifacts"),
    )
    run.add_argument(
        "--dataset",
        metavar="NAME",
        help="sample, ml-latest-small, ml-latest, ml-20m, ml-25m, ml-32m, or a folder of the raw folder with "
        "movies.csv and links.csv (default: sample)",
    )
    add_parameter_flag(run, ", and overrides the file of -f")
    run.add_argument("-f", type=Path, metavar="FILE", help="a YAML file of parameters, such as min_year: 1990")
    run.add_argument(
        "--use",
        action="store_true",
        help="make the new run the current one even if it has no weights from ratings, or fewer than half of the "
        "films, where the current one has them",
    )
    run.add_argument("--from", dest="first", metavar="STEP", help="first step to run (default: fetch)")
    run.add_argument("--to", dest="last", metavar="STEP", help="last step to run (default: evaluate)")
    cluster = run.add_argument_group("several processes or machines, by Dask (the extra cluster)")
    cluster.add_argument(
        "--scheduler", metavar="ADDRESS", help="work with the workers of this scheduler, such as tcp://host:8786"
    )
    cluster.add_argument("--workers", type=int, metavar="N", help="start so many workers on this machine for the run")
    cluster.add_argument(
        "--memory",
        metavar="SIZE",
        help="memory of each of these, such as 3GB (default: together 75 %% of what is free)",
    )
    add_state_flag(run, "where the server stores what it may learn from")
    run.add_argument(
        "--no-refresh",
        action="store_true",
        help="send no requests to TMDb for films already stored, and drop what is older than its terms allow",
    )


def _run(options: argparse.Namespace) -> None:
    from cinematch_lib.cluster.local import using
    from cinematch_lib.pipeline.notebooks import steps_between

    allow_open_files(_OPEN_FILES)
    load_dotenv_file("pipeline")
    os.environ.setdefault(MODULES_DIR, str(Path.cwd()))  # notebooks run in another folder
    steps = steps_between(options.first, options.last)
    values = _parameters(options, steps)
    from cinematch_lib.pipeline.runner import Folders, run_pipeline  # it takes a while, and mistakes are told before
    from cinematch_lib.pipeline.times import duration
    from cinematch_lib.serving.learning import take_feedback

    folders = Folders(options.raw_dir, options.data_dir, options.artifacts_dir)
    if told := take_feedback(state_of(options), options.data_dir):
        print_text(told)
    with using(options.scheduler, options.workers, options.memory, print_text), _messages() as message:
        if (seconds := _time_of_runs_like_it(options, steps, values)) is not None:
            message(f"Earlier runs like this one took {duration(seconds)}{' after fetching' * ('fetch' in steps)}.")
        info, times = run_pipeline(folders, values, steps, message, use=options.use)
    _report(info, times, steps, options)


def _time_of_runs_like_it(options: argparse.Namespace, steps: list[str], values: Mapping[str, Any]) -> float | None:
    from cinematch_lib.artifacts.runs import list_runs
    from cinematch_lib.pipeline.notebooks import STEPS, step_parameters
    from cinematch_lib.pipeline.runner import resolve_dataset
    from cinematch_lib.pipeline.times import fastest

    parameters = {name: one.default for name, one in step_parameters(list(STEPS)).items()} | dict(values)
    dataset = resolve_dataset(options.data_dir, values.get("dataset"), steps)
    return fastest(list_runs(options.artifacts_dir), dataset, steps, parameters)


def _parameters(options: argparse.Namespace, steps: list[str]) -> dict[str, Any]:
    """The values of all parameters that were given, checked."""
    from cinematch_lib.data.datasets import SAMPLE, check_available
    from cinematch_lib.data.tmdb.fetching import check_reachable
    from cinematch_lib.pipeline.checks import check_values
    from cinematch_lib.pipeline.notebooks import FOLDERS, STEPS, step_parameters
    from cinematch_lib.pipeline.parameters import check_parameters

    known, everywhere = step_parameters(steps), step_parameters(list(STEPS))
    from_file, typed = read_yaml(options.f), dict(options.p)
    for name in FOLDERS:
        if name in from_file or name in typed:
            raise CineMatchError(f"{name} is not given with -p or -f; say --{name.replace('_', '-')} DIR")
    # A file may hold the parameters of all steps.
    from_file = {name: value for name, value in from_file.items() if name in known or name not in everywhere}
    values = check_parameters(from_file, known, everywhere) | check_parameters(typed, known, everywhere, typed=True)
    if options.no_refresh:
        values |= check_parameters({"refresh_tmdb": False}, known, everywhere)
    if options.dataset is not None:
        values["dataset"] = options.dataset
    resolve_paths(values)
    defaults = {name: one.default for name, one in everywhere.items()}
    dataset = values.get("dataset", defaults["dataset"])
    whole = defaults | values
    if "fetch" in steps:
        check_available(dataset, options.raw_dir, refresh=whole["refresh"])
        if whole["use_tmdb"] and dataset != SAMPLE:
            check_reachable(options.raw_dir / dataset, options.raw_dir)
    check_values(whole, dataset)
    return values


def read_yaml(path: Path | None) -> dict[str, object]:
    """The mapping in a YAML file; empty without a file. Raises CineMatchError."""
    import yaml

    if path is None:
        return {}
    try:
        text = path.read_text(encoding="utf-8")
        values = yaml.safe_load(text) or {}
    except OSError as error:
        raise CineMatchError(f"{path} could not be read: {error.strerror}") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: not UTF-8, or a date that does not exist
        raise CineMatchError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise CineMatchError(f"{path} must hold lines such as 'min_year: 1990', got {values!r}")
    named = [key.value for key, _ in yaml.compose(text, yaml.SafeLoader).value] if values else []
    if twice := next((name for name in named if named.count(name) > 1), None):
        raise CineMatchError(f"{path} has {twice} more than once; keep one of the lines")
    return {str(name): value for name, value in values.items()}


def _report(info: "RunInfo", times: "list[StepTime]", steps: list[str], options: argparse.Namespace) -> None:
    """Times, what cleaning dropped, metrics, and what to do next."""
    from cinematch_lib.artifacts.runs import current_run_id
    from cinematch_lib.catalog.cleaning import CleaningReport
    from cinematch_lib.recommender.recommender import Recommender

    print()
    rows = [(one.step, f"{one.seconds:.1f}", f"{one.peak_mb:,.0f}") for one in times]
    print_table(("step", "seconds", "peak MB"), rows, ("seconds", "peak MB"))
    if "clean" in steps:
        print()
        print_text(CleaningReport.load(options.data_dir).summary())
    print(f"\nrun {info.run_id}: {size(info)}")
    if "evaluate" in steps and "evaluate" in info.facts:
        print()
        _print_metrics(info.facts["evaluate"]["metrics"])
        print()
    if current_run_id(options.artifacts_dir) == info.run_id:
        (best,) = Recommender.load(options.artifacts_dir).recommend(k=1)
        print(f'It is the current run now. Try: cinematch recommend --like "{best.movie.label}"')
    elif "features" in info.facts:
        print(f"It holds less than the current run, which stays in use. To use it: cinematch use {info.run_id}")
    else:
        print("It holds no features, so the current run does not change.")


def _print_metrics(metrics: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """The main metrics of all models as a table, the best by the first of them at the top."""
    main = list(next(iter(metrics.values())))
    rows = []
    for model, values in sorted(metrics.items(), key=lambda one: -one[1][main[0]]["mean"]):
        cells = [f"{values[name]['mean']:.3f} [{values[name]['low']:.3f}, {values[name]['high']:.3f}]" for name in main]
        rows.append((model.replace("served_", "served, from "), *cells))
    print_table(("model", *(f"{name} [95 %]" for name in main)), rows)


@contextlib.contextmanager
def _messages() -> Iterator[Callable[[str], None]]:
    """Where the pipeline's messages go: a live line with the time of the step on a terminal, plain lines elsewhere."""
    if (console := terminal()) is None:
        from cinematch_lib.pipeline.runner import print_line

        yield print_line
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.table import Column

    rest = Column(ratio=1, no_wrap=True, overflow="ellipsis")  # what is left of the line
    detail = TextColumn("{task.fields[detail]}", table_column=rest)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), detail)
    # Not redirected by rich: stderr is shown as the detail, and nothing else writes to stdout meanwhile.
    with Progress(
        *columns, console=console, transient=True, expand=True, redirect_stdout=False, redirect_stderr=False
    ) as live:

        def message(line: str) -> None:
            for task in live.task_ids:
                live.remove_task(task)
            if line.endswith(" …"):  # a step begins
                live.add_task(line.removesuffix(" …"), total=None, detail="")
            else:
                live.console.print(line)

        with contextlib.redirect_stderr(_Details(live)):
            yield message


class _Details(io.TextIOBase):
    """Takes what a notebook writes to stderr, logs and progress bars, and shows the latest line as a detail."""

    def __init__(self, live: "Progress") -> None:
        self._live, self._line = live, ""

    def isatty(self) -> bool:
        """Whether progress bars are welcome."""
        return True

    def write(self, text: str) -> int:
        """Show the last line that is not empty."""
        lines = (self._line + text).replace("\r", "\n").split("\n")
        self._line = lines[-1]
        if shown := next((line.strip() for line in reversed(lines) if line.strip()), ""):
            for task in self._live.task_ids:
                self._live.update(task, detail=shown)
        return len(text)
