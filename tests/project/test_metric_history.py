"""The script that keeps a history of metrics for the CI service, run as the workflow runs it."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from support.evaluated_runs import evaluated
from support.pages import ROOT
from support.run_files import published

SCRIPT = ROOT / "scripts" / "metric_history.py"


def add(run, history, commit="0123456789abcdef"):
    return subprocess.run(
        [sys.executable, SCRIPT, run, history],
        env=os.environ | {"GITHUB_SHA": commit},
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_run_is_one_line_of_the_history_and_of_the_summary(tmp_path):
    history = tmp_path / "history"
    runs = [evaluated(tmp_path / "artifacts", np.full(20, value)) for value in (0.25, 0.35)]
    first = add(runs[0].folder, history)
    assert first.returncode == 0, first.stderr
    done = add(runs[1].folder, history, "fedcba9876543210")
    lines = (history / "metrics.csv").read_text().splitlines()
    assert lines[0] == "run,created,commit,model,metric,mean,low,high"
    assert [line.split(",")[2:] for line in lines[1:]] == [
        ["01234567", "hybrid", "ndcg@10", "0.25", "0.24", "0.26"],
        ["fedcba98", "hybrid", "ndcg@10", "0.35", "0.34", "0.36"],
    ]
    assert "line [0.2500, 0.3500]" in done.stdout and 'y-axis "ndcg@10" 0.240 --> 0.360' in done.stdout
    table = [line for line in done.stdout.splitlines() if line.startswith("| 20")]
    assert [run.info.run_id in line for run, line in zip(runs[::-1], table, strict=True)] == [True, True]
    assert table[0].endswith("| fedcba98 | " + runs[1].info.run_id + " | 0.350 [0.340, 0.360] |")
    drawn = (history / "metrics.svg").read_bytes()
    assert ET.fromstring(drawn).tag.endswith("svg") and b"ndcg@10 of what is served" in drawn
    again = add(runs[1].folder, history, "fedcba9876543210")
    assert again.stdout == done.stdout and (history / "metrics.csv").read_text().splitlines() == lines
    assert (history / "metrics.svg").read_bytes() == drawn


@pytest.mark.parametrize("broken", ["run", "history"])
def test_what_cannot_be_added_is_said(tmp_path, broken):
    history = tmp_path / "history"
    history.mkdir()
    run = tmp_path / "artifacts/runs" / published(tmp_path / "artifacts").run_id
    if broken == "history":
        run = evaluated(tmp_path / "artifacts", [0.5]).folder
        (history / "metrics.csv").write_text("a,b\n1,2\n")
    done = add(run, history)
    assert done.returncode == 1 and not (history / "metrics.svg").exists()
    problem = (
        "was not evaluated, so it has no metrics to add" if broken == "run" else "must have the columns run, created"
    )
    assert problem in done.stderr
