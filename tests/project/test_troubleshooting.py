"""Every message that the troubleshooting page quotes is one that the library says."""

import ast
import re

import pytest
from support.pages import PAGES, ROOT


def _template(node):
    """The text of a string in the code, with NUL for each value that is put into it."""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
    return node.value


@pytest.fixture(scope="module")
def texts():
    """All texts that the library can say, and make."""
    found = [(ROOT / "Makefile").read_text(encoding="utf-8")]
    for path in (ROOT / "cinematch_lib").rglob("*.py"):
        tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        found += [
            _template(node)
            for node in tree
            if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
        ]
    return found


MESSAGES = [
    message
    for message in re.findall(r"`([^`\n]+)`", PAGES["docs/troubleshooting.md"])
    if len(message) > 1 and ("…" in message or f"### `{message}`" in PAGES["docs/troubleshooting.md"])
]


@pytest.mark.parametrize("message", MESSAGES)
def test_messages_quoted_in_troubleshooting_exist(message, texts):
    """`…` stands for any text; the rest stands in one string of the code, in this order."""
    literal = [part for part in message.split("…") if part.strip()]
    pattern = re.compile(".*".join(re.escape(part.strip()) for part in literal), flags=re.DOTALL)
    assert sum(map(len, literal)) >= 10
    assert any(pattern.search(text) for text in texts), "no text of the library is like this"
