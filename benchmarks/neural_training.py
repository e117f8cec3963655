"""Tune and train neural models on exported folds: ``python benchmarks/neural_training.py FOLDS LISTS [MODEL ...]``.

It needs JAX, optax, numpy and scipy alone, so that it runs on a machine with an accelerator; see `neural`.
"""

import json
import sys
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from neural_models import Data, Params, ScoreFunction, fit, score
from scipy import sparse

LIKED, K, EPOCHS, SEED = 4.0, 20, 150, 7
_SHORT = (1, 2, 3, 5)  # numbers of known likes for which the candidates of much dropout are the ones to take
_VAE = [
    *({"hidden": 600, "latent": 200, "dropout": 0.5, "beta": beta} for beta in (0.2, 1.0)),
    {"hidden": 200, "latent": 64, "dropout": 0.5, "beta": 0.5},
    {"hidden": 600, "latent": 200, "dropout": 0.8, "beta": 0.5},
]
_RECVAE = [
    *({"hidden": 600, "latent": 200, "dropout": 0.5, "gamma": gamma} for gamma in (0.0025, 0.005, 0.01)),
    {"hidden": 600, "latent": 200, "dropout": 0.8, "gamma": 0.005},
]
_TOWERS = [
    *({"hidden": 128, "latent": 64, "dropout": 0.5, "temperature": value} for value in (0.1, 0.2)),
    {"hidden": 256, "latent": 128, "dropout": 0.3, "temperature": 0.1},
    {"hidden": 256, "latent": 128, "dropout": 0.8, "temperature": 0.2},
]
CANDIDATES: dict[str, list[dict[str, Any]]] = {
    name: [one | {"low_ratings": low} for low in (False, True) for one in candidates]
    for name, candidates in (("mult-vae", _VAE), ("recvae", _RECVAE), ("two-tower", _TOWERS))
}


def main(folds: str, lists: str, *models: str) -> None:
    """Choose a candidate of each of `models`, by default all, train it on the test folds, and write its lists."""
    started = time.perf_counter()
    with np.load(folds) as file:
        arrays = dict(file)
    report: dict[str, Any] = {"device": str(jax.devices()[0].device_kind), "chosen": {}, "trials": {}}
    found: dict[str, Any] = {}
    n_folds = max(int(name.partition("_")[0]) for name in arrays)
    for name in models or CANDIDATES:
        candidates = CANDIDATES[name]
        trials = [_trial(name, one, arrays) for one in candidates]
        best = max(trials, key=lambda one: one["ndcg@10"])
        short = max((one for one in trials if one["dropout"] == 0.8), key=lambda one: one["ndcg@10"])
        report["trials"][name], report["chosen"][name] = trials, {"whole": best, "short": short}
        print(f"{name}: {best}; {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        for number in range(1, n_folds + 1):
            found |= _lists(f"{number}_{name}", name, best, arrays, number, short=False)
            found |= _lists(f"{number}_{name}", name, short, arrays, number, short=True)
    report["seconds"] = time.perf_counter() - started
    np.savez_compressed(lists, report=np.array(json.dumps(report)), **found)


def _trial(name: str, values: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """The values with the number of epochs and nDCG@10 on the validation users."""
    held_out, query = _matrix(arrays, "0_held_out"), _matrix(arrays, "0_query")
    best = 0.0

    def validate(scores: ScoreFunction, params: Params) -> float:
        nonlocal best
        columns = _rank(scores, params, _inputs(query, values), query)
        value = _ndcg(columns[:, :10], held_out)
        best = max(best, value)
        return value

    epochs = fit(name, values, _data(arrays, 0, values), EPOCHS, SEED, validate)[2]
    return values | {"epochs": epochs, "ndcg@10": round(best, 4)}


def _lists(
    prefix: str, name: str, trial: dict[str, Any], arrays: dict[str, np.ndarray], number: int, short: bool
) -> dict[str, np.ndarray]:
    scores, params, _ = fit(name, trial, _data(arrays, number, trial), trial["epochs"], SEED)
    found = {}
    if not short:
        query = _matrix(arrays, f"{number}_query")
        found[f"{prefix}_query"] = _rank(scores, params, _inputs(query, trial), query)
    for key in [one for one in arrays if one.startswith(f"{number}_known_") and one.endswith("_shape")]:
        known = key.removeprefix(f"{number}_known_").removesuffix("_shape")
        if known != "rated" and (int(known) in _SHORT) == short:
            likes, rated = _matrix(arrays, f"{number}_known_{known}"), _matrix(arrays, f"{number}_known_rated")
            found[f"{prefix}_known_{known}"] = _rank(scores, params, _inputs(likes, trial), rated)
    return found


def _data(arrays: dict[str, np.ndarray], number: int, values: dict[str, Any]) -> Data:
    train = _matrix(arrays, f"{number}_train")
    train = train[np.diff((train >= LIKED).indptr) > 0]
    inputs = jnp.asarray(_inputs(train, values).toarray().astype(np.uint8))
    likes = inputs[:, : train.shape[1]]
    return Data(inputs, likes, jnp.asarray(arrays[f"{number}_features"]))


def _inputs(ratings: sparse.csr_matrix, values: dict[str, Any]) -> sparse.csr_matrix:
    """1 for each like, and, with `low_ratings`, 1 for each other rating in columns of their own."""
    likes = (ratings >= LIKED).astype(np.float32)
    if not values["low_ratings"]:
        return sparse.csr_matrix(likes)
    rated = sparse.csr_matrix((np.ones_like(ratings.data), ratings.indices, ratings.indptr), shape=ratings.shape)
    return sparse.hstack([likes, rated - likes], format="csr", dtype=np.float32)


def _rank(scores: ScoreFunction, params: Params, inputs: sparse.csr_matrix, rated: sparse.csr_matrix) -> np.ndarray:
    """The columns of the best films outside `rated`, ties by column: int32 (users, K)."""
    values = score(scores, params, inputs)
    values[rated.nonzero()] = -np.inf
    highest, best = (np.asarray(one) for one in jax.lax.top_k(values, K))
    return np.where(np.isfinite(highest), best, -1).astype(np.int32)


def _ndcg(columns: np.ndarray, held_out: sparse.csr_matrix) -> float:
    """Mean nDCG of the lists over all users, who have a held-out film each."""
    relevant = held_out.toarray() > 0
    hits = np.take_along_axis(relevant, columns, axis=1) & (columns >= 0)
    discounts = 1 / np.log2(np.arange(2, columns.shape[1] + 2))
    ideal = np.cumsum(discounts)[np.minimum(relevant.sum(axis=1), columns.shape[1]) - 1]
    return float(((hits * discounts).sum(axis=1) / ideal).mean())


def _matrix(arrays: dict[str, np.ndarray], name: str) -> sparse.csr_matrix:
    parts = (arrays[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
    data, indices, indptr = parts
    return sparse.csr_matrix((data.astype(np.float32), indices, indptr), shape=tuple(arrays[f"{name}_shape"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
