"""Names that a query may mean: candidates by letters, words and initials, and how similar each is."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from cinematch_lib.artifacts.search_index import Names, Postings, idf, trigram_codes
from cinematch_lib.artifacts.texts import Texts
from cinematch_lib.recommender.query import Query
from cinematch_lib.recommender.ranking import top_k
from cinematch_lib.recommender.text_similarity import beginnings, matched_words, whole_similarities
from cinematch_lib.recommender.weighted_lists import WeightedLists, distinct

_CONTAINMENT = 0.8  # weight of the share of the query's trigrams in a name, beside the cosine
_CANDIDATE_POPULARITY = 0.12  # weight of popularity when candidates are chosen by trigrams
_BY_TRIGRAMS, _BY_WORDS = 120, 60  # candidates
_BY_INITIALS = 10  # names that have just the initials of a query, and may be those of a series
_SAMPLE = 10_000  # entries of the rarest trigrams whose names show how high a score candidates have
_MAX_ACRONYM = 8  # letters
_SHORT = 5  # letters; names about as long as a query as short are all compared
_LEAST_WITH_ARTICLE = 3  # letters after an article from which one edit counts as none
_MEDIUM = 9  # letters; a query as short may be two edits from a popular name
_KNOWN = 10_000  # the most popular names, which are compared with longer queries too
_BEGINNING = 0.95  # factor of the similarity to the beginning of a name
_WORDS = 0.95  # factor of the share of the query's letters that a name's words match
_CONTAINED = 0.9  # similarity of a name that has the query's letters in a row
_ACRONYM = 0.9  # similarity of a name to its initials
_PART, _OF_PART = 0.6, 0.2  # similarity of a name that is a part of the query, and what its share of the letters adds


class Matches(NamedTuple):
    """Films that match a query.

    `rows` int (n,); `similarity` float (n,), 0 to 1; `is_equal` bool (n,), whether a whole name of the film is the
    query; `lacks_number` bool (n,), whether a number of the query is missing in the name. A film stands there once for
    each name of it that is a candidate.
    """

    rows: np.ndarray
    similarity: np.ndarray
    is_equal: np.ndarray
    lacks_number: np.ndarray


class _NamesByLength:
    """Names that are all compared with a query: their numbers and, with or without spaces, texts."""

    def __init__(self, numbers: np.ndarray, texts: Texts) -> None:
        self._texts = texts.without(" ")
        lengths = self._texts.lengths
        self._order = np.argsort(lengths, kind="stable")
        self._numbers, self._lengths = numbers[self._order], lengths[self._order]
        self._decoded: dict[int, list[str]] = {}

    def near(self, text: str, most: int) -> np.ndarray:
        """The numbers of the names that equal `text` but for at most so many edits."""
        shortest, longest = len(text) - most, len(text) + most
        begin, end = np.searchsorted(self._lengths, (shortest, longest + 1)).tolist()
        if begin == end:
            return self._numbers[:0]
        texts = [name for length in range(shortest, longest + 1) for name in self._of_length(length)]
        edits = process.cdist([text], texts, scorer=OSA.distance, score_cutoff=most, dtype=np.uint8)[0]
        near: np.ndarray = self._numbers[begin:end][edits <= most]
        return near

    def _of_length(self, length: int) -> list[str]:
        """The names of so many letters."""
        if length not in self._decoded:
            begin, end = np.searchsorted(self._lengths, (length, length + 1))
            self._decoded[length] = self._texts.decoded(self._order[begin:end])
        return self._decoded[length]


class NameMatcher:
    """Compares queries with the names of films. `popularity` is float (films,), 0 to 1."""

    def __init__(self, names: Names, popularity: np.ndarray) -> None:
        self._names, self._popularity = names, popularity

    @cached_property
    def _name_popularity(self) -> np.ndarray:
        """The popularity of the most popular film of each name, float32."""
        starts, rows = self._names.rows
        of_films = self._popularity.astype(np.float32)
        popularity: np.ndarray = of_films[rows[starts[:-1]]]  # of the first film, which of most names is the only one
        (several,) = (starts[1:] - starts[:-1] > 1).nonzero()
        entries, lengths = self._entries(several)
        if len(several):
            popularity[several] = np.maximum.reduceat(of_films[rows[entries]], np.cumsum(lengths) - lengths)
        return popularity

    @cached_property
    def _idf2(self) -> np.ndarray:
        weights: np.ndarray = idf(self._names.with_trigram, len(self._names.names)) ** 2
        return weights

    @cached_property
    def _short_names(self) -> _NamesByLength:
        """The names of at most `_SHORT` + 1 letters."""
        texts, postings = self._names.joined
        short = np.flatnonzero(texts.lengths <= _SHORT + 1)
        named = np.repeat(short, postings.starts[short + 1] - postings.starts[short])
        numbers = postings.numbers[_places(postings, short)[0]]
        return _NamesByLength(numbers, texts.take(named))

    @cached_property
    def _known_names(self) -> _NamesByLength:
        """The most popular names."""
        known = top_k(self._name_popularity, _KNOWN)
        return _NamesByLength(known, self._names.names.take(known))

    def with_word(self, word: str) -> np.ndarray:
        """The films that have a name with this word."""
        rows: np.ndarray = self._names.rows.numbers[self._entries(self._names.words.find(word))[0]]
        return rows

    def beginning(self, words: str) -> np.ndarray:
        """The films that have a name that begins with these words of a query, or with their plural: ascending."""
        texts = self._names.names
        first, end = bisect_left(texts, words), bisect_left(texts, words + "\U0010ffff")
        names = self._popular(np.arange(first, end))
        rest = [form.removeprefix(words).removeprefix("s")[:1] for form in texts.decoded(names)]
        return distinct(self._names.rows.numbers[self._entries(names[np.isin(rest, ["", " "])])[0]])

    def called(self, words: str) -> np.ndarray:
        """The films of which these words of a query are a whole name."""
        entries = self._entries(self._names.joined.find(words.replace(" ", "")))[0]
        rows: np.ndarray = self._names.rows.numbers[entries[self._names.is_whole[entries]]]
        return rows

    def abbreviated(self, initials: str) -> list[str]:
        """The most popular names with exactly these initials."""
        return self._names.names.decoded(self._popular(self._names.initials.find(initials), _BY_INITIALS))

    def with_surname(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The films that have names that end with these words, after others; and how many such names each has."""
        names = self._names.words.find(words[-1])
        ends = [name.endswith(" " + " ".join(words)) for name in self._names.names.decoded(names)]
        rows = self._names.rows.numbers[self._entries(names[np.array(ends, dtype=bool)])[0]]
        return np.unique(rows, return_counts=True)

    def _entries(self, names: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The places of the films of these names, one name after another, and how many films each has."""
        return _places(self._names.rows, names)

    def match(self, query: Query, *, parts: bool = True) -> Matches:
        """The films whose names may be meant by `query`, or, with `parts`, by some of its words alone."""
        inside = query.parts if parts else set()
        names = self._candidates(query, inside)
        similarity, is_equal, lacks_number = self._compare(query, names, inside)
        entries, lengths = self._entries(names)
        return Matches(
            self._names.rows.numbers[entries],
            np.repeat(similarity, lengths),
            np.repeat(is_equal, lengths) & self._names.is_whole[entries],
            np.repeat(lacks_number, lengths),
        )

    def _candidates(self, query: Query, parts: set[str]) -> np.ndarray:
        joined = self._names.joined
        found = [joined.find(query.joined), joined.find(query.plain), self._popular(joined.beginning(query.joined))]
        found += self._with_words(query.words)
        found += [self._popular(joined.find(part)) for part in parts]
        found.append(self._with_trigrams(query.joined))
        if (acronyms := self._with_initials(query)) is not None:
            found.append(self._popular(acronyms))
        # An edit or two leave few trigrams of a name of six to eight letters, too few among very many names.
        length = len(query.joined)
        compared = self._short_names if length <= _SHORT else self._known_names
        found.append(self._popular(compared.near(query.joined, 2 if _SHORT < length <= _MEDIUM else 1)))
        if query.article:
            found.append(self._popular(self._known_names.near(query.full, 1)))
        return distinct(np.concatenate(found).astype(np.int64))

    def _popular(self, names: np.ndarray, n: int = _BY_WORDS) -> np.ndarray:
        return names[top_k(self._name_popularity[names], n)] if len(names) > n else names

    def _with_initials(self, query: Query) -> np.ndarray | None:
        """The names whose initials begin with the first word of the query, if it may be an acronym."""
        first = query.words[0]
        if 1 < len(first) <= _MAX_ACRONYM and (len(query.words) == 1 or first.isalpha()):
            return self._names.initials.beginning(first)
        return None

    def _with_words(self, words: Sequence[str]) -> list[np.ndarray]:
        """The most popular names with all words, and with all but one; the last word may be the beginning of one."""
        *before, last = dict.fromkeys(words)
        lists = [self._names.words.find(word) for word in before]
        lists.append(distinct(self._names.words.beginning(last)))
        n = len(lists)
        counted = WeightedLists(lists, np.ones(n), len(self._names.names))
        names = counted.at_least(max(n - 1, 1))
        has_all = counted.sums[names] == n
        return [self._popular(names[has_all]), self._popular(names[~has_all])]

    def _with_trigrams(self, joined: str) -> np.ndarray:
        codes = distinct(trigram_codes([joined])[0])
        trigrams, postings = self._names.trigrams, self._names.with_trigram
        at: np.ndarray = np.searchsorted(trigrams, codes)
        known = at < len(trigrams)
        at = at[known][trigrams[at[known]] == codes[known]]
        unknown = len(codes) - len(at)
        if not len(at):
            return at
        weights = self._idf2[at]
        total = weights.sum() + unknown * np.log1p(len(self._names.names)) ** 2
        lists = [postings.between(one, one + 1) for one in at.tolist()]
        shared = WeightedLists(lists, weights, len(self._names.names))
        least = 0.0
        if sum(map(len, lists)) > _SAMPLE:
            some = shared.some(_SAMPLE)
            scores = self._trigram_scores(some, shared.sums[some], total)
            least = scores[top_k(scores, _BY_TRIGRAMS)[-1]] if len(some) >= _BY_TRIGRAMS else 0.0
        # The squared norm of a name is at least its share, so that its cosine is at most √(share / total).
        names = shared.at_least(max(least - _CANDIDATE_POPULARITY, 0.0) ** 2 * total)
        best: np.ndarray = names[top_k(self._trigram_scores(names, shared.sums[names], total), _BY_TRIGRAMS)]
        return best

    def _trigram_scores(self, names: np.ndarray, share: np.ndarray, total: float) -> np.ndarray:
        """The scores of names as candidates, by the weight of the query's trigrams in each, of `total`: float32."""
        cosine = share / (self._names.norms[names] * np.float32(np.sqrt(total)))
        similarity = np.maximum(cosine, np.float32(_CONTAINMENT / total) * share)
        scores: np.ndarray = similarity + _CANDIDATE_POPULARITY * self._name_popularity[names]
        return scores

    def _compare(self, query: Query, names: np.ndarray, parts: set[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The similarity of each name to the query; whether they are equal; whether a number of the query lacks."""
        if not len(names):
            return np.zeros(0), np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)
        forms = self._names.names.decoded(names)
        joined = [form.replace(" ", "") for form in forms]
        words = [form.split() for form in forms]
        whole = whole_similarities(list({query.joined, query.plain, query.full}), joined)
        start = " ".join(query.words) + " "
        begins = np.array([form.startswith(start) for form in forms])
        similarity = np.maximum(whole, _BEGINNING * beginnings(query.joined, joined))
        if query.article and len(query.joined) >= _LEAST_WITH_ARTICLE:
            article = query.article + " "
            edits = process.cdist([query.full], joined, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)[0]
            begins |= (edits <= 1) & np.array([form.startswith(article) for form in forms])
        similarity = np.where(begins, 1.0, similarity)
        if len(query.joined) > _SHORT:
            contains = np.array([query.joined in one for one in joined])
            similarity = np.where(contains, np.maximum(similarity, _CONTAINED), similarity)
        similarity = np.maximum(similarity, _WORDS * matched_words(query.words, words))
        if (acronyms := self._with_initials(query)) is not None:
            rest = {word for word in query.words[1:] if not word.isdecimal()}
            is_meant = np.isin(names, acronyms) & np.array([rest.issubset(one) for one in words])
            similarity = np.where(is_meant, np.maximum(similarity, _ACRONYM), similarity)
        if parts:
            share = np.array([len(one) if one in parts else 0 for one in joined]) / len(query.joined)
            similarity = np.where(share > 0, np.maximum(similarity, _PART + _OF_PART * share), similarity)
        numbers = {word for word in query.words if word.isdecimal()}
        lacks_number = np.array([not numbers.issubset(one) for one in words]) if numbers else np.zeros(len(names), bool)
        return similarity, np.array([one in (query.joined, query.plain) for one in joined]), lacks_number & (whole < 1)


def _places(postings: Postings, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The places of the numbers of some keys, one key after another, and how many numbers each has."""
    begins = postings.starts[keys]
    lengths = postings.starts[keys + 1] - begins
    first = np.repeat(begins - np.append(0, lengths.cumsum())[:-1], lengths)
    return first + np.arange(lengths.sum()), lengths
