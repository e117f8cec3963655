"""What a refresh has to do: bring the inputs up to date, and tell whether the current run was made from others."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from cinematch_lib.artifacts.manifest import FORMAT_VERSION
from cinematch_lib.artifacts.runs import RunRecord
from cinematch_lib.catalog.availability import ServicesSource
from cinematch_lib.catalog.cleaning import input_checksums
from cinematch_lib.data import fetch, movielens, tmdb
from cinematch_lib.data.datasets import DATASETS, SAMPLE
from cinematch_lib.data.fetching import published_md5
from cinematch_lib.pipeline.notebooks import STEPS, step_parameters
from cinematch_lib.pipeline.recorded import recorded_parameters
from cinematch_lib.storage.paths import project_path

OFFERS_MAX_AGE_DAYS = 7
# Parameters that decide how inputs are fetched and how a run is measured, not what it is.
_NO_RESULTS = (
    *("refresh", "tmdb_limit", "refresh_tmdb", "max_age_days", "ks", "folds", "test_users", "date", "protocol"),
    *("models", "tune", "extra_analyses", "test_users_of", "keep_gram"),
)


def renew(dataset: str, raw_dir: Path, known: Mapping[str, str], message: Callable[[str], None]) -> dict[str, str]:
    """Download a data set that MovieLens renews if another zip is published than the last one that was taken.

    `known` has the MD5 of that zip by data set; returns it as it is afterwards. Raises as `fetch` does, and then the
    folder stays as it was.
    """
    _tell_of_newer(dataset, message)
    published = _other_release(dataset, known)
    if published is None:
        fetch(dataset, raw_dir)
        return dict(known)
    message(f"MovieLens has another {dataset} than the one that was taken last; downloading it.")
    fetch(dataset, raw_dir, refresh=True)
    return {**known, dataset: published}


def _other_release(dataset: str, known: Mapping[str, str]) -> str | None:
    if dataset == SAMPLE or dataset not in DATASETS or DATASETS[dataset].films is not None:
        return None
    published = published_md5(dataset)
    return published if published != known.get(dataset) else None


def _tell_of_newer(dataset: str, message: Callable[[str], None]) -> None:
    """Benchmarks of MovieLens are never renewed; a newer one has another name."""
    films = DATASETS[dataset].films if dataset in DATASETS and dataset != SAMPLE else None
    newer = [name for name, one in DATASETS.items() if films is not None and (one.films or 0) > films]
    if newer:
        message(f"{newer[-1]} is a newer release than {dataset}; to change over: cinematch run --dataset {newer[-1]}")


def ask_tmdb(
    dataset: Path,
    raw_dir: Path,
    values: Mapping[str, Any],
    message: Callable[[str], None],
    offers_of: Collection[int] = (),
    offers_max_age_days: int = OFFERS_MAX_AGE_DAYS,
) -> None:
    """Ask TMDb for what is new, changed or too old, where a token is set; raises as `tmdb.fetch` does.

    Where TMDb's streaming offers are used, those of the films with the TMDb ids `offers_of` are asked for anew after
    `offers_max_age_days`, the best known first.
    """
    if not values["use_tmdb"] or dataset.name == SAMPLE:
        return
    ratings = movielens.read_ratings(dataset) if tmdb.is_asked(dataset, raw_dir) else None
    counts = None if ratings is None else ratings["movieId"].value_counts()
    names = {"limit": "tmdb_limit", "region": "region", "max_age_days": "max_age_days"}
    options = {name: values[of] for name, of in names.items()}
    if values["services"] == "tmdb":
        options |= {"offers_of": offers_of, "offers_max_age_days": offers_max_age_days}
    for note in tmdb.fetch(dataset, raw_dir, rating_counts=counts, **options).notes():
        message(note)


def state(values: Mapping[str, Any], raw_dir: Path, data_dir: Path) -> dict[str, Any]:
    """What a run would be made from now: the MD5s of its `inputs`, and the `parameters` that decide its results."""
    dataset = values["dataset"]
    own = project_path(values["services_file"]) if values["services_file"] else None
    options = {name: values[name] for name in ("region", "offers", "seed")}
    services = ServicesSource.from_parameters(values["services"], raw_dir=raw_dir, services_file=own, **options)
    metadata = tmdb.find_metadata(raw_dir, dataset) if values["use_tmdb"] else None
    parameters = {name: value for name, value in values.items() if name not in _NO_RESULTS}
    return {"inputs": input_checksums(raw_dir / dataset, metadata, services, data_dir), "parameters": parameters}


def due(run: RunRecord, present: Mapping[str, Any]) -> list[str]:
    """Why the run is not what would be made from the `present` state, as sentences; none if it is."""
    found = []
    if run.info.format_version < FORMAT_VERSION:
        found.append(f"the current run has the format {run.info.format_version}, older than {FORMAT_VERSION}")
    before, after = run.info.facts.get("clean", {}).get("inputs", {}), present["inputs"]
    for name in dict.fromkeys([*after, *before]):
        if before.get(name) != after.get(name):
            found.append(f"{name} {'changed' if name in before and name in after else _appeared(name in after)}")
    for name, (value, was) in _differing(run, present["parameters"]).items():
        found.append(f"the parameter {name} is {value!r} instead of {was!r}")
    return found


def learned_alike(run: RunRecord, present: Mapping[str, Any]) -> bool:
    """Whether `run` has the present format, and its features and weights the parameters of the `present` state."""
    names = step_parameters(["features", "train"])
    given = {name: value for name, value in present["parameters"].items() if name in names}
    return run.info.format_version == FORMAT_VERSION and not _differing(run, given)


def _differing(run: RunRecord, parameters: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    was = with_defaults(recorded_parameters(run) | {"dataset": run.info.dataset})
    return {name: (value, was[name]) for name, value in parameters.items() if was[name] != value}


def _appeared(is_there: bool) -> str:
    return "is new" if is_there else "is gone"


def with_defaults(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of all parameters of the pipeline."""
    return {name: one.default for name, one in step_parameters(list(STEPS)).items()} | dict(values)
