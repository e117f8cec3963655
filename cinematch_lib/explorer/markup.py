"""The page's tables and bars as HTML. All text from data is escaped."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path

from cinematch_lib.plots.style import FIELD_NAMES

Row = Sequence[object]
_SHEETS = ("style.css", "views.css")
TOKENS = Path(__file__).parents[1] / "serving" / "page" / "tokens.css"  # of the server's page too
_SCOPE = "body[data-voila], .cm-part"  # JupyterLab has colours of its own
KEPT, DROPPED, BEHIND = "var(--kept)", "var(--dropped)", "var(--behind)"


class Html(str):
    """HTML that a table shows as it is; other text is escaped."""

    __slots__ = ()


def style() -> str:
    """The page's style sheet as a style element."""
    tokens = TOKENS.read_text(encoding="utf-8").replace(":root", f":is({_SCOPE})")
    sheets = (resources.files(__package__) / name for name in _SHEETS)
    return f"<style>{tokens}{''.join(sheet.read_text(encoding='utf-8') for sheet in sheets)}</style>"


def block(content: str) -> str:
    """Content in the page's style."""
    return f'<div class="cm">{content}</div>'


def notice(text: str, kind: str = "") -> str:
    """A highlighted message; `kind` is ``bad``, ``good`` or empty."""
    return f'<div class="cm-notice cm-{kind or "plain"}" role="status">{escape(text)}</div>'


def hint(text: str) -> str:
    """A line of secondary text."""
    return f'<div class="cm-hint">{escape(text)}</div>'


def film_button(movie_id: int, label: str) -> Html:
    """The name of a film, as a button that opens it."""
    return Html(f'<button type="button" class="cm-film" data-open="{movie_id}">{escape(label)}</button>')


def heading(text: str, value: str = "", more: str = "") -> str:
    """The heading of a control or chart, with its value at the right and `more` below."""
    shown = f'<span class="cm-value">{escape(value)}</span>' if value else ""
    return f"<h3>{shown}{escape(text)}</h3>" + (hint(more) if more else "")


def details(summary: str, content: str) -> str:
    """HTML that a press on its summary shows."""
    return f'<details class="cm-behind"><summary>{escape(summary)}</summary>{content}</details>'


def key() -> str:
    """The legend of the charts."""
    colours = {"kept": KEPT, "all films": BEHIND}
    return "".join(f'<span class="cm-key" style="--key:{colour}">{name}</span>' for name, colour in colours.items())


def percent(part: int, total: int) -> str:
    """A share in percent; only nothing is 0%, and only all is 100%.

    >>> percent(1, 3), percent(0, 0), percent(9046, 9066), percent(1, 900)
    ('33%', '–', 'over 99%', 'under 1%')
    """
    if not total:
        return "–"
    share = f"{100 * part / total:.0f}%"
    if share == "100%" and part < total:
        return "over 99%"
    return "under 1%" if share == "0%" and part else share


def minus(text: str) -> str:
    """The text of numbers with minus signs in place of hyphens."""
    return text.replace("-", "\N{MINUS SIGN}")


def signed(number: int) -> str:
    """A difference with its sign.

    >>> signed(1200), signed(-3), signed(0)
    ('+1,200', '−3', '±0')
    """
    return minus(f"{number:+,}") if number else "±0"


def headline(kept: int, read: int) -> str:
    """The number and the share of the films that are kept."""
    return (
        f'<div class="cm-big"><span class="cm-kept">{kept:,}</span> films</div>'
        f'<div class="cm-faint">{percent(kept, read)} of the {read:,} read</div>'
    )


def waterfall(steps: Iterable[tuple[str, int, int]], read: int) -> str:
    """Films read, dropped by each rule, and kept; `steps` are those of `cleaning.waterfall_steps`."""
    rows = []
    for step, films, left in steps:
        start, colour = (0, KEPT) if films > 0 or step == "kept" else (left, DROPPED)
        total = ' class="cm-total"' if step in ("read", "kept") else ""
        rows.append(
            f'<tr{total}><td>{escape(step)}</td><td class="cm-bars">{_bar(start, abs(films), read, colour)}</td>'
            f'<td class="cm-number">{minus(f"{films:,}")}</td></tr>'
        )
    return f'<table class="cm-table cm-waterfall">{"".join(rows)}</table>'


def coverage(known: Mapping[str, int], kept: int, known_of_all: Mapping[str, int], read: int) -> str:
    """For each field the number of films in which it is known, as a bar of its share among the kept films."""
    rows = "".join(
        f"<tr><td>{escape(FIELD_NAMES.get(name, name))}</td>"
        f'<td class="cm-bars">{_bar(0, count, kept, KEPT, BEHIND)}</td>'
        f'<td class="cm-number">{count:,}</td><td class="cm-number">{percent(count, kept)}</td>'
        f'<td class="cm-number cm-faint">{percent(known_of_all[name], read)}</td></tr>'
        for name, count in known.items()
    )
    head = "<tr><th>field</th><th>share of the kept films</th>"
    numbers = "".join(f'<th class="cm-number">{name}</th>' for name in ("films", "kept", "all"))
    return f'<table class="cm-table cm-coverage">{head}{numbers}</tr>{rows}</table>'


def table(head: Row, rows: Iterable[Row], kind: str = "", is_sortable: bool = True) -> str:
    """A table; numbers have thousands separators and are right-aligned, None is empty. Its heads sort it."""
    rows = list(rows)
    numeric = [bool(rows) and all(isinstance(row[at], int | float | None) for row in rows) for at in range(len(head))]
    classes = [' class="cm-number"' if right else "" for right in numeric]
    cells = "".join(
        f"<th{style}>{_head(name, is_sortable and len(rows) > 1)}</th>"
        for name, style in zip(head, classes, strict=True)
    )
    body = "".join(
        f"<tr>{''.join(f'<td{style}>{_cell(one)}</td>' for one, style in zip(row, classes, strict=True))}</tr>"
        for row in rows
    )
    return f'<table class="cm-table cm-sortable {kind}"><tr>{cells}</tr>{body}</table>'


def _head(name: object, is_sortable: bool) -> str:
    """The name of a column, as a button that sorts by it."""
    text = escape(str(name))
    return f'<button type="button" class="cm-sort">{text}</button>' if text and is_sortable else text


def _bar(start: float, length: float, total: float, colour: str, behind: str = "none") -> str:
    total = total or 1
    style = f"left:{100 * start / total:.2f}%;width:{100 * length / total:.2f}%;background:{colour}"
    return f'<div class="cm-track" style="background:{behind}"><i style="{style}"></i></div>'


def _cell(one: object) -> str:
    if one is None:
        return ""
    if isinstance(one, Html):
        return one
    return f"{one:,}" if isinstance(one, int) else escape(str(one))
