"""The errors that are meant for people: they name the rule, the value received and the remedy."""

import difflib
from collections.abc import Iterable
from importlib.util import find_spec


class CineMatchError(Exception):
    """An error that the user can correct: in the data, a parameter or a request; the text says how.

    `exit_code` is that of the command line.
    """

    exit_code = 1


class UnknownNameError(CineMatchError):
    """An unknown film, genre, service, run or parameter; `suggestions` are similar names."""

    def __init__(self, message: str, suggestions: Iterable[str] = ()) -> None:
        self.suggestions = tuple(dict.fromkeys(suggestions))
        hint = f"; did you mean {', '.join(self.suggestions)}?" if self.suggestions else ""
        super().__init__(message + hint)


class LeftOutError(UnknownNameError):
    """A film that cleaning left out of the run: `title`, with its year, the `reason`, and how to bring it in."""

    def __init__(self, title: str, reason: str, remedy: str) -> None:
        self.title, self.reason, self.remedy = title, reason, remedy
        super().__init__(f"{title} was left out of this run ({reason}); {remedy}")


class DownloadError(CineMatchError):
    """A failed download: an error of the network, the server or the address."""


class NothingToDoError(CineMatchError):
    """The data set lacks the optional input of a step; a pipeline skips the step."""


class HeldBackError(CineMatchError):
    """A new run was made and did not take the place of the current one; the text says why."""

    exit_code = 3


class MissingExtraError(CineMatchError, ImportError):
    """A package is not installed; the message names the extra that brings it."""


MEANT_FOR_PEOPLE = frozenset(
    error.__name__
    for error in (
        CineMatchError,
        UnknownNameError,
        LeftOutError,
        DownloadError,
        NothingToDoError,
        HeldBackError,
        MissingExtraError,
    )
)


def require_extra(extra: str, *packages: str) -> None:
    """Raise MissingExtraError unless all `packages`, given by their import names, are installed.

    A room that needs more than the base dependencies calls this first, in its ``__init__``. Packages are looked for
    and not imported.
    """
    for name in packages:
        if find_spec(name) is None:
            raise MissingExtraError(f'{name} is not installed; run: pip install "cinematch-lib[{extra}]"')


def close_names(name: str, known: Iterable[str], n: int = 3) -> list[str]:
    """Up to `n` of the names `known` that are most similar to `name`, ignoring case; the most similar first.

    >>> close_names("Fantasi", ["drama", "fantasy"])
    ['fantasy']
    """
    by_fold = {one.casefold(): one for one in known}
    return [by_fold[fold] for fold in difflib.get_close_matches(name.casefold(), by_fold, n=n, cutoff=0.6)]


def want_of_memory(name: str, text: object) -> bool:
    """Whether an error of this class name and text is for want of memory, as of a library that cannot be loaded.

    >>> want_of_memory("ImportError", "x.so: failed to map segment from shared object")
    True
    """
    unloaded = name == "ImportError" and ("failed to map segment" in str(text) or "allocate memory" in str(text))
    threadless = "launch worker thread" in str(text) or "can't start new thread" in str(text)  # for want of a stack
    return name in ("MemoryError", "_ArrayMemoryError", "ArrowMemoryError") or unloaded or threadless
