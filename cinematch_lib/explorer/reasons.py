"""Recommended films as HTML: each with its facts, its reasons, and a bar of what its score is made of."""

from collections.abc import Sequence
from html import escape

from cinematch_lib.recommender.reasons import Reason
from cinematch_lib.recommender.recommender import Recommendation

# Of what the liked films say, each film has a shade of its own: in blue what ratings say, in violet likeness.
_SHADES = {
    "rated_with_liked": ("#1b4965", "#2a6f97", "#468faf", "#61a5c2", "#89c2d9", "#a9d6e5"),
    "liked": ("#5e548e", "#7d6ba8", "#9f86c0", "#b69fd0", "#cdbbe0", "#e0d3ec"),
}
_SAYS = {"rated_with_liked": "ratings with {}", "liked": "likeness to {}"}
_WORDS = {
    "genres": "preferred genres",
    "popular": "how many like it",
    "general": "liked in general",
    "variety": "like a film above it",
    "disliked": "likeness to disliked films",
    "rated_with_disliked": "ratings with disliked films",
}
_COLOURS = {
    "genres": "#f2b880",
    "popular": "#81b29a",
    "general": "#81b29a",
    "variety": "#e07a5f",
    "disliked": "#b5473c",
}
_OTHERS = "#8d99a3"


def recommended(found: Sequence[Recommendation]) -> str:
    """The films with their reasons and bars, all bars in one scale."""
    below = max((-sum(min(one.value, 0) for one in film.reasons) for film in found), default=0)
    above = max((sum(max(one.value, 0) for one in film.reasons) for film in found), default=0)
    colours = _colours(found)
    items = "".join(_item(film, colours, below, (below + above) or 1) for film in found)
    return f'{_legend(colours)}<ol class="cm-list">{items}</ol>'


def _item(film: Recommendation, colours: dict[str, str], zero: float, scale: float) -> str:
    movie = film.movie
    facts = [f"{movie.runtime} min" if movie.runtime else "", ", ".join(movie.genres), ", ".join(movie.services)]
    return (
        f'<li data-film="{movie.movie_id}"><span class="cm-score">{film.score:.3f}</span>'
        f'<span class="cm-title">{film.rank}. {escape(movie.label)}</span>'
        f'<div class="cm-hint">{escape(" · ".join(fact for fact in facts if fact))}</div>'
        f"{_stack(film.reasons, colours, zero, scale)}"
        f'<div class="cm-why">{escape(film.explanation)}</div></li>'
    )


def _stack(reasons: Sequence[Reason], colours: dict[str, str], zero: float, scale: float) -> str:
    """What speaks for the film from the zero line to the right, what speaks against it to the left."""
    right = left = zero
    parts = []
    for reason in reasons:
        width = abs(reason.value)
        if reason.value > 0:
            start, right = right, right + width
        else:
            start = left = left - width
        words = escape(f"{_name(reason)}: {reason.value:+.3f} ({reason.share:.0%})", quote=True)
        place = f"left:{100 * start / scale:.2f}%;width:{100 * width / scale:.2f}%;background:{colours[_name(reason)]}"
        parts.append(f'<i style="{place}" title="{words}"></i>')
    return f'<div class="cm-stack">{"".join(parts)}<b style="left:{100 * zero / scale:.2f}%"></b></div>'


def _name(reason: Reason) -> str:
    """What a part of the bar is called: by the liked film, or by the kind of reason."""
    if reason.kind in _SAYS and reason.movie is not None:
        return _SAYS[reason.kind].format(reason.movie.label)
    return _WORDS.get(reason.kind, reason.kind)


def _colours(found: Sequence[Recommendation]) -> dict[str, str]:
    """A colour for each name, in the order in which they come up."""
    kinds: dict[str, str] = {}
    for film in found:
        for reason in film.reasons:
            kinds.setdefault(_name(reason), reason.kind)
    shades = {kind: iter(of_kind) for kind, of_kind in _SHADES.items()}
    return {
        name: next(shades[kind], _SHADES[kind][-1]) if kind in shades else _COLOURS.get(kind, _OTHERS)
        for name, kind in kinds.items()
    }


def _legend(colours: dict[str, str]) -> str:
    keys = "".join(
        f'<span><i style="background:{colour}"></i>{escape(name)}</span>' for name, colour in colours.items()
    )
    return f'<div class="cm-legend cm-hint">{keys}</div>'
