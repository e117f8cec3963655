"""Models by name: those of the library, those of installed packages, and any class of an importable module."""

import inspect
import os
import sys
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names
from cinematch_lib.models.base import Model
from cinematch_lib.models.content import ContentModel
from cinematch_lib.models.ease import Ease
from cinematch_lib.models.hybrid import Hybrid
from cinematch_lib.models.implicit_wrappers import Als, Bpr, ItemKNN
from cinematch_lib.models.popular import Popular
from cinematch_lib.models.pure_svd import PureSVD
from cinematch_lib.models.user_knn import UserKNN
from cinematch_lib.vocabulary.choices import MODEL_NAMES, MODULES_DIR
from cinematch_lib.vocabulary.renamed import check_not_renamed

ENTRY_POINTS = "cinematch_lib.models"  # the group in which packages name their models
_CLASSES = (Popular, ContentModel, ItemKNN, UserKNN, PureSVD, Ease, Als, Bpr, Hybrid)
MODELS: dict[str, type[Model]] = dict(zip(MODEL_NAMES, _CLASSES, strict=True))


def model_class(name: str) -> type[Model]:
    """The class of a model: by its name here, by an entry point's, or as ``package.module:Class``.

    A module is looked up among the installed ones, then in the folder that the environment variable
    CINEMATCH_MODULES_DIR names, else in the working folder. Raises UnknownNameError for an unknown name, and
    CineMatchError for a module that cannot be imported or a class that is no `Model`.
    """
    if name in MODELS:
        return MODELS[name]
    others = {one.name: one for one in entry_points(group=ENTRY_POINTS)}
    if name in others:
        return _check_class(name, others[name].load())
    module, _, attribute = str(name).partition(":")
    if not (module and attribute):
        known = [*MODELS, *others]
        raise UnknownNameError(
            f"a model's name is one of {', '.join(known)}, or package.module:Class, got {name!r}",
            close_names(str(name), known),
        )
    return _check_class(name, getattr(_import(module, name), attribute, None))


def make(name: str, **params: Any) -> Model:
    """An unfitted model by its name (see `model_class`), with `params` as its hyperparameters.

    Raises UnknownNameError for an unknown name, and CineMatchError for parameters that the model does not have.

    >>> make("ease", regularization=200).parameters()
    {'regularization': 200, 'max_films': 20000, 'weighted_ratings': False}
    """
    kind = model_class(name)
    known = inspect.signature(kind).parameters
    for unknown in params.keys() - known.keys():
        check_not_renamed(unknown, known)
    if unknown := [one for one in params if one not in known]:
        raise CineMatchError(
            f"the model {name} takes {', '.join(known) or 'no parameters'}, got {', '.join(map(repr, unknown))}"
        )
    return kind(**params)


def is_linear(name: str) -> bool:
    """Whether a model of this name can be served: the hybrid, and those that have an `item_matrix`. Raises as above."""
    kind = model_class(name)
    return kind is Hybrid or kind.item_matrix is not Model.item_matrix


def _import(module: str, name: str) -> Any:
    folder = os.environ.get(MODULES_DIR) or str(Path.cwd())
    if folder not in sys.path:
        sys.path.append(folder)  # last, so that it takes no other module's place
    top = module.partition(".")[0]
    if not find_spec(top):
        raise CineMatchError(
            f"the model {name} needs the module {top}, which is neither installed nor in {folder}; install it, or name "
            f"its folder in the environment variable {MODULES_DIR}"
        )
    try:
        return import_module(module)
    except ImportError as error:
        raise CineMatchError(f"the model {name} could not be imported: {error}") from error


def _check_class(name: str, found: object) -> type[Model]:
    if not (isinstance(found, type) and issubclass(found, Model)):
        raise CineMatchError(
            f"the model {name} must be a subclass of cinematch_lib.models.Model, got {found!r}; see docs/models.md"
        )
    if abstract := sorted(found.__abstractmethods__):
        raise CineMatchError(f"the model {name} lacks {' and '.join(abstract)}; see docs/models.md")
    return found
