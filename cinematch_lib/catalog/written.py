"""Writing the tables of a catalog."""

import csv
from pathlib import Path

import pandas as pd


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write the table as CSV with unknown values empty, like `to_csv` but in three quarters of the time."""
    columns = [
        column.to_list() if column.dtype == "str" else column.astype("object").where(column.notna(), "").to_list()
        for _, column in table.items()
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows(zip(*columns, strict=True))
