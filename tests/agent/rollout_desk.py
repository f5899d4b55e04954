"""Bundles with a rollout, and what an agent keeps of it: shared by the tests of rollouts on a worker."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from agent_desk import Desk, bundle, step
from engine_server import LAN

from decnet.agent import deadman
from decnet.wire import PROJECT

ROLLOUT = "0123456789ab"
ONE = {"web": ("127.77.0.11", {"ssh": 22})}
OTHER = {"web": ("127.77.0.12", {"ssh": 22})}
"""The same decky at another address."""
WAIT = 30.0


def rollout(rollout_id: str = ROLLOUT, **changed: Any) -> dict[str, Any]:
    known = {"id": rollout_id, "unit": "w1", "former": None, "to": "a" * 64, "seq": 1, "batch": None}
    return {**known, "confirm_within": None, **changed}


def request(
    deckies: dict[str, Any],
    generation: int,
    held: dict[str, Any] | None = None,
    *,
    project: str = PROJECT,
    steps: list[Any] | None = None,
    seat: Desk | None = None,
) -> dict[str, Any]:
    """An apply that waits for its job. With a `seat`, its steps replace all that is there now."""
    if seat is not None:
        steps = replacing(seat, deckies, project)
    args = bundle(deckies, f"{project}-{generation}", generation, steps, lan=LAN, project=project)
    return {**args, "wait": WAIT, **({} if held is None else {"rollout": held})}


def replacing(seat: Desk, deckies: dict[str, Any], project: str = PROJECT) -> list[dict[str, Any]]:
    """Steps that remove every container of these deckies, and of those that go, and make the wanted ones."""
    present: dict[str, list[dict[str, str]]] = {}
    for each in seat.get("status")["containers"]:
        if each["project"] == project:
            present.setdefault(each["decky"], []).append({"name": each["name"], "id": each["id"]})
    wanted = bundle(deckies, "-", 1, lan=LAN, project=project)["slice"]["deckies"]
    return [
        step(
            name,
            "change" if name in wanted else "remove",
            remove=present.get(name, []),
            up=list(wanted[name]["containers"]) if name in wanted else [],
        )
        for name in sorted({*present, *wanted})
    ]


def kept(seat: Desk, project: str = PROJECT) -> dict[str, Any] | None:
    """What `status` reports of the project's rollout."""
    found = [row for row in seat.get("status").get("rollouts", []) if row["project"] == project]
    return found[0] if found else None


def state(seat: Desk, project: str = PROJECT) -> str | None:
    found = kept(seat, project)
    return None if found is None else str(found["state"])


def previous(seat: Desk, project: str = PROJECT) -> list[str]:
    folder = seat.home / "projects" / project / "previous"
    return sorted(os.listdir(folder)) if folder.is_dir() else []


def let_time_pass(seat: Desk, project: str = PROJECT) -> None:
    """The time of its dead man is over."""
    place = seat.home / "projects" / project / "rollout.json"
    place.write_text(json.dumps({**json.loads(place.read_text()), "until": deadman.uptime()}))


def within(seconds: float, what: Callable[[], Any]) -> Any:
    """The first true value, within so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "not within the time"
        time.sleep(0.1)
    return found


def watchers(home: Path) -> list[int]:
    """The processes that hold a lock of a dead man of this agent."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        # It, or one of its files, may be gone by now.
        with suppress(OSError):
            for place in os.listdir(process / "fd"):
                with suppress(OSError):
                    target = os.readlink(process / "fd" / place)
                    if target.startswith(f"{home}/projects/") and target.endswith(".lock"):
                        found.append(int(process.name))
    return sorted(set(found))
