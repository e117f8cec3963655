"""Why a film was recommended: the addends of its score, and words for them.

The values of a film's reasons add up to its score. Shares are of what speaks for the film, so the shares of
the reasons above zero add up to one; what speaks against it has a share below zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cinematch_lib.films import Movie

_SHOWN_FILMS, _SHOWN_FEATURES = 3, 3
_SHOWN_SHARE = 0.1  # a liked film that spoke for less is counted with the others
_LEAST_SHARE = 0.02  # what added less is not worth a word; the reasons themselves hold all of it


@dataclass(frozen=True)
class Feature:
    """A feature that two films share: its field, its name in words, and what it adds to the score."""

    field: str
    name: str
    value: float


@dataclass(frozen=True)
class Reason:
    """One addend of a score.

    `kind` is ``liked`` or ``disliked`` (likeness to `movie`), ``genres`` (the preferred ones it has),
    ``general`` (how well liked the film is by everybody) or ``variety`` (likeness to `movie`, recommended
    before it). `features` are what the film shares with `movie`, the strongest first; they add up to `value`.
    """

    kind: str
    value: float
    share: float
    movie: Movie | None = None
    features: tuple[Feature, ...] = ()


def with_shares(parts: Sequence[tuple[str, float, Movie | None, tuple[Feature, ...]]]) -> tuple[Reason, ...]:
    """Reasons from their parts (kind, value, movie, features), the weightiest first, those of zero left out."""
    for_it = sum(value for _, value, _, _ in parts if value > 0)
    total = for_it or sum(-value for _, value, _, _ in parts) or 1.0
    reasons = [Reason(kind, value, value / total, movie, features) for kind, value, movie, features in parts if value]
    return tuple(sorted(reasons, key=lambda reason: -abs(reason.value)))


def in_words(reasons: Sequence[Reason]) -> str:
    """The reasons as one sentence or several, with shares; it names nothing that did not add to the score."""
    liked = [reason for reason in reasons if reason.kind == "liked" and reason.value > 0]
    named = [reason for at, reason in enumerate(liked[:_SHOWN_FILMS]) if at == 0 or reason.share >= _SHOWN_SHARE]
    said = [f"like {reason.movie.label}{_shared(reason)} ({_percent(reason.share)})" for reason in named]
    rest = liked[len(named) :]
    if (share := sum(reason.share for reason in rest)) >= _LEAST_SHARE:
        said.append(f"like {len(rest)} more you liked ({_percent(share)})" if len(rest) > 1 else _as_another(rest[0]))
    said += [words for reason in reasons if abs(reason.share) >= _LEAST_SHARE and (words := _other(reason))]
    text = "; ".join(said)
    return text[:1].upper() + text[1:] if text else "Nothing speaks for or against it."


def _other(reason: Reason) -> str | None:
    """A reason that is not a liked film speaking for this one, in words."""
    share = _percent(abs(reason.share))
    if reason.value > 0:
        said = {"genres": "has genres you asked for", "general": "well liked in general"}.get(reason.kind)
        return f"{said} ({share})" if said else None
    said = {
        "general": "less liked in general",
        "liked": f"unlike {reason.movie.label}" if reason.movie else None,
        "disliked": f"like {reason.movie.label}, which you disliked" if reason.movie else None,
        "variety": f"close to {reason.movie.label}, named before" if reason.movie else None,
    }.get(reason.kind)
    return f"though {said} (−{share})" if said else None


def _as_another(reason: Reason) -> str:
    return f"like {reason.movie.label} ({_percent(reason.share)})"


def _shared(reason: Reason) -> str:
    names = [feature.name for feature in reason.features if feature.value > 0][:_SHOWN_FEATURES]
    return f" by {', '.join(names)}" if names else ""


def _percent(share: float) -> str:
    return f"{share:.0%}"
