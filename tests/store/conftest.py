"""Fixtures of the store's tests: their own state directory, fleets, and child processes that are really
killed."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from decnet.model.event import AttackerEvent
from decnet.model.fleet import Attachment, Decky, Fleet, Network
from decnet.store.home_check import open_home
from decnet.store.paths import Home

InChild = Callable[[Callable[[], object], str], int]
Fleets = Callable[..., Fleet]
Events = Callable[..., AttackerEvent]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    assert open_home(made) == []
    return made


@pytest.fixture
def fleet_of() -> Fleets:
    def make(*names: str, ip: str = "192.0.2.", worker: str = "local") -> Fleet:
        lan = Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")
        deckies = {
            name: Decky(
                name=name,
                worker=worker,
                attachments=(Attachment(address=f"{ip}{100 + number}", mac=f"02:42:c0:00:02:{number:02x}"),),
                hostname=f"host-{number}",
                os="linux",
                release="debian-12",
                services={"ssh": {"port": 22}},
                seed="0" * 32,
                spec_hash="a" * 64,
            )
            for number, name in enumerate(names)
        }
        return Fleet(fleet_id="f-1", lans={"local": lan}).with_deckies(deckies)

    return make


@pytest.fixture
def event() -> Events:
    def make(seq: int, *, id: str = "", at: float = 0.0, decky: str = "web-1") -> AttackerEvent:
        return AttackerEvent(
            id=id or f"e{seq}",
            seq=seq,
            at=at or float(seq),
            decky=decky,
            service="ssh",
            kind="login",
            source_ip="192.0.2.9",
            source_port=4000,
            session="s",
            fields={"username": "root"},
        )

    return make


@pytest.fixture
def in_child() -> InChild:
    """Runs work in a forked process with $DECNET_FAULT set; gives its exit status, -9 when killed."""

    def run(work: Callable[[], object], fault: str = "") -> int:
        child = os.fork()
        if child == 0:
            _work_and_leave(work, fault)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    return run


def _work_and_leave(work: Callable[[], object], fault: str) -> None:
    status = 1
    try:
        os.environ["DECNET_FAULT"] = fault
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)
