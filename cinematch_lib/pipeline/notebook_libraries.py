"""The libraries that read and run notebooks, imported in a tenth of their time.

They import jsonschema, which compiles dozens of grammars for addresses in any script, where Jupyter Server has
brought the package for it: nearly two seconds before anything begins. No notebook is checked for such addresses.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_GRAMMARS = "rfc3987_syntax"


@contextmanager
def _as_if_without(module: str) -> Iterator[None]:
    """Imports in this context fail for `module`, unless it has been imported before."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]


with _as_if_without(_GRAMMARS):
    import nbformat
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

__all__ = [
    "DeadKernelError",
    "PapermillExecutionError",
    "load_notebook_node",
    "nbformat",
    "papermill",
    "parameterize_notebook",
]
