"""The command ``cinematch``: what it prints, what it refuses, and its exit codes."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from support.cli_calls import refused
from support.commands import COMMAND, started

from cinematch_lib.artifacts.draft import Draft
from cinematch_lib.artifacts.runs import Run, current_run_id

# --- run: what stops before any notebook starts -------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["--from", "featuers"],
            "there is no step 'featuers'; the steps are fetch, clean, features, train, evaluate; did you mean ",
        ),
        (["--to", "serve"], "there is no step 'serve'; the steps are fetch, clean, features, train, evaluate"),
        (
            ["--from", "features", "--to", "clean"],
            "--from must not come after --to, got --from features and --to clean",
        ),
        (["-p", "min_yaer", "1990"], "no notebook has the parameter 'min_yaer'; there are dataset, "),
        (["-p", "min_year", "soon"], "min_year must be a whole number or null (its default is None), got 'soon'"),
        (["-p", "min_year", "1980.5"], "min_year must be a whole number or null (its default is None), got '1980.5'"),
        (["-p", "require_tmdb", "7"], "require_tmdb must be true or false (its default is False), got '7'"),
        (
            ["-p", "min_year", "2000", "-p", "max_year", "1990"],
            "min_year must not be above max_year, got 2000 and 1990",
        ),
        (["-p", "seed", "-1"], "seed must be 0 or more, got -1"),
        (["-p", "seed", "1e12"], "seed must be below 4294967296, got 1000000000000"),
        (["-p", "genres_keep", "[dramma]"], "there is no genre 'dramma'; there are action, "),
        (["-p", "services_keep", "[Netflux]"], "no film here is on 'Netflux'; the services are "),
        (["-p", "services_keep", "[Netflix]", "-p", "services", "none"], "needs services, and services is 'none'"),
        (["-p", "services", "file", "-p", "services_file", "my.csv"], "services_file must be a CSV file, and there is"),
        (["-p", "region", "USA"], "region must be an ISO 3166 code of two letters"),
        (["--to", "clean", "-p", "min_df", "3"], "the parameter min_df belongs to a step that is not run this time"),
        (["-p", "raw_dir", "x"], "raw_dir is not given with -p or -f; say --raw-dir DIR"),
        (["-p", "date", "yesterday"], "date must be a day such as 2015-01-01, or a year, got 'yesterday'"),
        (["-p", "protocol", "tyme"], "protocol must be of users, time, liang2018, got 'tyme'; did you mean time?"),
        (["-p", "extra_analyses", "[cold]"], "extra_analyses must be of cold_users, "),
        (["-p", "models", "[eases]"], "got 'eases'; did you mean ease?"),
        (["-p", "models", "[]"], "models must name one of popular, "),
        (["-p", "field_weights", "{genre: 1}"], "got 'genre'; did you mean genres?"),
        (["-p", "embeddings", "models"], "embeddings must be a folder with a text encoder, and there is none at "),
        (["-p", "ks", "[10, 0]"], "ks must be one whole number from 1 on or more, got [10, 0]"),
        (["-p", "dropout", "-1"], "dropout must be 0 or more, got -1"),
        (["-p", "regularization", ".inf"], "regularization must be a finite number, got inf"),
        (["--dataset", "ml-23m"], "there is no data set 'ml-23m': the named ones are sample (embedded), "),
        (["--dataset", ""], "a data set's name is that of a folder, without slashes and not beginning with a dot"),
        (["-p", "run_dir", "x"], "no notebook has the parameter 'run_dir'; there are "),
        (["-f", "missing.yaml"], "missing.yaml could not be read: No such file or directory"),
        (["-f", "."], ". could not be read: Is a directory"),
        (["--from", "features"], "cleaning_report.json was not found; clean first: cinematch run --to clean"),
    ],
)
def test_what_cannot_be_meant_stops_a_run_before_it_begins(call, tmp_path, arguments, text):
    assert text in refused(call("run", *arguments), tmp_path)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_that_are_not_there_are_told_before_anything_is_downloaded(call, tmp_path, monkeypatch, name):
    monkeypatch.setenv(name, "ca.pem")
    text = refused(call("run", "--dataset", "ml-latest-small"), tmp_path)
    assert text == f"the CA bundle ca.pem of {name} does not exist; name the file of your network, or unset {name}"
    (tmp_path / "ca.pem").write_text("-----BEGIN\n")
    assert "ca.pem of" in (text := refused(call("run", "--dataset", "ml-latest-small"), tmp_path))
    assert "holds no certificate" in text
    (tmp_path / "raw" / "mine").mkdir(parents=True)
    (tmp_path / "raw" / "mine" / "movies.csv").write_text("movieId,title,genres\n1,Heat (1995),Crime\n")
    (tmp_path / "raw" / "mine" / "links.csv").write_text("movieId,imdbId,tmdbId\n1,0113277,949\n")
    monkeypatch.setenv("TMDB_BEARER_TOKEN", "token")
    assert refused(call("run", "--dataset", "mine"), tmp_path) == text


@pytest.mark.parametrize("url", ["ftp://mirror/movielens", "mirror/movielens", "https://"])
def test_an_address_that_nothing_can_be_downloaded_from_is_told_at_once(call, tmp_path, monkeypatch, url):
    monkeypatch.setenv("MOVIELENS_URL", url)
    text = refused(call("run", "--dataset", "ml-latest-small"), tmp_path)
    assert (
        text == f"MOVIELENS_URL must be an address such as https://files.grouplens.org/datasets/movielens, got {url!r}"
    )


def test_misspelt_names_get_suggestions(call, tmp_path):
    assert refused(call("run", "--from", "featuers"), tmp_path).endswith("did you mean features?")
    assert refused(call("run", "-p", "min_yaer", "1"), tmp_path).endswith("did you mean min_year, max_year?")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"min_year: [1990", "p.yaml is not YAML: while parsing a flow sequence"),
        (b"\xff\xfe", "p.yaml is not YAML: 'utf-8' codec can't decode byte 0xff"),
        (b"day: 2020-13-45", "p.yaml is not YAML: month must be in 1..12"),
        (b"- min_year", "p.yaml must hold lines such as 'min_year: 1990', got ['min_year']"),
        (b"min_year", "p.yaml must hold lines such as 'min_year: 1990', got 'min_year'"),
        (b"min_year: '1990'", "min_year must be a whole number or null (its default is None), got '1990'"),
        (b"region: NO", "region must be text (its default is 'US'), got False; put it in quotes"),
        (b"min_year: 1990\nseed: 1\nmin_year: 1980", "p.yaml has min_year more than once; keep one of the lines"),
        (b"nonsense: 1", "no notebook has the parameter 'nonsense'"),
        (b"artifacts_dir: x", "artifacts_dir is not given with -p or -f; say --artifacts-dir DIR"),
    ],
)
def test_a_parameter_file_that_will_not_do(call, tmp_path, content, text):
    (tmp_path / "p.yaml").write_bytes(content)
    assert refused(call("run", "-f", "p.yaml"), tmp_path).startswith(text)


def test_a_catalog_of_another_data_set_is_not_taken_for_the_one_that_was_asked_for(call, tmp_path, sample_run):
    shutil.copytree(sample_run.folder / "data", tmp_path / "data")
    assert refused(call("run", "--from", "features", "--dataset", "ml-32m"), tmp_path) == (
        "the catalog in data is of sample, not of ml-32m; clean it first: --from clean"
    )


def test_an_artifacts_folder_that_is_a_file(call, tmp_path):
    (tmp_path / "file").write_text("mine")
    assert refused(call("run", "--artifacts-dir", "file"), tmp_path) == (
        "file cannot hold runs (file/runs: Not a directory); name another artifacts folder"
    )


def test_wrong_usage_is_explained_by_the_parser():
    done = subprocess.run([COMMAND, "run", "-p", "min_year"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "argument -p: expected 2 arguments" in done.stderr


def test_help_names_every_command():
    done = subprocess.run([COMMAND, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    for name in ("setup", "run", "fetch", "recommend", "search", "runs", "use", "serve"):
        assert re.search(rf"^ +{name} ", done.stdout, flags=re.MULTILINE)


# --- runs and use -------------------------------------------------------------------------------------


@pytest.fixture
def two(sample_run, tmp_path):
    """A folder with the sample's run and one that holds the same, the second in use: (artifacts, first, second)."""
    artifacts = tmp_path / "both"
    shutil.copytree(sample_run.artifacts, artifacts)
    first, draft = Run.current(artifacts), Draft.create(artifacts)
    for name in first.info.files:
        draft.path(name).write_bytes(first.read_bytes(name))
    for step, facts in first.info.facts.items():
        draft.record(step, **facts)
    return artifacts, first.info.run_id, draft.publish().run_id


def test_runs_are_listed_and_the_one_in_use_is_marked(call, two):
    artifacts, first, second = two
    code, out, err = call("runs", "--artifacts-dir", artifacts)
    assert (code, err) == (0, "")
    head, *lines = out.split("\n\n")[0].split("\n")
    assert head.split() == ["run", "data", "set", "contents"]
    assert len(lines) == 2
    (marked,) = (line for line in lines if line.startswith("* "))
    assert re.fullmatch(rf"\* {second} +sample +9,\d\d\d films, \d,\d\d\d features; services=demo; ndcg@10 .*", marked)
    assert any(line.startswith(f"  {first} ") for line in lines)


def test_two_runs_of_the_same_hold_the_same(call, two):
    artifacts, first, second = two
    assert call("runs", first, second, "--artifacts-dir", artifacts) == (
        0,
        "Verdict: same; the two runs hold the same results, from the same inputs and parameters.\n",
        "",
    )


def test_comparing_with_an_unknown_run_suggests_one(call, two, tmp_path):
    artifacts, first, second = two
    line = refused(call("runs", first, second[:-1], "--artifacts-dir", artifacts), tmp_path)
    assert f" has no run {second[:-1]!r}; list them: cinematch runs; did you mean " in line
    assert second in line


def test_use_changes_the_run_in_use(call, two):
    artifacts, first, _ = two
    code, out, err = call("use", first, "--artifacts-dir", artifacts)
    assert (code, err) == (0, "")
    assert re.fullmatch(rf"{first} is the current run now: 9,\d\d\d films, \d,\d\d\d features\n", out)
    assert current_run_id(artifacts) == first


def test_a_broken_run_is_refused_and_named_in_the_list(call, two, tmp_path):
    artifacts, first, second = two
    (artifacts / "runs" / first / "manifest.json").unlink()
    manifest = artifacts / "runs" / first / "manifest.json"
    assert refused(call("use", first, "--artifacts-dir", artifacts), tmp_path).startswith(f"{manifest} is missing")
    assert current_run_id(artifacts) == second
    code, out, _ = call("runs", "--artifacts-dir", artifacts)
    assert code == 0
    assert f"\nNot readable: {manifest} is missing, so {first} is no complete run; make the run anew" in out


# --- as a shell meets it ------------------------------------------------------------------------------


def test_a_reader_that_leaves_early_causes_no_traceback(sample_run):
    out, into = os.pipe()
    process = started(sample_run.folder, "recommend", "-k", 5000, stdout=into)
    os.close(into)
    assert os.read(out, 6).startswith(b"  1. ")
    os.close(out)
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 141


def test_a_full_disk_is_one_line(sample_run):
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        process = started(sample_run.folder, "recommend", stdout=full)
    assert process.communicate(timeout=60)[1] == (
        "cinematch: a file or the output could not be read or written: No space left on device\n"
    )
    assert process.returncode == 1


def test_recommending_does_not_load_what_only_notebooks_need(sample_run):
    script = (
        "import sys; from cinematch_lib.cli.main import main; code = main(sys.argv[1:]); "
        "print(code, [name for name in ('pandas', 'sklearn', 'papermill', 'matplotlib') if name in sys.modules])"
    )
    arguments = ["recommend", "-k", "1", "--artifacts-dir", sample_run.artifacts]
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True)
    assert done.stdout.endswith("\n0 []\n"), done.stderr
