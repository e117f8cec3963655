"""Added films in the next cleaning: joined to the data set's, until the data set has them."""

from support.tables import write_movielens

from cinematch_lib.catalog.additions import keep_additions, read_films_to_add
from cinematch_lib.catalog.cleaning import clean, read_catalog
from cinematch_lib.catalog.filters import Filters

ADDED = (
    "tmdbId,title,year,genres,services,original_language\n"
    "5,New (2030),,Drama,Here,Hindi\n949,Heat,1995,crime,There,\n7,Old,1950,drama,,\n"
)


def test_added_films_are_cleaned_with_the_others(tmp_path):
    (tmp_path / "new.csv").write_text(ADDED)
    folder = write_movielens(tmp_path / "mine", [(1, "Heat (1995)", "Crime"), (2, "Else (2000)", "Drama")])
    (folder / "links.csv").write_text("movieId,imdbId,tmdbId\n1,0113277,949\n2,0000002,2\n")
    data = tmp_path / "data"
    keep_additions(read_films_to_add(tmp_path / "new.csv"), data)
    report = clean(folder, data, filters=Filters(min_year=1990))
    films = read_catalog(data)
    assert films["movieId"].tolist() == [1, 2, 1_000_000_005]
    assert films["services"].tolist()[-1] == "Here"
    assert films["original_language"].tolist()[-1] == "hi"
    assert (report.read, report.kept) == (4, 3)
    assert report.repairs["added_films.csv"] == {"films that the data set has by now, not used": 1}
    assert "added_films.csv" in report.inputs
    report.verify(data, folder)
