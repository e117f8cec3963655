"""The state of the page as an HTML file that stands alone: no script, and nothing that is loaded."""

import re
from collections.abc import Sequence

from cinematch_lib.artifacts.runs import Run
from cinematch_lib.catalog.cleaning import waterfall_steps
from cinematch_lib.explorer import evaluation_charts, markup, pictures
from cinematch_lib.explorer.comparison import State
from cinematch_lib.explorer.counts import Bins
from cinematch_lib.explorer.evaluation_charts import Metrics
from cinematch_lib.explorer.film_list import film_list
from cinematch_lib.explorer.settings import to_yaml
from cinematch_lib.recommender.preferences import Preferences
from cinematch_lib.recommender.recommendations import Recommendation

_PAGE = (
    "body{max-width:1100px;margin:2rem auto;padding:0 1rem;background:var(--ground)}h1{font-size:24px}"
    "h2{font-size:18px;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}.cm .cm-charts{display:grid}"
    ".cm td{overflow-wrap:anywhere}"
    "@media print{details>*{display:block}}"
)
_NO_REQUESTS = "default-src 'none'; style-src 'unsafe-inline'"


def report(
    state: State,
    run: Run | None,
    wanted: Preferences,
    found: Sequence[Recommendation],
    metrics: Metrics | None,
    credits: Sequence[str],
) -> str:
    """The run with its fingerprint, the settings, the films that they keep, the list, and the evaluation, as HTML.

    Equal states give equal files.
    """
    settings = state.settings
    evaluation = (
        "".join(
            part(metrics)
            for part in (
                evaluation_charts.standings,
                evaluation_charts.by_people,
                evaluation_charts.by_films,
                evaluation_charts.frontier,
            )
        )
        if metrics is not None
        else markup.hint("The run was not evaluated.")
    )
    parts = {
        "Run": _run(run),
        "Settings": f'<div class="cm-log">{markup.escape(to_yaml(settings.parameters()).strip())}</div>',
        f"Selection: {state.count.kept:,} of {state.count.read:,} films": _selection(state),
        "Recommendations": _person(wanted, found, state) + film_list(found),
        "Evaluation": evaluation,
        "Sources": "".join(map(markup.hint, credits)),
    }
    body = "".join(f"<h2>{markup.escape(title)}</h2>{content}" for title, content in parts.items())
    name = f"CineMatch: {settings.dataset}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{markup.escape(name)}</title>'
        f'<meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" '
        f'content="{_NO_REQUESTS}">{markup.style()}<style>{_PAGE}</style></head>'
        f'<body class="cm cm-part"><main><h1>{markup.escape(name)}</h1>{_without_buttons(body)}</main></body></html>\n'
    )


def _run(run: Run | None) -> str:
    if run is None:
        return markup.hint("There is no current run.")
    facts = [("run", run.info.run_id), ("fingerprint", run.info.fingerprint), ("made", run.info.created)]
    return markup.table(("fact", "value"), facts, is_sortable=False)


def _selection(state: State) -> str:
    films, count = state.films, state.count
    steps = waterfall_steps(count.read, count.dropped)
    charts = [
        _histogram("Year of release", films.years, films.unfiltered.by_year.tolist(), count.by_year.tolist()),
        _histogram("Running time", films.runtimes, films.unfiltered.by_runtime.tolist(), count.by_runtime.tolist()),
        _histogram("Ratings", films.rating_numbers, films.unfiltered.by_ratings.tolist(), count.by_ratings.tolist()),
        pictures.names("Genres", films.unfiltered.by_genre, count.by_genre),
    ]
    return markup.waterfall(steps, count.read) + f'<div class="cm-charts">{"".join(filter(None, charts))}</div>'


def _histogram(title: str, bins: Bins, films: Sequence[int], kept: Sequence[int]) -> str:
    return pictures.histogram(title, [f"{edge:g}" for edge in bins.edges[:-1]], films, kept) if films else ""


def _person(wanted: Preferences, found: Sequence[Recommendation], state: State) -> str:
    """What the list is for, in a line."""
    films = state.films.films.set_index("movieId")["title"]
    rated = {**dict.fromkeys(wanted.liked_movie_ids or ()), **(wanted.ratings or {})}
    names = [
        films.get(one, str(one)) + ("" if stars is None else f" ({stars:g} stars)") for one, stars in rated.items()
    ]
    knobs = [
        f"{name} {getattr(wanted, name):g}" for name in ("discovery", "diversity") if getattr(wanted, name) is not None
    ]
    named = (
        f"{', '.join(names[:12])}{f' and {len(names) - 12:,} more' if len(names) > 12 else ''}"
        if names
        else "nothing yet"
    )
    turned = f"; {', '.join(knobs)}" if knobs else ""
    return markup.hint(f"The {len(found)} best films for a person who likes {named}{turned}.")


def _without_buttons(content: str) -> str:
    """The names of films as text, since there is nothing to open, and no buttons to save pictures."""
    content = re.sub(r'<button type="button" class="cm-save".*?</button>', "", content)
    return re.sub(r'<button type="button"[^>]*>(.*?)</button>', r"<span>\1</span>", content)
