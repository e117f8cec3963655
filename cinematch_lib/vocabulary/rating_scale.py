"""The scale of ratings, MovieLens's."""

LOWEST_STARS, HIGHEST_STARS = 0.5, 5.0
