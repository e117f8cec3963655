"""The clauses of an explanation: what the contributions of one kind say about a film."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

from cinematch_lib.recommender.phrases import MIN_FILM, WEAK_FIELDS, Phrase, percentage
from cinematch_lib.recommender.reasons import Label
from cinematch_lib.vocabulary.wording import enumerated

_DOMINANT = 2  # times the share of the second film, from which the first one is told apart
_NEARLY_AS_POPULAR, _FAR_FEWER = 0.5, 0.1  # parts of the likes of the most popular film: from, and below which


def _people_who_like(phrase: Phrase, percentages: bool, leading: bool) -> str:
    """Item weights of liked films: they are learned from what people like together."""
    if because := _because(phrase, percentages, "liked"):
        return f"{because} also like it"
    labels = phrase.labels(percentages, _relation(phrase, "liked", "rated 4 stars or more"))
    dominant = phrase.named == 2 and not phrase.others and phrase.percents[0] >= _DOMINANT * abs(phrase.percents[1])
    if dominant:
        return f"people who like {labels[0]} also like it, and so do some who like {labels[1]}"
    if len(labels) == 2:
        return f"it is often liked together with {enumerated(labels)}"
    return f"people who like {enumerated(labels)} also like it"


def _people_who_watch(phrase: Phrase, percentages: bool, leading: bool) -> str:
    """Item weights of films that are neither liked nor disliked."""
    if because := _because(phrase, percentages, "have seen"):
        return f"{because} often like it"
    films = phrase.labels(percentages, _relation(phrase, "have seen", "rated"))
    return f"people who watch {enumerated(films)} often like it"


def _watched_less_often(phrase: Phrase, percentages: bool, leading: bool) -> str:
    if because := _because(phrase, True, "have seen"):
        return f"{because} choose it less often"
    films = phrase.labels(True, _relation(phrase, "have seen", "rated"))
    return f"people who watch {enumerated(films)} choose it less often"


def _because(phrase: Phrase, percentages: bool, opinion: str) -> str:
    """“Because you gave Heat (1995) 4.5 stars and liked Fargo (1996): people who like these films”.

    `opinion` is what the person says of films without stars. Empty where no film that is told by its name has stars.
    """
    films: dict[bool, list[str]] = {}  # by whether they have stars, the kind of the strongest film first
    for at in range(phrase.n_told):
        stars = phrase.stars(at)
        given = "" if stars is None else f" {stars:g} star{'s' * (stars != 1)}"
        films.setdefault(bool(given), []).append(f"{phrase.label(at)}{given}{phrase.share_at(at, percentages)}")
    if True not in films:
        return ""
    said = [f"{'gave' if rated else opinion} {enumerated(names)}" for rated, names in films.items()]
    if phrase.others > 1:
        said.append(f"{_opinions(phrase, opinion, 'rated')} {phrase.others} more films")
        said[-1] += percentage(phrase.other_percent, percentages)
    people = "people who like" if opinion == "liked" else "people who watch"
    one = phrase.n_told == 1 and phrase.others < 2
    return f"because you {enumerated(said)}: {people} {'this film' if one else 'these films'}"


def _relation(phrase: Phrase, opinion: str, rating: str) -> str:
    return f"you {_opinions(phrase, opinion, rating)}"


def _opinions(phrase: Phrase, opinion: str, rating: str) -> str:
    """What the person says of the films that are counted: ratings, only an `opinion`, or both."""
    if phrase.others < 2:
        return opinion
    rated, unrated = phrase.others_rated
    return " or ".join([*[rating] * rated, *[opinion] * unrated])


def _similar_to(phrase: Phrase, percentages: bool, leading: bool) -> str:
    """Similarity to liked films, with the shared features."""
    if not leading:
        return _shares_with(phrase, percentages)
    clauses = phrase.labels(percentages, "you liked")
    told = ""
    for at in range(phrase.named):
        features = phrase.features(at)
        names = ", ".join([one.name for one in features])
        if at == 0 and _are_weak(features):
            return f"as far as is known, it shares only {enumerated([one.name for one in features])} with {clauses[0]}"
        if names and names != told:  # else they are told of the film before
            clauses[at] += f": {names}"
            told = names
    return f"similar to {'; to '.join(clauses)}"


def _shares_with(phrase: Phrase, percentages: bool) -> str:
    """The features shared with the most similar liked film, after a reason that counts for more."""
    features = phrase.features(0)
    if not features or (_are_weak(features) and phrase.share < MIN_FILM):
        return ""
    percent = percentage(round(100 * phrase.share), percentages and phrase.share >= MIN_FILM)
    return f"it shares {_in_prose(tuple(features))} with {phrase.label(0)}{percent}"


def _taste(phrase: Phrase, percentages: bool, leading: bool) -> str:
    """Embeddings: what people who like the films like, by the features of films."""
    features = phrase.features(0)
    kind = f"films with {_in_prose(tuple(features))}" if features else "films of its kind"
    films = enumerated(phrase.labels(percentages, "you liked"))
    if not phrase.named:
        films = f"what you like{percentage(phrase.other_percent, percentages)}"
    return f"people who like {films} tend to like {kind}"


def _other_taste(phrase: Phrase, percentages: bool, leading: bool) -> str:
    return f"people who like {enumerated(phrase.labels(True, 'you liked'))} like films of its kind less often"


def _expected(phrase: Phrase, percentages: bool, leading: bool) -> str:
    """The similarity that films of its kind have anyway, which counts only beyond that."""
    share = percentage(round(-100 * phrase.share), True)
    return f"many films of its kind are as similar to what you like{share}"


def _are_weak(features: Sequence[Label]) -> bool:
    """Whether these features of a phrase are weak: they all are, or none is."""
    return bool(features) and features[0].field in WEAK_FIELDS


@lru_cache(maxsize=4096)  # most films share the genres and the years of many others
def _in_prose(features: tuple[Label, ...]) -> str:
    """Features as the object of a sentence: “the genres crime and drama and the director Michael Mann”."""
    by_field: dict[str, list[str]] = {}
    for field, name in features:
        by_field.setdefault(field, []).append(name)
    return enumerated([_PROSE.get(field, enumerated)(names) for field, names in by_field.items()])


def _kind(noun: str, names: Sequence[str]) -> str:
    return f"the {noun}{'s' * (len(names) > 1)} {enumerated(names)}"


_PROSE: dict[str, Callable[[Sequence[str]], str]] = {
    "genres": partial(_kind, "genre"),
    "director": lambda names: _kind("director", [name.removeprefix("director ") for name in names]),
    "cast_top": lambda names: f"{enumerated(names)} in the cast",
    "keywords": partial(_kind, "keyword"),
    "tags": partial(_kind, "tag"),
}


def _less_often(phrase: Phrase, percentages: bool, leading: bool) -> str:
    if because := _because(phrase, True, "liked"):
        return f"{because} choose it less often"
    films = phrase.labels(True, _relation(phrase, "liked", "rated 4 stars or more"))
    return f"people who like {enumerated(films)} choose it less often"


def _disliked_less_often(phrase: Phrase, percentages: bool, leading: bool) -> str:
    return f"people who like {_disliked(phrase, percentages, ',')} choose it less often"


def _disliked_also(phrase: Phrase, percentages: bool, leading: bool) -> str:
    return f"it is also liked by people who like {_disliked(phrase, True)}"


def _unlike_disliked(phrase: Phrase, percentages: bool, leading: bool) -> str:
    return f"it differs from {_disliked(phrase, percentages)}"


def _like_disliked(phrase: Phrase, percentages: bool, leading: bool) -> str:
    return f"it resembles {_disliked(phrase, True)}"


def _disliked(phrase: Phrase, percentages: bool, end: str = "") -> str:
    """The disliked films of a phrase, told once as disliked."""
    labels = phrase.labels(percentages, "you disliked")
    return enumerated(labels) if "you disliked" in labels[-1] else f"{enumerated(labels)}, which you disliked{end}"


def _unlike_liked(phrase: Phrase, percentages: bool, leading: bool) -> str:
    return f"it differs from {enumerated(phrase.labels(True, 'you liked'))}, which you liked"


def _genres(phrase: Phrase, percentages: bool, leading: bool) -> str:
    assert phrase.source.features is not None
    names = [feature.name for feature in phrase.source.features(phrase.film, 0)]
    return f"it has {enumerated(names)}, which you asked for{percentage(phrase.percents[0], percentages)}"


def _known(phrase: Phrase, percentages: bool, leading: bool) -> str:
    assert phrase.source.features is not None
    people, *_ = phrase.source.features(phrase.film, 0)
    return f"{people.name} like{'s' * (people.name == '1 person')} it{percentage(phrase.percents[0], percentages)}"


def _less_popular(phrase: Phrase, percentages: bool, leading: bool) -> str:
    """How few people like the film; nothing of one that is nearly as popular as the most popular film.

    The share is not told: beside few contributions that raise the score, it is large for popular films too.
    """
    assert phrase.source.features is not None
    people, most = [one.name for one in phrase.source.features(phrase.film, 0)]
    if people == "nobody":
        return "nobody is known to like it"
    if people == "1 person":
        return "only 1 person likes it"
    part = _count(people) / _count(most)
    if part > _NEARLY_AS_POPULAR and not leading:
        return ""
    fewer = "far fewer" if part < _FAR_FEWER else "fewer"
    return f"{people} like it, {fewer} than the {most.replace(' people like', ' who like')}"


def _count(people: str) -> int:
    """The number of people in a text such as “1,200 people”."""
    return int(people.split()[0].replace(",", ""))


def _above_average(phrase: Phrase, percentages: bool, leading: bool) -> str:
    return f"its ratings are above average{percentage(phrase.percents[0], percentages)}"


def _recent(phrase: Phrase, percentages: bool, leading: bool) -> str:
    assert phrase.source.features is not None
    (year,) = phrase.source.features(phrase.film, 0)
    return f"it is from {year.name}{percentage(phrase.percents[0], percentages)}"


def _unrated(phrase: Phrase, percentages: bool, leading: bool) -> str:
    return "nobody has rated it yet, and you asked for such films"


def _in_common(phrase: Phrase, percentages: bool, leading: bool) -> str:
    assert phrase.source.features is not None
    (shared,) = phrase.source.features(phrase.film, 0)
    kind = f"of the genre {shared.name}" if shared.field == "genres" else f"by the {shared.name}"
    percent = percentage(phrase.percents[0], percentages)
    return f"some places of the list are for films {kind}, as are several that you liked{percent}"


def _of_series(phrase: Phrase, percentages: bool, leading: bool) -> str:
    percent = percentage(phrase.percents[0], percentages)
    return f"the list has places for films of the series of {phrase.label(0)}{percent}"


def _below_average(phrase: Phrase, percentages: bool, leading: bool) -> str:
    return f"its ratings are below average{percentage(phrase.percents[0], True)}"


def _like_one_above(phrase: Phrase, percentages: bool, leading: bool) -> str:
    return f"it resembles {phrase.label(0)}, higher in this list{percentage(phrase.percents[0], True)}"


# By kind and sign, in the order of the clauses; of what liked films contribute, the stronger kind comes first.
CLAUSES: dict[tuple[str, bool], Callable[[Phrase, bool, bool], str]] = {
    ("rated_with_liked", True): _people_who_like,
    ("liked", True): _similar_to,
    ("taste", True): _taste,
    ("rated_with_watched", True): _people_who_watch,
    ("rated_with_disliked", True): _disliked_less_often,
    ("disliked", True): _unlike_disliked,
    ("series", True): _of_series,
    ("in_common", True): _in_common,
    ("genres", True): _genres,
    ("popularity", True): _known,
    ("quality", True): _above_average,
    ("recency", True): _recent,
    ("unrated", True): _unrated,
    ("rated_with_disliked", False): _disliked_also,
    ("disliked", False): _like_disliked,
    ("rated_with_liked", False): _less_often,
    ("rated_with_watched", False): _watched_less_often,
    ("liked", False): _unlike_liked,
    ("taste", False): _other_taste,
    ("expected_similarity", False): _expected,
    ("popularity", False): _less_popular,
    ("quality", False): _below_average,
    ("diversity", False): _like_one_above,
}
