"""The differences of two runs: parameters, inputs, results, packages."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from cinematch_lib.artifacts.manifest import RECORDS, RunInfo

DRIFT = "drift"  # the facts of what changed against the run that was current when a run was made
_HISTORY = ("pipeline", DRIFT)  # facts of how a run came about, which differ for equal results
_OMITTED = ("cost", "metrics")  # costs always differ; metrics are compared with their noise by `evaluation.run_changes`


class Differences(NamedTuple):
    """Lines that describe the differences, by kind; ``any(differences)`` is False for equal results."""

    facts: list[str]
    packages: list[str]
    files: list[str]


def differences(first: RunInfo, second: RunInfo) -> Differences:
    """The differences in the facts of the steps, the versions of packages, and the checksums of files."""
    facts = [{step: values for step, values in run.facts.items() if step not in _HISTORY} for run in (first, second)]
    sums = [{name: file["sha256"][:12] for name, file in run.files.items()} for run in (first, second)]
    lasting = [{name: sha for name, sha in one.items() if not name.startswith(RECORDS)} for one in sums]
    return Differences(
        _differing("", *(_flat(one) for one in facts)),
        _differing("package ", first.packages, second.packages),
        _differing("file ", *lasting),
    )


def drift_line(facts: Mapping[str, Any]) -> str:
    """The facts of a drift (see `evaluation.drift`) in a line.

    >>> drift_line({"against": "A", "films": [10, 12], "new": 3, "gone": 1, "genres": {"drama": [0.4, 0.42]},
    ...             "decades": {}, "overlap": 0.914})
    'against A: 3 films new, 1 gone; drama 40.0 → 42.0 %; lists 91 % alike'
    """
    parts = [f"{facts['new']:,} films new, {facts['gone']:,} gone"]
    if "ratings" in facts and facts["ratings"][0] != facts["ratings"][1]:
        parts.append("ratings {:,} → {:,}".format(*facts["ratings"]))
    shares = {f"{decade}s": pair for decade, pair in facts["decades"].items()} | dict(facts["genres"])
    largest = sorted(shares, key=lambda name: -abs(shares[name][1] - shares[name][0]))[:3]
    parts += [f"{name} {100 * shares[name][0]:.1f} → {100 * shares[name][1]:.1f} %" for name in largest]
    if years := facts.get("rating_years", {}):
        year = max(years, key=lambda name: abs(years[name][1] - years[name][0]))
        parts.append("ratings of {} {:.1f} → {:.1f} %".format(year, *(100 * share for share in years[year])))
    if groups := facts.get("groups", {}):
        name = min(groups, key=lambda name: groups[name][1] - groups[name][0])
        parts.append("users with {} ratings {:.3f} → {:.3f}".format(name, *groups[name]))
    return f"against {facts['against']}: {'; '.join(parts)}; lists {100 * facts['overlap']:.0f} % alike"


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
