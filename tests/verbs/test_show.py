"""`decnet show DECKY` shows what is desired, recorded and observed of it, also while its worker is away."""

from __future__ import annotations

import json

import pytest
from fakefleet import FakeFleet

from decnet.commands.show import show
from decnet.console.show import show as print_outcome
from decnet.decoys.credentials import Accounts
from decnet.decoys.persona import Persona
from decnet.errors import UsageError
from decnet.plan.compose import machine_seed

ONE = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }

[decky.quarry]
archetype = "linux-server"
services = ["ssh", "http", "redis"]
ip = "192.0.2.110"
mutate_interval = 60

[decky.quarry.settings.http]
title = "Intranet"

[decky.quarry.settings.redis]
password = "hunter2"

[decky.door]
services = ["ssh", "ftp"]
os = "windows"

[decky.door.settings.ssh]
credentials = "admin:letmein, root:toor"
"""


@pytest.fixture
def quarry(empty: FakeFleet) -> FakeFleet:
    assert empty.deploy(ONE).code == 0
    return empty


def test_c11_show_has_everything_of_one_decky(quarry: FakeFleet) -> None:
    ran = quarry.run(lambda ctx: show(ctx, "quarry"))
    stored = quarry.desired.deckies["quarry"]
    shown = ran.outcome.document
    assert ran.code == 0
    assert (shown["address"], shown["mac"], shown["hostname"]) == (stored.ip, stored.mac, stored.hostname)
    assert (shown["archetype"], shown["os"], shown["release"]) == ("linux-server", "linux", stored.release)
    assert shown["services"]["http"] == {"ports": ["80/tcp"], "settings": {"title": "Intranet"}}
    assert (shown["status"], shown["recorded"], shown["worker_state"]) == ("running", "running", "up")
    assert shown["due_at"] > shown["changed_at"]
    assert [(row["operation"], row["status"]) for row in shown["operations"]] == [("create", "succeeded")]
    assert "hunter2" not in json.dumps(shown) + "\n".join(ran.outcome.lines)


@pytest.mark.parametrize("name", ["quarry", "door"])
def test_c11_the_account_is_the_one_that_the_decoys_accept(quarry: FakeFleet, name: str) -> None:
    ran = quarry.run(lambda ctx: show(ctx, name))
    decky = quarry.desired.deckies[name]
    for service, pairs in ran.outcome.document["accounts"].items():
        persona = Persona(
            service=service, hostname=decky.hostname, os=decky.os, release=decky.release, banner="",
            seed="00", ports=(), settings=decky.services[service], machine_seed=machine_seed(decky),
        )  # fmt: skip
        assert {tuple(pair.split(":", 1)) for pair in pairs} == Accounts(persona).pairs
    assert ran.outcome.document["accounts"].keys() == set(decky.services) & {"ssh", "ftp"}


def test_c11_a_decky_of_a_worker_that_is_away_is_shown_as_stored(
    quarry: FakeFleet, capsys: pytest.CaptureFixture[str]
) -> None:
    for worker in quarry.workers.values():
        worker.is_reachable = False
    ran = quarry.run(lambda ctx: show(ctx, "quarry"))
    print_outcome(ran.outcome, "table")
    shown = capsys.readouterr().out
    assert ran.code == 5
    assert (ran.outcome.document["status"], ran.outcome.document["recorded"]) == ("unknown", "running")
    assert "recorded as running" in shown.splitlines()[0]
    assert "192.0.2.110" in shown
    assert max(len(line) for line in shown.splitlines()) <= 160


def test_c11_show_needs_one_decky(quarry: FakeFleet) -> None:
    for selector, message in (("*", "'*' selects 2 deckies"), ("quary", "no decky is named 'quary'")):
        ran = quarry.run(lambda ctx, selector=selector: show(ctx, selector))
        assert isinstance(ran.error, UsageError)
        assert ran.error.message == message
