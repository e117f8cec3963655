"""Runs the notebooks in order, with checked parameters."""

from cinematch_lib.errors import require_extra

require_extra(
    "pipeline",
    "IPython",
    "matplotlib",
    "nbclient",
    "nbformat",
    "pandas",
    "papermill",
    "psutil",
    "pyarrow",
    "pydantic",
    "yaml",
)
