"""Recommended films as HTML: facts, explanation, and a stacked bar of the score's terms for each film."""

from collections.abc import Mapping, Sequence
from html import escape

from cinematch_lib.explorer import markup
from cinematch_lib.explorer.paint import paint
from cinematch_lib.recommender.reasons import Reason
from cinematch_lib.recommender.recommendations import Recommendation

_TERMS = 14  # of a score, drawn on their own; a long history has hundreds
# Each liked film has a shade of its own: blue for the evidence of ratings, violet for content similarity.
_SHADES = {
    "rated_with_liked": ("#1b4965", "#2a6f97", "#468faf", "#61a5c2", "#89c2d9", "#a9d6e5"),
    "liked": ("#5e548e", "#7d6ba8", "#9f86c0", "#b69fd0", "#cdbbe0", "#e0d3ec"),
}
_NAMES_BY_FILM = {"rated_with_liked": "ratings, with {}", "liked": "content, like {}"}
_OTHER_COLOUR = "#8d99a3"
_CONTRAST = 1.6  # to the card; a higher one would make shades equal, and the terms are told in words too
_STYLES = {  # name and colour by kind of reason
    "genres": ("preferred genres", "#f2b880"),
    "taste": ("what films of its kind are liked with", "#6d8fb5"),
    "expected_similarity": ("similarity of films of its kind", "#b3a0a8"),
    "popularity": ("popularity", "#81b29a"),
    "quality": ("quality prior", "#4f8a70"),
    "recency": ("new", "#3d9970"),
    "unrated": ("not rated yet", "#2f6f8f"),
    "series": ("series of the liked film", "#8f6fb0"),
    "in_common": ("what several liked films share", "#c98bb9"),
    "diversity": ("similar to a higher film", "#e07a5f"),
    "disliked": ("content, like disliked films", "#b5473c"),
    "rest": ("all other terms together", "#c3cad0"),
    "rated_with_watched": ("ratings, with films watched", _OTHER_COLOUR),
    "rated_with_disliked": ("ratings, with disliked films", _OTHER_COLOUR),
}


def film_list(recommendations: Sequence[Recommendation], marks: Mapping[int, str] | None = None) -> str:
    """The films with their explanations and bars, all bars on one scale; `marks` are words by id behind a title."""
    shown = [film.reasons_and_rest(_TERMS) for film in recommendations]
    colours, zero, scale = _scale(shown)
    marks = marks or {}
    items = "".join(
        _item(film, marks.get(film.movie_id, ""), _explained(film, reasons, colours, zero, scale))
        for film, reasons in zip(recommendations, shown, strict=True)
    )
    return f'{_legend(colours)}<ol class="cm-list">{items}</ol>'


def film_reasons(film: Recommendation) -> str:
    """The explanation and the bar of one film alone."""
    reasons = film.reasons_and_rest(_TERMS)
    colours, zero, scale = _scale([reasons])
    return _legend(colours) + _explained(film, reasons, colours, zero, scale)


def _scale(shown: Sequence[Sequence[Reason]]) -> tuple[dict[str, str], float, float]:
    """The colours of the terms, the place of the zero line, and the length of the longest bar."""
    negative = max((-sum(min(one.value, 0) for one in reasons) for reasons in shown), default=0)
    positive = max((sum(max(one.value, 0) for one in reasons) for reasons in shown), default=0)
    return _colours(shown), negative, (negative + positive) or 1


def _item(film: Recommendation, mark: str, reasons: str) -> str:
    movie = film.movie
    facts = [f"{movie.runtime} min" if movie.runtime else "", ", ".join(movie.genres), ", ".join(movie.services)]
    return (
        f'<li data-film="{movie.movie_id}"><span class="cm-score">{markup.minus(f"{film.score:.3f}")}</span>'
        f'<span class="cm-title">{film.rank}. {markup.film_button(movie.movie_id, movie.label)}</span>'
        f"{_mark(mark)}"
        f'<div class="cm-hint">{escape(" · ".join(fact for fact in facts if fact))}</div>{reasons}</li>'
    )


def _mark(text: str) -> str:
    return f' <span class="cm-mark">{escape(text)}</span>' if text else ""


def _explained(
    film: Recommendation, reasons: Sequence[Reason], colours: dict[str, str], zero: float, scale: float
) -> str:
    return (
        f"{_bar(reasons, colours, zero, scale)}{_negative_terms(reasons, film.explanation)}"
        f'<div class="cm-why">{escape(film.explanation)}</div>'
    )


def _bar(reasons: Sequence[Reason], colours: dict[str, str], zero: float, scale: float) -> str:
    """Positive terms from the zero line to the right, negative terms to the left; each has a tooltip."""
    right = left = zero
    segments = []
    for reason in reasons:
        width = abs(reason.value)
        if reason.value > 0:
            start, right = right, right + width
        else:
            start = left = left - width
        tooltip = escape(f"{_name(reason)}: {markup.minus(f'{reason.value:+.3f} ({reason.share:+.0%})')}", quote=True)
        style = f"left:{100 * start / scale:.2f}%;width:{100 * width / scale:.2f}%;background:{colours[_name(reason)]}"
        segments.append(f'<i style="{style}" title="{tooltip}"></i>')
    return f'<div class="cm-stack">{"".join(segments)}<b style="left:{100 * zero / scale:.2f}%"></b></div>'


def _negative_terms(reasons: Sequence[Reason], explanation: str) -> str:
    """The terms left of the zero line in words, but those of `explanation`, which omits small ones."""
    shares: dict[str, float] = {}
    for reason in reasons:
        if reason.value < 0:
            name = f"similar to {reason.movie.label}" if reason.kind == "diversity" and reason.movie else _name(reason)
            shares[name] = shares.get(name, 0.0) + reason.share
    terms = [f"{name} ({markup.minus(f'{share:.0%}')})" for name, share in shares.items() if round(100 * share) < 0]
    told = explanation.replace(", higher in this list", "").replace("resembles", "similar to")
    terms = [one for one in terms if one not in told]
    return markup.hint(f"Lowers the score: {'; '.join(terms)}") if terms else ""


def _name(reason: Reason) -> str:
    """The name of a segment: that of the liked film, or that of the kind of reason."""
    if reason.kind in _NAMES_BY_FILM and reason.movie is not None:
        return _NAMES_BY_FILM[reason.kind].format(reason.movie.label)
    return _STYLES[reason.kind][0] if reason.kind in _STYLES else reason.kind.replace("_", " ")


def _colours(shown: Sequence[Sequence[Reason]]) -> dict[str, str]:
    """A colour by name, in the order of first appearance."""
    kinds: dict[str, str] = {}
    for reasons in shown:
        for reason in reasons:
            kinds.setdefault(_name(reason), reason.kind)
    shades = {kind: iter(of_kind) for kind, of_kind in _SHADES.items()}
    colours = {
        name: next(shades[kind], _SHADES[kind][-1]) if kind in shades else _STYLES.get(kind, ("", _OTHER_COLOUR))[1]
        for name, kind in kinds.items()
    }
    return {name: paint(colour, _CONTRAST) for name, colour in colours.items()}


def _legend(colours: dict[str, str]) -> str:
    """The names of the colours; films that share the last shade of a kind are named together."""
    names: dict[str, list[str]] = {}
    for name, colour in colours.items():
        names.setdefault(colour, []).append(name)
    keys = (
        f'<span><i style="background:{colour}"></i>{escape(of[0] if len(of) == 1 else _together(of))}</span>'
        for colour, of in names.items()
    )
    return f'<div class="cm-legend cm-hint">{"".join(keys)}</div>'


def _together(names: Sequence[str]) -> str:
    """The name of several terms of one colour.

    >>> _together(["ratings, with Heat (1995)", "ratings, with Fargo (1996)"])
    'ratings, with 2 other films'
    """
    by_film = next((form for form in _NAMES_BY_FILM.values() if names[0].startswith(form.format(""))), "")
    return by_film.format(f"{len(names)} other films") if by_film else ", ".join(names)
