"""The command ``cinematch refresh``: new data in, a worse run not out."""

import argparse
import contextlib
import os
import sys
from functools import partial
from pathlib import Path

from cinematch_lib.cli.arguments import (
    Commands,
    add_command,
    add_parameter_flag,
    add_state_flag,
    resolve_paths,
    state_of,
)
from cinematch_lib.cli.environment import allow_open_files, load_dotenv_file
from cinematch_lib.cli.output import print_text
from cinematch_lib.errors import CineMatchError, require_extra

_NICENESS = 10
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def add_refresh(commands: Commands) -> None:
    """Add the command ``refresh``."""
    refresh = add_command(
        commands,
        "refresh",
        _refresh,
        "make a new run if anything changed, and use it if it is not worse",
        description="Bring the data of the current run up to date, and make a new run with the same parameters if "
        "anything changed. It becomes the current one if nDCG@10 did not fall, the catalog did not shrink and "
        "well-known films are still found; else it is held back, and the exit code is 3. It works at low priority.",
        examples=(
            "cinematch refresh",
            "cinematch refresh --dry-run",
            "cinematch refresh --keep 3 --max-shrink 2%",
        ),
        folders=("raw", "data", "artifacts"),
    )
    refresh.add_argument("--dry-run", action="store_true", help="say what is due and how long it took before")
    refresh.add_argument(
        "--max-shrink",
        type=_share,
        default=0.05,
        metavar="SHARE",
        help="the share of the films that may go (default: 5%%)",
    )
    refresh.add_argument(
        "--smoke", type=Path, metavar="FILE", help="titles with years, one a line, that must still be found"
    )
    refresh.add_argument(
        "--offers-max-age",
        type=int,
        default=7,
        metavar="DAYS",
        help="days after which TMDb is asked for streaming offers anew, where they are used (default: 7)",
    )
    refresh.add_argument("--keep", type=int, default=5, metavar="N", help="so many runs are kept (default: 5)")
    add_state_flag(refresh, "where the server stores what it may learn from")
    add_parameter_flag(refresh, "; replaces that of the current run")
    timer = refresh.add_argument_group("by a timer")
    timer.add_argument(
        "--install-timer",
        choices=("daily", "weekly", "monthly"),
        help="show how to do this by a timer, with the same flags, and write the files after asking",
    )
    timer.add_argument(
        "--as",
        dest="kind",
        choices=("systemd", "crontab", "kubernetes"),
        default="systemd",
        help="a user timer of systemd, which is written, or text for a crontab or Kubernetes, which is printed "
        "(default: systemd)",
    )
    timer.add_argument("--yes", action="store_true", help="write without asking")


def _share(text: str) -> float:
    """A share such as ``5%`` or ``0.05``."""
    try:
        return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a share such as 5% or 0.05, not {text!r}") from None


def _refresh(options: argparse.Namespace) -> None:
    if options.install_timer:
        _install_timer(options)
        return
    allow_open_files(128)
    load_dotenv_file("pipeline")
    require_extra("pipeline", "psutil")
    _yield_to_others()
    from cinematch_lib.pipeline.folders import Folders
    from cinematch_lib.pipeline.notebooks import STEPS, step_parameters
    from cinematch_lib.pipeline.parameters import check_parameters
    from cinematch_lib.pipeline.promotion import FAMOUS, Gate
    from cinematch_lib.pipeline.refresh import Refresh
    from cinematch_lib.pipeline.times import duration
    from cinematch_lib.serving.learning import take_feedback

    known = step_parameters(list(STEPS))
    given = check_parameters(dict(options.p), known, known, typed=True)
    resolve_paths(given)
    smoke = _titles(options.smoke) if options.smoke else FAMOUS
    folders = Folders(options.raw_dir, options.data_dir, options.artifacts_dir)
    gate, feedback = Gate(options.max_shrink, smoke), partial(take_feedback, state_of(options), options.data_dir)
    refresh = Refresh(folders, given, gate, options.keep, options.offers_max_age, feedback)
    if options.dry_run:
        due = refresh.preview()
        print_text("\n".join(f"Due: {line}." for line in due) or "Nothing is due by the files that are there.")
        if due and (seconds := refresh.expected_seconds()) is not None:
            print(f"Such a run took {duration(seconds)} before.")
        return
    record = refresh.run()
    if record.run_id:
        print(f"{record.run_id} is the current run now.")
    else:
        print("Nothing is due; the current run stays.")


def _install_timer(options: argparse.Namespace) -> None:
    require_extra("pipeline", "papermill")
    from cinematch_lib.pipeline.schedule import NAME, cron_job, crontab_line, systemd_units, write_units

    words = ["refresh", "--keep", str(options.keep), "--max-shrink", f"{options.max_shrink:g}"]
    words += ["--offers-max-age", str(options.offers_max_age)]
    words += ["--smoke", str(options.smoke.resolve())] if options.smoke else []
    words += ["--state", str(options.state)] if options.state else []
    words += [word for name, value in options.p for word in ("-p", name, value)]
    if options.kind == "kubernetes":
        print(cron_job(words, options.install_timer), end="")
        return
    for name in ("raw", "data", "artifacts"):
        words += [f"--{name}-dir", str(getattr(options, f"{name}_dir").resolve())]
    command = [str(Path(sys.executable).with_name("cinematch")), *words]
    if options.kind == "crontab":
        print(crontab_line(command, Path.cwd(), options.install_timer), end="")
        return
    units = systemd_units(command, Path.cwd(), options.install_timer)
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"
    for name, text in units.items():
        print(f"# {home / name}\n{text}")
    if not options.yes and not _agrees(f"Write {' and '.join(units)} to {home}? [y/N] "):
        print("Nothing was written.")
        return
    write_units(units, home)
    print("Written. To start the timer:\n  systemctl --user daemon-reload")
    print(f"  systemctl --user enable --now {NAME}.timer\n  loginctl enable-linger    # also while nobody is logged in")


def _agrees(question: str) -> bool:
    try:
        return input(question).strip().casefold() in ("y", "yes")
    except EOFError:
        print()
        return False


def _titles(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CineMatchError(f"{path} could not be read as a list of titles: {error}") from None
    return [line.strip() for line in lines if line.strip()]


def _yield_to_others() -> None:
    """Low priority for this process and its kernels, and at most half of the cores for linear algebra."""
    import psutil  # of an extra

    os.nice(_NICENESS) if hasattr(os, "nice") else None
    if sys.platform == "linux":
        with contextlib.suppress(psutil.Error, OSError):  # a container may forbid it
            psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)
    half = str(max(1, (os.cpu_count() or 1) // 2))
    for name in _THREADS:
        os.environ.setdefault(name, half)
