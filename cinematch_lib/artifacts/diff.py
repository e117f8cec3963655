"""The differences of two runs: parameters, inputs, results, packages."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from cinematch_lib.artifacts.manifest import RECORDS, RunInfo

_TIMES = "pipeline"  # seconds and megabytes differ between any two runs and say nothing about results
_ALSO_TIMES = "cost"  # so is it with what other steps note under this name
_METRICS = "metrics"  # whether these differ by more than the noise is for `evaluation.between_runs` to say


class Differences(NamedTuple):
    """Lines that say what differs, by kind; ``any(differences)`` is False for runs with the same results."""

    facts: list[str]
    packages: list[str]
    files: list[str]


def differences(first: RunInfo, second: RunInfo) -> Differences:
    """What differs in the facts of the steps, the versions of packages, and the checksums of files."""
    facts = [{step: of for step, of in run.facts.items() if step != _TIMES} for run in (first, second)]
    sums = [{name: file["sha256"][:12] for name, file in run.files.items()} for run in (first, second)]
    lasting = [{name: of for name, of in one.items() if not name.startswith(RECORDS)} for one in sums]
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
    """Nested mappings as one, with dotted names."""
    flat: dict[str, Any] = {}
    for name, one in value.items():
        if name in (_ALSO_TIMES, _METRICS):
            continue
        if isinstance(one, Mapping):
            flat |= _flat(one, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = one
    return flat
