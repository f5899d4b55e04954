"""A pass that changed something leaves a line in the audit log, also where it does not come to its end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from decnet import catalog
from decnet.engine.context import Context
from decnet.engine.decide import Proposal
from decnet.engine.options import PassOptions
from decnet.engine.progress import Event, Finished
from decnet.engine.run_pass import run_pass, without_observation
from decnet.engine.snapshot import Snapshot
from decnet.errors import HashRefused
from decnet.model.fleet import Network
from decnet.store.audit import read
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.home_check import open_home
from decnet.store.paths import Home

LAN = Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path / "home")
    open_home(found)
    save_fleet(found, new_fleet())
    return found


def end(home: Home, error: BaseException, *, changes: bool = True) -> None:
    """A pass that ends by this error, when desired is saved."""

    def emit(event: Event) -> None:
        if isinstance(event, Finished):
            raise error

    ctx = Context(home=home, catalog=catalog.load(), emit=emit)

    def proposal(snap: Snapshot) -> Proposal:
        desired = snap.desired.model_copy(update={"lans": {"w1": LAN} if changes else {}})
        return Proposal(snap.with_desired(desired))

    with pytest.raises(type(error)):
        asyncio.run(run_pass(ctx, "deploy", without_observation(proposal), PassOptions()))


def lines(home: Home) -> list[tuple[str, int]]:
    return [(row["outcome"], row["exit_code"]) for row in read(home)]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (HashRefused("another agent answers", worker="w1"), ("ended early: w1: another agent answers", 6)),
        (asyncio.CancelledError(), ("ended early: interrupted", 130)),
        (OSError("no room"), ("ended early: OSError", 1)),
    ],
)
def test_a_pass_that_is_ended_early_is_in_the_audit_log(
    home: Home, error: BaseException, line: tuple[str, int]
) -> None:
    end(home, error)
    assert lines(home) == [line]


def test_a_pass_that_changed_nothing_is_not(home: Home) -> None:
    end(home, asyncio.CancelledError(), changes=False)
    assert lines(home) == []


def test_an_audit_log_that_cannot_be_written_does_not_hide_what_ended_the_pass(home: Home) -> None:
    home.audit.mkdir()
    end(home, HashRefused("another agent answers", worker="w1"))
