"""Logs as lines of JSON, without personal data at the default level."""

import json
import logging
import sys
import time
from datetime import UTC, datetime

_JSON = json.JSONEncoder(ensure_ascii=False, default=str)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON: time, level, event, and the fields given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without a line end."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="microseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return _JSON.encode(line)


class OncePerSecond(logging.Filter):
    """Passes one record a second of each message; `omitted` tells how many were left out before it."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        message, now = str(record.msg).partition("\n")[0], time.monotonic()
        last, omitted = self._last.get(message, (-1.0, 0))
        if last >= 0 and now - last < 1:
            self._last[message] = (last, omitted + 1)
            return False
        self._last[message] = (now, 0)
        if omitted:
            record.omitted = omitted
        return True


def write_logs(level: str) -> None:
    """Write the logs of the server and of uvicorn to stderr, from `level` up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    once = OncePerSecond()
    for name in ("cinematch.serving", "uvicorn.error", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level.upper())
        if name != "cinematch.serving":  # clients cause these at will
            logger.addFilter(once)
