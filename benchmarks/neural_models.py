"""Neural recommenders in JAX, each fitted to a matrix of likes: a two-tower network, Mult-VAE and RecVAE.

They rank as the models of the library do: the likes of a user in, a score for each film out. Training stops when the
users of the validation fold gain nothing any more; see `neural` for the comparison.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from scipy import sparse

Params = dict[str, Any]
ScoreFunction = Callable[[Params, jax.Array], jax.Array]  # inputs (users, inputs) to scores (users, films)
_BATCH, _STEPS = (32, 256), 16  # users in a batch; the least number of batches in an epoch, where these allow it
_EVALUATE_EVERY, _PATIENCE = 5, 6  # epochs; evaluations without gain
_SCORES_AT_ONCE = 512  # users


class Data(NamedTuple):
    """Training users: `inputs`, uint8 (users, inputs), and `likes`, uint8 (users, films), both 0 or 1.

    The inputs are the likes, followed by the low ratings where these are a second channel. `features`, float32
    (films, dimensions), describe the films; the two-tower network has them beside a vector of each film.
    """

    inputs: jax.Array
    likes: jax.Array
    features: jax.Array


def fit(
    name: str,
    values: Mapping[str, Any],
    data: Data,
    epochs: int,
    seed: int,
    validate: Callable[[ScoreFunction, Params], float] | None = None,
) -> tuple[ScoreFunction, Params, int]:
    """Train for at most so many epochs: the function that scores, its parameters, and the number of epochs.

    With `validate`, training stops early, and the parameters with the highest value are returned; else the last ones.
    """
    model = _MODELS[name](values, data, epochs)
    key = jax.random.PRNGKey(seed)
    key, first = jax.random.split(key)
    params = model.init(first)
    state = model.start(params)
    best, best_value, best_epoch = params, -1.0, epochs
    for epoch in range(1, epochs + 1):
        key, one = jax.random.split(key)
        params, state = model.epoch(params, state, one, epoch)
        if validate is not None and epoch % _EVALUATE_EVERY == 0:
            if (value := validate(model.scores, params)) > best_value:
                best, best_value, best_epoch = params, value, epoch
            elif epoch - best_epoch >= _PATIENCE * _EVALUATE_EVERY:
                break
    return model.scores, best if validate is not None else params, best_epoch


def score(scores: ScoreFunction, params: Params, inputs: sparse.csr_matrix) -> np.ndarray:
    """Scores of the films for users with the rows `inputs`, CSR (users, inputs): float32 (users, films)."""
    compiled, found = jax.jit(scores), []
    for start in range(0, inputs.shape[0], _SCORES_AT_ONCE):
        batch = np.zeros((_SCORES_AT_ONCE, inputs.shape[1]), dtype=np.float32)  # of one size, compiled once
        rows = inputs[start : start + _SCORES_AT_ONCE].toarray()
        batch[: len(rows)] = rows
        found.append(np.asarray(compiled(params, jnp.asarray(batch)))[: len(rows)])
    return np.concatenate(found) if found else np.zeros((0, 0), dtype=np.float32)


class _Network:
    """What the three have in common: batches of users, Adam, and layers."""

    def __init__(self, values: Mapping[str, Any], data: Data, epochs: int) -> None:
        self.values, self.data, self.epochs = values, data, epochs
        self.n_users, self.n_inputs = data.inputs.shape
        self.n_films = data.likes.shape[1]
        self.batch = min(int(np.clip(self.n_users // _STEPS, *_BATCH)), self.n_users)
        self.optimizer = optax.adam(values.get("learning_rate", 1e-3))
        self._step = jax.jit(self._steps, static_argnames="part")

    def start(self, params: Params) -> Any:
        return self.optimizer.init(params)

    def epoch(self, params: Params, state: Any, key: jax.Array, number: int) -> tuple[Params, Any]:
        return self._step(params, state, key, self._beta(number), None, part="all")

    def _beta(self, number: int) -> float:
        """The weight of the divergence, which grows over the first half of all epochs, as in Mult-VAE."""
        return float(self.values.get("beta", 0.0) * min(1.0, 2 * number / self.epochs))

    def _steps(
        self, params: Params, state: Any, key: jax.Array, beta: float, old: Params | None, part: str
    ) -> tuple[Params, Any]:
        """One pass over the users in random order."""
        key, shuffling = jax.random.split(key)
        n_batches = self.n_users // self.batch
        order = jax.random.permutation(shuffling, self.n_users)[: n_batches * self.batch].reshape(n_batches, self.batch)

        def step(carry: tuple[Params, Any], of: tuple[jax.Array, jax.Array]) -> tuple[tuple[Params, Any], None]:
            params, state = carry
            users, one = of
            gradients = jax.grad(self.loss)(params, users, one, beta, old, part)
            changes, state = self.optimizer.update(gradients, state, params)
            return (optax.apply_updates(params, changes), state), None

        (params, state), _ = jax.lax.scan(step, (params, state), (order, jax.random.split(key, n_batches)))
        return params, state

    def _inputs(self, users: jax.Array) -> jax.Array:
        return self.data.inputs[users].astype(jnp.float32)

    def _likes(self, users: jax.Array) -> jax.Array:
        return self.data.likes[users].astype(jnp.float32)


class MultVAE(_Network):
    """Variational autoencoder with a multinomial likelihood (Liang et al. 2018, doi 10.1145/3178876.3186150)."""

    def init(self, key: jax.Array) -> Params:
        """The initial parameters."""
        keys, hidden, latent = jax.random.split(key, 4), self.values["hidden"], self.values["latent"]
        return {
            "in": _layer(keys[0], self.n_inputs, hidden),
            "latent": _layer(keys[1], hidden, 2 * latent),
            "out": _layer(keys[2], latent, hidden),
            "films": _layer(keys[3], hidden, self.n_films),
        }

    def loss(self, params: Params, users: jax.Array, key: jax.Array, beta: float, old: None, part: str) -> jax.Array:
        """The mean loss of some users."""
        noise, dropping = jax.random.split(key)
        mean, log_variance = self._encode(
            params, _dropout(_unit(self._inputs(users)), self.values["dropout"], dropping)
        )
        z = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(noise, mean.shape)
        divergence = -0.5 * (1 + log_variance - mean**2 - jnp.exp(log_variance)).sum(axis=1)
        return (_cross_entropy(self._decode(params, z), self._likes(users)) + beta * divergence).mean()

    def scores(self, params: Params, inputs: jax.Array) -> jax.Array:
        """A score for each film: float32 (users, films)."""
        return self._decode(params, self._encode(params, _unit(inputs))[0])

    def _encode(self, params: Params, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        both = _apply(params["latent"], jnp.tanh(_apply(params["in"], x)))
        mean, log_variance = jnp.split(both, 2, axis=1)
        return mean, log_variance

    def _decode(self, params: Params, z: jax.Array) -> jax.Array:
        return _apply(params["films"], jnp.tanh(_apply(params["out"], z)))


class RecVAE(_Network):
    """VAE with a composite prior, trained by turns (Shenbin et al. 2020, doi 10.1145/3336191.3371831)."""

    _LAYERS, _ENCODER_EPOCHS = 4, 3
    _PRIOR = ((3 / 20, 0.0), (3 / 4, None), (1 / 10, 10.0))  # weight and log variance; None: the encoder of last epoch

    def init(self, key: jax.Array) -> Params:
        """The initial parameters."""
        hidden, latent = self.values["hidden"], self.values["latent"]
        keys = jax.random.split(key, self._LAYERS + 2)
        sizes = [self.n_inputs, *[hidden] * (self._LAYERS - 1)]
        layers = [_layer(one, size, hidden) for one, size in zip(keys, sizes, strict=False)]
        encoder = {"layers": layers, "latent": _layer(keys[-2], hidden, 2 * latent)}
        return {"encoder": encoder, "decoder": _layer(keys[-1], latent, self.n_films)}

    def epoch(self, params: Params, state: Any, key: jax.Array, number: int) -> tuple[Params, Any]:
        """Train the encoder three times, then the decoder once, with last epoch's encoder in the prior."""
        old = params["encoder"]
        for one in jax.random.split(key, self._ENCODER_EPOCHS):
            params, state = self._step(params, state, one, 0.0, old, part="encoder")
        return self._step(params, state, jax.random.fold_in(key, number), 0.0, old, part="decoder")

    def loss(self, params: Params, users: jax.Array, key: jax.Array, beta: float, old: Params, part: str) -> jax.Array:
        """The mean loss of some users."""
        noise, dropping = jax.random.split(key)
        x, likes = _unit(self._inputs(users)), self._likes(users)
        frozen = {name: one if name == part else jax.lax.stop_gradient(one) for name, one in params.items()}
        dropped = _dropout(x, self.values["dropout"], dropping) if part == "encoder" else x
        mean, log_variance = self._encode(frozen["encoder"], dropped)
        z = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(noise, mean.shape)
        error = _cross_entropy(_apply(frozen["decoder"], z), likes)
        if part == "decoder":
            return error.mean()
        old_mean, old_log_variance = self._encode(old, x)
        prior = jax.nn.logsumexp(
            jnp.stack(
                [
                    jnp.log(weight) + _log_density(z, *((old_mean, old_log_variance) if log is None else (0.0, log)))
                    for weight, log in self._PRIOR
                ]
            ),
            axis=0,
        )
        divergence = (_log_density(z, mean, log_variance) - prior).sum(axis=1)
        return (error + self.values["gamma"] * likes.sum(axis=1) * divergence).mean()

    def scores(self, params: Params, inputs: jax.Array) -> jax.Array:
        """A score for each film: float32 (users, films)."""
        return _apply(params["decoder"], self._encode(params["encoder"], _unit(inputs))[0])

    def _encode(self, encoder: Params, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        total = jnp.zeros((len(x), self.values["hidden"]))
        last = x
        for layer in encoder["layers"]:  # each gets the sum of all before it
            last = _normalized(jax.nn.swish(_apply(layer, last) + total))
            total = total + last
        mean, log_variance = jnp.split(_apply(encoder["latent"], last), 2, axis=1)
        return mean, log_variance


class TwoTower(_Network):
    """Two towers with a softmax over the batch, corrected for popularity (Yi et al. 2019, doi 10.1145/3298689.3346996).

    The user's tower is a network on the mean of the vectors of the liked films; the film's tower is a vector of its own
    plus a linear map of its features. One like of each user is taken out of the history and predicted in each pass.
    """

    def init(self, key: jax.Array) -> Params:
        """The initial parameters."""
        keys, size, hidden = jax.random.split(key, 5), self.values["latent"], self.values["hidden"]
        return {
            "history": 0.1 * jax.random.normal(keys[0], (self.n_inputs, size)),
            "film": 0.1 * jax.random.normal(keys[1], (self.n_films, size)),
            "features": _layer(keys[2], self.data.features.shape[1], size),
            "in": _layer(keys[3], size, hidden),
            "out": _layer(keys[4], hidden, size),
        }

    def loss(self, params: Params, users: jax.Array, key: jax.Array, beta: float, old: None, part: str) -> jax.Array:
        """The mean loss of some users."""
        choosing, dropping = jax.random.split(key)
        likes, x = self._likes(users), self._inputs(users)
        chances = jnp.log(likes + 1e-9)
        targets = jax.random.categorical(choosing, chances, axis=1)
        x = x.at[jnp.arange(len(users)), targets].set(0.0)
        x = x * jax.random.bernoulli(dropping, 1 - self.values["dropout"], x.shape)
        logits = self._user(params, x) @ self._films(params)[targets].T / self.values["temperature"]
        logits -= jnp.log(self._shares()[targets])  # popular films are in the batch more often
        accidental = (likes[:, targets] > 0) & ~jnp.eye(len(users), dtype=bool)
        logits = jnp.where(accidental, -1e9, logits)
        has_likes = likes.sum(axis=1) > 0
        return -(jax.nn.log_softmax(logits, axis=1).diagonal() * has_likes).sum() / jnp.maximum(has_likes.sum(), 1)

    def scores(self, params: Params, inputs: jax.Array) -> jax.Array:
        """A score for each film: float32 (users, films)."""
        return self._user(params, inputs) @ self._films(params).T

    def _user(self, params: Params, x: jax.Array) -> jax.Array:
        mean = (x @ params["history"]) / jnp.sqrt(jnp.maximum(x.sum(axis=1, keepdims=True), 1))
        return _unit(mean + _apply(params["out"], jax.nn.relu(_apply(params["in"], mean))))

    def _films(self, params: Params) -> jax.Array:
        vectors = params["film"] + _apply(params["features"], self.data.features)
        return vectors if self.values["temperature"] == 1 else _unit(vectors)

    def _shares(self) -> jax.Array:
        counts = self.data.likes.sum(axis=0, dtype=jnp.float32) + 1
        return counts / counts.sum()


_MODELS = {"two-tower": TwoTower, "mult-vae": MultVAE, "recvae": RecVAE}


def _layer(key: jax.Array, inputs: int, outputs: int) -> Params:
    """A linear layer with weights as Glorot and Bengio 2010 draw them."""
    bound = jnp.sqrt(6 / (inputs + outputs))
    weights = jax.random.uniform(key, (inputs, outputs), minval=-bound, maxval=bound)
    return {"weights": weights, "bias": jnp.zeros(outputs)}


def _apply(layer: Params, x: jax.Array) -> jax.Array:
    return x @ layer["weights"] + layer["bias"]


def _unit(x: jax.Array) -> jax.Array:
    return x / jnp.sqrt(jnp.maximum((x * x).sum(axis=1, keepdims=True), 1e-9))


def _normalized(x: jax.Array) -> jax.Array:
    """Layer normalization."""
    centred = x - x.mean(axis=1, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)


def _dropout(x: jax.Array, share: float, key: jax.Array) -> jax.Array:
    return x * jax.random.bernoulli(key, 1 - share, x.shape) / (1 - share)


def _cross_entropy(logits: jax.Array, likes: jax.Array) -> jax.Array:
    return -(jax.nn.log_softmax(logits, axis=1) * likes).sum(axis=1)


def _log_density(z: jax.Array, mean: jax.Array | float, log_variance: jax.Array | float) -> jax.Array:
    return -0.5 * (jnp.log(2 * jnp.pi) + log_variance + (z - mean) ** 2 / jnp.exp(log_variance))
