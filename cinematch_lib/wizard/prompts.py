"""Questions to a person, each answered by a flag instead where one was given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import questionary
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings

from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.wizard import terminal

_T = TypeVar("_T")
_FILTERED_FROM = 10  # choices: a menu of so many is filtered by typing


@dataclass
class Prompter:
    """Asks questions on the terminal; if `unattended`, every question that no flag answers gets its default.

    Ctrl-C or Ctrl-D at a question raises KeyboardInterrupt with the text `on_leaving`.
    """

    unattended: bool
    on_leaving: str = "left at a question; nothing was changed"

    def text(self, question: str, parse: Callable[[str], _T], *, default: str) -> _T:
        """The value of `parse` for the answer; an answer that it refuses with CineMatchError is asked for again.

        Enter takes the default, which is shown. Raises what `parse` raises for the default if `unattended`.
        """
        if self.unattended:
            return parse(default)
        while True:
            answer = self._answer(questionary.text(question, instruction=f"[{default}]")).strip()
            try:
                return parse(answer or default)
            except CineMatchError as error:
                terminal.say(f"{error}.", indent=2)

    def confirm(self, question: str, *, default: bool, given: bool | None = None) -> bool:
        """The answer to a question of yes or no."""
        if given is not None or self.unattended:
            return default if given is None else given
        return bool(self._answer(questionary.confirm(question, default=default)))

    def select(
        self,
        question: str,
        titles: Mapping[str, str],
        *,
        default: str,
        given: str | None = None,
        header: str = "",
        disabled: Mapping[str, str] | None = None,
    ) -> str:
        """One of the names in `titles`, chosen from a menu that shows their titles below `header`.

        `disabled` names those that cannot be chosen, with the reason. Raises UnknownNameError for a `given` name that
        is not among them.
        """
        if given is not None or self.unattended:
            return _named(question, default if given is None else given, titles)
        refused, is_long = disabled or {}, len(titles) >= _FILTERED_FROM
        choices = [questionary.Choice(title, name, refused.get(name)) for name, title in titles.items()]
        menu = questionary.select(
            question,
            [questionary.Separator(header), *choices] if header else choices,
            default=default,
            use_search_filter=is_long,
            use_jk_keys=not is_long,
        )
        return str(self._answer(menu))

    def password(self, question: str) -> str:
        """What is typed, shown as asterisks."""
        return str(self._answer(questionary.password(question))).strip()

    def _answer(self, question: questionary.Question) -> Any:
        keys = KeyBindings()

        @keys.add("c-d")
        def _leave(event: KeyPressEvent) -> None:
            event.app.exit(exception=EOFError)

        app = question.application
        app.key_bindings = merge_key_bindings([one for one in (app.key_bindings, keys) if one is not None])
        try:
            return question.unsafe_ask()
        except (KeyboardInterrupt, EOFError):
            raise KeyboardInterrupt(self.on_leaving) from None


def _named(kind: str, text: str, names: Mapping[str, str]) -> str:
    by_fold = {name.casefold(): name for name in names}
    if text.casefold() not in by_fold:
        raise UnknownNameError(
            f"there is no {kind.lower()} {text!r}; there are {', '.join(names)}", close_names(text, names)
        )
    return by_fold[text.casefold()]
