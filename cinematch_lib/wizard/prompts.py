"""Questions and answers, with nothing but lines of text, so that every terminal and screen reader can do it."""

import getpass
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.wizard import terminal as page

_T = TypeVar("_T")

LEFT = "left at a question; nothing was changed"


@dataclass
class Prompter:
    """Asks a person; with `defaults` nobody is asked, and what no flag says has its default.

    `on_leaving` is what to tell somebody who leaves at a question by Ctrl-C or Ctrl-D: KeyboardInterrupt
    is raised with this text.
    """

    defaults: bool
    on_leaving: str = LEFT

    def ask(
        self, question: str, read: Callable[[str], _T], *, default: str, given: str | None = None, shown: str = ""
    ) -> _T:
        """What `read` makes of the answer; for one that it refuses (CineMatchError) the question is asked again.

        `given` is a flag's answer and `default` that of an empty line, shown as `shown`. Raises what `read`
        raises for those that nobody typed.
        """
        if given is not None:
            return read(given)
        if self.defaults:
            return read(default)
        while True:
            try:
                return read(self._line(f"{question} [{shown or default}]: ").strip() or default)
            except CineMatchError as error:
                page.say(f"{error}.", indent=2)

    def yes(self, question: str, *, default: bool, given: bool | None = None) -> bool:
        """A question to be answered by yes or no."""
        said = None if given is None else "yes" if given else "no"
        return self.ask(question, _yes_or_no, default="yes" if default else "no", given=said)

    def choose(self, question: str, names: Iterable[str], *, default: str, given: str | None = None) -> str:
        """One of `names`, by its name or by its number from 1 on."""
        return self.ask(question, lambda text: chosen(text, names), default=default, given=given)

    def secret(self, question: str) -> str:
        """What is typed without being shown; not to be asked where nobody is to be."""
        return self._line(f"{question}: ", getpass.getpass).strip()

    def _line(self, prompt: str, read: Callable[[str], str] = input) -> str:
        try:
            return read(prompt)
        except (KeyboardInterrupt, EOFError):
            print()
            raise KeyboardInterrupt(self.on_leaving) from None
        except UnicodeDecodeError:
            raise CineMatchError("the terminal sent something that is no text") from None


def _yes_or_no(text: str) -> bool:
    answers = {"y": True, "yes": True, "n": False, "no": False}
    if text.casefold() not in answers:
        raise CineMatchError(f"answer yes or no, got {text!r}")
    return answers[text.casefold()]


def chosen(text: str, names: Iterable[str]) -> str:
    """The one of `names` that is meant by its name, case aside, or by its number from 1 on. Raises UnknownNameError."""
    names = list(names)
    for name in names:
        if text.casefold() == name.casefold():
            return name
    if text.isdecimal() and 1 <= int(text) <= len(names):
        return names[int(text) - 1]
    raise UnknownNameError(
        f"answer with a number from 1 to {len(names)} or one of {', '.join(names)}, got {text!r}",
        close_names(text, names),
    )
