"""A decky that changes its role: off the network for hours, then another machine under its name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from fakefleet import FakeFleet, Ran, in_memory

from decnet.commands.apply import apply
from decnet.commands.checks.operator import operator_findings
from decnet.commands.deploy import DeployOptions, deploy
from decnet.commands.mutate import MutateOptions, mutate, next_due
from decnet.commands.reconcile import reconcile
from decnet.commands.status import status
from decnet.commands.teardown import teardown
from decnet.engine.options import PassOptions
from decnet.model.fleet import Decky
from decnet.model.fleetfile import parse

HOUR = 3600.0
PLAIN = """
mutate_hours = "always"
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }
[decky.web]
count = 4
archetype = "linux-server"
[decky.web.settings.ssh]
credentials = "root:toor"
[decky.printer]
archetype = "printer"
"""
ROLES = PLAIN.replace('"linux-server"', '"linux-server"\nmutate_interval = 60\nroles = ["web-server"]')


@pytest.fixture
def fleet() -> Iterator[FakeFleet]:
    fleet = FakeFleet(in_memory())
    assert fleet.deploy(PLAIN).code == 0
    yield fleet
    fleet.close()
    shutil.rmtree(fleet.folder)


def mutated(fleet: FakeFleet, *names: str, **options: object) -> Ran:
    return fleet.run(lambda ctx: mutate(ctx, MutateOptions(names, run=PassOptions(), **options)))  # type: ignore[arg-type]


def identity(decky: Decky) -> tuple[str, ...]:
    return decky.ip, decky.mac, decky.hostname.lower(), decky.seed


def test_it_leaves_and_returns_as_another_machine(fleet: FakeFleet) -> None:
    before = fleet.desired.deckies["web-02"]
    ran = mutated(fleet, "web-02", role="web-server")
    (step,) = ran.outcome.plan.docker_steps
    assert (ran.code, step.bucket, step.reason, step.up) == (
        0, "remove", "it changes its role to web-server", ()
    )  # fmt: skip
    assert any(
        message.startswith("web-02 leaves the network, and returns as web-server about")
        for message in ran.messages
    )
    assert "web-02" not in fleet.desired.deckies

    fleet.clock.advance(HOUR / 2)
    assert mutated(fleet, due=True).outcome.plan.docker_steps == ()
    fleet.clock.advance(6 * HOUR)
    ran = mutated(fleet, due=True)
    assert [(step.decky, step.bucket) for step in ran.outcome.plan.docker_steps] == [("web-02", "create")]
    after = fleet.desired.deckies["web-02"]
    assert (after.archetype, after.role_changed, fleet.desired.away) == ("web-server", True, {})
    assert not set(identity(before)) & set(identity(after))
    assert after.since == int(after.mutated_at or 0) == pytest.approx(fleet.clock.now(), abs=60)
    assert fleet.run(lambda ctx: reconcile(ctx, PassOptions())).outcome.plan.steps == ()


def test_any_role_is_one_of_a_machine_that_may_change(fleet: FakeFleet) -> None:
    mutated(fleet, "web-01", "web-02", "web-03", role="any")
    kinds = {each.role for each in fleet.desired.away.values()}
    catalog = fleet.catalog
    assert len(fleet.desired.away) == 3
    assert all(catalog.archetypes[kind].interval_factor == 1 for kind in kinds - {"linux-server"})
    assert not kinds & {"printer", "linux-server", *catalog.withheld_names("archetype")}


def test_a_printer_stays_a_printer_unless_it_is_asked_for(fleet: FakeFleet) -> None:
    ran = mutated(fleet, "printer", role="any")
    assert (ran.code, "such a machine hardly ever changes its role" in str(ran.error)) == (2, True)
    assert mutated(fleet, "printer", role="linux-server").code == 0


def test_a_deploy_of_the_same_file_leaves_it_away_and_keeps_its_role(fleet: FakeFleet) -> None:
    mutated(fleet, "web-02", role="web-server")
    away = fleet.desired.away
    assert fleet.deploy(PLAIN).outcome.plan.docker_steps == ()
    assert fleet.desired.away == away
    fleet.clock.advance(7 * HOUR)
    mutated(fleet, due=True)
    after = fleet.desired.deckies["web-02"]
    ran = fleet.deploy(PLAIN)
    assert (ran.code, ran.outcome.plan.docker_steps) == (0, ())
    assert fleet.desired.deckies["web-02"] == after
    assert after.settings["ssh"]["credentials"] == "root:toor"


def test_a_reset_or_another_entry_ends_it(fleet: FakeFleet) -> None:
    mutated(fleet, "web-02", "web-03", role="web-server")
    fleet.deploy(PLAIN.replace('[decky.printer]\narchetype = "printer"\n', ""))
    assert set(fleet.desired.away) == {"web-02", "web-03"}
    options = DeployOptions(reset_services=True)
    fleet.run(lambda ctx: deploy(ctx, parse(PLAIN, "fleet.toml"), options))
    assert (fleet.desired.away, fleet.desired.deckies["web-02"].archetype) == ({}, "linux-server")


def test_what_left_the_file_does_not_come_back(fleet: FakeFleet) -> None:
    mutated(fleet, "web-04", role="web-server")
    fleet.deploy(PLAIN.replace("count = 4", "count = 3").replace("[decky.web]", "[decky.web]"))
    assert (set(fleet.desired.away), "web-04" in fleet.desired.deckies) == (set(), False)


def test_a_teardown_forgets_what_is_away(fleet: FakeFleet) -> None:
    mutated(fleet, "web-01", "web-02", role="web-server")
    assert fleet.run(lambda ctx: teardown(ctx, ["web-01"], PassOptions())).code == 0
    assert set(fleet.desired.away) == {"web-02"}
    assert fleet.run(lambda ctx: teardown(ctx, [], PassOptions(), everything=True)).code == 0
    assert (fleet.desired.away, fleet.desired.deckies) == ({}, {})


def test_status_shows_it_and_other_mutations_wait(fleet: FakeFleet) -> None:
    mutated(fleet, "web-02", role="web-server")
    shown = fleet.run(lambda ctx: status(ctx)).outcome
    assert ("web-02", "w1", "away") in [row[:3] for row in shown.deckies.rows]
    assert any(
        note.startswith("web-02: changes its role, and returns as web-server") for note in shown.deckies.notes
    )
    ran = mutated(fleet, "web-02")
    assert (ran.code, "it changes its role, and is away until about" in str(ran.error)) == (2, True)


def test_a_return_waits_for_a_worker_that_can_be_reached(fleet: FakeFleet) -> None:
    mutated(fleet, "web-02", role="web-server")
    fleet.clock.advance(7 * HOUR)
    for machine in fleet.workers.values():
        machine.shut()
    ran = mutated(fleet, due=True)
    assert set(fleet.desired.away) == {"web-02"}
    assert any("web-02: cannot come back yet" in message for message in ran.messages)


def test_with_roles_it_changes_by_itself_rarely_and_one_at_a_time(fleet: FakeFleet) -> None:
    fleet.deploy(ROLES)
    changes, services, most = 0, 0, 0
    for _ in range(250):
        moment = fleet.run(lambda ctx: _next(ctx)).outcome
        fleet.clock.advance(max(moment - fleet.clock.now(), 0) + 1)
        before = set(fleet.desired.away)
        ran = mutated(fleet, due=True)
        changes += len(set(fleet.desired.away) - before)
        most = max(most, len(fleet.desired.away))
        services += sum(step.bucket == "change" for step in ran.outcome.plan.docker_steps)
    assert most == 1
    assert 1 <= changes <= services / 8


async def _next(ctx: object) -> float:
    moment = next_due(ctx)  # type: ignore[arg-type]
    assert moment is not None
    return moment


def test_doctor_misses_a_decky_that_does_not_come_back(fleet: FakeFleet) -> None:
    mutated(fleet, "web-02", role="web-server")
    for hours, expected in ((7, 0), (24, 1)):
        fleet.clock.advance(hours * HOUR)
        found, _, _ = operator_findings(fleet.context())
        late = [each for each in found if "should have returned" in each.finding]
        assert len(late) == expected


ONE = PLAIN[: PLAIN.index("[decky.web]")] + '[decky.only]\narchetype = "linux-server"\n'


def test_the_only_decky_of_a_fleet_may_leave(fleet: FakeFleet) -> None:
    assert fleet.deploy(ONE, max_remove=9).code == 0
    assert mutated(fleet, "only", role="web-server").code == 0
    assert fleet.deploy(ONE).code == fleet.reconcile().code == 0
    assert (set(fleet.desired.away), fleet.desired.deckies) == ({"only"}, {})
    fleet.clock.advance(7 * HOUR)
    assert mutated(fleet, due=True).code == 0
    assert fleet.desired.deckies["only"].archetype == "web-server"
    assert fleet.is_converged()


def test_a_change_of_role_can_be_reviewed(fleet: FakeFleet) -> None:
    plan = fleet.folder / "plan.json"
    options = MutateOptions(("web-02",), role="web-server", out=plan, run=PassOptions(dry_run=True))
    assert fleet.run(lambda ctx: mutate(ctx, options)).code == 0
    assert fleet.desired.away == {}
    fleet.clock.advance(60.0)
    assert fleet.run(lambda ctx: apply(ctx, plan, PassOptions())).code == 0
    assert set(fleet.desired.away) == {"web-02"} and fleet.is_converged()


@pytest.mark.parametrize(
    ("names", "options", "error"),
    [
        ((), {"everything": True}, "--role is for deckies that you name"),
        ((), {"due": True}, "--role is for deckies that you name"),
        (("web-02",), {"undo": True}, "--role excludes --services and --undo"),
        (("web-02",), {"services": ("ssh",)}, "--role excludes --services and --undo"),
    ],
)
def test_a_role_excludes_other_mutations(
    fleet: FakeFleet, names: tuple[str, ...], options: dict[str, object], error: str
) -> None:
    ran = mutated(fleet, *names, role="web-server", **options)
    assert (ran.code, str(ran.error)) == (2, error)


def test_what_has_come_back_mutates_as_any_other(fleet: FakeFleet) -> None:
    assert mutated(fleet, "web-02", role="web-server").code == 0
    fleet.clock.advance(7 * HOUR)
    assert mutated(fleet, due=True).code == 0
    (back,) = (each for each in fleet.desired.deckies.values() if each.role_changed)
    assert mutated(fleet, back.name).outcome.plan.docker_steps
    assert fleet.desired.deckies[back.name].role_changed
