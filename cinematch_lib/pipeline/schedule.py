"""A refresh by a timer: a systemd user timer, a line of a crontab, or a Kubernetes CronJob."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from cinematch_lib.errors import CineMatchError

NAME = "cinematch-refresh"
# How often, in the calendars of systemd and of cron; at night, and not at the full hour, when others start too.
_CALENDARS = {
    "daily": ("*-*-* 03:17:00", "17 3 * * *"),
    "weekly": ("Mon *-*-* 03:17:00", "17 3 * * 1"),
    "monthly": ("*-*-01 03:17:00", "17 3 1 * *"),
}


def systemd_units(command: Sequence[str], folder: Path, every: str) -> dict[str, str]:
    """The unit files of a user's timer by name; `command` is run in `folder`, `every` day, week or month."""
    service = f"""\
[Unit]
Description=CineMatch: refresh the recommendations

[Service]
Type=oneshot
WorkingDirectory={_systemd(str(folder))}
ExecStart={" ".join(_systemd(word, quote=True) for word in command)}
Nice=10
IOSchedulingClass=idle
CPUWeight=20
"""
    timer = f"""\
[Unit]
Description=CineMatch: refresh the recommendations {every}

[Timer]
OnCalendar={_CALENDARS[every][0]}
RandomizedDelaySec=30min
Persistent=true

[Install]
WantedBy=timers.target
"""
    return {f"{NAME}.service": service, f"{NAME}.timer": timer}


def write_units(units: dict[str, str], folder: Path) -> list[Path]:
    """Write the unit files to the folder of a user's units; returns their paths. Raises CineMatchError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in units.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CineMatchError(f"{folder} cannot be written ({error.strerror}); try --as crontab") from None
    return [folder / name for name in units]


def crontab_line(command: Sequence[str], folder: Path, every: str) -> str:
    """The line of a crontab."""
    words = f"cd {shlex.quote(str(folder))} && nice -n 10 {shlex.join(command)}"
    escaped = words.replace("%", r"\%")  # which begins the standard input in a crontab
    return f"{_CALENDARS[every][1]} {escaped}\n"


def cron_job(arguments: Sequence[str], every: str) -> str:
    """A Kubernetes CronJob; `arguments` follow the command. The image and the volume's name are to be filled in."""
    return f"""\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {NAME}
spec:
  schedule: {json.dumps(_CALENDARS[every][1])}
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      backoffLimit: 0
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: refresh
              image: cinematch-pipeline  # an image with the extra "pipeline"
              workingDir: /srv/cinematch
              command: [cinematch, {", ".join(json.dumps(word) for word in arguments)}]
              resources:
                requests: {{cpu: 500m, memory: 4Gi}}
              volumeMounts:
                - {{name: cinematch, mountPath: /srv/cinematch}}
          volumes:
            - name: cinematch
              persistentVolumeClaim: {{claimName: cinematch}}  # raw, data and artifacts, shared with the server
"""


def _systemd(text: str, *, quote: bool = False) -> str:
    """A value of a unit file: percent signs are doubled, since they begin specifiers."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$") if quote else text
    escaped = escaped.replace("%", "%%")
    return f'"{escaped}"' if quote and shlex.quote(text) != text else escaped
