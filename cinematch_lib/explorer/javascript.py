"""The modules of the page's widgets."""

from pathlib import Path

_FOLDER = Path(__file__).parent


def javascript(*names: str) -> str:
    """One JavaScript module of the files `names`, of which the last has the exports and uses what the others define."""
    return "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)
