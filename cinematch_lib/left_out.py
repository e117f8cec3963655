"""A ledger of every row that was read and not used, and every value that was mended: nothing vanishes."""

from collections.abc import Iterable

import pandas as pd

COLUMNS = ("file", "line", "id", "title", "reason")


class LeftOut:
    """Collects rows set aside (`rows`) and values mended (`repaired`), by file and reason, in order."""

    def __init__(self) -> None:
        self._parts: list[pd.DataFrame] = []
        self.repairs: dict[str, dict[str, int]] = {}

    def rows(
        self,
        file: str,
        lines: Iterable[int] | None,
        ids: Iterable[object],
        titles: Iterable[str],
        reason: str,
    ) -> None:
        """Set rows of `file` aside: their line numbers (None where unknown), ids and titles, and why."""
        part = pd.DataFrame({"id": pd.Series(list(ids), dtype="object"), "title": list(titles)})
        if part.empty:
            return
        part["line"] = pd.Series(list(lines), dtype="Int64") if lines is not None else pd.NA
        self._parts.append(part.assign(file=file, reason=reason)[list(COLUMNS)])

    def repaired(self, file: str, what: str, count: int) -> None:
        """Count values of `file` that were mended or made unknown; a count of 0 is not listed."""
        if count:
            of_file = self.repairs.setdefault(file, {})
            of_file[what] = of_file.get(what, 0) + count

    def table(self) -> pd.DataFrame:
        """All rows set aside, with the columns `file, line, id, title, reason`."""
        if not self._parts:
            return pd.DataFrame({name: pd.Series(dtype="object") for name in COLUMNS})
        return pd.concat(self._parts, ignore_index=True)

    def counts(self, file: str) -> dict[str, int]:
        """Rows of `file` set aside, by reason, in the order in which the reasons came up."""
        counts: dict[str, int] = {}
        for part in self._parts:
            if part["file"].iloc[0] == file:
                reason = part["reason"].iloc[0]
                counts[reason] = counts.get(reason, 0) + len(part)
        return counts

    def files(self) -> list[str]:
        """The files of which rows were set aside, in order."""
        return list(dict.fromkeys(part["file"].iloc[0] for part in self._parts))
