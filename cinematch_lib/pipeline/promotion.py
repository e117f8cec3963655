"""Whether a new run may take the place of the current one: metrics, size of the catalog, and well-known films."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cinematch_lib.artifacts.item_weights import ITEM_WEIGHTS
from cinematch_lib.artifacts.manifest import FORMAT_VERSION
from cinematch_lib.artifacts.runs import Run, RunRecord, current_run_id, promoted_runs, run_folder
from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommender import Recommender

FAMOUS = (
    *("Toy Story (1995)", "Heat (1995)", "Forrest Gump (1994)", "Pulp Fiction (1994)", "Jurassic Park (1993)"),
    *("The Shawshank Redemption (1994)", "The Matrix (1999)", "Fight Club (1999)", "The Godfather (1972)"),
    *("Star Wars: Episode IV - A New Hope (1977)", "Back to the Future (1985)", "Alien (1979)", "Casablanca (1942)"),
    *("Blade Runner (1982)", "Finding Nemo (2003)", "The Dark Knight (2008)", "Inception (2010)"),
)
_BASELINES = 4  # so many of the latest runs that were current; the best counts, so that small losses do not add up
_LEVEL = 0.98  # of the two-sided interval; its upper end is the one-sided test at 1 %
_PAIRED = 30  # users tested in both runs; with fewer, means over different users are compared
_LIST = 10  # films recommended for each well-known film


@dataclass(frozen=True)
class Gate:
    """The conditions for a promotion.

    `max_shrink` is the share of the films that may go; `smoke` are titles with years: those that the current run finds
    must be found, recommended from and explained by the new one.
    """

    max_shrink: float = 0.05
    smoke: Sequence[str] = FAMOUS

    def __post_init__(self) -> None:
        if not 0 <= self.max_shrink <= 1:
            raise CineMatchError(f"max_shrink must be a share between 0 % and 100 %, got {self.max_shrink:.0%}")

    def objections(self, run_id: str, artifacts_dir: Path) -> list[str]:
        """Why the run `run_id` must not take the place of the current one; none if it may.

        A current run of an older format can be compared by its metrics alone. Raises CineMatchError.
        """
        new = Run(run_folder(artifacts_dir, run_id))
        current = RunRecord(run_folder(artifacts_dir, current_run_id(artifacts_dir) or ""))
        found = [*_lost(new, current), *_worse(new, artifacts_dir)]
        if current.info.format_version == FORMAT_VERSION:
            before, after = Recommender.from_run(Run(current.folder)), Recommender.from_run(new)
            found += [*self._shrunk(len(before), len(after)), *self._without_answer(before, after)]
        return found

    def _shrunk(self, before: int, after: int) -> Iterator[str]:
        if after < (1 - self.max_shrink) * before:
            yield (
                f"the catalog shrank from {before:,} films to {after:,}, by {1 - after / before:.1%}, and --max-shrink "
                f"is {self.max_shrink:.0%}"
            )

    def _without_answer(self, before: Recommender, after: Recommender) -> Iterator[str]:
        for title in self.smoke:
            if (movie_id := _found(before, title)) is None:
                continue
            if _found(after, title) != movie_id:
                yield f"a search for {title} no longer finds it"
                continue
            listed = after.recommend(Preferences(liked_movie_ids=[movie_id]), _LIST)
            if len(listed) < min(_LIST, len(after) - 1) or not all(one.explanation for one in listed):
                yield f"liking {title} brings {len(listed)} explained films, fewer than {_LIST}"


def _found(recommender: Recommender, title: str) -> int | None:
    """The id of the film with this title and year, if it is the first result of a search."""
    try:
        first = recommender.search(title, 1)
    except UnknownNameError:
        return None
    return first[0].movie_id if first and first[0].label == title else None


def _lost(new: RunRecord, current: RunRecord) -> Iterator[str]:
    from cinematch_lib.evaluation.records import METRICS  # slow to import, and mostly nothing is due

    for name, what in ((ITEM_WEIGHTS, "weights from ratings"), (METRICS, "evaluation")):
        if name in current.info.files and name not in new.info.files:
            yield f"it has no {what}, which {current.info.run_id} has"


def _worse(new: RunRecord, artifacts_dir: Path) -> Iterator[str]:
    """Compare the first main metric of what is served with that of the best of the latest promoted runs."""
    from cinematch_lib.evaluation.compare import SERVED
    from cinematch_lib.evaluation.intervals import difference, unpaired_difference
    from cinematch_lib.evaluation.records import METRICS, read_by_user
    from cinematch_lib.evaluation.report import metric_label

    if METRICS not in new.info.files:
        return
    protocol = new.read_json(METRICS)["protocol"]
    column = f"{SERVED} {protocol['main'][0]}"
    after = read_by_user(new)
    values = {
        run_id: before[column]
        for run_id, before in _baselines(new, artifacts_dir, protocol["name"])
        if column in before
    }
    if not values or column not in after:
        return
    best = max(values, key=lambda run_id: _mean_of_common(values[run_id], after[column]))
    common = after.index.intersection(values[best].index)
    if len(common) >= _PAIRED or len(common) == len(after):
        gap, how = difference(after.loc[common, column], values[best][common], level=_LEVEL), "the same people"
    else:
        gap, how = unpaired_difference(after[column], values[best], level=_LEVEL), "other people"
    if gap.high < 0:
        yield (
            f"{metric_label(protocol['main'][0])} fell by {-gap.mean:.4f} against {best}, the best of the latest "
            f"{len(values)} promoted, on {how} ({len(common) or len(after):,} users, one-sided at 1 %: "
            f"by {-gap.high:.4f} at least)"
        )


def _mean_of_common(before: "pd.Series[float]", after: "pd.Series[float]") -> float:
    common = before[before.index.isin(after.index)]
    return float((common if len(common) >= _PAIRED else before).mean())


def _baselines(new: RunRecord, artifacts_dir: Path, protocol: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """The metrics by user of the latest promoted runs that were evaluated by the same protocol."""
    from cinematch_lib.evaluation.records import METRICS, read_by_user

    ids = [run_id for run_id in promoted_runs(artifacts_dir) if run_id != new.info.run_id]
    for run_id in list(dict.fromkeys(reversed(ids)))[:_BASELINES]:
        try:
            record = RunRecord(run_folder(artifacts_dir, run_id))
        except CineMatchError:
            continue  # an old run that was damaged is no baseline
        if METRICS in record.info.files and record.read_json(METRICS)["protocol"]["name"] == protocol:
            yield run_id, read_by_user(record)
