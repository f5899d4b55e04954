"""What must not stop a fleet, or slip through, while a rollout is open or after one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agent.agent_desk import another_version
from fakefleet import FakeFleet

from decnet.commands import worker as worker_module
from decnet.commands.image import upgrade
from decnet.commands.mutate import MutateOptions, mutate
from decnet.commands.mutation_delays import put_off
from decnet.commands.reconcile import reconcile
from decnet.commands.topologies.teardown import delete
from decnet.commands.upgrade import upgrade_by_rollout
from decnet.engine import rollouts as engine_rollouts
from decnet.engine import run_pass
from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.engine.rollout_observation import ask_again
from decnet.engine.snapshot import Snapshot, load_snapshot
from decnet.model.actual import Busy, HeldRollout, Status
from decnet.model.fleet import Fleet
from decnet.model.journal import Cursor
from decnet.model.rollout import Policy, RolloutObservation, UnitObservation
from decnet.store import rollouts as rollout_store
from decnet.store.desired import save_fleet
from decnet.store.paths import Home
from decnet.store.rollouts import RolloutStore
from decnet.wire import AGENT_VERSION, PROJECT
from decnet.worker.client import AgentClient

from .conftest import THREE, WITH_SSH
from .test_rollouts import NEWER, ONE_BY_ONE, with_ssh

AT_ONCE = {"waves": ("100%",), "max_in_flight": "3", "soak": 0.0}


class Killed(BaseException):
    """As kill -9: no handler of ours catches it."""


@pytest.fixture
def fleet(three: FakeFleet) -> FakeFleet:
    """One decky on each of three workers."""
    return three


def waiting(fleet: FakeFleet) -> list[str]:
    return sorted(name for name, status in fleet.units().items() if status == "waiting")


def decky_on(fleet: FakeFleet, worker: str) -> str:
    return next(name for name, decky in fleet.desired.deckies.items() if decky.worker == worker)


def lose_containers(fleet: FakeFleet, worker: str) -> None:
    """Somebody removes all containers there by hand."""
    for name in list(fleet[worker].containers):
        fleet[worker].engine.answer("DELETE", f"/containers/{name}?force=true", b"")
    assert not fleet[worker].containers


def test_an_image_upgrade_in_the_middle_stops_nothing(fleet: FakeFleet) -> None:
    for worker in fleet.workers.values():
        worker.engine.images |= {name: {"decnet.content": "yes"} for name in NEWER.all()}
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    fleet.run(lambda ctx: upgrade(ctx, PassOptions()), images=NEWER)
    for _ in range(3):
        ran = fleet.run(lambda ctx: reconcile(ctx, PassOptions()), images=NEWER)
        assert ran.code == 0, ran.error
    assert fleet.rollout.state.status == "done" and with_ssh(fleet) == {"w1", "w2", "w3"}


def test_containers_that_are_made_of_newer_images_in_the_middle_stop_nothing(fleet: FakeFleet) -> None:
    for worker in fleet.workers.values():
        worker.engine.images |= {name: {"decnet.content": "yes"} for name in NEWER.all()}
    fleet.deploy(WITH_SSH, policy={**ONE_BY_ONE, "promote": "manual"})
    lose_containers(fleet, waiting(fleet)[0])
    for _ in range(3):
        ran = fleet.run(lambda ctx: reconcile(ctx, PassOptions()), images=NEWER)
        assert ran.code == 0, ran.error
    assert not fleet.run(lambda ctx: reconcile(ctx, PassOptions()), images=NEWER).outcome.plan.docker_steps


def test_each_change_that_was_taken_back_is_held_back(fleet: FakeFleet) -> None:
    other = THREE.replace('["http"]', '["http", "ftp"]')
    for text in (WITH_SSH, other):
        assert fleet.deploy(text, policy={**AT_ONCE, "soak": 600.0}).code == 0
        fleet.order("rollback")
        for _ in range(3):
            fleet.reconcile()
        assert fleet.rollout.state.status == "reverted"
    for text in (WITH_SSH, other):
        ran = fleet.deploy(text)
        assert ran.code == 2 and ran.error is not None and "--again" in (ran.error.hint or "")


def test_what_was_taken_back_with_new_deckies_is_held_back(fleet: FakeFleet) -> None:
    more = THREE + '\n[decky.four]\nservices = ["ftp"]\nworker = "w1"\n'
    assert fleet.deploy(more, policy={**ONE_BY_ONE, "soak": 600.0}).code == 0
    fleet.order("rollback")
    for _ in range(3):
        fleet.reconcile()
    assert fleet.rollout.state.status == "reverted"
    assert fleet.deploy(more).code == 2


def test_one_that_is_killed_as_it_is_done_still_reaches_what_was_skipped(
    fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.deploy(WITH_SSH, policy={**ONE_BY_ONE, "waves": ("1", "100%")})
    skipped = waiting(fleet)
    for name in skipped[:1]:
        assert fleet.order("skip", name).code == 0

    def saved(home: Home, desired: Fleet) -> None:
        if fleet.rollout.state.status == "done":
            raise Killed
        save_fleet(home, desired)

    for module in (run_pass, engine_rollouts):
        monkeypatch.setattr(module, "save_fleet", saved)
    with pytest.raises(Killed):
        for _ in range(4):
            fleet.reconcile()
    monkeypatch.undo()
    assert fleet.rollout.state.status == "done"
    for _ in range(2):
        assert fleet.reconcile().code == 0
    assert with_ssh(fleet) == {"w1", "w2", "w3"}


def test_a_killed_removal_of_a_worker_stops_nothing(
    fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    name = waiting(fleet)[0]

    def killed(home: Home, desired: Fleet) -> None:
        save_fleet(home, desired)
        raise Killed

    monkeypatch.setattr(worker_module, "save_fleet", killed)
    with pytest.raises(Killed):
        fleet.remove(name, force=True)
    monkeypatch.undo()
    ran = fleet.reconcile()
    assert ran.error is None and fleet.units()[name] == "skipped"


def test_a_clean_up_that_is_killed_leaves_a_list_that_works(
    fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout_store, "KEPT", 1)
    fleet.deploy(WITH_SSH, policy=AT_ONCE)

    def torn(folder: Path) -> None:
        (folder / "policy.json").unlink()
        raise Killed

    fleet.reconcile()
    monkeypatch.setattr(rollout_store.shutil, "rmtree", torn)
    with pytest.raises(Killed):
        fleet.deploy(THREE, policy=AT_ONCE)
        for _ in range(3):
            fleet.reconcile()
    monkeypatch.undo()
    store = RolloutStore(fleet.home)
    for each in store.ids():
        store.glance(each)


def test_a_mutation_after_the_clock_was_set_back_stops_nothing(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    fleet.clock.advance(-86400.0)
    decky = decky_on(fleet, waiting(fleet)[0])
    assert fleet.mutate(decky, services=["http", "redis"]).code == 0
    ran = fleet.reconcile()
    assert ran.code == 0, ran.error


# What a worker may report.


def lies(monkeypatch: pytest.MonkeyPatch, worker: str, lie: Callable[[Status], Status]) -> None:
    """Each status of this worker is another one."""
    honest = AgentClient.status

    async def status(self: AgentClient, *args: Any, **options: Any) -> Status:
        answer = await honest(self, *args, **options)
        return lie(answer) if self.worker == worker else answer

    monkeypatch.setattr(AgentClient, "status", status)


def test_a_worker_puts_off_no_mutation_of_another_one(
    fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    changing = THREE.replace('["http"]', '["http"]\nside = ["ssh", "ftp", "redis"]')
    assert fleet.deploy(f"mutate_interval = 60\n{changing}").code == 0
    visit = Busy(project=PROJECT, decky="two", service="http", source="192.0.2.66")
    lies(monkeypatch, "w1", lambda status: status.model_copy(update={"busy": (visit,)}))
    found: dict[str, str] = {}

    def noted(ctx: Context, snap: Snapshot) -> dict[str, str]:
        found.update(put_off(ctx, snap))
        assert snap.observed["w1"].status is not None and snap.observed["w1"].status.busy
        return found

    monkeypatch.setattr("decnet.commands.mutate.put_off", noted)
    fleet.run(lambda ctx: mutate(ctx, MutateOptions(due=True, run=PassOptions())))
    assert not found


def test_a_journal_without_an_end_is_not_read_for_ever(
    fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker holds what it was sent, reports no job, and always has more to say."""
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE, detach=True)
    rollout = fleet.rollout
    (name,) = [name for name, state in rollout.state.units.items() if state.status == "sent"]
    found = RolloutObservation({name: UnitObservation(at_to=True)})
    honest: list[Status] = []
    lies(monkeypatch, name, lambda status: honest.append(status) or status)
    fleet.reconcile(check=True)
    end = Cursor(journal_id="j", seq=1, hash="0" * 64)
    page = honest[0].journal.model_copy(update={"records": (), "more": True, "end": end})
    endless = honest[0].model_copy(update={"journal": page})
    asked = 0

    class Endless:
        worker = name

        async def status(self, *_: object, **__: object) -> Status:
            nonlocal asked
            asked += 1
            assert asked < 1000, "it is asked for ever"
            fleet.clock.advance(1.0)
            return endless

    class Connections:
        async def call_all(self, workers: object, call: Callable[[Endless], Any]) -> dict[str, Any]:
            return {name: await call(Endless())}

    async def ask(ctx: Context) -> Any:
        return await ask_again(ctx, Connections(), load_snapshot(ctx), rollout, found)  # type: ignore[arg-type]

    assert fleet.run(ask).outcome.units[name].job == "none"


def test_a_worker_with_thousands_of_armed_rollouts_is_asked_once(
    fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    known = fleet.rollout.id
    assert fleet.order("cancel").code == 0
    row = HeldRollout(project=PROJECT, id=known, unit="w1", former=None, to="", seq=1, state="armed")
    rows = (row, *(row.model_copy(update={"project": f"p{number}"}) for number in range(4000)), row)
    lies(monkeypatch, "w1", lambda status: status.model_copy(update={"rollouts": rows}))
    asked: list[str] = []

    async def confirm(self: AgentClient, project: str, rollout: str) -> str:
        asked.append(f"{self.worker} {project} {rollout}")
        return "armed"

    monkeypatch.setattr(AgentClient, "confirm", confirm)
    fleet.reconcile()
    assert asked == [f"w1 {PROJECT} {known}"]


def test_a_damaged_ended_rollout_stops_no_pass_while_a_worker_waits_for_a_confirmation(
    fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pass that fails would confirm nothing, and the worker would take its change back."""
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    damaged = fleet.rollout.id
    assert fleet.order("cancel").code == 0
    (fleet.home.rollouts / "ended" / damaged / "state.json").write_text("")
    row = HeldRollout(project=PROJECT, id=damaged, unit="w1", former=None, to="", seq=1, state="armed")
    lies(monkeypatch, "w1", lambda status: status.model_copy(update={"rollouts": (row,)}))
    ran = fleet.reconcile()
    assert ran.code == 0
    assert [message for message in ran.messages if damaged in message and "damaged" in message]


def test_a_worker_with_thousands_of_lost_rollouts_reports_one(
    fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.lose_home()
    row = HeldRollout(project=PROJECT, id="a" * 12, unit="w1", former=None, to="", seq=1, state="none")
    rows = tuple(row.model_copy(update={"project": f"p{n}", "id": f"{n:012}"}) for n in range(4000))
    lies(monkeypatch, "w1", lambda status: status.model_copy(update={"rollouts": (*rows, row)}))
    ran = fleet.recover("w1", "w2", "w3")
    assert ran.code == 0 and ran.outcome.document["lost_rollouts"] == ["a" * 12]


# What else is on the LAN.


def test_strays_do_not_make_a_release_fail(fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers that no document ever had: reconcile leaves them alone, and so does the rollout."""

    def lie(status: Status) -> Status:
        stray = status.containers[0].model_copy(update={"id": "f" * 64, "name": "stray", "decky": "stray"})
        return status.model_copy(update={"containers": (*status.containers, stray)})

    lies(monkeypatch, "w1", lie)
    assert fleet.deploy(WITH_SSH, policy=AT_ONCE).code == 0
    assert fleet.rollout.state.status == "done"


def test_a_move_during_a_rollout_of_the_agent_is_not_held_up(fleet: FakeFleet) -> None:
    for name in ("w1", "w2", "w3"):
        content = another_version(fleet[name].program.read_bytes(), AGENT_VERSION - 1)
        older = fleet.home.root / "agents" / f"{hashlib.sha256(content).hexdigest()}.pyz"
        older.write_bytes(content)
        fleet[name].install(older, ())
    policy = Policy(waves=("w1", "100%"), soak=600.0)
    fleet.run(lambda ctx: upgrade_by_rollout(ctx, PassOptions(rollout=policy)))
    assert fleet.rollout.is_open
    moved = THREE.replace('worker = "w1"', 'worker = "w2"')
    ran = fleet.deploy(moved)
    assert ran.code == 0, (ran.error, ran.messages)
    assert "one" in fleet["w2"].containers and "one" not in fleet["w1"].containers


def test_a_topology_that_was_taken_back_changes_only_after_the_rollout(fleet: FakeFleet) -> None:
    """Its description is that of the rollout, and any other would be lost."""
    assert fleet.generate("dc1", depth=2, branching=1).code == 0
    policy = Policy(**{**AT_ONCE, "confirm_within": 60.0})
    assert fleet.topology_deploy("dc1", "w1", detach=True, rollout=policy).code == 0
    fleet.clock.advance(200.0)
    for _ in range(3):
        fleet.reconcile()
    assert (fleet.rollout.state.status, *fleet.units().values()) == ("halted", "reverted")
    more = ("add_decky", "name=nas2", "home=lan-01", "archetype=file-server")
    for ran in (fleet.topology_mutate("dc1", *more), fleet.run(lambda ctx: delete(ctx, "dc1"))):
        assert ran.error is not None and ran.error.code == "rollout-open"
    assert fleet.order("cancel").code == 0
    assert fleet.topology_mutate("dc1", *more).code == 0
    fleet.reconcile()
    assert fleet.desired.topologies["dc1"].version == 2
    assert fleet.run(lambda ctx: delete(ctx, "dc1")).code == 0
    fleet.reconcile()
    assert not fleet.desired.topologies
