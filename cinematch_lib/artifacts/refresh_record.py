"""What the last refresh did: ``refresh.json`` in the artifacts folder, which the server shows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cinematch_lib.storage.clock import now
from cinematch_lib.storage.files import to_json, write_text

REFRESH = "refresh.json"
RUNNING, PROMOTED, NOTHING_DUE, HELD_BACK, FAILED = "running", "promoted", "nothing due", "held back", "failed"


@dataclass(frozen=True)
class RefreshRecord:
    """A refresh.

    Attributes
    ----------
    result : `RUNNING`, `PROMOTED`, `NOTHING_DUE`, `HELD_BACK` or `FAILED`. Where no refresh holds the lock any more,
        a `RUNNING` one was killed.
    started, finished : times (UTC, ISO 8601); `finished` is empty while it runs.
    process : the number of its process.
    due : what was due, as sentences.
    reasons : why the run was held back, or what failed.
    run_id : the run that was made; empty where none was.
    state : the checksums and parameters that it was made from, to know when the same would be made again.
    releases : of data sets that are renewed, the MD5 of the zip that was taken last.

    """

    result: str
    started: str
    finished: str = ""
    process: int = 0
    due: Sequence[str] = ()
    reasons: Sequence[str] = ()
    run_id: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)
    releases: Mapping[str, str] = field(default_factory=dict)

    def write(self, artifacts_dir: Path) -> None:
        """Write ``refresh.json``, atomically."""
        write_text(artifacts_dir / REFRESH, to_json(asdict(self)))

    def finish(self, artifacts_dir: Path, result: str, **changes: Any) -> "RefreshRecord":
        """The record with its result and the time, as it is written."""
        ended = replace(self, result=result, finished=now(), **changes)
        ended.write(artifacts_dir)
        return ended

    @property
    def age_seconds(self) -> float:
        """The time since it finished, or since it started where it has not."""
        return (datetime.now(UTC) - datetime.fromisoformat(self.finished or self.started)).total_seconds()


def read_refresh(artifacts_dir: Path) -> RefreshRecord | None:
    """The record of the last refresh; None where there is none, or where it cannot be read."""
    try:
        record = RefreshRecord(**json.loads((artifacts_dir / REFRESH).read_text(encoding="utf-8")))
        datetime.fromisoformat(record.finished or record.started)
    except (OSError, ValueError, TypeError):
        return None
    return record
