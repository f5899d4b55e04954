"""`--out FILE` writes a plan for review and changes nothing; `apply FILE` carries out exactly that plan."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakefleet import FakeFleet, Ran, in_memory

from decnet.commands.apply import apply
from decnet.commands.deploy import DeployOptions, deploy
from decnet.commands.mutate import MutateOptions, mutate
from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome
from decnet.engine.progress import Planned
from decnet.errors import PlanRefused, UsageError
from decnet.images import ImageNames
from decnet.model.fleetfile import parse
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.wire import digest

from .conftest import FOUR

SIX = FOUR.replace("count = 4", "count = 6")
SECRET = """
[decky.intranet]
archetype = "linux-server"
worker = "w1"

[decky.intranet.settings.ssh]
credentials = "root:toor1234"
"""


def out(fleet: FakeFleet, file: Path, text: str = SIX, **options: Any) -> Ran:
    """`decnet deploy -c FILE --out PLAN`."""
    chosen = DeployOptions(out=file, run=PassOptions(dry_run=True, **options))
    return fleet.run(lambda ctx: deploy(ctx, parse(text, "fleet.toml"), chosen))


def applied(fleet: FakeFleet, file: Path, **changes: Any) -> Ran:
    options = PassOptions(**changes.pop("run", {}))
    return fleet.run(lambda ctx: apply(ctx, file, options), **changes)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    return tmp_path / "plan.json"


def test_what_was_reviewed_is_carried_out(fleet: FakeFleet, plan: Path) -> None:
    before = fleet.picture(), fleet.desired
    written = out(fleet, plan, SIX + SECRET)
    assert (written.code, fleet.picture(), fleet.desired) == (0, *before)
    assert any(f"decnet apply {plan}" in message for message in written.messages)
    ran = applied(fleet, plan)
    assert (ran.code, ran.outcome.verb, len(ran.outcome.outcomes)) == (0, "apply", 3)
    assert fleet.is_converged()
    shown = {step.decky: step.details for step in written.outcome.plan.steps}
    for name, details in shown.items():
        decky = fleet.desired.deckies[name]
        assert (details.address, details.mac, details.hostname, details.release) == (
            decky.ip, decky.mac, decky.hostname, decky.release,
        )  # fmt: skip


def test_a_plan_is_applied_once(fleet: FakeFleet, plan: Path) -> None:
    out(fleet, plan)
    assert applied(fleet, plan).code == 0
    refuse(fleet, plan, "it was applied already: nothing was changed")


def test_the_file_is_for_its_owner_only_and_shows_no_secret_in_its_plan(fleet: FakeFleet, plan: Path) -> None:
    out(fleet, plan, FOUR + SECRET)
    document = json.loads(plan.read_text())
    assert plan.stat().st_mode & 0o777 == 0o600
    assert (document["kind"], document["format"]) == ("decnet-plan", 1)
    assert "toor1234" not in json.dumps(document["plan"])
    assert document["desired"]["projects"]["decnet"]["deckies"]["intranet"]["settings"]["ssh"]


@pytest.fixture
def newcomer() -> Iterator[FakeFleet]:
    """A machine on which decnet was never used."""
    fleet = FakeFleet(in_memory(), ["local"])
    shutil.rmtree(fleet.home.root)
    open_home(fleet.home)
    (fleet["local"].home / "identity.json").unlink()
    yield fleet
    fleet.close()
    shutil.rmtree(fleet.folder)


def test_a_first_deploy_can_be_reviewed_too(newcomer: FakeFleet, plan: Path) -> None:
    assert out(newcomer, plan, FOUR).code == 0
    assert not newcomer.home.state.exists()
    questions: list[str] = []

    def yes(question: str) -> bool:
        questions.append(question)
        return True

    ran = applied(newcomer, plan, run={"confirm": True}, confirm=yes)
    assert (ran.code, questions) == (0, ["Carry out 4 steps?"])
    assert newcomer.is_converged() and len(newcomer.desired.deckies) == 4


def refuse(fleet: FakeFleet, plan: Path, words: str, **changes: Any) -> None:
    before = fleet.picture(), fleet.desired
    for run in ({}, {"dry_run": True}, {"confirm": True}):
        ran = applied(fleet, plan, run=run, **changes)
        assert isinstance(ran.error, PlanRefused), ran.outcome
        assert (ran.code, words in str(ran.error), str(plan) in str(ran.error)) == (2, True, True), ran.error
        assert not [event for event in ran.events if isinstance(event, Planned)]
    assert (fleet.picture(), fleet.desired) == before


def test_a_plan_that_does_nothing_is_not_written(fleet: FakeFleet, plan: Path) -> None:
    out(fleet, plan)
    applied(fleet, plan)
    plan.unlink()
    ran = out(fleet, plan)
    assert (ran.code, plan.exists()) == (0, False)
    assert any(f"there is nothing to do: {plan} was not written" in str(each) for each in ran.events)


def test_a_fleet_that_has_changed_is_refused(fleet: FakeFleet, plan: Path) -> None:
    out(fleet, plan)
    fleet.mutate("web-01", services=["ssh"])
    refuse(fleet, plan, "the fleet has changed since the plan was made: nothing was changed")


def test_containers_that_have_changed_are_refused(fleet: FakeFleet, plan: Path) -> None:
    out(fleet, plan)
    fleet["w2"].crash("web-02-http")
    refuse(fleet, plan, "web-02: a step is needed that is not in the plan (heal)")


def test_a_container_of_a_step_that_was_recreated_is_refused(fleet: FakeFleet, plan: Path) -> None:
    fleet["w1"].crash("web-01-http")
    out(fleet, plan, FOUR.replace('["http"]', '["http", "ssh"]'))
    fleet["w1"].crash("web-03")
    refuse(fleet, plan, "its step differs")


def test_an_address_that_another_host_has_taken_is_refused(fleet: FakeFleet, plan: Path) -> None:
    written = out(fleet, plan)
    taken = next(step.details.address for step in written.outcome.plan.steps if step.worker == "w1")
    fleet.lan.strangers[taken] = "02:00:00:00:00:99"
    refuse(fleet, plan, f"{taken} is in use on the LAN now (02:00:00:00:00:99 answers for it)")


def test_a_worker_that_is_not_reached_any_more_is_refused(fleet: FakeFleet, plan: Path) -> None:
    out(fleet, plan)
    fleet["w2"].lose("status", times=99)
    refuse(fleet, plan, "the fleet has changed since the plan was made")


def test_a_worker_that_was_drained_is_refused(fleet: FakeFleet, plan: Path) -> None:
    out(fleet, plan)
    table = FleetTable(fleet.home)
    table.put_worker(table.workers()["w2"].model_copy(update={"drained": True}))
    refuse(fleet, plan, "the workers have changed since the plan was made")


def test_other_images_and_another_catalog_are_refused(fleet: FakeFleet, plan: Path) -> None:
    out(fleet, plan)
    images = ImageNames(base="decnet/base:" + "a" * 12, decoys="decnet/decoys:" + "b" * 12)
    refuse(fleet, plan, "makes other images", images=images)
    catalog = replace(fleet.catalog, words=(*fleet.catalog.words, "other"))
    refuse(fleet, plan, "the catalog is not the one", catalog=catalog)


def edited(plan: Path, change: Callable[[dict[str, Any]], Any], *, sealed: bool = False) -> None:
    document = json.loads(plan.read_text())
    change(document)
    if sealed:
        document["hash"] = digest({key: value for key, value in document.items() if key != "hash"})
    plan.write_text(json.dumps(document))


def deckies(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["desired"]["projects"]["decnet"]["deckies"]
    return found


def test_another_version_and_another_fleet_are_refused(fleet: FakeFleet, plan: Path) -> None:
    out(fleet, plan)
    whole = plan.read_text()
    edited(plan, lambda document: document["basis"].update(version="0.1.0"), sealed=True)
    refuse(fleet, plan, "another version of decnet made the plan")
    plan.write_text(whole)
    other = "11111111-2222-4333-8444-555555555555"
    edited(plan, lambda document: document["desired"].update(fleet_id=other), sealed=True)
    refuse(fleet, plan, "it is the plan of another fleet")
    plan.write_text(whole)
    edited(plan, lambda document: document.update(format=2))
    refuse(fleet, plan, "in the format of another version")


EDITS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a hostname": lambda document: deckies(document)["web-05"].update(hostname="other"),
    "a step less": lambda document: document["plan"]["steps"].pop(),
    "an unknown key": lambda document: document.update(more=1),
    "a key less": lambda document: document.pop("basis"),
    "another type": lambda document: document.update(desired=[1]),
    "no hash": lambda document: document.update(hash=""),
    "max_remove": lambda document: document.update(max_remove=99),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_file_is_refused(fleet: FakeFleet, plan: Path, name: str) -> None:
    out(fleet, plan)
    edited(plan, EDITS[name])
    refuse(fleet, plan, "damaged or edited by hand")


def test_an_edit_with_a_new_hash_is_no_plan_of_this_fleet(fleet: FakeFleet, plan: Path) -> None:
    """Whoever can compute the hash still cannot have something done that the file does not show."""
    out(fleet, plan)
    edited(plan, lambda document: deckies(document)["web-05"].update(hostname="other"), sealed=True)
    refuse(fleet, plan, "its step differs")
    out(fleet, plan)
    same = {"attachments": [{"network": "decnet_lan", "address": "192.0.2.100", "mac": "02:00:00:00:00:01"}]}
    edited(plan, lambda document: deckies(document)["web-05"].update(same), sealed=True)
    refuse(fleet, plan, "its fleet is not valid")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"kind": "decnet-plan"}', b'{"kind": NaN}',
     b'{"kind": "decnet-plan", "format": 1, "format": 1}', b"0" * 70_000_000],
    ids=["empty", "torn", "list", "object", "bytes", "deep", "kind only", "nan", "twice", "huge"],
)  # fmt: skip
def test_what_is_no_plan_is_refused(fleet: FakeFleet, plan: Path, content: bytes) -> None:
    plan.write_bytes(content)
    ran = applied(fleet, plan)
    assert (ran.code, isinstance(ran.error, PlanRefused)) == (2, True)


def test_a_file_that_cannot_be_read_is_named(fleet: FakeFleet, tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        ran = applied(fleet, path)
        assert (ran.code, str(path) in str(ran.error)) == (2, True)


def test_no_other_file_is_overwritten(fleet: FakeFleet, plan: Path) -> None:
    plan.write_text("my notes")
    ran = out(fleet, plan)
    assert isinstance(ran.error, UsageError) and plan.read_text() == "my notes"
    plan.unlink()
    assert out(fleet, plan).code == out(fleet, plan).code == 0


def test_a_refused_plan_is_not_written(fleet: FakeFleet, plan: Path) -> None:
    ran = out(fleet, plan, FOUR.replace("count = 4", "count = 2").replace("web", "www"))
    assert (ran.code, plan.exists()) == (1, False)


def test_apply_asks_and_a_no_changes_nothing(fleet: FakeFleet, plan: Path) -> None:
    out(fleet, plan)
    before = fleet.picture()
    questions: list[str] = []

    def no(question: str) -> bool:
        return bool(questions.append(question))

    ran = applied(fleet, plan, run={"confirm": True}, confirm=no)
    assert (ran.code, questions, fleet.picture()) == (0, ["Carry out 2 steps?"], before)


def test_a_world_that_moves_while_the_question_is_open_is_refused(fleet: FakeFleet, plan: Path) -> None:
    out(fleet, plan)

    def answer(question: str) -> bool:
        fleet["w2"].crash("web-02-http")
        return True

    ran = applied(fleet, plan, run={"confirm": True}, confirm=answer)
    assert (ran.code, "web-02: a step is needed" in str(ran.error)) == (2, True)
    assert len(fleet.desired.deckies) == 4


def test_a_mutation_can_be_reviewed(fleet: FakeFleet, plan: Path) -> None:
    options = MutateOptions(everything=True, out=plan, run=PassOptions(dry_run=True))
    written = fleet.run(lambda ctx: mutate(ctx, options))
    shown = {step.decky: step.details.services for step in written.outcome.plan.steps}
    assert applied(fleet, plan).code == 0
    assert {name: {*each.services} for name, each in fleet.desired.deckies.items()} == {
        name: {*services} for name, services in shown.items()
    }


def test_what_is_new_counts_from_when_it_was_applied(fleet: FakeFleet, plan: Path) -> None:
    out(fleet, plan)
    fleet.clock.advance(9 * 86_400.0)
    assert applied(fleet, plan).code == 0
    new = fleet.desired.deckies["web-05"]
    assert (new.mutated_at, new.since) == (pytest.approx(fleet.clock.now(), abs=600),) * 2


def test_a_plan_is_written_while_a_catalog_file_has_mistakes(fleet: FakeFleet, plan: Path) -> None:
    """What the catalog knows about the user's files is no part of what a plan rests on."""
    known = {("service", "intranet"): "own.toml"}

    def written(ctx: Context) -> Coroutine[Any, Any, PassOutcome]:
        kept = frozenset(known)
        catalog = replace(ctx.catalog, unavailable=known, own=known, deployed_only=kept)
        chosen = DeployOptions(out=plan, run=PassOptions(dry_run=True))
        return deploy(replace(ctx, catalog=catalog), parse(SIX, "fleet.toml"), chosen)

    assert fleet.run(written).code == 0
    assert applied(fleet, plan).code == 0
