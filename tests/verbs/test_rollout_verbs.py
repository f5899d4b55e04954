"""`decnet rollout`: what each verb prints, does, and ends with."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
from fakefleet import FakeFleet, in_memory
from fakefleet.fleet import Ran

from decnet.commands.metrics import metrics
from decnet.commands.mutate import MutateOptions, mutate
from decnet.commands.rollouts.confirm import confirm
from decnet.commands.rollouts.listing import listed, trace
from decnet.commands.rollouts.orders import cancel, command
from decnet.commands.rollouts.rollback import rollback
from decnet.commands.rollouts.show import show
from decnet.commands.rollouts.wait import wait
from decnet.commands.status import status
from decnet.commands.topologies.deploy import TopologyDeployOptions
from decnet.commands.topologies.deploy import deploy as deploy_topology
from decnet.console.documents import dumps
from decnet.engine.options import PassOptions
from decnet.engine.progress import Finished, RolloutMoved
from decnet.errors import Declined
from decnet.model.rollout_policy import Policy
from decnet.plan.rollout_view import ended_count
from decnet.store.audit import read

from .conftest import THREE, WITH_SSH, WORKERS
from .test_metrics import values

IN_ORDER = {"waves": ("w1", "w2", "100%"), "max_in_flight": "1", "soak": 0.0}
SOAKING = {**IN_ORDER, "soak": 600.0}


@pytest.fixture
def fleet(three: FakeFleet) -> FakeFleet:
    """One decky on each of three workers."""
    return three


def halted(fleet: FakeFleet) -> None:
    """A rollout whose first unit has failed."""
    fleet["w1"].breaks("one", "no such image")
    assert fleet.deploy(WITH_SSH, policy=IN_ORDER).code == 4
    assert fleet.rollout.state.status == "halted"


def order(fleet: FakeFleet, kind: Any, *units: str) -> Ran:
    return fleet.run(lambda ctx: command(ctx, kind, units))


def waited(fleet: FakeFleet, **options: Any) -> Ran:
    return fleet.run(lambda ctx: wait(ctx, None, **options))


def with_ssh(fleet: FakeFleet) -> list[str]:
    return [name for name in WORKERS if any(each.endswith("-ssh") for each in fleet[name].containers)]


# show, list, trace


def test_show_has_the_waves_and_units_and_why_they_wait(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=SOAKING)
    fleet.clock.advance(240)
    ran = fleet.run(lambda ctx: show(ctx, None))
    waves, units = ran.outcome.tables
    assert ran.code == 0
    assert [row[:3] for row in waves.rows] == [
        ("1", "active", "[..........] 0 of 1"),
        ("2", "waiting", "[..........] 0 of 1"),
        ("3", "waiting", "[..........] 0 of 1"),
    ]
    assert list(units.rows) == [
        ("w1", "1", "soaking", "40%", "healthy for 4m of 10m"),
        ("w2", "2", "waiting", "", "wave: it is in wave 2; wave 1 has not passed"),
        ("w3", "3", "waiting", "", "wave: it is in wave 3; wave 1 has not passed"),
    ]
    document = ran.outcome.document
    assert (document["id"], document["status"], document["waiting"]) == (fleet.rollout.id, "running", 2)
    assert [unit["name"] for unit in json.loads(dumps(document))["units"]] == ["w1", "w2", "w3"]
    assert document["policy_values"]["rounded"] == {"in_flight": 1, "failures": 0, "units": 3}
    assert ran.outcome.names == ("w1", "w2", "w3")


def test_show_asks_the_workers_and_moves_nothing(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=SOAKING)
    before = fleet.rollout.state
    fleet["w1"].shut()
    ran = fleet.run(lambda ctx: show(ctx, None))
    assert ran.outcome.tables[1].rows[0][4].startswith("offline: w1: ")
    assert fleet.rollout.state == before
    recorded = fleet.run(lambda ctx: show(ctx, None, recorded=True))
    assert recorded.outcome.tables[1].rows[0][4].startswith("healthy")


def test_without_a_rollout_each_verb_names_the_way_to_one(fleet: FakeFleet) -> None:
    assert fleet.run(lambda ctx: listed(ctx)).outcome.rows == ()
    for verb in (show, trace, wait):
        ran = fleet.run(lambda ctx, verb=verb: verb(ctx, None))
        assert (ran.code, str(ran.error)) == (2, "there was no rollout yet")
    for kind in ("pause", "resume", "promote"):
        ran = order(fleet, kind)
        assert (ran.code, str(ran.error)) == (2, "no rollout is open")
        assert ran.error is not None and "--rollout" in str(ran.error.hint)


def test_an_ended_rollout_is_listed_and_shown_and_takes_no_orders(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=IN_ORDER)
    assert waited(fleet).code == 0
    last = fleet.rollout.id
    (row,) = fleet.run(lambda ctx: listed(ctx)).outcome.rows
    assert row[:4] == (last, "done", "3 of 3", "3 of 3 units passed")
    assert fleet.run(lambda ctx: show(ctx, None)).outcome.document["status"] == "done"
    ran = order(fleet, "pause")
    assert (ran.code, str(ran.error)) == (2, f"no rollout is open: the last one, {last}, is done")


def test_wait_ends_with_the_reasons_that_show_has(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=SOAKING)
    fleet["w1"].shut()
    ran = waited(fleet, timeout=1.0)
    assert ran.code == 3
    assert ran.outcome.tables[1].rows[0][4].startswith("offline: w1: ")


def test_wait_on_a_halted_rollout_has_the_reason_at_each_unit(fleet: FakeFleet) -> None:
    halted(fleet)
    remarks = [row[4] for row in waited(fleet).outcome.tables[1].rows]
    assert remarks[1:] == ["halted: 1 unit failed, at most 0 may"] * 2


@pytest.mark.parametrize(
    ("released", "asked"),
    [
        (True, "1 of 3 units keeps the change, 2 without it?"),
        (False, "none of 3 units has the change?"),
    ],
)
def test_cancel_asks_by_what_stays(fleet: FakeFleet, released: bool, asked: str) -> None:
    if released:
        fleet.deploy(WITH_SSH, policy=SOAKING)
    else:
        halted(fleet)
        order(fleet, "retry", "w1")
    asks: list[str] = []
    fleet.run(lambda ctx: cancel(ctx), confirm=lambda text: bool(asks.append(text)))
    assert [text.split(": ", 1)[1] for text in asks] == [asked]


def test_a_damaged_rollout_hides_no_other(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=IN_ORDER)
    assert waited(fleet).code == 0
    first = fleet.rollout.id
    fleet.deploy(THREE, policy=IN_ORDER)
    (fleet.home.rollouts / "ended" / first / "state.json").write_text("")
    ran = fleet.run(lambda ctx: listed(ctx))
    assert [row[0] for row in ran.outcome.rows] == [fleet.rollout.id]
    assert [message for message in ran.messages if first in message and "damaged" in message]
    assert fleet.reconcile().code == 0


def test_one_that_ended_by_its_log_alone_is_listed_as_ended_and_set_aside(fleet: FakeFleet) -> None:
    """The disk was full, or the command was killed, before the state that follows from the log was stored."""
    fleet.deploy(WITH_SSH, policy=IN_ORDER)
    first, root = fleet.rollout.id, fleet.home.rollouts
    former = (root / first / "state.json").read_bytes()
    assert waited(fleet).code == 0
    (root / "ended" / first).rename(root / first)
    (root / first / "state.json").write_bytes(former)
    assert [row[:2] for row in fleet.run(lambda ctx: listed(ctx)).outcome.rows] == [(first, "done")]
    assert str(order(fleet, "pause").error) == f"no rollout is open: the last one, {first}, is done"
    fleet.deploy(THREE, policy=IN_ORDER)
    assert sorted(each.name for each in (root / "ended").iterdir()) == [first]
    rows = {row[0]: row[1] for row in fleet.run(lambda ctx: listed(ctx)).outcome.rows}
    assert rows == {first: "done", fleet.rollout.id: "running"}


def test_a_terminal_counts_what_has_ended_and_clears_its_bar_before_the_tables(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=IN_ORDER)
    ran = waited(fleet)
    moved = [event.done for event in ran.events if isinstance(event, RolloutMoved)]
    assert moved == sorted(moved) and moved[-1] == 3
    assert isinstance(ran.events[-1], Finished)


def test_a_unit_in_flight_has_not_ended(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=SOAKING)
    assert ended_count(fleet.rollout) == 0
    order(fleet, "rollback")
    assert ended_count(fleet.rollout) == 2


def test_the_trace_has_every_move_with_its_reason(fleet: FakeFleet) -> None:
    halted(fleet)
    ran = fleet.run(lambda ctx: trace(ctx, fleet.rollout.id))
    texts = [row[2] for row in ran.outcome.rows]
    assert texts[0] == "opened"
    assert "w1: waiting -> sent" in texts
    assert texts[-1] == "rollout: running -> halted"
    (failure,) = [item for item in ran.outcome.items if item["after"] == "failed"]
    assert "no such image" in failure["reason"] and failure["evidence"]["observed_at"] > 0


def test_an_unknown_id_and_an_unknown_unit_are_refused_with_the_nearest(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=SOAKING)
    known = fleet.rollout.id
    wrong = known[:-1] + ("0" if known[-1] != "0" else "1")
    ran = fleet.run(lambda ctx: show(ctx, wrong))
    assert ran.code == 2 and ran.error is not None and known in str(ran.error.hint)
    ran = order(fleet, "skip", "w9")
    assert (ran.code, str(ran.error)) == (2, f"rollout {known} has no unit 'w9'")
    assert ran.error is not None and ran.error.hint is not None


# wait


def test_wait_brings_a_rollout_to_its_end_and_reports_each_move(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=SOAKING)
    ran = waited(fleet, interval=60.0)
    assert (ran.code, ran.outcome.document["status"]) == (0, "done")
    assert with_ssh(fleet) == list(WORKERS)
    moves = [text for text in ran.messages if " -> " in text]
    assert [text.split(" (")[0] for text in moves if "passed" in text] == [
        "w1: soaking -> passed",
        "wave 1: active -> passed",
        "w2: soaking -> passed",
        "wave 2: active -> passed",
        "w3: soaking -> passed",
        "wave 3: active -> passed",
    ]


def test_wait_ends_with_3_at_its_timeout(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=SOAKING)
    began = fleet.clock.now()
    ran = waited(fleet, timeout=100.0, interval=30.0)
    assert (ran.code, ran.outcome.document["status"]) == (3, "running")
    assert fleet.clock.now() - began == pytest.approx(100, abs=10)
    assert waited(fleet, timeout=0.0).code == 3


def test_wait_ends_with_4_at_a_halt(fleet: FakeFleet) -> None:
    fleet["w2"].breaks("two", "no such image")
    fleet.deploy(WITH_SSH, policy=IN_ORDER)
    ran = waited(fleet)
    assert (ran.code, ran.outcome.document["status"]) == (4, "halted")
    assert ran.outcome.notes[0].startswith("hint: decnet rollout retry w2")
    assert with_ssh(fleet) == ["w1"]
    assert waited(fleet).code == 4


def test_wait_ends_with_4_if_failures_were_accepted(fleet: FakeFleet) -> None:
    fleet["w2"].breaks("two", "no such image")
    fleet.deploy(WITH_SSH, policy={**IN_ORDER, "waves": ("100%",), "max_failures": "1"})
    ran = waited(fleet)
    assert (ran.code, ran.outcome.document["status"], ran.outcome.document["failed"]) == (4, "done", 1)


def test_wait_reports_once_what_only_the_operator_continues(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy={**IN_ORDER, "promote": "manual"})
    ran = waited(fleet, timeout=100.0)
    assert ran.code == 3
    assert [text for text in ran.messages if "waits for you" in text] == [
        f"rollout {fleet.rollout.id} waits for you: decnet rollout promote begins wave 2, "
        "rollout rollback takes the change back"
    ]
    assert order(fleet, "promote").code == 0
    waited(fleet, timeout=50.0)
    assert with_ssh(fleet) == ["w1", "w2"]


def test_wait_reports_a_worker_that_stays_away_once(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=SOAKING)
    fleet["w3"].shut()
    ran = waited(fleet, timeout=200.0, interval=20.0)
    assert ran.code == 3
    assert len([text for text in ran.messages if text.startswith("w3: ")]) == 1


def test_wait_leaves_a_pass_to_the_command_that_holds_the_lock(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=SOAKING)
    with fleet.locked():
        assert waited(fleet, timeout=60.0).code == 3


# orders


def test_a_paused_rollout_releases_nothing_until_it_is_resumed(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=IN_ORDER)
    ran = order(fleet, "pause")
    assert ran.code == 0 and ": paused, wave" in ran.outcome.lines[0]
    assert ran.outcome.lines[1] == "hint: decnet rollout resume continues it"
    for _ in range(3):
        assert fleet.reconcile().code == 0
    assert with_ssh(fleet) == ["w1"]
    assert order(fleet, "resume").code == 0
    assert waited(fleet).code == 0


def test_a_halt_is_continued_by_a_retry_and_a_resume(fleet: FakeFleet) -> None:
    halted(fleet)
    fleet["w1"].mends("one")
    assert order(fleet, "retry", "w1").code == 0
    assert order(fleet, "resume").code == 0
    assert waited(fleet).code == 0
    assert with_ssh(fleet) == list(WORKERS)


def test_a_skipped_unit_keeps_the_former_state(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=IN_ORDER)
    assert order(fleet, "skip", "w2").code == 0
    assert fleet.units()["w2"] == "skipped"
    fleet.reconcile()
    assert "w2" not in with_ssh(fleet)


def test_cancel_asks_and_leaves_a_mixed_fleet_that_status_reports(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=IN_ORDER)
    questions: list[str] = []
    ran = fleet.run(lambda ctx: cancel(ctx), confirm=lambda text: bool(questions.append(text)))
    assert isinstance(ran.error, Declined) and fleet.rollout.is_open
    assert questions == [f"End rollout {fleet.rollout.id}: 1 of 3 units keeps the change, 2 without it?"]
    assert fleet.run(lambda ctx: cancel(ctx)).code == 0
    assert fleet.rollout.state.status == "cancelled"
    assert fleet.reconcile().code == 0 and with_ssh(fleet) == ["w1"]
    notes = fleet.run(lambda ctx: status(ctx)).outcome.notes
    assert notes == (
        f"the fleet is mixed: rollout {fleet.rollout.id} is cancelled, and 1 of 3 units have its change "
        "until the next decnet deploy",
    )
    assert fleet.deploy(WITH_SSH).code == 0
    assert fleet.run(lambda ctx: status(ctx)).outcome.notes == ()


# rollback


def test_a_rollback_asks_takes_everything_back_and_ends_with_4(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy={**IN_ORDER, "promote": "manual"})
    order(fleet, "promote")
    fleet.reconcile()
    assert with_ssh(fleet) == ["w1", "w2"]
    questions: list[str] = []
    ran = fleet.run(lambda ctx: rollback(ctx), confirm=lambda text: not questions.append(text))
    assert questions == [f"Take rollout {fleet.rollout.id} back on 2 units (w1, w2)?"]
    assert (ran.code, ran.outcome.document["status"]) == (4, "reverted")
    assert with_ssh(fleet) == []
    assert fleet.reconcile().code == 0


def test_a_rollback_that_is_left_to_cron_never_ends_with_0(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=IN_ORDER)
    ran = fleet.run(lambda ctx: rollback(ctx, detach=True))
    assert (ran.code, fleet.rollout.state.status) == (4, "reverting")
    assert fleet.reconcile().code == 4
    assert with_ssh(fleet) == []


def test_a_rollback_that_a_worker_does_not_answer_ends_with_3_at_the_timeout(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=SOAKING)
    fleet["w1"].shut()
    ran = fleet.run(lambda ctx: rollback(ctx, timeout=60.0))
    assert (ran.code, ran.outcome.document["status"]) == (3, "reverting")
    fleet["w1"].let_in()
    assert fleet.run(lambda ctx: rollback(ctx)).code == 4
    assert fleet.rollout.state.status == "reverted"


def test_a_declined_rollback_changes_nothing(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=IN_ORDER)
    before = fleet.rollout.state
    ran = fleet.run(lambda ctx: rollback(ctx), confirm=lambda text: False)
    assert isinstance(ran.error, Declined) and fleet.rollout.state == before


# confirm


def test_an_unhealthy_worker_keeps_the_change_if_the_operator_confirms_it(fleet: FakeFleet) -> None:
    fleet["w1"].on("status", lambda: None)
    policy = {**SOAKING, "confirm_within": 600.0}
    fleet.deploy(WITH_SSH, policy=policy, detach=True)
    ran = fleet.run(lambda ctx: confirm(ctx))
    assert ran.code == 0
    assert ran.outcome.rows == (("w1", "confirmed", "keeps what it was sent"),)
    assert [*read(fleet.home)][-1]["outcome"] == f"rollout {fleet.rollout.id}: w1 confirmed"
    again = fleet.run(lambda ctx: confirm(ctx, ["w2"]))
    assert (again.code, again.outcome.rows) == (0, (("w2", "none", "does not wait for a confirmation"),))
    fleet["w1"].shut()
    assert fleet.run(lambda ctx: confirm(ctx)).code == 5


# what is released


def test_a_first_deploy_has_no_waves_which_is_reported_once() -> None:
    folder = in_memory()
    fleet = FakeFleet(folder, WORKERS)
    ran = fleet.deploy(THREE, policy=SOAKING, confirm=True)
    assert ran.code == 0 and len(fleet["w3"].containers) == 2
    notes = [text for text in ran.messages if "first deploy" in text]
    assert notes == ["this is the fleet's first deploy: it goes out at once, without waves"]
    assert not (fleet.home.root / "rollouts" / "ended").exists()
    assert "first deploy" not in str(fleet.deploy(WITH_SSH, policy=SOAKING).messages)
    fleet.close()
    shutil.rmtree(folder)


def test_mutations_of_all_go_out_in_waves(fleet: FakeFleet) -> None:
    fleet.deploy(THREE.replace('services = ["http"]', 'services = ["http"]\nside = ["ssh"]'))
    options = MutateOptions(everything=True, seed=7, run=PassOptions(rollout=Policy(**IN_ORDER)))
    ran = fleet.run(lambda ctx: mutate(ctx, options))
    assert (ran.code, with_ssh(fleet)) == (0, ["w1"])
    assert waited(fleet).code == 0
    assert with_ssh(fleet) == list(WORKERS)
    assert all(decky.mutated for decky in fleet.desired.deckies.values())


def test_a_topology_goes_out_as_a_unit_of_its_own(fleet: FakeFleet) -> None:
    assert fleet.generate("branch", depth=2, branching=1).code == 0
    policy = Policy(**SOAKING | {"waves": ("100%",)})
    options = TopologyDeployOptions("w2", run=PassOptions(rollout=policy))
    ran = fleet.run(lambda ctx: deploy_topology(ctx, "branch", options))
    assert (ran.code, fleet.units()) == (0, {"w2/branch": "soaking"})
    assert fleet.run(lambda ctx: show(ctx, None)).outcome.names == ("w2/branch",)
    assert waited(fleet, interval=60.0).code == 0
    assert fleet.topology("branch").status == "active"
    assert fleet.run(lambda ctx: listed(ctx)).outcome.rows[0][1] == "done"


# status and metrics


def test_status_has_a_line_for_an_open_rollout_and_fails_while_it_is_halted(fleet: FakeFleet) -> None:
    assert fleet.run(lambda ctx: status(ctx)).outcome.rollout is None
    halted(fleet)
    fleet["w1"].mends("one")
    ran = fleet.run(lambda ctx: status(ctx))
    assert ran.code == 4
    assert ran.outcome.rollout.rollout.id == fleet.rollout.id


def test_the_gauges_of_a_rollout_are_there_without_one(fleet: FakeFleet) -> None:
    def gauges() -> dict[str, dict[tuple[str, ...], float]]:
        ran = fleet.run(lambda ctx: status(ctx))
        return values(metrics(fleet.context(), ran.outcome))

    before = gauges()
    assert [before[f"decnet_rollout_{name}"] for name in ("open", "halted", "wave", "waves")] == [{(): 0}] * 4
    assert set(before["decnet_rollout_units"].values()) == {0}
    halted(fleet)
    after = gauges()
    assert [after[f"decnet_rollout_{name}"][()] for name in ("open", "halted", "wave", "waves")] == [
        1,
        1,
        1,
        3,
    ]
    assert after["decnet_rollout_units"][("failed",)] == 1
    assert after["decnet_rollout_units"][("waiting",)] == 2


# mutate


def test_services_of_a_unit_in_flight_change_only_by_force_which_restarts_the_soak(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=SOAKING)
    began = fleet.rollout.state.units["w1"].soak_from
    fleet.clock.advance(300)
    refused = fleet.mutate("one", services=["http", "redis"])
    assert (refused.code, refused.error and refused.error.code) == (2, "rollout-open")
    assert "w1 is in flight" in str(refused.error)
    forced = MutateOptions(("one",), services=("http", "redis"), run=PassOptions(force=True))
    assert fleet.run(lambda ctx: mutate(ctx, forced)).code == 0
    assert set(fleet.desired.deckies["one"].services) == {"http", "redis"}
    fleet.reconcile()
    soak = fleet.rollout.state.units["w1"].soak_from
    assert began is not None and (soak is None or soak > began + 299)
    assert waited(fleet, interval=60.0).code == 0
    assert set(fleet.desired.deckies["one"].services) == {"http", "redis"}


def test_a_done_rollout_that_a_worker_took_back_leaves_a_mixed_fleet(fleet: FakeFleet) -> None:
    policy = {"waves": ("100%",), "max_in_flight": "100%", "soak": 0.0, "on_failure": "continue"}
    fleet["w1"].on("apply", lambda: fleet["w1"].lose("status", times=400))
    fleet.deploy(WITH_SSH, policy={**policy, "max_failures": "1", "confirm_within": 60.0})
    fleet.clock.advance(120)
    fleet["w1"].is_reached_again()
    for _ in range(2):
        fleet.reconcile()
    assert fleet.rollout.state.status == "done" and fleet.units()["w1"] == "reverted"
    assert any("the fleet is mixed" in note for note in fleet.run(status).outcome.notes)
