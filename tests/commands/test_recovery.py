"""What a lost home is rebuilt from: the slices, held against each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from decnet.catalog import load
from decnet.commands.recovery import _rebuild
from decnet.engine.context import Context
from decnet.engine.progress import Event, Message
from decnet.errors import IdentityRefused
from decnet.model.fleet import Attachment, Decky, Network
from decnet.model.worker import Hello, Worker
from decnet.store.desired import load_fleet
from decnet.store.home_check import open_home
from decnet.store.paths import Home
from decnet.wire import PROJECT
from decnet.worker.enrol import Enrolled, Recovered
from decnet.worker.hostkeys import HostKey
from decnet.worker.responses import HeldSlice

KEY = HostKey.parse("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEkt+y3yAf1Uc4ppSjtx3ZyyU6yqxUuyqZ1VNcCPZKyu")
LAN = Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    home = Home(tmp_path / "home")
    open_home(home)
    return Context(home=home, catalog=load(), emit=lambda event: None)


def decky(name: str, worker: str, number: int) -> dict[str, Any]:
    made = Decky(
        name=name, worker=worker,
        attachments=(Attachment(address=f"192.0.2.{number}", mac=f"00:50:56:00:00:{number:02x}"),),
        hostname=f"srv-{number}", os="linux", release="debian-12", services={"http": {}},
        seed=f"{number:032x}", spec_hash="0" * 64, mutated_at=1.0,
    )  # fmt: skip
    return {"decky": made.model_dump(mode="json")}


def recovered(number: int, **deckies: dict[str, Any]) -> Recovered:
    hello = Hello(
        protocol=1, agent="a", version=1, worker_id=f"id-{number}", fleet_id="f", engine_id="e",
        boot_id="b", clock=1.0,
    )  # fmt: skip
    worker = Worker(name=f"w{number}", worker_id=f"id-{number}", host=f"198.51.100.{number}", user="root")
    held = {"schema": 2, "networks": {LAN.name: LAN.model_dump()}, "deckies": deckies}
    return Recovered(
        Enrolled(worker, KEY, hello, (), ()),
        {PROJECT: HeldSlice.model_validate({"slice": held, "generation": 3, "plan_hash": "0" * 64})},
    )


def test_each_worker_gets_its_own_name_and_deckies_back(ctx: Context) -> None:
    found = [recovered(1, web=decky("web", "b", 9)), recovered(2, db=decky("db", "a", 10))]
    fleet = _rebuild(ctx, found)
    assert {name: each.worker for name, each in fleet.deckies.items()} == {"db": "a", "web": "b"}


def test_two_workers_that_report_the_same_name_are_refused_and_nothing_is_saved(ctx: Context) -> None:
    message = "root@198.51.100.2: it identifies itself as worker b, and so does root@198.51.100.1"
    with pytest.raises(IdentityRefused, match=message):
        _rebuild(ctx, [recovered(1, web=decky("web", "b", 9)), recovered(2, db=decky("db", "b", 10))])
    assert load_fleet(ctx.home) is None
    assert list(ctx.home.records_dir.glob("*.json")) == []


def test_a_decky_on_two_workers_is_taken_from_the_first_and_reported(ctx: Context) -> None:
    events: list[Event] = []
    found = [recovered(1, web=decky("web", "b", 9)), recovered(2, web=decky("web", "a", 9))]
    fleet = _rebuild(replace(ctx, emit=events.append), found)
    assert {name: each.worker for name, each in fleet.deckies.items()} == {"web": "b"}
    (warning,) = [event.text for event in events if isinstance(event, Message)]
    assert warning.startswith("web: root@198.51.100.2 has it, too")
