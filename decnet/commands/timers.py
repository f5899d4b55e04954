"""The systemd units and the cron file that keep a fleet running; those in docs/ are made from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from decnet.errors import UsageError

PROGRAM = Path("/usr/local/bin/decnet")
"""The program in the files of docs/."""

CRON_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PLAIN = re.compile(r"/[A-Za-z0-9/._+-]+")


@dataclass(frozen=True)
class _Timer:
    """One job: what it does, its command line, when it runs in systemd's words and in ours, and its limits in
    seconds. `why_75` explains why another command at work is no failure."""

    what: str
    arguments: str
    calendar: str
    every: str
    delay: int
    limit: int
    why_75: str
    has_jobs: bool = True


_NEXT_PASS = "another decnet command is running. The next pass comes soon enough."
_TIMERS = {
    "events": _Timer(
        "Fetch what attackers did to the decoy hosts", "events --pull --output jsonl", "*:*:00",
        "every minute", 10, 120, "another pull is running.", has_jobs=False,
    ),
    "mutate": _Timer(
        "Change the services of decoy hosts that are due", "mutate --due --quiet", "*:2/5",
        "every five minutes", 20, 300, _NEXT_PASS,
    ),
    "reconcile": _Timer(
        "Bring the decoy hosts in line with what is desired", "reconcile --quiet --deadline 240", "*:0/5",
        "every five minutes", 20, 300, _NEXT_PASS,
    ),
}  # fmt: skip


def timer_names() -> list[str]:
    """The names of the timers, as systemd knows them."""
    return [f"decnet-{name}.timer" for name in _TIMERS]


def systemd_units(program: Path = PROGRAM, home: str = "") -> dict[str, str]:
    """The units' texts by file name. `home` is a state directory other than root's usual one."""
    found = {}
    for name, timer in _TIMERS.items():
        found[f"decnet-{name}.service"] = _service(timer, _plain(program), home)
        found[f"decnet-{name}.timer"] = _timer(timer)
    return found


def cron_file(program: Path = PROGRAM, home: str = "") -> str:
    """The text of /etc/cron.d/decnet."""
    folder = _plain(program).rpartition("/")[0]
    path = CRON_PATH if folder in CRON_PATH.split(":") else f"{folder}:{CRON_PATH}"
    settings = [f"PATH={path}", "MAILTO=root", *([f"DECNET_HOME={_plain(Path(home))}"] if home else [])]
    return "\n".join(
        [
            "# decnet from cron: put this file into /etc/cron.d. Each line says nothing while all is well.",
            *settings,
            "*/5 * * * *     root  decnet reconcile --quiet --jitter 20 --deadline 240",
            "2-59/5 * * * *  root  decnet mutate --due --quiet",
            "* * * * *       root  decnet events --pull --output jsonl >> /var/log/decnet-events.jsonl",
            "",
        ]
    )


def documented() -> Mapping[str, str]:
    """The files in docs/, by path."""
    units = {f"systemd/{name}": text for name, text in systemd_units().items()}
    return {**units, "cron.d/decnet": cron_file()}


def _service(timer: _Timer, program: str, home: str) -> str:
    environment = f"Environment=DECNET_HOME={_plain(Path(home))}\n" if home else ""
    jobs = "# What a worker has accepted continues by itself, this machine's own jobs included.\n"
    return (
        f"[Unit]\nDescription={timer.what}\nDocumentation=man:decnet(1)\nWants=network-online.target\n"
        "After=network-online.target docker.service\n\n"
        f"[Service]\nType=oneshot\n{environment}ExecStart={program} {timer.arguments}\n"
        f"# 75: {timer.why_75}\nSuccessExitStatus=75\nTimeoutStartSec={timer.limit}\n"
        f"{jobs if timer.has_jobs else ''}KillMode=process\nNice=5\nUMask=0077\nNoNewPrivileges=yes\n"
    )


def _timer(timer: _Timer) -> str:
    return (
        f"[Unit]\nDescription={timer.what}, {timer.every}\n\n"
        f"[Timer]\nOnCalendar={timer.calendar}\nRandomizedDelaySec={timer.delay}\nAccuracySec=1s\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )


def _plain(path: Path) -> str:
    """A path that means itself in a unit and in a crontab."""
    text = str(path)
    if not _PLAIN.fullmatch(text):
        raise UsageError(
            f"timers cannot be written for the path {text!r}", hint="letters, digits and /._+- only"
        )
    return text
