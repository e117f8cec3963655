"""Why a film was recommended: the addends of its score, and words for them.

The values of a film's reasons add up to its score. Shares are of what speaks for the film, so the shares of
the reasons above zero add up to one; what speaks against it has a share below zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cinematch_lib.films import Movie

_SHOWN_FILMS, _SHOWN_FEATURES = 3, 3


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
    said = []
    for reason in liked[:_SHOWN_FILMS]:
        said.append(f"like {reason.movie.label}{_shared(reason)} ({_percent(reason.share)})")
    if rest := liked[_SHOWN_FILMS:]:
        films = "another film" if len(rest) == 1 else f"{len(rest)} other films"
        said.append(f"like {films} you liked ({_percent(sum(reason.share for reason in rest))})")
    for reason in reasons:
        share = _percent(abs(reason.share))
        if reason.kind == "genres" and reason.value > 0:
            said.append(f"has genres you asked for ({share})")
        elif reason.kind == "general" and reason.value > 0:
            said.append(f"well liked in general ({share})")
        elif reason.kind == "general":
            said.append(f"though less liked in general (−{share})")
        elif reason.kind == "disliked" and reason.value < 0:
            said.append(f"though like {reason.movie.label}, which you disliked (−{share})")
        elif reason.kind == "variety":
            said.append(f"though close to {reason.movie.label}, named before (−{share})")
    text = "; ".join(said)
    return text[:1].upper() + text[1:] if text else "Nothing speaks for or against it."


def _shared(reason: Reason) -> str:
    names = [feature.name for feature in reason.features if feature.value > 0][:_SHOWN_FEATURES]
    return f" by {', '.join(names)}" if names else ""


def _percent(share: float) -> str:
    return "under 1 %" if share < 0.01 else f"{share:.0%}".replace("%", " %")
