"""Whether the packages that the library needs are there; asked before anything that needs them is imported."""

import re
from importlib import metadata

from cinematch_lib.errors import CineMatchError


def check_packages() -> int:
    """How many packages the library needs. Raises CineMatchError that names those that are not there."""
    needed = [one for one in metadata.requires("cinematch-lib") or () if "extra ==" not in one]
    names = [re.match(r"[\w.-]+", one)[0] for one in needed]
    if missing := [name for name in names if not _is_there(name)]:
        raise CineMatchError(
            f"packages that CineMatch needs are missing: {', '.join(missing)}; build the environment anew, "
            "as make run does where there is none"
        )
    return len(names)


def _is_there(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
