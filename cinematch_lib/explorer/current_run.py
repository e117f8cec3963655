"""The current run, as far as it can be read."""

from dataclasses import dataclass
from pathlib import Path

from cinematch_lib.artifacts.film_map import FilmMap
from cinematch_lib.artifacts.runs import Run
from cinematch_lib.errors import CineMatchError
from cinematch_lib.explorer.settings import Settings
from cinematch_lib.recommender.recommender import Recommender


@dataclass(frozen=True)
class CurrentRun:
    """The current run, its recommender, the settings of its catalog, its map; `problem` says what is missing."""

    run: Run | None = None
    recommender: Recommender | None = None
    settings: Settings | None = None
    problem: str = ""
    film_map: FilmMap | None = None

    @classmethod
    def load(cls, artifacts_dir: Path) -> "CurrentRun":
        """The current run under `artifacts_dir`."""
        run = recommender = None
        try:
            run = Run.current(artifacts_dir)
            recommender = Recommender.from_run(run)
            return cls(run, recommender, Settings.from_run(run), film_map=run.read_film_map())
        except CineMatchError as error:
            return cls(run, recommender, None, str(error))
        except (KeyError, TypeError, ValueError, AttributeError):  # sealed and complete, but of another program
            return cls(problem=f"{artifacts_dir} contains a run that cannot be read; make a new one: cinematch run")
