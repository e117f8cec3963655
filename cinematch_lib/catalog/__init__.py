"""The catalog of films: merged, cleaned and filtered, with an account of every row."""
