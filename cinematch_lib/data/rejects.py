"""A log of every row that was read but not used, and of every value that was repaired."""

from collections.abc import Iterable

import pandas as pd

COLUMNS = ("file", "line", "id", "title", "reason")


class RejectLog:
    """Collects rejected rows (`add`) and counts of repaired values (`add_repair`), by file and reason, in order."""

    def __init__(self) -> None:
        self._parts: list[pd.DataFrame] = []
        self.repairs: dict[str, dict[str, int]] = {}

    def add(self, file: str, lines: Iterable[int], ids: Iterable[object], titles: Iterable[str], reason: str) -> None:
        """Reject rows of `file`: the lines on which they begin, their ids and titles, and the reason."""
        texts = ([" ".join(str(text).split()) for text in column] for column in (ids, titles))
        part = pd.DataFrame(dict(zip(COLUMNS, (file, list(lines), *texts, reason), strict=True)))
        if not part.empty:
            self._parts.append(part)

    def add_repair(self, file: str, what: str, count: int) -> None:
        """Count values of `file` that were repaired or made unknown; counts of 0 are not listed."""
        if count:
            of_file = self.repairs.setdefault(file, {})
            of_file[what] = of_file.get(what, 0) + count

    def table(self) -> pd.DataFrame:
        """All rejected rows: `file, line, id, title, reason`."""
        if not self._parts:
            return pd.DataFrame({name: pd.Series(dtype="object") for name in COLUMNS})
        return pd.concat(self._parts, ignore_index=True)

    def counts(self, file: str) -> dict[str, int]:
        """The number of rejected rows of `file` by reason, in the order in which the reasons occurred."""
        counts: dict[str, int] = {}
        for part in self._parts:
            if part["file"].iloc[0] == file:
                reason = part["reason"].iloc[0]
                counts[reason] = counts.get(reason, 0) + len(part)
        return counts

    def files(self) -> list[str]:
        """The files with rejected rows, in order."""
        return list(dict.fromkeys(part["file"].iloc[0] for part in self._parts))
