"""An experiment from end to end: 2,000 simulated users with the tastes of people from whom nothing was learned.

A fifth of the sample's users are held out of two runs: b learns from the ratings of the others, a knows only the films.
Each simulated user names three likes of one of these people to a server with two workers, looks at the list from the
top, and clicks a film with a chance that falls with its place, if it is another of the person's likes. The notebook
must find that b is better.
"""

import random
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import requests

from benchmarks.experiment_drill import COMMAND, URL, start_server
from cinematch_lib.artifacts.runs import current_run_id, list_runs
from cinematch_lib.data import fetch
from cinematch_lib.models.interactions import LIKED
from cinematch_lib.pipeline.kernel import execute_notebook
from cinematch_lib.pipeline.notebooks import NOTEBOOKS

USERS, CLIENTS, KNOWN, LENGTH = 2000, 4, 3, 10
HELD_OUT, DATASET = 0.2, "learners"
CHANCE, BY_MISTAKE = 0.9, 0.01  # of a click on a like at the first place, and on any other film


def main() -> None:
    """Run the experiment; the exit code is 1 if the notebook does not name b as the better arm."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        tastes = _held_out_likes(work)
        arms = _two_runs(work)
        _cinematch(work, "experiment", "start", "people", *(f"--arm={name}={run}" for name, run in arms.items()))
        server = start_server(work / "artifacts", work)
        try:
            with ThreadPoolExecutor(CLIENTS) as pool:
                clicks = sum(pool.map(lambda at: _one_user(at, tastes[at % len(tastes)]), range(USERS)))
        finally:
            server.terminate()
            server.wait(60)
        print(f"{USERS:,} users with the tastes of {len(tastes)} people clicked {clicks:,} films.")
        sentence = _read_by_notebook(work)
        print(sentence)
        sys.exit("b is better than a" not in sentence)


def _held_out_likes(work: Path) -> list[list[int]]:
    """Write the sample without a fifth of its users; returns the likes of these, of those who have enough."""
    raw = work / "raw"
    shutil.copytree(fetch("sample", raw), raw / DATASET)
    ratings = pd.read_csv(raw / DATASET / "ratings.csv")
    users = np.random.default_rng(0).permutation(ratings["userId"].unique())
    held_out = ratings["userId"].isin(users[: round(HELD_OUT * len(users))])
    ratings[~held_out].to_csv(raw / DATASET / "ratings.csv", index=False)
    likes = ratings[held_out & (ratings["rating"] >= LIKED)].groupby("userId")["movieId"].apply(list)
    return [one for one in likes if len(one) > 2 * KNOWN]


def _two_runs(work: Path) -> dict[str, str]:
    """The arms: a run of the films alone, and the current run, with weights from ratings."""
    _cinematch(work, "run", "--dataset", DATASET, "--from", "clean", "--to", "train")
    learned = current_run_id(work / "artifacts")
    _cinematch(work, "run", "--dataset", DATASET, "--from", "features", "--to", "features")
    alone = next(info.run_id for info in list_runs(work / "artifacts") if info.run_id != learned)
    return {"a": alone, "b": str(learned)}


def _one_user(at: int, taste: list[int]) -> int:
    rng = random.Random(at)
    likes = rng.sample(taste, len(taste))
    known, wanted = likes[:KNOWN], set(likes[KNOWN:])
    body = {"user_id": f"user {at}", "liked_movie_ids": known, "limit": LENGTH}
    answer = requests.post(f"{URL}/api/recommendations", json=body, timeout=30).json()
    events = [{"event_id": f"{at}-seen", "list_id": answer["list_id"], "type": "seen"}]
    for place, film in enumerate(one["movie_id"] for one in answer["recommendations"]):
        if rng.random() < (CHANCE if film in wanted else BY_MISTAKE) / (1 + place / 2):
            click = {"event_id": f"{at}-{place}", "list_id": answer["list_id"], "type": "click"}
            events.append(click | {"movie_id": film, "position": place + 1})
    requests.post(f"{URL}/api/events", json={"events": events}, timeout=30).raise_for_status()
    return len(events) - 1


def _read_by_notebook(work: Path) -> str:
    """The sentence in which the notebook says what follows."""
    executed = work / "06_experiment.ipynb"
    values = {"experiment": "people", "state_dir": str(work / "state")}
    execute_notebook(NOTEBOOKS / executed.name, executed, values, work)
    cells = nbformat.read(executed, as_version=4).cells
    printed = [one.text for cell in cells for one in cell.get("outputs", []) if one.get("name") == "stdout"]
    return next((line for text in printed for line in text.splitlines() if " a " in line), "no sentence")


def _cinematch(work: Path, *words: str) -> None:
    subprocess.run([COMMAND, *words], cwd=work, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
