"""A log of every row that was read but not used, and of every value that was repaired."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

COLUMNS = ("file", "line", "id", "title", "reason", "imdb_id", "tmdb_id")


class RejectLog:
    """Collects rejected rows (`add`) and counts of repaired values (`add_repair`), by file and reason, in order."""

    def __init__(self) -> None:
        self._parts: list[pd.DataFrame] = []
        self.repairs: dict[str, dict[str, int]] = {}

    def add(
        self,
        file: str,
        lines: np.ndarray,
        ids: pd.Series,
        titles: pd.Series,
        unusable: Mapping[str, pd.Series],
        links: pd.DataFrame | None = None,
    ) -> None:
        """Reject rows of `file`: `unusable` maps each reason to the mask of its rows, bool (rows,).

        `lines` are the lines on which all rows of the file begin; `ids` and `titles` describe the rows;
        `links` has their `imdbId` and `tmdbId`, where these are known.
        """
        for reason, mask in unusable.items():
            if mask.any():
                texts = ([" ".join(str(text).split()) for text in column[mask]] for column in (ids, titles))
                known = [] if links is None else [links.loc[mask, name] for name in ("imdbId", "tmdbId")]
                linked = [one.astype("string").fillna("").tolist() for one in known] or ["", ""]
                columns = (file, lines[mask.to_numpy()], *texts, reason, *linked)
                self._parts.append(pd.DataFrame(dict(zip(COLUMNS, columns, strict=True))))

    def add_repair(self, file: str, what: str, count: int) -> None:
        """Count values of `file` that were repaired or made unknown; counts of 0 are not listed."""
        if count:
            of_file = self.repairs.setdefault(file, {})
            of_file[what] = of_file.get(what, 0) + count

    def table(self) -> pd.DataFrame:
        """All rejected rows: `file, line, id, title, reason, imdb_id, tmdb_id`."""
        if not self._parts:
            return pd.DataFrame({name: pd.Series(dtype="object") for name in COLUMNS})
        return pd.concat(self._parts, ignore_index=True)

    def notes(self) -> list[str]:
        """One line for each file: what was repaired, unusual or rejected, with counts."""
        files = list(dict.fromkeys([*self.repairs, *self.files()]))
        lines = {file: {**self.repairs.get(file, {}), **self.counts(file)} for file in files}
        return [f"{file}: {', '.join(f'{n:,} {what}' for what, n in counts.items())}" for file, counts in lines.items()]

    def counts(self, file: str) -> dict[str, int]:
        """The number of rejected rows of `file` by reason, in the order in which the reasons occurred."""
        rows = self.table()
        sizes = rows[rows["file"] == file].groupby("reason", sort=False).size()
        return {str(reason): int(size) for reason, size in sizes.items()}

    def files(self) -> list[str]:
        """The files with rejected rows, in order."""
        return [str(file) for file in self.table()["file"].unique()]
