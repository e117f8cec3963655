"""Figures of the catalog, by their content."""

import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from scipy import sparse
from support.small_runs import film_table

from cinematch_lib import Recommender
from cinematch_lib.artifacts.films_table import movies_meta
from cinematch_lib.catalog.cleaning import CleaningReport
from cinematch_lib.plots import catalog as figures

TITLES = [
    "Heat",
    "The Lord of the Rings: The Fellowship of the Ring (Kun tavattoman pitkä nimi)",
    "The Lord of the Rings: The Two Towers",
    "Collateral",
]


@pytest.fixture(scope="module")
def recommender():
    """Four films, of which the first three share a director, and all a genre."""
    matrix = np.array([[3, 0, 1, 1], [3, 0, 1, 0.5], [3, 4, 1, 0], [0, 1, 1, 0]], dtype=np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    years, runtimes = [1995, 2001, 2002, 2004], [170, None, None, 120]
    films = [
        {"title": title, "year": year, "runtime": runtime, "genres": "crime", "original_language": "en"}
        for title, year, runtime in zip(TITLES, years, runtimes, strict=True)
    ]
    names = ["director__Michael Mann", "cast_top__Al Pacino", "genres__crime", "runtime__0"]
    meta = movies_meta(film_table(*films), np.array([0.4, 0.3, 0.2, 0.1]), names, "none", [])
    return Recommender(sparse.csr_matrix(matrix), meta)


def report(services="demo", **dropped):
    coverage = {"overview": 0, "cast_top": 600, "poster_path": 3, "services": 512, "runtime": 999}
    kept = 1000
    read = kept + sum(dropped.values())
    reasons = {name.replace("_", " "): count for name, count in dropped.items()}
    source = {"source": services, "region": "US", "kinds": []}
    return CleaningReport("tiny", {}, "", {}, source, read, reasons, kept, coverage, {}, {}, [])


def drawn(figure):
    """Draw the figure; nothing that is written in it may be cut off."""
    packed = io.BytesIO()
    figure.savefig(packed)
    height, width = imread(io.BytesIO(packed.getvalue())).shape[:2]
    for part in (*(axes for axes in figure.axes if axes.axison), *figure.legends):
        box = part.get_tightbbox()
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1, f"{part} is cut off"


def words(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def labels(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_the_waterfall_accounts_for_every_film():
    figure = figures.waterfall(report(no_year_known=5, before_1980=1771))
    (axes,) = figure.axes
    assert labels(axes) == ["read", "no year known", "before 1980", "kept"]
    assert words(figure) == ["2,776", "−5", "−1,771", "1,000"]
    bars = [(bar.get_x(), bar.get_width()) for bar in axes.patches]
    assert bars == [(0, 2776), (2771, 5), (1000, 1771), (0, 1000)]
    assert axes.get_title(loc="left") == "tiny: 2,776 films read, 1,000 kept"
    drawn(figure)


def test_the_waterfall_of_nothing_dropped():
    figure = figures.waterfall(report())
    assert words(figure) == ["1,000", "1,000"]
    drawn(figure)


def test_coverage_counts_the_films_with_each_field():
    figure = figures.coverage(report("tmdb"))
    assert labels(figure.axes[0]) == ["overview", "cast", "poster", "services", "running time"]
    assert words(figure) == ["0 (0 %)", "600 (60 %)", "3 (0 %)", "512 (51 %)", "999 (100 %)"]
    assert figure.axes[0].get_title(loc="left") == "Known fields of the 1,000 films"
    drawn(figure)


def test_demo_services_are_labelled():
    assert "services (demo)" in labels(figures.coverage(report("demo")).axes[0])


@pytest.mark.parametrize("years", [[1999], [1999, 1999, 2000], [1874, 1980, 2023]])
def test_films_by_year_has_whole_years(years):
    figure = figures.films_by_year(pd.DataFrame({"year": pd.array(years, dtype="Int64")}))
    drawn(figure)
    (axes,) = figure.axes
    assert sum(bar.get_height() for bar in axes.patches) == len(years)
    first, last = axes.get_xlim()
    ticks = [label.get_text() for label in axes.get_xticklabels() if first <= label.get_position()[0] <= last]
    assert all(re.fullmatch(r"\d{4}", tick) for tick in ticks)
    assert 1 <= len(ticks) == len(set(ticks)) <= 12


def test_the_rating_distribution_is_shares_of_all_ratings():
    figure = figures.rating_distribution(pd.DataFrame({"rating": [4.0, 4.0, 4.0, 0.5]}))
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.5", "4.0"]
    assert [bar.get_height() for bar in axes.patches] == [25, 75]
    assert axes.get_title(loc="left") == "4 ratings"
    drawn(figure)


def test_neighbours_are_bars_of_the_contribution_of_each_field(recommender):
    near = {recommender.movie(movie).label: recommender.similar(movie, 3) for movie in (1, 2, 3)}
    figure = figures.neighbours(near)
    drawn(figure)
    first = figure.axes[0]
    assert first.get_title(loc="left") == "Like Heat (1995)"
    assert labels(first) == [
        "The Lord of the … of the Ring (2001)",
        "The Lord of the … Two Towers (2002)",
        "Collateral (2004)",
    ]
    scores = [one.score for one in near["Heat (1995)"]]
    assert [text.get_text() for text in first.texts] == [f"{score:.2f}" for score in scores]
    for row, score in enumerate(scores):
        width = sum(bar.get_width() for bar in first.patches if round(bar.get_y() + bar.get_height() / 2) == row)
        assert width == pytest.approx(score, abs=1e-5)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["director", "cast", "genres", "running time"]


def test_the_legend_and_the_bars_do_not_overlap(recommender):
    figure = figures.neighbours({"Heat (1995)": recommender.similar(1, 3)})
    drawn(figure)
    legend = figure.legends[0].get_window_extent()
    assert all(not legend.overlaps(axes.get_window_extent()) for axes in figure.axes)


@pytest.mark.parametrize("near", [{}, {"Heat (1995)": []}])
def test_neighbours_of_a_catalog_with_none(near):
    drawn(figures.neighbours(near))


def test_figures_are_the_same_bytes_each_time_and_leave_no_state(recommender):
    near = {"Heat (1995)": recommender.similar(1, 3)}
    pictures = set()
    for _ in range(2):
        packed = io.BytesIO()
        figures.neighbours(near).savefig(packed, metadata={"Software": None})
        pictures.add(packed.getvalue())
    assert len(pictures) == 1
    assert plt.get_fignums() == []
