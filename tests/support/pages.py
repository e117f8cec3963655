"""The Markdown pages that people read, taken apart: code blocks, tables, sections, commands."""

import re
import shlex
from pathlib import Path

_LINES = re.MULTILINE
ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
}


def blocks(page, language):
    """The code blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGES[page], flags=_LINES | re.DOTALL)


def commands(page):
    """Each line of a page's shell blocks as words, without comments."""
    lines = [shlex.split(line, comments=True) for block in blocks(page, "sh") for line in block.splitlines()]
    return [line for line in lines if line]


def all_commands(program):
    """The commands of one program on all pages, as pairs of page and words."""
    return [(page, line) for page in sorted(PAGES) for line in commands(page) if line[0] == program]


def section(page, title):
    """The text under a heading of a page, up to the next heading of that level or a higher one."""
    text = re.sub(r"^```.*?^```", lambda block: block[0].replace("#", "\0"), PAGES[page], flags=_LINES | re.DOTALL)
    heading = re.search(rf"^(#+) {re.escape(title)}$", text, flags=_LINES)
    end = re.search(rf"^#{{1,{len(heading[1])}}} ", text[heading.end() :], flags=_LINES)
    return text[heading.end() :][: end.start() if end else None].replace("\0", "#")


def rows(text):
    """The rows of the tables in a text, as lists of cells; without heads."""
    found = []
    for table in re.findall(r"(?:^\|.*\n)+", text + "\n", flags=_LINES):
        for line in table.splitlines()[2:]:
            cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
            found.append([cell.strip() for cell in cells])
    return found


def names(cell):
    """What stands in backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def first_names(text):
    """Names in backticks in the first column of the tables in a text."""
    return {name for row in rows(text) for name in names(row[0])}
