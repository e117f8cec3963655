"""The guided set-up: ``cinematch setup`` asks, shows the command that results from the answers, and runs it."""

from cinematch_lib.errors import require_extra

require_extra("pipeline", "dotenv", "questionary", "rich", "yaml")
