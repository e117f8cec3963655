"""Posters as on the server's page: a drawing of the film, and TMDb's picture over it where there is one."""

import re
from functools import cache
from importlib import resources

import anywidget
import traitlets

from cinematch_lib.recommender.films import Movie

_PARTS = ("dom.js", "motifs.js", "poster.js")  # each imports from those before it
_RENDER = """
function render({ model, el }) {
  const holder = element("div", { class: "poster" });
  const show = () => showPoster(holder, model.get("film"));
  el.append(holder);
  el.setAttribute("aria-hidden", "true");
  model.on("change:film", show);
  show();
}

export default { render };
"""


@cache
def module() -> str:
    """The modules of the server's page that draw a poster, as one module of a widget."""
    page = resources.files("cinematch_lib") / "serving" / "page"
    texts = [(page / name).read_text(encoding="utf-8") for name in _PARTS]
    return re.sub(r"^import .*\n", "", "\n".join(texts), flags=re.MULTILINE) + _RENDER


class Poster(anywidget.AnyWidget):
    """The poster of a film; only TMDb's picture is asked for, and only where the film has a path of one."""

    film = traitlets.Dict().tag(sync=True)

    def __init__(self, movie: Movie) -> None:
        super().__init__(_esm=module(), film=_drawn(movie))

    def show(self, movie: Movie) -> None:
        """Show another film."""
        self.film = _drawn(movie)


def _drawn(movie: Movie) -> dict[str, object]:
    fields = ("movie_id", "title", "year", "poster_path")
    return {name: getattr(movie, name) for name in fields} | {"genres": list(movie.genres)}
