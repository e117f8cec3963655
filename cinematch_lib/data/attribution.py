"""The credits that the data sources require."""

MOVIELENS = (
    "Ratings and films: MovieLens, GroupLens Research, University of Minnesota. "
    "F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and Context. "
    "ACM TiiS 5, 4, 19:1–19:19. https://doi.org/10.1145/2827872"
)
TMDB = "This product uses the TMDB API but is not endorsed or certified by TMDB."
JUSTWATCH = "Streaming availability by JustWatch, through TMDB."
WIKIDATA = "Cast, directors and running times of the sample: Wikidata, CC0."


def attributions(dataset: str, services_source: str, *, with_tmdb: bool, of_films: bool = True) -> list[str]:
    """The lines to show wherever the content of a catalog is shown; MovieLens's only if it is `of_films`.

    >>> attributions("sample", "demo", with_tmdb=False)[1]
    'Cast, directors and running times of the sample: Wikidata, CC0.'
    """
    lines = [MOVIELENS] if of_films else []
    if dataset == "sample":
        lines.append(WIKIDATA)
    elif with_tmdb:
        lines.append(TMDB)
    if services_source == "tmdb":
        lines += [TMDB, JUSTWATCH]
    return list(dict.fromkeys(lines))
