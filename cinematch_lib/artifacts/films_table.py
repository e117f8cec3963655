"""What the recommender knows of the films, as one JSON value: ``movies_meta.json``."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

_COLUMNS = (
    "movieId title year runtime genres services overview director cast_top tmdbId imdbId poster_path original_language "
    "vote_count"
)


def movies_meta(
    films: pd.DataFrame,
    quality: np.ndarray,
    feature_names: Sequence[str],
    services_source: str,
    attributions: Sequence[str],
) -> dict[str, Any]:
    """The value of ``movies_meta.json``: the films column by column, in the order of the feature rows.

    `films` has the columns of `tables.MERGED`; `quality` is float (films,), from `features.build_features`;
    `attributions` are the lines to show with the films. Unknown numbers are null.
    """
    columns: dict[str, list[Any]] = {
        name.replace("Id", "_id"): films[name].astype("object").where(films[name].notna(), None).tolist()
        for name in _COLUMNS.split()
    }
    columns["quality"] = [float(value) for value in quality]
    return {
        "columns": columns,
        "features": list(feature_names),
        "services_source": services_source,
        "attributions": list(attributions),
    }
