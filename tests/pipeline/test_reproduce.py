"""Making a run again: equal files from equal data, and what has changed where they are not."""

import pytest
from support.run_files import published
from support.small_projects import DATASET, lay_raw

from cinematch_lib.artifacts.runs import RunRecord, current_run_id, list_runs, run_folder
from cinematch_lib.catalog.cleaning import CATALOG
from cinematch_lib.errors import CineMatchError
from cinematch_lib.pipeline.folders import Folders
from cinematch_lib.pipeline.reproduce import reproduce


def test_a_run_is_made_again_and_compared_file_by_file(tmp_path, cinematch):
    folder, artifacts = lay_raw(tmp_path / "raw"), tmp_path / "artifacts"
    first = cinematch(
        tmp_path, "run", "--dataset", DATASET, "--to", "features", "-p", "min_year", "1990", "-p", "seed", "7"
    )
    assert first.code == 0, first.err
    (run,) = list_runs(artifacts)
    catalog = (tmp_path / "data" / CATALOG).read_bytes()
    same = cinematch(tmp_path, "reproduce", run.run_id)
    assert same.code == 0, same.err
    assert "equal    cleaning_report.json" in same.out and "differs" not in same.out
    again = next(one for one in list_runs(artifacts) if one.run_id != run.run_id)
    assert f"{again.run_id} is equal to {run.run_id}: all " in same.out
    assert again.fingerprint == run.fingerprint and current_run_id(artifacts) == run.run_id
    links = (folder / "links.csv").read_text().splitlines()
    (folder / "links.csv").write_text("\n".join(links[:-1]) + "\n")
    other = cinematch(tmp_path, "reproduce", run.run_id)
    assert other.code == 1
    assert "differs  cleaning_report.json" in other.out and "changed since: links.csv changed" in other.out
    assert "files differ" in other.err
    assert (tmp_path / "data" / CATALOG).read_bytes() == catalog
    assert [path.name for path in artifacts.iterdir() if path.name.startswith(".reproduce")] == []


def test_a_run_without_a_record_cannot_be_made_again(tmp_path):
    info = published(tmp_path / "artifacts")
    run = RunRecord(run_folder(tmp_path / "artifacts", info.run_id))
    with pytest.raises(CineMatchError, match="does not record the parameters and data that it was made with"):
        reproduce(run, Folders(tmp_path / "raw", tmp_path / "data", tmp_path / "artifacts"))
