"""Film features: text, genres, year, runtime and text vectors as one sparse matrix with rows of length one.

The cosine similarity of two films is the dot product of their rows: a sum with one term for each feature that
both have, from which explanations are read off.
"""

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import MultiLabelBinarizer, StandardScaler, normalize
from sklearn.utils.validation import check_is_fitted

from cinematch_lib.data.tables import whole_numbers
from cinematch_lib.errors import CineMatchError
from cinematch_lib.features.vector_components import fit_components, reduce_vectors
from cinematch_lib.vocabulary.choices import FIELDS, NUMBER_FIELDS, TEXT_FIELDS, TEXT_VECTOR
from cinematch_lib.vocabulary.lists import LIST_SEPARATOR

DEFAULT_WEIGHTS: Mapping[str, float] = {
    "title": 0.4,
    "overview": 1.0,
    "keywords": 1.2,
    "cast_top": 0.9,
    "director": 0.65,
    "tags": 1.2,
    "genres": 0.6,
    "year": 0.3,
    "runtime": 0.1,
    TEXT_VECTOR: 0.5,
}

UNKNOWN = "unknown"
_WORDS = ("title", "overview")
_OPTIONAL = ("title", "tags")
_WHOLE_NAMES = r"[^|]+"  # a term is everything between two separators, with spaces


class FilmFeatures(TransformerMixin, BaseEstimator):
    """A transformer from a table of films to a feature matrix.

    Each text field is a TF-IDF block, genres are a multi-hot block, year and runtime are a block each, and so are the
    vectors of the films' texts, centred and reduced to 64 principal components. The rows of each block are scaled to
    length one and multiplied by the weight of the field; then the whole row is scaled to length one. If a field is
    unknown for a film, its column ``field__unknown`` is 1: otherwise a film of which only the genre is known would be
    close to every film of that genre. (A comparison of films must ignore these columns on one side: two unknown
    values are not a shared feature.) A standardized number z becomes the point (cos(z·π/3), sin(z·π/3)), so that the
    product of two films decreases with the distance of their numbers.

    Parameters
    ----------
    max_features : maximum number of terms of each text field, the most frequent ones; None for all.
    ngram_max : maximum length of the n-grams of words in title and overview, at least 1.
    min_df : minimum number of films in which a term must occur, at least 1.
    field_weights : weights, at least 0, of any of FIELDS; the others keep their defaults.

    The input of `fit` and `transform` is a DataFrame with the columns `overview, keywords, cast_top, director,
    genres` (text, lists `|`-joined), `year, runtime` (numbers, may be missing) and optionally `title`
    (an overview that equals it counts as unknown), `tags`, and `text_vector` (arrays of one length, None where unknown;
    see `text_vectors`).

    Examples
    --------
    >>> films = pd.DataFrame({"overview": ["a robot", "two robots"], "keywords": ["robot", "robot"], "cast_top": "",
    ...                       "director": "", "genres": "sci-fi", "year": 1999, "runtime": [90, None]})
    >>> FilmFeatures().fit_transform(films).shape
    (2, 10)

    """

    def __init__(
        self,
        max_features: int | None = 5000,
        ngram_max: int = 1,
        min_df: int = 2,
        field_weights: Mapping[str, float] | None = None,
    ) -> None:
        self.max_features = max_features
        self.ngram_max = ngram_max
        self.min_df = min_df
        self.field_weights = field_weights

    def fit(self, X: pd.DataFrame, y: object = None) -> "FilmFeatures":
        """Learn terms, genres and scales from the films `X`; returns self. Raises CineMatchError."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: pd.DataFrame, y: object = None) -> sparse.csr_matrix:
        """`fit` and `transform` the same films, tokenizing the text once. Raises CineMatchError."""
        self.check_parameters()
        table = self._table(X)
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        self.text_: dict[str, TfidfVectorizer] = {}
        text = {}
        for name in TEXT_FIELDS:
            vectorizer = self._vectorizer(name)
            try:
                text[name] = vectorizer.fit_transform(table[name].to_list())
            except ValueError:  # no term occurs in min_df films: the field is left out
                continue
            self.text_[name] = vectorizer
        self.genres_ = MultiLabelBinarizer(sparse_output=True)
        genres = self.genres_.fit_transform(_lists(table["genres"]))
        with np.errstate(invalid="ignore"):  # a number that is unknown for all films has no mean
            self.numbers_ = StandardScaler().fit(_numbers(table))
        self.components_ = fit_components(table[TEXT_VECTOR]) if TEXT_VECTOR in table else None
        return self._assemble(table, text, genres)

    @classmethod
    def restored(
        cls,
        parameters: Mapping[str, Any],
        text: dict[str, TfidfVectorizer],
        genres: MultiLabelBinarizer,
        numbers: StandardScaler,
        components: Any = None,
    ) -> "FilmFeatures":
        """The fitted transformer whose `parameters` and parts a run holds."""
        made = cls(**parameters)
        made.text_, made.genres_, made.numbers_, made.components_ = text, genres, numbers, components
        return made

    def transform(self, X: pd.DataFrame) -> sparse.csr_matrix:
        """The features of the films `X`, CSR float32 (films, features); rows have length one or zero.

        Genres that `fit` has not seen are ignored. Raises CineMatchError.
        """
        check_is_fitted(self)
        table = self._table(X)
        text = {name: vectorizer.transform(table[name].to_list()) for name, vectorizer in self.text_.items()}
        known = set(self.genres_.classes_)
        genres = self.genres_.transform([[one for one in names if one in known] for names in _lists(table["genres"])])
        return self._assemble(table, text, genres)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """The names of the columns, ``field__term``, object (features,); `input_features` is ignored."""
        check_is_fitted(self)
        terms = {name: tfidf.get_feature_names_out() for name, tfidf in self.text_.items()}
        terms |= {"genres": self.genres_.classes_} | {name: ["cos", "sin"] for name in NUMBER_FIELDS}
        if self.components_ is not None:
            terms[TEXT_VECTOR] = [f"{number:02d}" for number in range(self.components_.n_components_)]
        return np.asarray([f"{name}__{term}" for name, of in terms.items() for term in (*of, UNKNOWN)], dtype=object)

    def weights(self) -> dict[str, float]:
        """The weight of each field: `field_weights`, else the default."""
        return {**DEFAULT_WEIGHTS, **(self.field_weights or {})}

    def __sklearn_tags__(self):  # noqa: ANN204 - the type is private to scikit-learn
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        return tags

    def check_parameters(self) -> None:
        """Raise CineMatchError for invalid parameters, as `fit` does."""
        for name in ("ngram_max", "min_df", "max_features"):
            value = getattr(self, name)
            if value is None and name == "max_features":
                continue
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise CineMatchError(f"{name} must be a whole number from 1 up, got {value!r}")
        if not isinstance(self.field_weights, Mapping | None):
            given = repr(self.field_weights)
            raise CineMatchError(f'field_weights must be a mapping such as {{"genres": 0.5}}, got {given}')
        for name, weight in (self.field_weights or {}).items():
            if name not in FIELDS:
                raise CineMatchError(f"field_weights may name {', '.join(FIELDS)}, got {name!r}")
            if isinstance(weight, bool) or not (isinstance(weight, Real) and math.isfinite(weight) and weight >= 0):
                raise CineMatchError(f"field_weights[{name!r}] must be a number from 0 up, got {weight!r}")

    def _vectorizer(self, name: str) -> TfidfVectorizer:
        words = name in _WORDS
        return TfidfVectorizer(
            token_pattern=r"(?u)\b\w\w+\b" if words else _WHOLE_NAMES,
            stop_words="english" if words else None,
            lowercase=name not in ("cast_top", "director"),
            ngram_range=(1, self.ngram_max) if words else (1, 1),
            min_df=self.min_df,
            max_features=self.max_features,
            sublinear_tf=True,
            norm=None,  # see _unit
            dtype=np.float32,
        )

    def _table(self, X: pd.DataFrame) -> pd.DataFrame:
        needed = [name for name in FIELDS if name not in (*_OPTIONAL, TEXT_VECTOR)]
        if not isinstance(X, pd.DataFrame):
            got = type(X).__name__
            raise TypeError(f"films must be a pandas DataFrame with the columns {', '.join(needed)}, got a {got}")
        if missing := [name for name in needed if name not in X.columns]:
            raise CineMatchError(f"films lack the columns {', '.join(missing)}; they have {', '.join(map(str, X))}")
        if X.empty:
            raise CineMatchError("there are no films to make features of, got a table of 0 rows")
        table = X[[name for name in FIELDS if name in X.columns]].reset_index(drop=True)
        for name in table.columns.difference((*NUMBER_FIELDS, TEXT_VECTOR)):
            table[name] = _text(table[name])
        for name in _OPTIONAL:
            if name not in table:
                table[name] = ""
        if getattr(self, "components_", None) is not None and TEXT_VECTOR not in table:
            table[TEXT_VECTOR] = None
        table["overview"] = table["overview"].where(table["overview"] != table["title"], "")
        return table

    def _assemble(
        self, table: pd.DataFrame, text: dict[str, sparse.csr_matrix], genres: sparse.csr_matrix
    ) -> sparse.csr_matrix:
        scaled = self.numbers_.transform(_numbers(table))
        blocks = {name: _unit(block) for name, block in {**text, "genres": genres.astype(np.float32)}.items()}
        blocks |= {name: sparse.csr_matrix(_on_circle(scaled[:, column])) for column, name in enumerate(NUMBER_FIELDS)}
        if self.components_ is not None:
            blocks[TEXT_VECTOR] = _unit(reduce_vectors(table[TEXT_VECTOR], self.components_))
        weights = self.weights()
        weighted = [_with_unknown(block) * np.float32(weights[name]) for name, block in blocks.items()]
        matrix = sparse.csr_matrix(normalize(sparse.hstack(weighted, format="csr", dtype=np.float32)))
        matrix.eliminate_zeros()  # of fields with the weight 0
        return matrix


def _unit(block: sparse.csr_matrix) -> sparse.csr_matrix:
    """The block with rows scaled to length one.

    The indices are sorted first, because fit_transform of a vectorizer does not sort them: the sums of transform
    and fit_transform then agree to the last bit.
    """
    block.sort_indices()
    return normalize(block) if block.shape[1] else block  # no columns: no film has a genre


def _with_unknown(block: sparse.csr_matrix) -> sparse.csr_matrix:
    """The block with one more column: 1 for the films whose row is empty."""
    block = sparse.csr_matrix(block)
    unknown = (np.diff(block.indptr) == 0).astype(np.float32)
    return sparse.hstack([block, sparse.csr_matrix(unknown[:, None])], format="csr")


def with_tags(films: pd.DataFrame, tags: pd.DataFrame | None) -> pd.DataFrame:
    """The films with a column `tags`: a film's tags in lower case, `|`-joined, each as often as it was given.

    `films` has `movieId`; `tags` has `movieId` and `tag` as text, as read from tags.csv. Films without tags have
    empty text. Without `tags`, or with none, the films are returned as they are.
    """
    if tags is None or tags.empty:
        return films
    words = tags["tag"].str.strip().str.lower().str.replace(LIST_SEPARATOR, "/", regex=False)
    given = pd.DataFrame({"film": whole_numbers(tags["movieId"]), "tag": words})
    given = given[given["film"].isin(films["movieId"]) & (given["tag"] != "")]
    joined = films["movieId"].map(given.groupby("film")["tag"].agg(LIST_SEPARATOR.join))
    return films.assign(tags=joined.fillna("").astype("str"))


def _lists(joined: pd.Series) -> list[list[str]]:
    return [[name for name in names.split(LIST_SEPARATOR) if name] for names in joined.to_list()]


def _text(column: pd.Series) -> pd.Series:
    """The column with empty text for unknown values. Raises CineMatchError if it is not text."""
    known = column.notna()
    text = column if known.all() else column.astype("object").where(known, "")
    if (kind := pd.api.types.infer_dtype(text, skipna=False)) not in ("string", "empty"):
        raise CineMatchError(f"the films' column {column.name} must be text, got {kind}; read the table with dtype=str")
    return text


def _numbers(table: pd.DataFrame) -> np.ndarray:
    """Year and runtime, float64 (films, 2), NaN if unknown. Raises CineMatchError for values that are no numbers."""
    columns = []
    for name in NUMBER_FIELDS:
        try:
            numbers = table[name].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise CineMatchError(f"the films' column {name} must be numbers, missing where unknown: {error}") from None
        if np.isinf(numbers).any():
            raise CineMatchError(f"the films' column {name} must be finite numbers, missing where unknown, got inf")
        columns.append(numbers)
    return np.column_stack(columns)


def _on_circle(z: np.ndarray) -> np.ndarray:
    """Standard scores, clipped to ±3, as points on the unit circle, float32 (films, 2); the centre if unknown."""
    angle = np.clip(z, -3, 3) * (np.pi / 3)
    return np.nan_to_num(np.column_stack([np.cos(angle), np.sin(angle)]), nan=0.0).astype(np.float32)
