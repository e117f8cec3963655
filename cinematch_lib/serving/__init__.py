"""The recommender behind HTTP: an API, a page, and a store for what people tell it."""
