"""`decnet init`: a first fleet file for this machine's LAN, and timers if they are wanted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from decnet.commands.own_lan import ROUTES, OwnLan, own_lan
from decnet.commands.timers import PROGRAM, cron_file, systemd_units, timer_names
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome
from decnet.errors import Failed, UsageError
from decnet.store.paths import ROOT_HOME
from decnet.wire import clean

Timers = Literal["systemd", "cron", "none"]
UNITS, PACKAGED = "etc/systemd/system", "usr/lib/systemd/system"
CRON = "etc/cron.d/decnet"

QUESTIONS = {
    "systemd": "Write timers for systemd, not enabled yet, that reconcile, mutate and pull events?",
    "cron": f"Write /{CRON}: cron runs decnet as root from now on to reconcile, mutate and pull events?",
}
"""Cron reads its file at once: to write it is to enable it, which is asked by itself."""

FLEET_FILE = """\
# The decoy hosts of this fleet: what is not in this file is not in the fleet.
# After a change:  decnet validate {path}
#                  decnet deploy -c {path} --dry-run
#                  decnet deploy -c {path}
# `decnet services` and `decnet archetypes` list what a decky can be.

[network]
{network}

# A web server, with the services that this kind of machine has.
[decky.web]
archetype = "web-server"

# Three machines that run exactly these services, with a new side service about once a day:
# [decky.office]
# count = 3
# services = ["ssh", "http"]
# mutate_interval = 1440

# One with a fixed address, on the worker w1 (decnet worker add w1 USER@HOST):
# [decky.files]
# archetype = "file-server"
# worker = "w1"
# ip = "{example}"
"""
FOUND = """\
# This machine's LAN: interface {lan.interface}, subnet {lan.subnet}, gateway {lan.gateway}.
# Each worker uses the LAN of its default route. Only if that is not the one for decoys, remove the "# ":
# interface = "{lan.interface}"
# subnet = "{lan.subnet}"
# gateway = "{lan.gateway}"

# Choose addresses that no other host uses and that your DHCP server does not assign, and remove the "# ":
# addresses = {{ use = ["{lan.example}"] }}"""
NOT_FOUND = """\
# No default route was found on this machine, so its LAN is unknown. Workers use the LAN of their default
# route. For this machine, set these and remove the "# ":
# interface = "eth0"
# subnet = "192.0.2.0/24"
# gateway = "192.0.2.1"

# Choose addresses that no other host uses and that your DHCP server does not assign, and remove the "# ":
# addresses = { use = ["192.0.2.200-192.0.2.219"] }"""


@dataclass(frozen=True)
class InitOptions:
    """`timers` None: ask, if `interactive` and they can be written, else none. `may_enable`: the user can say
    yes, or has. `program` is what the timers start, `root` the root of
    the file system, `home` a state directory other than root's usual one."""

    path: Path = Path("fleet.toml")
    force: bool = False
    timers: Timers | None = None
    interactive: bool = False
    may_enable: bool = False
    program: Path = PROGRAM
    root: Path = Path("/")
    routes: Path = ROUTES
    home: str = ""
    called_by: tuple[int, int] | None = None
    """User and group of who called it with sudo: the fleet file is theirs."""


def init(ctx: Context, options: InitOptions) -> TextOutcome:
    """Write the fleet file, and the timers that are wanted; print what comes next. An existing file is never
    replaced without `force`; it stays if timers are requested. Raises UsageError before anything is
    written."""
    is_kept = options.path.is_file() and options.timers in ("systemd", "cron") and not options.force
    if not is_kept:
        _refuse_existing(options.path, force=options.force)
    files = _timer_files(ctx, options)
    for path, text in files.items():
        _refuse_other(path, text, force=options.force)
        if not os.access(path.parent, os.W_OK):
            raise UsageError(
                f"timers need root: {path.parent} cannot be written",
                hint="sudo decnet init, or --timers none",
            )
    lan = own_lan(options.routes)
    ctx.traces.changes = True
    lines = [f"{options.path}: exists and was not changed"]
    if not is_kept:
        _write(options.path, fleet_file(options.path, lan), options.called_by)
        lines = [f"{options.path}: a fleet of one decky, to be edited"]
    for path, text in files.items():
        _write(path, text)
        lines.append(f"{path}: written")
        if path == options.root / CRON:
            lines.append(f"cron runs these jobs from now on; to stop them: sudo rm {path}")
    if options.timers == "systemd" or any(path.suffix == ".timer" for path in files):
        lines.append(_enabled(ctx, options))
    has_timers = bool(files) or options.timers in ("systemd", "cron")
    lines += _next_steps(options.path, lan, with_timers=has_timers, sudo=options.called_by is not None)
    return TextOutcome(tuple(lines), {"file": str(options.path), "timers": [str(path) for path in files]})


def fleet_file(path: Path, lan: OwnLan | None) -> str:
    """The text of a first fleet file."""
    network = FOUND.format(lan=lan) if lan else NOT_FOUND
    example = lan.example.partition("-")[0] if lan else "192.0.2.200"
    return FLEET_FILE.format(path=clean(str(path), 200), network=network, example=example)


def _timer_files(ctx: Context, options: InitOptions) -> Mapping[Path, str]:
    """The files of the timers that are wanted; none that the Debian package has installed."""
    wanted = options.timers
    if wanted is None and options.interactive and os.access(options.root / "etc", os.W_OK):
        has_systemd = (options.root / "run/systemd/system").is_dir()
        kind: Timers = "systemd" if has_systemd else "cron"
        wanted = kind if ctx.confirm(QUESTIONS[kind]) else "none"
    home = "" if options.home in ("", str(ROOT_HOME)) else options.home
    if wanted == "cron":
        return {options.root / CRON: cron_file(options.program, home)}
    if wanted != "systemd" or (options.root / PACKAGED / timer_names()[0]).exists():
        return {}
    units = systemd_units(options.program, home)
    return {options.root / UNITS / name: text for name, text in units.items()}


def _enabled(ctx: Context, options: InitOptions) -> str:
    """Enable the timers if the user says yes."""
    command = ["systemctl", "enable", "--now", *timer_names()]
    by_hand = f"to start the timers: sudo systemctl daemon-reload; sudo {' '.join(command)}"
    if not (options.root / "run/systemd/system").is_dir() or not options.may_enable:
        return by_hand
    if not ctx.confirm("Enable and start the timers now?"):
        return by_hand
    for argv in (["systemctl", "daemon-reload"], command):
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            raise Failed(f"{' '.join(argv[:2])} failed: {done.stderr.strip()[:400]}", hint=by_hand)
    return "the timers are enabled: systemctl list-timers 'decnet-*'"


def _next_steps(path: Path, lan: OwnLan | None, *, with_timers: bool, sudo: bool) -> list[str]:
    decnet = "sudo decnet" if sudo else "decnet"
    steps = [
        f"choose addresses in {path} (network.addresses.use)"
        if lan
        else f"for decoys on this machine, set the network in {path}",
        f"decnet validate {path}",
        f"{decnet} deploy -c {path} --dry-run",
        f"{decnet} deploy -c {path}, for other machines after `{decnet} worker add NAME USER@HOST`",
        f"{decnet} status; {decnet} events --pull",
        *([] if with_timers else [f"{decnet} init --timers systemd, or cron: keep the fleet running"]),
    ]
    return ["next:", *(f"  {number}. {step}" for number, step in enumerate(steps, 1))]


def _refuse_existing(path: Path, *, force: bool) -> None:
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"{path} is not a place for a fleet file", hint="decnet init FILE")
    if path.exists() and not force:
        raise UsageError(
            f"{path} exists already and was not changed", hint="another file: decnet init FILE; or --force"
        )


def _refuse_other(path: Path, text: str, *, force: bool) -> None:
    if path.exists() and path.read_text(errors="replace") != text and not force:
        raise UsageError(
            f"{path} exists already and is different", hint="--force replaces it; or --timers none"
        )


def _write(path: Path, text: str, owner: tuple[int, int] | None = None) -> None:
    try:
        path.write_text(text)
        if owner is not None:
            os.chown(path, *owner, follow_symlinks=False)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {(error.strerror or 'unknown error').lower()}") from error
