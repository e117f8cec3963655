"""One's own models: those of docs/models.md, in a file of their own, by name, compared and served."""

import numpy as np
import pytest
from support.pages import blocks
from support.small_runs import check_reasons
from support.tastes import catalog_by_taste, ratings_by_taste

from cinematch_lib import Preferences
from cinematch_lib.errors import CineMatchError, UnknownNameError
from cinematch_lib.evaluation import compare_models, make_protocol, tuned_params
from cinematch_lib.evaluation.served import Serve
from cinematch_lib.models import Model, make, model_class, train
from cinematch_lib.models.linear import item_weights
from cinematch_lib.plots import evaluation as plots
from cinematch_lib.testing import catalog, check_model, checkerboard, history
from cinematch_lib.vocabulary.choices import MODULES_DIR

MODEL, CHECK, MEASURE, LMF = blocks("docs/models.md", "python")
NAME = "my_models:CoOccurrence"


@pytest.fixture(scope="module", autouse=True)
def modules(tmp_path_factory):
    """A folder with the first example as a module, and with one that cannot be imported."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "my_models.py").write_text(MODEL)
    (folder / "broken_models.py").write_text("import no_such_thing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MODULES_DIR, str(folder))
        patch.setattr("sys.path", [*__import__("sys").path])
        yield folder


def test_the_examples_of_the_page_do_what_it_says():
    names: dict[str, object] = {}
    for code in (MODEL, CHECK, MEASURE, LMF, "check_model(LMF)"):
        exec(compile(code, "docs/models.md", "exec"), names)
    assert len(MODEL.splitlines()) <= 30


def test_it_is_tuned_compared_drawn_and_served_with_reasons():
    ratings, films = ratings_by_taste(), catalog_by_taste()
    protocol = make_protocol(ratings, films, test_users=10)
    serve = Serve({"min_df": 1}, weights_per_film=20)
    result = compare_models(protocol, ["popular", NAME], [5, 10], serve=serve, served_model=NAME, cold_users=True)
    assert len(result.results[NAME].trials) == 4
    means = result.values("ndcg@5").mean()
    assert {"served", "served_seen", "served_likes"} <= set(means.index)
    assert means["served"] > means["popular"]
    assert NAME in result.highlighted and NAME in result.cold_users
    plots.leaderboard(result), plots.cold_users(result), plots.by_group(result, result.highlighted)
    model = make(NAME, **tuned_params(NAME, ratings, films)).fit(ratings, films)
    found = serve(protocol.folds[0], model).recommend(Preferences(liked_movie_ids=[int(ratings.movieId[0])]), 5)
    check_reasons(found)
    assert any(reason.kind == "rated_with_liked" for reason in found[0].reasons)


def test_the_weights_that_are_served_are_the_largest_ones():
    found = train(checkerboard(), catalog(), 3, model=NAME, damping=0.0)
    whole, kept = found.model.item_matrix(), found.weights.matrix.toarray()
    assert (whole >= 0).all() and found.weights.n_weights >= 3 * len(whole)
    np.testing.assert_array_equal(kept[kept > 0], whole[kept > 0])
    assert whole[kept == 0].max() <= np.median(kept[kept > 0])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my_models:Nothing", r"must be a subclass of cinematch_lib.models.Model, got None"),
        ("no_such_models:Model", r"needs the module no_such_models, which is neither installed nor in .*MODULES_DIR"),
        ("broken_models:Model", r"could not be imported: No module named 'no_such_thing'"),
        ("cinematch_lib.models:Model", r"lacks _fit and _scores; see docs/models.md"),
        ("my_models", r"or package.module:Class, got 'my_models'"),
    ],
)
def test_what_is_no_model_is_refused(name, message):
    with pytest.raises(CineMatchError, match=message):
        model_class(name)


def test_a_model_of_an_entry_point_has_its_short_name(tmp_path, monkeypatch):
    info = tmp_path / "others-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[cinematch_lib.models]\ncooccurrence = {NAME}\n")
    monkeypatch.syspath_prepend(tmp_path)
    model_class(NAME)  # finds the folder of the module
    assert model_class("cooccurrence") is model_class(NAME)
    with pytest.raises(UnknownNameError, match="did you mean cooccurrence"):
        model_class("cooccurence")


class Broken(Model):
    """A model with the mistakes that `check_model` is for, one at a time."""

    def __init__(self, mistake: str = "none") -> None:
        self.mistake = mistake

    def _fit(self, train, catalog):
        rng = np.random.default_rng(None if self.mistake == "random" else 0)
        self._weights = (train.likes.T @ train.likes).toarray() + rng.random(len(self.films))
        if self.mistake == "catalog":
            catalog["title"] = ""
        if self.mistake == "time":
            train.timestamps.max()

    def _scores(self, queries):
        if self.mistake == "shape":
            return np.zeros(len(self.films))
        if self.mistake == "nan":
            return np.full(queries.ratings.shape, np.nan)
        scores = queries.likes @ self._weights
        return scores - scores.mean() if self.mistake == "others" else scores

    def item_matrix(self):
        return self._weights.T + np.arange(len(self.films)) if self.mistake == "matrix" else None


@pytest.mark.parametrize(
    ("mistake", "error"),
    [
        ("random", "must give the same lists|two fits must agree"),
        ("time", "'NoneType' object has no attribute 'max'"),
        ("shape", r"Broken._scores must return a score for each user and film, of the shape \(2, 24\), got .*\(24,\)"),
        ("nan", r"finite, got an array of the shape \(2, 24\) with 48 values that are not finite"),
        ("others", "must not depend on the other users"),
        ("matrix", "sums of rows of item_matrix"),
    ],
)
def test_mistakes_are_found(mistake, error):
    with pytest.raises((AssertionError, AttributeError, CineMatchError), match=error):
        check_model(lambda: Broken(mistake))
    check_model(Broken)
    with pytest.raises(AssertionError, match="make must be a class or a function that makes a model"):
        check_model(Broken())


def test_only_linear_models_are_served():
    model = Broken().fit(checkerboard(), catalog())
    assert len(model.recommend(history([10]), 3)) == 3
    with pytest.raises(CineMatchError, match="Broken has no item_matrix, and only models that are linear"):
        item_weights(model, checkerboard())
