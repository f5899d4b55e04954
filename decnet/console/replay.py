"""A visit as it would have looked over the visitor's shoulder, without what the decoy answered."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from decnet.console.text import cell
from decnet.model.counted import counted
from decnet.model.event import AttackerEvent
from decnet.wire import clean

INPUT_CHARS = 4000


def print_heading(worker: str, events: tuple[AttackerEvent, ...]) -> None:
    """Print whose visit it is, when it was and how long it took."""
    first, last = events[0], events[-1]
    when = datetime.fromtimestamp(first.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    commands = counted(sum(event.kind == "command" for event in events), "command")
    where = f"{cell(first.decky)}/{cell(first.service)} on {cell(worker)}"
    source = cell(first.source_ip) or "several sources"
    print(f"# session {cell(first.session)} on {where} from {source}")
    print(f"# {when} UTC, {last.at - first.at:.1f} s, {commands}; answers are not stored", flush=True)


def print_event(event: AttackerEvent, user: str) -> None:
    """Print a command as it was typed, behind a prompt; anything else as a comment."""
    if event.kind == "command":
        prompt = f"{cell(user) or event.service}@{cell(event.decky)}{'#' if user == 'root' else '$'}"
        print(f"{prompt} {clean(str(event.fields.get('input', '')), INPUT_CHARS)}")
    else:
        print(f"# {_comment(event)}")
    sys.stdout.flush()


def _comment(event: AttackerEvent) -> str:
    fields = event.fields
    if event.kind == "login":
        outcome = "accepted" if fields.get("success") else "refused"
        return f"login {outcome}: {cell(str(fields.get('username', '')))} {cell(_secret(event))}".rstrip()
    shown = " ".join(f"{cell(name)}={cell(str(value))}" for name, value in sorted(fields.items()))
    return f"{event.kind} {shown}".rstrip()


def _secret(event: AttackerEvent) -> str:
    names = ("password", "key", "hash", "response")
    return next((str(event.fields[name]) for name in names if event.fields.get(name)), "")
