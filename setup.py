"""The packages of the wheel: those of `cinematch_lib`, and the notebooks beside the pipeline that runs them."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["cinematch_lib*"]), "cinematch_lib.pipeline.notebooks"],
    package_dir={"cinematch_lib.pipeline.notebooks": "notebooks"},
)
