"""The differences of two runs: parameters, inputs, results, packages."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from cinematch_lib.artifacts.manifest import RECORDS, RunInfo

_PIPELINE = "pipeline"  # the times of the steps, which always differ
_OMITTED = ("cost", "metrics")  # costs always differ; metrics are compared with their noise by `evaluation.run_changes`


class Differences(NamedTuple):
    """Lines that describe the differences, by kind; ``any(differences)`` is False for equal results."""

    facts: list[str]
    packages: list[str]
    files: list[str]


def differences(first: RunInfo, second: RunInfo) -> Differences:
    """The differences in the facts of the steps, the versions of packages, and the checksums of files."""
    facts = [{step: values for step, values in run.facts.items() if step != _PIPELINE} for run in (first, second)]
    sums = [{name: file["sha256"][:12] for name, file in run.files.items()} for run in (first, second)]
    lasting = [{name: sha for name, sha in one.items() if not name.startswith(RECORDS)} for one in sums]
    return Differences(
        _differing("", *(_flat(one) for one in facts)),
        _differing("package ", first.packages, second.packages),
        _differing("file ", *lasting),
    )


def _differing(kind: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    names = [*first, *(name for name in second if name not in first)]
    return [
        f"{kind}{name}: {first.get(name, 'absent')} → {second.get(name, 'absent')}"
        for name in names
        if first.get(name, _ABSENT) != second.get(name, _ABSENT)
    ]


_ABSENT = object()


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings flattened, with dotted names."""
    flat: dict[str, Any] = {}
    for name, one in value.items():
        if name in _OMITTED:
            continue
        if isinstance(one, Mapping):
            flat |= _flat(one, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = one
    return flat
