"""Runs in MLflow: a folder that MLflow's own client reads, and a server that cannot be reached."""

import pytest
from mlflow import MlflowClient

from cinematch_lib.artifacts.runs import RunRecord, list_runs, run_folder
from cinematch_lib.errors import CineMatchError
from cinematch_lib.evaluation.mlflow_runs import log_runs


@pytest.fixture(scope="module")
def records(sample_run):
    return [RunRecord(run_folder(sample_run.artifacts, one.run_id)) for one in list_runs(sample_run.artifacts)]


def test_a_run_is_written_once_with_its_parameters_metrics_and_figures(records, tmp_path):
    uri = (tmp_path / "mlruns").as_uri()
    assert log_runs(records, uri) == [one.info.run_id for one in records]
    assert log_runs(records, uri) == []
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("cinematch sample")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert run.info.run_name == run.data.tags["cinematch.run"] == records[0].info.run_id
    models = records[0].read_json("metrics.json")["models"]
    served = models["served"]["ndcg@10"]
    assert [run.data.metrics[f"served/ndcg_at_10{end}"] for end in ("", "_low", "_high")] == pytest.approx(
        [served["mean"], served["low"], served["high"]]
    )
    assert {name.partition("/")[0] for name in run.data.metrics} == set(models)
    assert run.data.params["max_films"] == "1500"
    figures = {one.path for one in client.list_artifacts(run.info.run_id, "figures")}
    assert figures == {name for name in records[0].info.files if name.startswith("figures/")}


def test_the_command_tells_of_a_server_that_cannot_be_reached_without_the_password(sample_run, tmp_path, cinematch):
    place = ["--artifacts-dir", sample_run.artifacts]
    done = cinematch(tmp_path, "runs", *place, "--mlflow", "http://me:secret@127.0.0.1:9")
    assert done.code == 1
    assert "MLflow at http://127.0.0.1:9 took no runs" in done.err and "check the address" in done.err
    assert "secret" not in done.err + done.out


def test_a_sweep_that_ends_before_the_evaluation_has_nothing_for_mlflow(tmp_path, cinematch):
    grid = tmp_path / "grid.yaml"
    grid.write_text("grid: {prior_weight: [1, 2]}\n")
    done = cinematch(tmp_path, "sweep", "-f", grid, "--to", "train", "--mlflow", "mlruns")
    assert done.code == 1
    assert "--mlflow takes evaluated runs, and this sweep ends with train; leave out --to" in done.err
    assert not (tmp_path / "artifacts").exists()


def test_an_address_that_is_none_is_refused(records):
    with pytest.raises(CineMatchError, match="MLflow at nowhere://x took no runs"):
        log_runs(records, "nowhere://x")
