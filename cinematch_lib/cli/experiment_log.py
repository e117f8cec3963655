"""The log of experiments as the commands read it: where it is, and what it tells of the users an experiment takes."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cinematch_lib.errors import CineMatchError
from cinematch_lib.storage.paths import is_address

if TYPE_CHECKING:
    from cinematch_lib.experiments.definition import Experiment
    from cinematch_lib.experiments.log import Readable


def state_dir(options: argparse.Namespace) -> Path:
    """The folder of the files of experiments; a database has none, and they lie in the default folder."""
    is_folder = options.state is not None and not is_address(options.state or "")
    return Path(options.state) if is_folder else options.artifacts_dir.parent / "state"


@contextmanager
def experiment_log(options: argparse.Namespace) -> "Iterator[Readable]":
    """The log, to be read; a database needs the server's packages."""
    if not is_address(options.state or ""):
        from cinematch_lib.experiments.log_reading import STORE, open_log

        with open_log(state_dir(options) / STORE) as log:
            yield log
        return
    from cinematch_lib.serving.store import Store

    store = Store(options.state)
    try:
        yield store.database
    finally:
        store.close()


def audience_plan(options: argparse.Namespace, experiment: "Experiment") -> tuple[str, int | None]:
    """How many users and days it takes, in words, and the users. Raises CineMatchError for a metric without events."""
    import numpy as np

    from cinematch_lib.experiments import log_reading
    from cinematch_lib.experiments.power import Audience, plan

    nothing = (
        f"No list was reported as seen in the past {log_reading.PAST_DAYS} days, so the users it takes are unknown."
    )
    if not is_address(options.state or "") and not (state_dir(options) / log_reading.STORE).is_file():
        return nothing, None
    until = log_reading.seconds(experiment.created)
    with experiment_log(options) as log:
        since = until - log_reading.PAST_DAYS * log_reading.DAY
        past = log_reading.past_counts(log, experiment.metric, since, until)
        first = log_reading.first_list(log, since)
    if not past:
        return nothing, None
    lists, successes = (np.array(column) for column in zip(*(one[1:] for one in past), strict=True))
    if not successes.any():
        raise CineMatchError(
            f"none of {lists.sum():,} lists seen in the past {log_reading.PAST_DAYS} days has an event "
            f"{experiment.metric}; let the client send them (POST /api/events), or take another metric"
        )
    audience = Audience.of_past(successes, lists, max((until - first) / log_reading.DAY, 1 / 24))
    if len(past) < 2 or not np.isfinite(audience.variance):
        return nothing, None
    found = plan(audience, experiment.effect, experiment.shares)
    kind = " at most, since lists are interleaved" if experiment.method == "interleave" else ""
    return (
        f"{experiment.metric} at {audience.rate:.1%} of the lists seen so far: an effect of {experiment.effect:.0%} is "
        f"found with a power of 80 % among {found.users:,} users{kind}, about {found.days:,} days at "
        f"{audience.users_per_day:,.0f} users a day.",
        found.users,
    )
