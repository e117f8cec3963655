"""CineMatch: MovieLens in, exact filters and explained recommendations out."""
