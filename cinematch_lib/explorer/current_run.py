"""The current run, as far as it can be read."""

from dataclasses import dataclass
from pathlib import Path

from cinematch_lib.artifacts.runs import Run
from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer.settings import Settings
from cinematch_lib.recommender.recommender import Recommender


@dataclass(frozen=True)
class InUse:
    """The current run: its recommender and the settings that it was made with; or why there is none."""

    run: Run | None = None
    recommender: Recommender | None = None
    settings: Settings | None = None
    problem: str = ""

    @classmethod
    def find(cls, artifacts_dir: Path) -> "InUse":
        """The current run under `artifacts_dir`."""
        run = recommender = None
        try:
            run = Run.current(artifacts_dir)
            recommender = Recommender.of_run(run)
            return cls(run, recommender, Settings.of_run(run))
        except CineMatchError as error:
            return cls(run, recommender, None, str(error))
        except (KeyError, TypeError, ValueError, AttributeError):  # sealed and whole, but not by this version
            return cls(problem=f"{artifacts_dir} holds a run that cannot be read; make it anew: cinematch run")
