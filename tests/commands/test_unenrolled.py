"""A worker that has deckies and is not enrolled is reported by every verb, and never ignored."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from decnet import catalog
from decnet.commands.checks.operator import operator_findings
from decnet.commands.mutate import MutateOptions, mutate
from decnet.commands.reconcile import reconcile
from decnet.commands.status import status
from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.engine.unenrolled_workers import unenrolled
from decnet.errors import Failed, WorkerFailure
from decnet.model.fleet import Attachment, Decky, Network
from decnet.model.worker import Worker
from decnet.store.atomic import write_whole
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home
from decnet.worker.fleetkey import ensure_key
from decnet.worker.hostkeys import pin

LAN = Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")
WEB = Decky(
    name="web", worker="w1",
    attachments=(Attachment(address="192.0.2.10", mac="00:50:56:00:00:10"),),
    hostname="srv-1", os="linux", release="debian-12", services={"http": {}},
    seed=f"{1:032x}", spec_hash="0" * 64, mutated_at=1.0,
)  # fmt: skip
FAILURE = WorkerFailure(
    "w1",
    Failed,
    "it has deckies and is not enrolled",
    "decnet worker add w1 USER@HOST, or decnet worker recover",
)


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    home = Home(tmp_path / "home")
    open_home(home)
    save_fleet(home, new_fleet().model_copy(update={"lans": {"w1": LAN}}).with_deckies({"web": WEB}))
    return Context(home=home, catalog=catalog.load(), emit=lambda event: None)


def enrol_one_that_is_away(home: Home) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    away = Worker(name="w2", worker_id="two", host="127.0.0.1", port=port, user="root")
    key = ensure_key(home.keys / "fleet_ed25519", write_whole)
    pin(home.known_hosts, away, key.public, write_whole)
    FleetTable(home).put_worker(away)


@pytest.mark.parametrize("options", [PassOptions(), PassOptions(check=True), PassOptions(quiet=True)])
def test_reconcile_reports_it_and_fails(ctx: Context, options: PassOptions) -> None:
    outcome = asyncio.run(reconcile(ctx, options))
    assert (outcome.exit_code, outcome.troubles) == (1, (FAILURE,))


def test_mutate_reports_it_and_fails(ctx: Context) -> None:
    outcome = asyncio.run(mutate(ctx, MutateOptions(names=("web",), services=("ssh",))))
    assert (outcome.exit_code, outcome.troubles) == (1, (FAILURE,))


def test_status_has_a_row_of_it_and_fails(ctx: Context) -> None:
    outcome = asyncio.run(status(ctx))
    assert (outcome.exit_code, outcome.workers.rows) == (
        1,
        (("w1", "unknown", "not enrolled", "1", "it has deckies and is not enrolled"),),
    )


def test_doctor_finds_it(ctx: Context) -> None:
    found, _, _ = operator_findings(ctx)
    assert [(f.what, f.state, f.finding, f.fix) for f in found if f.what == "w1"] == [
        ("w1", "wrong", FAILURE.message, FAILURE.hint)
    ]


def test_it_is_not_reported_for_other_selected_workers(ctx: Context) -> None:
    enrol_one_that_is_away(ctx.home)
    chosen = asyncio.run(reconcile(ctx, PassOptions(selector="w2")))
    everything = asyncio.run(reconcile(ctx, PassOptions()))
    in_trouble = [[each.worker for each in outcome.troubles] for outcome in (chosen, everything)]
    assert in_trouble == [["w2"], ["w1", "w2"]]
    assert asyncio.run(status(ctx, on="w2")).exit_code == 5


def test_this_machine_is_taken_up_by_a_deploy(ctx: Context) -> None:
    here = WEB.model_copy(update={"worker": "local"})
    fleet = new_fleet().with_deckies({"web": here})
    assert [each.hint for each in unenrolled(fleet, ())] == ["decnet deploy enrols this machine again"]
    assert unenrolled(fleet, ("local",)) == ()
