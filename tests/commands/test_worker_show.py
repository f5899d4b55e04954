"""`worker show` shows the enrolment even of a worker that does not answer."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

from decnet.catalog import load
from decnet.commands.worker import show
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome
from decnet.model.worker import Route, Worker
from decnet.store.atomic import write_whole
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home
from decnet.worker.fleet_keys import FLEET_KEY
from decnet.worker.fleetkey import ensure_key
from decnet.worker.hostkeys import pin


def closed_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def shown_of(tmp_path: Path, **fields: Any) -> TextOutcome:
    home = Home(tmp_path / "home")
    open_home(home)
    worker = Worker(name="w1", worker_id="one", host="127.0.0.1", user="root", tags=("dmz",), **fields)
    pin(home.known_hosts, worker, ensure_key(home.keys / FLEET_KEY, write_whole).public, write_whole)
    FleetTable(home).put_worker(worker)
    ctx = Context(home=home, catalog=load(), emit=lambda event: None)
    return asyncio.run(show(ctx, "w1"))


def test_the_way_to_a_worker_is_shown(tmp_path: Path) -> None:
    way = {"port": 22, "jump": "root@127.0.0.1:1", "route": Route(proxy_command="echo no way >&2; exit 1")}
    assert shown_of(tmp_path, **way).lines[2:4] == (
        "jump hosts: root@127.0.0.1:1",
        "ProxyCommand: echo no way >&2; exit 1",
    )


def test_a_worker_that_refuses_the_connection_is_shown_as_it_was_enrolled(tmp_path: Path) -> None:
    shown = shown_of(tmp_path, port=closed_port())
    assert shown.exit_code == 5
    assert shown.lines[1:] == (
        "id: one", "tags: dmz", "deckies: none", "now: it refuses the connection",
        "  hint: does its sshd run?",
    )  # fmt: skip
    assert (shown.document["worker_id"], shown.document["error"]["code"]) == ("one", "unreachable")
