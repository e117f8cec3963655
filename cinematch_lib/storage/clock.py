"""The time as it is stored."""

from datetime import UTC, datetime


def now() -> str:
    """The time as ISO 8601 in UTC, in seconds."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
