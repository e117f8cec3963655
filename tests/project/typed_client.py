"""A small client of the library with types. mypy checks it in strict mode; it is run with the base alone."""

import sys
from pathlib import Path

from cinematch_lib import CineMatchError, Movie, Preferences, Reason, Recommendation, Recommender


def watch_list(recommender: Recommender, titles: list[str], k: int) -> list[Recommendation]:
    """The best `k` films of the nineties and later for somebody who likes the films with these titles."""
    liked: list[Movie] = [recommender.find(title) for title in titles]
    preferences = Preferences(liked_movie_ids=[movie.movie_id for movie in liked], year_min=1990)
    return list(recommender.recommend(preferences, k=k))


def strongest(reasons: tuple[Reason, ...]) -> str:
    """The kind of the reason that counts most, and how much it counts."""
    first = max(reasons, key=lambda reason: reason.share)
    share: float = first.share
    return f"{first.kind} {share:.0%}"


def main(artifacts_dir: Path) -> int:
    """Print five films with their strongest reasons and the titles that a search finds."""
    try:
        recommender = Recommender.load(artifacts_dir)
        for one in watch_list(recommender, ["Heat (1995)", "Collateral (2004)"], k=5):
            rank: int = one.rank
            genres: tuple[str, ...] = one.movie.genres
            print(rank, one.movie.label, ", ".join(genres), one.explanation, strongest(one.reasons))
        found: list[str] = [movie.label for movie in recommender.search("heat", k=3)]
        print(found, [movie.title for movie in recommender.similar(1, k=2)])
    except CineMatchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    code: int = main(Path(sys.argv[1]))
    assert not {"pandas", "sklearn", "matplotlib", "yaml", "fastapi"} & sys.modules.keys()
    sys.exit(code)
