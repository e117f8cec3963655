"""Evaluated runs in MLflow: their parameters, metrics and figures, in a tracking server or a folder."""

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from cinematch_lib.artifacts.runs import RunRecord
from cinematch_lib.errors import CineMatchError, require_extra
from cinematch_lib.evaluation.leaderboard import choices
from cinematch_lib.evaluation.records import METRICS

if TYPE_CHECKING:
    from mlflow import MlflowClient

_RUN_TAG = "cinematch.run"
_FIGURES = "figures/"
_AT_ONCE = 500  # metrics of a request, of which MLflow takes 1,000 at most
_MAX_VALUE = 6000  # characters of a parameter that MLflow keeps


def log_runs(runs: Iterable[RunRecord], uri: str) -> list[str]:
    """Write the evaluated runs that MLflow at `uri` lacks; returns their ids.

    `uri` is the address of a tracking server, or a folder as ``file:///...``. A run's experiment is named by its data
    set, ``cinematch sample``. Metrics are named ``model/ndcg_at_10``, since MLflow allows no @; the ends of their 95 %
    intervals are ``model/ndcg_at_10_low`` and ``model/ndcg_at_10_high``. Raises CineMatchError where MLflow refuses or
    cannot be reached, and MissingExtraError without the extra ``mlflow``.
    """
    require_extra("mlflow", "mlflow")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    if "://" not in uri or uri.startswith("file:"):
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        client = MlflowClient(tracking_uri=uri)
        return [one.info.run_id for one in runs if METRICS in one.info.files and _log(client, one)]
    except MlflowException as error:
        message = str(error).strip().splitlines()[0].replace(uri, _shown(uri))
        raise CineMatchError(
            f"MLflow at {_shown(uri)} took no runs ({message}); check the address, or name a folder as "
            "file:///path/of/mlruns"
        ) from None


def _log(client: "MlflowClient", run: RunRecord) -> bool:
    """Write one run, unless MLflow has it; whether it was written."""
    from mlflow.entities import Metric, Param, ViewType

    info = run.info
    experiment = _experiment(client, f"cinematch {info.dataset}")
    query = f"tags.`{_RUN_TAG}` = '{info.run_id}' and attributes.status = 'FINISHED'"
    if client.search_runs([experiment], query, ViewType.ACTIVE_ONLY, max_results=1):
        return False
    created = int(datetime.fromisoformat(info.created).timestamp() * 1000)
    tags = {_RUN_TAG: info.run_id, "mlflow.runName": info.run_id, "cinematch.fingerprint": info.fingerprint}
    run_id = client.create_run(experiment, created, tags).info.run_id
    metrics = [Metric(name, value, created, 0) for name, value in metric_values(run)]
    params = [Param(name, value[:_MAX_VALUE]) for name, value in choices(info).items()]
    client.log_batch(run_id, params=params)
    for first in range(0, len(metrics), _AT_ONCE):
        client.log_batch(run_id, metrics[first : first + _AT_ONCE])
    for name in info.files:
        if name.startswith(_FIGURES):
            client.log_artifact(run_id, str(run.folder / name), _FIGURES.rstrip("/"))
    client.set_terminated(run_id)
    return True


def _experiment(client: "MlflowClient", name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name))


def metric_values(run: RunRecord) -> Iterator[tuple[str, float]]:
    """The name in MLflow and the value of each metric of each model of an evaluated run, with its interval."""
    models: dict[str, dict[str, Any]] = run.read_json(METRICS)["models"]
    for model, metrics in models.items():
        for metric, value in metrics.items():
            name = f"{model}/{metric.replace('@', '_at_')}"
            if not isinstance(value, dict):
                yield name, float(value)
                continue
            yield name, float(value["mean"])
            yield f"{name}_low", float(value["low"])
            yield f"{name}_high", float(value["high"])


def _shown(uri: str) -> str:
    """The address without a user's name and password."""
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
