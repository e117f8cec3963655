"""What an experiment is: its arms, the shares of users, the metric, and the arm of a user."""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from cinematch_lib.errors import CineMatchError, UnknownNameError, close_names

METHODS = ("split", "interleave")
METRICS = ("click", "like", "watchlist")
SETTINGS = ("discovery", "diversity", "embeddings")  # what an arm can set besides its run
MAX_ARMS = 8
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")
_SWITCH = {"on": 1.0, "off": 0.0}


@dataclass(frozen=True)
class Arm:
    """One way to make lists: a run, None for the current one, and settings, with the share of users that get it.

    `fingerprint` is that of the run when the experiment was started.
    """

    name: str
    share: float
    run_id: str | None = None
    fingerprint: str | None = None
    settings: Mapping[str, float] = field(default_factory=dict)

    @property
    def changes(self) -> set[str]:
        """What the arm sets."""
        return {*self.settings, *(("run",) if self.run_id else ())}


@dataclass(frozen=True)
class Experiment:
    """An experiment; the first arm is the one that the others are compared with.

    `effect` is the relative effect to be found; `explore` the share of lists whose top is reordered by chance. Times
    are ISO 8601 in UTC; `stopped` is None while it runs.
    """

    name: str
    arms: tuple[Arm, ...]
    created: str
    method: str = "split"
    metric: str = "click"
    effect: float = 0.1
    explore: float = 0.0
    planned_users: int | None = None
    stopped: str | None = None
    promoted: str | None = None

    @property
    def shares(self) -> list[float]:
        """The shares of users by arm; they add up to 1."""
        return [arm.share for arm in self.arms]

    @property
    def changes(self) -> set[str]:
        """What the arms set; two experiments at once cannot set the same."""
        return {one for arm in self.arms for one in arm.changes}

    def arm_of(self, user_id: str) -> int:
        """The index of a user's arm: the same in every process, and independent of that in other experiments."""
        return index_of(f"{self.name}@{self.created}", user_id, self.shares)

    def arm(self, name: str) -> Arm:
        """The arm of this name. Raises UnknownNameError."""
        names = [arm.name for arm in self.arms]
        if name not in names:
            raise UnknownNameError(
                f"the experiment {self.name} has no arm {name!r}; its arms are {', '.join(names)}",
                close_names(name, names),
            )
        return self.arms[names.index(name)]


def index_of(salt: str, user_id: str, shares: Sequence[float]) -> int:
    """An index with the probabilities `shares`, drawn by the hash of the salt and the user."""
    digest = hashlib.blake2b(user_id.encode("utf-8", "surrogatepass"), key=_key(salt), digest_size=8).digest()
    drawn = int.from_bytes(digest, "big") / 2**64 * sum(shares)
    return min(sum(drawn >= end for end in accumulate(shares)), len(shares) - 1)


def parse_arm(text: str) -> Arm:
    """An arm as it is typed, ``NAME=RUN``, ``NAME=SETTING=VALUE`` or several of these after commas; its share is 0.

    Raises CineMatchError.

    >>> parse_arm("b=20260101T120000Z-1a2b3c4d,discovery=0.3")
    Arm(name='b', share=0.0, run_id='20260101T120000Z-1a2b3c4d', fingerprint=None, settings={'discovery': 0.3})
    """
    name, _, rest = text.partition("=")
    parts = [part.strip() for part in rest.split(",") if part.strip()]
    runs = [part for part in parts if "=" not in part]
    if not _NAME.fullmatch(name) or not parts or len(runs) > 1:
        raise CineMatchError(
            f"an arm is a name with a run, with settings, or both, such as b=RUN or b=discovery=0.3, got {text!r}; "
            "names are small letters, digits, - and _"
        )
    settings = dict(_setting(*part.split("=", 1)) for part in parts if "=" in part)
    return Arm(name, 0.0, runs[0] if runs else None, None, settings)


def with_shares(arms: Sequence[Arm], text: str | None) -> tuple[Arm, ...]:
    """The arms with the shares that were typed, such as ``50/50``; equal ones for None. Raises CineMatchError."""
    if not arms:
        return ()
    shares = [1 / len(arms)] * len(arms) if text is None else [_number(part, text) / 100 for part in text.split("/")]
    if len(shares) != len(arms) or min(shares) <= 0 or not math.isclose(sum(shares), 1):
        raise CineMatchError(
            f"the shares are whole parts of 100, one above 0 for each of the {len(arms)} arms, such as "
            f"{'/'.join(['50'] * 2)}, got {text}"
        )
    return tuple(
        Arm(arm.name, share, arm.run_id, arm.fingerprint, arm.settings) for arm, share in zip(arms, shares, strict=True)
    )


def check(experiment: Experiment, running: Sequence[Experiment] = ()) -> None:
    """Raise CineMatchError for an experiment that cannot be run, or not beside those that are `running`."""
    names = [arm.name for arm in experiment.arms]
    if not _NAME.fullmatch(experiment.name):
        raise CineMatchError(f"a name is 1 to 50 small letters, digits, - and _, got {experiment.name!r}")
    for field_name, known in (("method", METHODS), ("metric", METRICS)):
        if (value := getattr(experiment, field_name)) not in known:
            raise CineMatchError(f"the {field_name} must be one of {', '.join(known)}, got {value!r}")
    if not 2 <= len(names) <= MAX_ARMS or len(set(names)) < len(names):
        raise CineMatchError(
            f"an experiment has 2 to {MAX_ARMS} arms of different names, got {', '.join(names) or 'none'}; "
            "repeat --arm NAME=RUN"
        )
    if experiment.method == "interleave" and (len(names) != 2 or not math.isclose(*experiment.shares)):
        raise CineMatchError("interleaving mixes two arms in equal parts; leave out further arms, and --share")
    if not 0 < experiment.effect < math.inf:
        raise CineMatchError(f"the effect to be found must be above 0, such as 0.1, got {experiment.effect}")
    if not 0 <= experiment.explore <= 0.5:
        raise CineMatchError(f"the share to explore must be from 0 to 0.5, got {experiment.explore}")
    if experiment.explore and experiment.method == "interleave":
        raise CineMatchError("interleaving cannot explore, since both reorder the list; choose one of them")
    for other in running:
        both = experiment.changes & other.changes
        if both or experiment.method == other.method == "interleave":
            what = f"changes {', '.join(sorted(both))} too" if both else "interleaves lists too"
            raise CineMatchError(f"the experiment {other.name} runs and {what}; stop it first")


def _setting(name: str, value: str) -> tuple[str, float]:
    if name not in SETTINGS:
        raise UnknownNameError(f"an arm can set {', '.join(SETTINGS)}, got {name!r}", close_names(name, SETTINGS))
    if name == "embeddings":
        if value not in _SWITCH:
            raise CineMatchError(f"embeddings must be on or off, got {value!r}")
        return name, _SWITCH[value]
    number = _number(value, f"{name}={value}")
    if not 0 <= number <= 1:
        raise CineMatchError(f"{name} must be from 0 to 1, got {value}")
    return name, number


def _number(text: str, whole: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise CineMatchError(f"{text!r} in {whole!r} is no number")
    return number


def _key(salt: str) -> bytes:
    return hashlib.blake2b(salt.encode(), digest_size=32).digest()
