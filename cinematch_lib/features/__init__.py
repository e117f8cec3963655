"""Films as rows of a sparse feature matrix."""
