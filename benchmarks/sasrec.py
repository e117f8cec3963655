"""Tune and train SASRec on sequences of films: ``python benchmarks/sasrec.py SEQUENCES LISTS``; see `sequential`.

A transformer reads the films of a user in order and predicts the next one at every place (Kang and McAuley 2018, doi
10.1109/ICDM.2018.00035). The loss is the cross-entropy over all films, which serves it better than one sampled film
(Klenitskiy and Vasilev 2023, doi 10.1145/3604915.3610644). It needs JAX, optax and numpy alone, so that it runs on a
machine with an accelerator.
"""

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

Params = dict[str, Any]
K, SEED = 10, 7
EPOCHS, EVERY, PATIENCE = 150, 5, 6  # epochs, epochs between evaluations, and evaluations without gain
BATCH, HEADS, BLOCKS = 64, 2, 2
CANDIDATES: list[dict[str, Any]] = [
    {"size": size, "length": length, "dropout": dropout}
    for size in (64, 128)
    for length in (50, 200)
    for dropout in (0.2, 0.5)
]


def main(sequences: str, lists: str) -> None:
    """Choose a candidate by the last but one film of each user, train it on all but the last, and write its lists."""
    started = time.perf_counter()
    with np.load(sequences) as file:
        ends, films, n_films = file["ends"], file["films"], int(file["n_films"])
    of_users = np.split(films, ends[:-1])
    shorter = [one[:-1] for one in of_users]
    targets = np.array([one[-1] for one in of_users])
    trials = []
    for values in CANDIDATES:
        model = SASRec(values, n_films)
        epochs, value, _ = model.fit(shorter, EPOCHS, targets)
        trials.append(values | {"epochs": epochs, "ndcg@10": round(value, 4)})
        print(f"{trials[-1]}; {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    best = max(trials, key=lambda one: one["ndcg@10"])
    model = SASRec(best, n_films)
    params = model.fit(of_users, best["epochs"])[2]
    seconds, device = time.perf_counter() - started, str(jax.devices()[0].device_kind)
    report = {"chosen": best, "trials": trials, "seconds": seconds, "device": device}
    np.savez_compressed(lists, films=model.rank(params, of_users), report=np.array(json.dumps(report)))


class SASRec:
    """Numbers of films are from 0; in sequences they are from 1, and 0 stands before the first film."""

    def __init__(self, values: Mapping[str, Any], n_films: int) -> None:
        self.size, self.length, self.dropout = values["size"], values["length"], values["dropout"]
        self.n_films = n_films
        self.optimizer = optax.adam(1e-3, b2=0.98)
        self._epoch = jax.jit(self._train)
        self._best = jax.jit(self._best_of_batch)

    def fit(
        self, sequences: list[np.ndarray], epochs: int, targets: np.ndarray | None = None
    ) -> tuple[int, float, Params]:
        """Train for so many epochs, or, with the film that follows each sequence, until nothing is gained any more.

        Returns the number of epochs, nDCG@10 of these films, and the parameters.
        """
        rows = jnp.asarray(self._padded(sequences, self.length + 1))
        key, first = jax.random.split(jax.random.PRNGKey(SEED))
        params = self._init(first)
        state = self.optimizer.init(params)
        best, best_value, best_epoch = params, -1.0, epochs
        for epoch in range(1, epochs + 1):
            key, one = jax.random.split(key)
            params, state = self._epoch(params, state, one, rows)
            if targets is not None and epoch % EVERY == 0:
                value = _ndcg(self.rank(params, sequences), targets)
                if value > best_value:
                    best, best_value, best_epoch = params, value, epoch
                elif epoch - best_epoch >= PATIENCE * EVERY:
                    break
        return best_epoch, best_value, best if targets is not None else params

    def rank(self, params: Params, sequences: list[np.ndarray]) -> np.ndarray:
        """The films outside each sequence that most likely follow it, ties by number: int32 (users, K)."""
        rows, found = self._padded(sequences, self.length), []
        for start in range(0, len(rows), BATCH):
            batch = np.zeros((BATCH, self.length), dtype=np.int32)  # of one size, compiled once
            known = np.zeros((BATCH, self.n_films), dtype=bool)
            of_users = sequences[start : start + BATCH]
            batch[: len(of_users)] = rows[start : start + BATCH]
            for at, one in enumerate(of_users):
                known[at, one] = True
            found.append(np.asarray(self._best(params, jnp.asarray(batch), jnp.asarray(known)))[: len(of_users)])
        return np.concatenate(found)

    def _best_of_batch(self, params: Params, rows: jax.Array, known: jax.Array) -> jax.Array:
        scores = self._logits(params, self._encode(params, rows, None)[:, -1])
        return jax.lax.top_k(jnp.where(known, -jnp.inf, scores), K)[1].astype(jnp.int32)

    def _padded(self, sequences: list[np.ndarray], length: int) -> np.ndarray:
        rows = np.zeros((len(sequences), length), dtype=np.int32)
        for row, one in zip(rows, sequences, strict=True):
            if len(last := one[-length:]):
                row[-len(last) :] = last + 1
        return rows

    def _init(self, key: jax.Array) -> Params:
        keys = jax.random.split(key, BLOCKS + 2)
        normal = lambda key, *shape: 0.02 * jax.random.normal(key, shape)  # noqa: E731
        return {
            "films": normal(keys[0], self.n_films + 1, self.size),
            "places": normal(keys[1], self.length, self.size),
            "blocks": [
                {
                    name: normal(one, self.size, self.size)
                    for name, one in zip(
                        ("query", "key", "value", "out", "up", "down"), jax.random.split(k, 6), strict=True
                    )
                }
                for k in keys[2:]
            ],
        }

    def _train(self, params: Params, state: Any, key: jax.Array, rows: jax.Array) -> tuple[Params, Any]:
        """One pass over the users in random order."""
        key, shuffling = jax.random.split(key)
        n = max(1, len(rows) // BATCH)
        order = jax.random.permutation(shuffling, len(rows))[: n * BATCH].reshape(n, -1)

        def step(carry: tuple[Params, Any], of: tuple[jax.Array, jax.Array]) -> tuple[tuple[Params, Any], None]:
            params, state = carry
            users, one = of
            changes, state = self.optimizer.update(jax.grad(self._loss)(params, rows[users], one), state, params)
            return (optax.apply_updates(params, changes), state), None

        (params, state), _ = jax.lax.scan(step, (params, state), (order, jax.random.split(key, n)))
        return params, state

    def _loss(self, params: Params, rows: jax.Array, key: jax.Array) -> jax.Array:
        """The mean cross-entropy of the film after each place."""
        before, after = rows[:, :-1], rows[:, 1:]
        logits = self._logits(params, self._encode(params, before, key))
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, jnp.maximum(after - 1, 0))
        is_film = (after > 0) & (before > 0)
        return (losses * is_film).sum() / jnp.maximum(is_film.sum(), 1)

    def _logits(self, params: Params, x: jax.Array) -> jax.Array:
        return x @ params["films"][1:].T

    def _encode(self, params: Params, rows: jax.Array, key: jax.Array | None) -> jax.Array:
        """A vector for each place, which knows that film and those before it: float32 (users, length, size)."""
        keys = [None] * (2 * BLOCKS + 1) if key is None else list(jax.random.split(key, 2 * BLOCKS + 1))
        is_film = rows > 0
        x = params["films"][rows] * self.size**0.5 + params["places"]
        x = self._dropped(x, keys[0]) * is_film[..., None]
        for at, block in enumerate(params["blocks"]):
            x = x + self._dropped(self._attended(block, _normalized(x), is_film), keys[2 * at + 1])
            y = jax.nn.gelu(_normalized(x) @ block["up"]) @ block["down"]
            x = (x + self._dropped(y, keys[2 * at + 2])) * is_film[..., None]
        return _normalized(x)

    def _attended(self, block: Params, x: jax.Array, is_film: jax.Array) -> jax.Array:
        n, length, size = x.shape
        parts = [(x @ block[name]).reshape(n, length, HEADS, size // HEADS) for name in ("query", "key", "value")]
        weights = jnp.einsum("nqhs,nkhs->nhqk", parts[0], parts[1]) / (size // HEADS) ** 0.5
        seen = jnp.tril(jnp.ones((length, length), dtype=bool)) & is_film[:, None, None, :]
        weights = jax.nn.softmax(jnp.where(seen, weights, -1e9), axis=-1)
        return jnp.einsum("nhqk,nkhs->nqhs", weights, parts[2]).reshape(n, length, size) @ block["out"]

    def _dropped(self, x: jax.Array, key: jax.Array | None) -> jax.Array:
        if key is None:
            return x
        return x * jax.random.bernoulli(key, 1 - self.dropout, x.shape) / (1 - self.dropout)


def _normalized(x: jax.Array) -> jax.Array:
    """Layer normalization."""
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-8)


def _ndcg(lists: np.ndarray, targets: np.ndarray) -> float:
    """Mean nDCG of lists, (users, K), with one relevant film each."""
    _, place = np.nonzero(lists == targets[:, None])
    return float((1 / np.log2(place + 2)).sum() / len(targets))


if __name__ == "__main__":
    main(*sys.argv[1:])
