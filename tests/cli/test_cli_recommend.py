"""The command recommend."""

import re

import pytest
from support.cli_calls import refused

from cinematch_lib.artifacts.runs import list_runs
from cinematch_lib.data.attribution import MOVIELENS, WIKIDATA


def test_recommend_prints_films_with_reasons_and_whom_to_credit(sample_run, cinematch):
    done = cinematch(sample_run.folder, "recommend", "--like", "Heat (1995)", "--genre", "Crime", "-k", 3)
    assert (done.code, done.err) == (0, "")
    films, rest = done.out.split("\n\nServices marked (demo) are invented for demonstration.\n\n")
    heads = re.findall(r"^ {2}(\d)\. (.+) \((\d{4})\) {3}(\d\.\d{3})$", films, flags=re.MULTILINE)
    assert [rank for rank, *_ in heads] == ["1", "2", "3"]
    assert [score for *_, score in heads] == sorted((score for *_, score in heads), reverse=True)
    facts = re.findall(r"^ {5}\d+ min · (.+?)(?: · .+ \(demo\))?$", films, flags=re.MULTILINE)
    assert ["crime" in genres.split(", ") for genres in facts] == [True] * 3
    assert films.count("People who like Heat (1995)") == 3
    assert "Heat" not in {title for _, title, *_ in heads}
    assert rest == f"{MOVIELENS}\n{WIKIDATA}\n"


def test_recommend_without_any_likes_gives_ten(sample_run, call):
    code, out, _ = call("recommend", "--artifacts-dir", sample_run.artifacts)
    assert code == 0
    assert re.search(r"^ 10\. .+ \(\d{4}\)", out, flags=re.MULTILINE)


def test_fewer_films_than_asked_for_say_so(sample_run, call):
    narrow = ["--year-min", 2016, "--year-max", 2016, "--genre", "film noir", "--artifacts-dir", sample_run.artifacts]
    code, out, _ = call("recommend", *narrow)
    assert code == 0
    said = r"^(Only \d films fit|Only 1 film fits|No film fits); loosen the filters to see more\.$"
    assert re.search(said, out, flags=re.MULTILINE)
    code, out, _ = call("recommend", *narrow, "--runtime-min", 5000)
    assert code == 0
    assert out.startswith("No film fits; loosen the filters to see more.\n")
    code, out, _ = call("recommend", "-k", 7000, "--genre", "western", "--artifacts-dir", sample_run.artifacts)
    shown = int(re.findall(r"^ *(\d+)\. ", out, flags=re.MULTILINE)[-1])
    assert f"\nOnly {shown} films fit; loosen the filters to see more.\n" in out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--like", "Haet (1995)"], "no film here is called 'Haet (1995)'; did you mean Heat (1995)"),
        (["--dislike", "Qwrtzp"], "no film here is called 'Qwrtzp'"),
        (["--without", "Toy Stroy"], "did you mean Toy Story (1995)"),
        (["--rate", "Heat (1995)"], "--rate takes a title and stars, as \"Heat (1995)=4.5\", got 'Heat (1995)'"),
        (["--rate", "Heat=good"], "--rate takes a title and stars, as \"Heat (1995)=4.5\", got 'Heat=good'"),
        (
            ["--rate", "Heat=12/10"],
            "a rating must be from 0.5 to 5 stars, got 12/10, which is 6 stars, for Heat (1995) (film 6); correct it",
        ),
        (
            ["--rate", "Heat=6"],
            "got 6 stars for Heat (1995) (film 6); write another scale with it, as 8/10",
        ),
        (["-k", 0], "k must be between 1 and {films} (the number of films), got 0"),
        (["-k", -1], "k must be between 1 and {films} (the number of films), got -1"),
        (["-k", 10**9], "k must be between 1 and {films} (the number of films), got 1000000000"),
        (["--genre", "dramma"], "no film here has the genre 'dramma'; there are action, adventure, "),
        (["--genre", "dramma"], "; did you mean drama?"),
        (["--service", "Netflicks"], "no film here is on 'Netflicks'; the services are Amazon Prime Video (demo), "),
        (["--year-min", 2000, "--year-max", 1990], "year_min must not be above year_max, got 2000 and 1990"),
        (
            ["--like", "Heat (1995)", "--dislike", "Heat (1995)"],
            "Heat (1995) (film 6) is both liked and disliked; choose one",
        ),
        (
            ["--like", "Heat", "--rate", "Heat=1"],
            "Heat (1995) (film 6) is both liked and rated with 1 star, and a film",
        ),
        (["--like", "Heat", "--rate", "Heat=1"], "counts as liked from 4 stars on; choose one"),
        (
            ["--dislike", "Heat", "--rate", "Heat=4.5"],
            "Heat (1995) (film 6) is both disliked and rated with 4.5 stars, ",
        ),
        (["--time", "Heat=2020-01-01"], "--time names Heat (1995) (film 6), of which nothing else is said; add --like"),
        (["--like", "Heat", "--time", "Heat=9999-01-01"], "a date that is not in the future, got 9999-01-01 for Heat"),
    ],
)
def test_wishes_that_cannot_be_met(sample_run, call, tmp_path, arguments, text):
    films = list_runs(sample_run.artifacts)[0].facts["features"]["films"]
    line = refused(call("recommend", *arguments, "--artifacts-dir", sample_run.artifacts), tmp_path)
    assert text.format(films=films) in line


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["recommend"],
            "{folder}/artifacts has no current run yet; make one (cinematch run), "
            "or name another folder (--artifacts-dir)",
        ),
        (["runs"], "artifacts has no runs yet; make one: cinematch run"),
        (["use", "any"], "artifacts has no run 'any'; list them: cinematch runs"),
        (["runs", "a"], "compare two runs, got 1; list them: cinematch runs"),
        (["runs", "a", "b"], "artifacts has no run 'a'; list them: cinematch runs"),
    ],
)
def test_before_there_is_any_run(call, tmp_path, arguments, text):
    assert refused(call(*arguments), tmp_path) == text.format(folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
