"""The memory that this process may still take: of the machine, under its own limit, and under a container's."""

from collections.abc import Iterator
from pathlib import Path

import psutil

from cinematch_lib.errors import CineMatchError

_SHARE = 0.9  # of the free memory that may be planned with; the rest is for what cannot be foreseen
# The files of a control group, of version 2 and 1: limit, use, and statistics with the cache that the kernel gives up.
_CGROUP_FILES = {
    2: ("memory.max", "memory.current", "inactive_file"),
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


def fits(needed: float) -> bool:
    """Whether the bytes `needed` are free."""
    return needed <= _SHARE * free_memory()[0]


def check_memory(needed: float, what: str, remedy: str) -> None:
    """Raise CineMatchError with the numbers if the bytes `needed` are not free.

    The message says that `what` needs them, and ends with `remedy`.
    """
    if not fits(needed):
        free, where = free_memory()
        raise CineMatchError(
            f"{what} need {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free{where}; {remedy}"
        )


def check_address_space(needed: float, what: str, remedy: str) -> None:
    """Raise CineMatchError with the numbers if a new process may not have the bytes `needed` of address space.

    The message says that `what` needs them, and ends with `remedy`.
    """
    if (limit := _limit_of_address_space()) is not None and needed > limit:
        raise CineMatchError(
            f"{what} need {needed / 1e9:.1f} GB of address space, and the limit is {limit / 1e9:.1f} GB (ulimit -v "
            f"{limit >> 10}); {remedy}"
        )


def free_memory(root: Path = Path("/")) -> tuple[int, str]:
    """The bytes that are free, and the limit that leaves no more, as the end of a sentence; empty for the machine's.

    `root` is the folder that holds ``proc`` and ``sys``.
    """
    limits = [(int(psutil.virtual_memory().available), ""), *_address_space(), *_control_groups(root)]
    free, where = min(limits, key=lambda one: one[0])
    return max(free, 0), where


def _address_space() -> Iterator[tuple[int, str]]:
    if (limit := _limit_of_address_space()) is not None:
        words = f" under the limit of {limit / 1e9:.1f} GB of address space (ulimit -v {limit >> 10})"
        yield limit - psutil.Process().memory_info().vms, words


def _limit_of_address_space() -> int | None:
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit


def _control_groups(root: Path) -> Iterator[tuple[int, str]]:
    """What the group of this process and those above it leave."""
    for line in _text(root / "proc" / "self" / "cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        if number != "0" and "memory" not in controllers.split(","):
            continue
        version = 2 if number == "0" else 1
        mount = root / "sys" / "fs" / "cgroup" / ("memory" if version == 1 else "")
        # Within a container the path may be that outside of it; then its group is the one that is mounted.
        group = mount / path.lstrip("/")
        for folder in (group, *group.parents):
            if not folder.is_relative_to(mount):
                break
            yield from _left(folder, version)


def _left(folder: Path, version: int) -> Iterator[tuple[int, str]]:
    limit_file, use_file, cache = _CGROUP_FILES[version]
    limit, use = _text(folder / limit_file).strip(), _text(folder / use_file).strip()
    if limit.isdigit() and use.isdigit():  # version 2 writes "max" for none
        statistics = dict(line.split(" ", 1) for line in _text(folder / "memory.stat").splitlines() if " " in line)
        given_up = int(statistics.get(cache, "0"))
        yield int(limit) - int(use) + min(given_up, int(use)), " under the memory limit of the container"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
