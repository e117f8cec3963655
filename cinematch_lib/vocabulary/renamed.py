"""Former names of notebook parameters and hyperparameters, so that an old one is answered with its new name."""

from collections.abc import Container, Mapping

from cinematch_lib.errors import CineMatchError

RENAMED_PARAMETERS: Mapping[str, str] = {
    "penalty": "regularization",
    "thinning": "dropout",
    "sitting_weight": "session_weight",
    "calendar": "year_weight",
    "cold": "content_weight",
    "rate": "learning_rate",
    "graded": "weighted_ratings",
    "also": "extra_analyses",
    "searching": "tune",
}


def check_not_renamed(name: str, known: Container[str]) -> None:
    """Raise CineMatchError if `name` is the former name of a parameter in `known`.

    >>> check_not_renamed("penalty", ["regularization"])
    Traceback (most recent call last):
    cinematch_lib.errors.CineMatchError: the parameter penalty is called regularization now; use the new name
    """
    new = RENAMED_PARAMETERS.get(name)
    if new is not None and new in known:
        raise CineMatchError(f"the parameter {name} is called {new} now; use the new name")
