"""The embedded data set: MovieLens's small set of 2016 with Wikidata's facts; see README.md beside this."""
