"""Any interleaving of passes, crashes, losses, liars and orders: the promises of a rollout hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from plan.rollout.trial import DAY, START, deployed, policy, workers

from decnet.errors import UsageError
from decnet.model.fleet import STARTS, Decky, Fleet
from decnet.model.rollout import (
    ENDED,
    IN_FLIGHT,
    RELEASED,
    Rollout,
    RolloutEvent,
    RolloutObservation,
    UnitObservation,
)
from decnet.plan.rollout import (
    Order,
    could_release,
    effective,
    effective_fleet,
    flight_reasons,
    open_rollout,
    order,
    refused_changes,
    replay,
    request_prefix,
    step,
    to_confirm,
    waiting_reasons,
)

COUNT = 6
MOVES = {
    "waiting": {"sent", "passed", "skipped", "reverting"},
    "sent": {"checking", "failed", "waiting", "reverted", "reverting", "skipped"},
    "checking": {"soaking", "failed", "reverted", "reverting", "skipped"},
    "soaking": {"passed", "checking", "failed", "reverted", "reverting", "skipped"},
    "passed": {"reverted", "reverting", "skipped"},
    "failed": {"waiting", "reverted", "reverting", "skipped"},
    "skipped": {"waiting", "reverting"},
    "reverting": {"reverted", "revert_failed", "skipped"},
    "reverted": {"waiting"},
    "revert_failed": set(),
}
"""To which status a unit can come from another."""
ODD_CLOCKS = [float("nan"), float("inf"), float("-inf"), -1.0, 0.0, 1e300, START]


class Crash(Exception):
    """The operator's machine dies here."""


@dataclass
class Host:
    """A worker: what it holds, the jobs that it knows by their request, and how it behaves."""

    held: str = "former"
    """`former`, `to`, or `none`."""
    jobs: dict[str, str] = None  # type: ignore[assignment]
    is_up: bool = True
    is_healthy: bool = True
    breaks: bool = False
    """Whether the new content fails on it."""
    boot: int = 0
    started: float = START
    """When its containers began to run, by the true clock."""
    restarts: int = 0
    clock: float | None = None
    """A clock that lies; None: the true one, off by `skew`."""
    skew: float = 0.0
    up: float | None = None
    """An uptime that lies."""
    busy: bool = False
    read: int = 0
    armed_until: float | None = None
    reverted: str = ""
    hole: str = ""
    ahead: str = ""

    def __post_init__(self) -> None:
        self.jobs = {}


class Rollouts(RuleBasedStateMachine):
    """`true` is the time that passes, and `skew` what the operator's clock is off by. `seen_at` is the true
    time of the observation that a pass rests on."""

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        draw = data.draw
        self.policy = policy(
            waves=draw(
                st.sampled_from([("100%",), ("1", "100%"), ("1", "50%", "100%"), ("w1", "w2,w3", "*")])
            ),
            max_in_flight=draw(st.sampled_from(["1", "2", "50%", "100%"])),
            soak=draw(st.sampled_from([0.0, 60.0, 600.0])),
            max_failures=draw(st.sampled_from(["0", "1", "50%"])),
            on_failure=draw(st.sampled_from(["halt", "rollback", "continue"])),
            offline=draw(st.sampled_from(["block", "skip"])),
            busy=draw(st.sampled_from(["wait", "go"])),
            promote=draw(st.sampled_from(["auto", "auto", "manual"])),
            confirm_within=draw(st.sampled_from([None, None, 600.0])),
        )
        self.true, self.skew = START, 0.0
        self.hosts = {name: Host() for name in workers(COUNT)}
        former, to = deployed(COUNT, "ssh http"), deployed(COUNT, "ssh")
        self.rollout, events = open_rollout(
            former, to, self.policy,
            tags={}, catalog="catalog",
            opened_at=self.now, opened_by="alice", command="deploy", seed=draw(st.integers(0, 99)),
        )  # fmt: skip
        self.log: list[RolloutEvent] = list(events)
        self.saved: Fleet = effective_fleet(self.rollout, to)
        self.released_true: dict[str, float] = {}
        self.catalog = "catalog"

    @property
    def now(self) -> float:
        return self.true + self.skew

    # What happens to workers.

    hosts_named = st.sampled_from(workers(COUNT))

    @rule(name=hosts_named)
    def goes_dark_or_returns(self, name: str) -> None:
        self.hosts[name].is_up = not self.hosts[name].is_up

    @rule(name=hosts_named)
    def breaks_or_is_repaired(self, name: str) -> None:
        self.hosts[name].breaks = not self.hosts[name].breaks

    @rule(name=hosts_named)
    def container_restarts(self, name: str) -> None:
        host = self.hosts[name]
        host.restarts, host.started = host.restarts + 1, self.true

    @rule(name=hosts_named)
    def reboots(self, name: str) -> None:
        host = self.hosts[name]
        host.boot, host.started, host.armed_until = host.boot + 1, self.true, None
        for request, state in host.jobs.items():
            host.jobs[request] = "lost" if state == "open" else state

    @rule(name=hosts_named)
    def loses_jobs(self, name: str) -> None:
        self.hosts[name].jobs = {}

    @rule(name=hosts_named)
    def is_wiped(self, name: str) -> None:
        host = self.hosts[name]
        host.jobs, host.held, host.armed_until = {}, "none", None

    @rule(name=hosts_named)
    def attacker_comes_or_goes(self, name: str) -> None:
        self.hosts[name].busy = not self.hosts[name].busy

    @rule(
        name=hosts_named, clock=st.sampled_from([None, *ODD_CLOCKS]), up=st.sampled_from([None, *ODD_CLOCKS])
    )
    def lies(self, name: str, clock: float | None, up: float | None) -> None:
        self.hosts[name].clock, self.hosts[name].up = clock, up

    @rule(name=hosts_named)
    def dead_man_fires(self, name: str) -> None:
        host = self.hosts[name]
        if host.armed_until is not None:
            host.held, host.armed_until, host.reverted = "former", None, "not confirmed in time"

    @rule(name=hosts_named, kind=st.sampled_from(["hole", "ahead"]))
    def journal_breaks_or_is_whole(self, name: str, kind: str) -> None:
        host = self.hosts[name]
        setattr(host, kind, "" if getattr(host, kind) else "records are missing")

    @rule()
    def catalog_changes_or_is_as_before(self) -> None:
        self.catalog = "catalog" if self.catalog == "other" else "other"

    @rule(name=hosts_named, services=st.sampled_from(["ssh", "ssh ftp", "http"]))
    def a_decky_is_mutated(self, name: str, services: str) -> None:
        """By another verb: it is refused for units in flight, and kept otherwise."""
        before = self.saved
        decky = before.deckies[f"d{name}"]
        mutated = decky.with_services({each: {} for each in services.split()}, at=self.true + 10 * DAY)
        after = before.with_deckies({**before.deckies, decky.name: mutated})
        refused = refused_changes(self.rollout, before, after, "mutate", self.now)
        state = self.rollout.state.units[name]
        is_free = not self.rollout.is_open or state.is_removed or state.status not in IN_FLIGHT
        assert set(refused) == (set() if is_free else {name})
        if is_free:
            self.saved = after
            kept = effective_fleet(self.rollout, after).deckies[decky.name]
            assert kept.services == mutated.services

    # Time.

    @rule(seconds=st.sampled_from([1.0, 30.0, 90.0, 700.0, 4000.0, 8000.0]))
    def time_passes(self, seconds: float) -> None:
        self.true += seconds
        for host in self.hosts.values():
            for request, state in host.jobs.items():
                host.jobs[request] = "succeeded" if state == "open" else state

    @rule(step=st.sampled_from([-DAY, -5.0, 5.0, DAY]))
    def operators_clock_jumps(self, step: float) -> None:
        self.skew += step

    @rule(name=hosts_named, step=st.sampled_from([-DAY, DAY]))
    def workers_clock_jumps(self, name: str, step: float) -> None:
        self.hosts[name].skew += step

    # Orders.

    @rule(
        kind=st.sampled_from(["pause", "resume", "resume", "promote", "rollback", "cancel", "supersede"]),
        is_rare=st.integers(0, 3),
    )
    def operator_orders(self, kind: str, is_rare: int) -> None:
        if kind in ("cancel", "supersede", "rollback") and is_rare:
            return
        self.give(Order(kind, (), "alice"))  # type: ignore[arg-type]

    @rule(kind=st.sampled_from(["retry", "skip", "remove", "restart-soak"]), name=hosts_named)
    def operator_orders_units(self, kind: str, name: str) -> None:
        self.give(Order(kind, (name,), "alice"))  # type: ignore[arg-type]

    def give(self, given: Order) -> None:
        before = self.rollout.state
        try:
            after, events = order(self.rollout, given, self.now)
        except UsageError:
            return
        assert events, f"{given.kind} was accepted, and did nothing"
        assert before.status not in ENDED
        self.take(after, events)
        self.save()

    # Passes.

    @rule()
    def reconcile(self) -> None:
        self.one_pass()

    @rule()
    def two_reconciles(self) -> None:
        self.one_pass()
        self.true += 60.0
        self.one_pass()

    @rule(where=st.sampled_from(["log", "desired", "sent"]))
    def pass_crashes(self, where: str) -> None:
        """After the log was written, after desired was saved, or when some workers had their job."""
        try:
            self.one_pass(where)
        except Crash:
            pass

    @rule(data=st.data())
    def partial_pass(self, data: st.DataObject) -> None:
        """A pass that asks only some workers moves nothing of the others."""
        names = data.draw(st.sets(self.hosts_named))
        before = self.rollout.state.units
        self.take(*step(self.rollout, self.observe(names), self.now, may_release=False))
        moved = {n for n, unit in self.rollout.state.units.items() if unit.status != before[n].status}
        assert moved <= names
        self.save()

    @rule(data=st.data())
    def stale_observation(self, data: st.DataObject) -> None:
        """Everything was seen before the last release: it proves nothing about what was released."""
        if not self.released_true:
            return
        observation = self.observe()
        at = min(unit.released_at or self.now for unit in self.rollout.state.units.values())
        units = {n: _seen(seen, observed_at=at) for n, seen in observation.units.items()}
        before = self.rollout.state.units
        after, events = step(self.rollout, RolloutObservation(units), self.now, may_release=False)
        for name, unit in after.state.units.items():
            assert unit.status == before[name].status or unit.status not in ("checking", "soaking", "passed")
        self.take(after, events)
        self.save()

    def one_pass(self, crash: str = "") -> None:
        self.load()
        observation = self.observe()
        promised = could_release(self.rollout, observation, self.now)
        before = self.rollout
        after, events = step(self.rollout, observation, self.now)
        released = [e.unit for e in events if e.before == "waiting" and e.after in ("sent", "passed")]
        assert tuple(dict.fromkeys(released)) == promised
        self.check_pass(before, after, events, observation)
        self.take(after, events)
        self.check_reasons(observation)
        if crash == "log":
            raise Crash
        self.save()
        if crash == "desired":
            raise Crash
        self.apply(crash)
        self.true += 5.0
        self.take(*step(self.rollout, self.observe(), self.now, may_release=False))
        self.save()
        for key in to_confirm(self.rollout, self.observe()):
            self.hosts[key.worker].armed_until = None

    def load(self) -> None:
        """What every verb does first: desired is what the rollout says, whatever was saved."""
        self.saved = effective_fleet(self.rollout, self.saved)

    def save(self) -> None:
        self.saved = effective_fleet(self.rollout, self.saved)

    def apply(self, crash: str) -> None:
        """Each worker that can be reached gets what is desired, as the engine sends it."""
        for number, (name, host) in enumerate(self.hosts.items()):
            unit = self.rollout.state.units[name]
            if unit.is_removed or not host.is_up:
                continue
            if crash == "sent" and number % 2:
                continue
            wanted = effective(self.rollout, name)
            if unit.status not in IN_FLIGHT:
                if host.held != wanted:
                    host.held, host.started = wanted, self.true
                continue
            request = request_prefix(self.rollout, name, self.rollout.frozen.units[name].keys[0])
            if request in host.jobs and host.jobs[request] != "lost":
                continue
            is_broken = host.breaks and wanted == "to"
            host.jobs[request] = "failed" if is_broken else "open"
            host.held, host.started, host.reverted = wanted, self.true, ""
            if wanted == "to" and self.policy.confirm_within:
                host.armed_until = self.true + self.policy.confirm_within
        if crash == "sent":
            raise Crash

    def observe(self, names: set[str] | None = None) -> RolloutObservation:
        units = {}
        for name, host in self.hosts.items():
            if names is not None and name not in names:
                continue
            if not host.is_up:
                units[name] = UnitObservation(reachable=False, why="no route", observed_at=self.now)
                continue
            host.read += 1
            unit = self.rollout.state.units[name]
            request = request_prefix(self.rollout, name, self.rollout.frozen.units[name].keys[0])
            units[name] = UnitObservation(
                observed_at=self.now,
                clock=self.true + host.skew if host.clock is None else host.clock,
                boot_ids=(f"boot-{host.boot}",),
                journals={name: ("journal", host.read)},
                job=host.jobs.get(request, "none"),  # type: ignore[arg-type]
                at_to=host.held == "to",
                at_former=host.held == "former",
                healthy=host.held != "none" and not (host.breaks and host.held == "to"),
                up_seconds=self.true - host.started if host.up is None else host.up,
                restarts=host.restarts,
                busy="192.0.2.9 on ssh" if host.busy else "",
                armed_until=host.armed_until,
                reverted=host.reverted if unit.status in RELEASED else "",
                hole=host.hole,
                ahead=host.ahead,
            )
        return RolloutObservation(units, self.catalog)

    def take(self, after: Rollout, events: tuple[RolloutEvent, ...]) -> None:
        assert (after is self.rollout) == (not events), "a pass in which nothing moves has no event"
        for event in events:
            if event.kind == "unit" and event.before != event.after:
                assert event.after in MOVES[event.before]
        self.rollout = after
        self.log += [RolloutEvent.model_validate_json(event.model_dump_json()) for event in events]

    # What must hold of every pass.

    def check_pass(
        self, before: Rollout, after: Rollout, events: tuple[RolloutEvent, ...], seen: RolloutObservation
    ) -> None:
        units = {name: unit.status for name, unit in before.state.units.items()}
        status, wave = before.state.status, before.state.wave
        released = {name: unit.released_at for name, unit in before.state.units.items()}
        flying = sum(each in IN_FLIGHT for each in units.values())
        for event in events:
            if event.unit and "released_at" in event.fields:
                released[event.unit] = event.fields["released_at"]
            if event.kind == "rollout":
                status = event.after  # type: ignore[assignment]
            if event.kind == "wave" and event.after == "active":
                wave = event.wave or 0
            if event.kind != "unit" or event.before == event.after:
                continue
            name = event.unit or ""
            assert event.before == units[name]
            flying += (event.after in IN_FLIGHT) - (event.before in IN_FLIGHT)
            units[name] = event.after  # type: ignore[assignment]
            self.check_move(event, seen)
            if event.after == "sent":
                assert status == "running", "released while the rollout was not running"
                assert flying <= before.frozen.in_flight, "more in flight than the budget"
                assert before.frozen.wave_of(name) <= wave, "released before its wave"
                self.check_waves_before(units, after, wave)
                self.released_true[name] = self.true
            if event.after == "passed" and "is_noop" not in event.fields:
                self.check_passed(event, released[name])

    def check_move(self, event: RolloutEvent, seen: RolloutObservation) -> None:
        asked = seen.units[event.unit or ""]
        is_reached = asked.reachable and not asked.hole and not asked.ahead
        if event.after == "sent":
            assert is_reached and self.catalog == "catalog"
            assert (
                not asked.busy or self.policy.busy == "go" or self.true - START >= self.policy.busy_deadline
            )
        if event.before in IN_FLIGHT - {"reverting"} and not is_reached:
            assert event.after in ("reverting", "skipped"), "judged what was not seen"
        if event.before == "reverting" and not asked.reachable:
            assert event.after in ("revert_failed", "skipped")

    def check_waves_before(self, units: dict[str, Any], after: Rollout, wave: int) -> None:
        for names in after.frozen.waves[:wave]:
            waiting = [n for n in names if units[n] in IN_FLIGHT | {"waiting"}]
            assert all(after.state.units[n].is_late for n in waiting), (
                "a wave began before its predecessor's end"
            )

    def check_passed(self, event: RolloutEvent, released_at: float | None) -> None:
        assert event.evidence is not None and released_at is not None
        assert event.evidence.observed_at > released_at, "passed on evidence of before its release"
        host = self.hosts[event.unit or ""]
        assert host.held == "to" and host.is_up and not host.breaks
        if self.policy.confirm_within:
            assert host.armed_until is None, "passed without a confirmation"
        if host.up is None:
            assert self.true - host.started >= self.policy.soak, (
                "passed before its containers ran for the soak"
            )

    def check_reasons(self, seen: RolloutObservation) -> None:
        """What waits has a reason, or is released by the next pass; what flies has one too."""
        if not self.rollout.is_open:
            return
        waiting = waiting_reasons(self.rollout, seen, self.now)
        ready = set(could_release(self.rollout, seen, self.now))
        for name, unit in self.rollout.state.units.items():
            if unit.status == "waiting":
                assert name in waiting or name in ready, f"{name} waits without a reason"
        flying = {n for n, unit in self.rollout.state.units.items() if unit.status in IN_FLIGHT}
        assert set(flight_reasons(self.rollout, seen, self.now)) == flying

    # What must hold always.

    @invariant()
    def state_is_the_fold_of_the_log(self) -> None:
        if hasattr(self, "log"):
            assert replay(self.rollout, self.log) == self.rollout.state

    @invariant()
    def budget_is_kept(self) -> None:
        if not hasattr(self, "log"):
            return
        flying = sum(unit.status in IN_FLIGHT for unit in self.rollout.state.units.values())
        factor = 2 if self.rollout.state.status in ("reverting", *ENDED) else 1
        assert flying <= factor * self.rollout.frozen.in_flight

    @invariant()
    def each_unit_is_desired_at_to_or_former(self) -> None:
        if not hasattr(self, "log"):
            return
        fleet = effective_fleet(self.rollout, self.saved)
        assert effective_fleet(self.rollout, fleet) is fleet
        for name in self.hosts:
            wanted = self.rollout.to if effective(self.rollout, name) == "to" else self.rollout.former
            if not self.rollout.state.units[name].is_removed:
                _assert_same(fleet.deckies[f"d{name}"], wanted.deckies[f"d{name}"])

    @invariant()
    def an_end_is_honest(self) -> None:
        if not hasattr(self, "log"):
            return
        statuses = {unit.status for unit in self.rollout.state.units.values()}
        if self.rollout.state.status == "done":
            assert not statuses & (IN_FLIGHT | {"waiting"})
        if self.rollout.state.status == "reverted":
            assert not statuses & (IN_FLIGHT | RELEASED | {"revert_failed"})
        if self.rollout.state.status == "revert_failed":
            assert "revert_failed" in statuses and not statuses & (IN_FLIGHT | RELEASED)

    def teardown(self) -> None:
        """With all workers back and honest, and an operator who resumes what stopped, it ends."""
        if hasattr(self, "log") and self.rollout.is_open:
            self.finish()

    def finish(self) -> None:
        for host in self.hosts.values():
            host.is_up, host.breaks, host.busy, host.clock, host.up = True, False, False, None, None
            host.hole = host.ahead = ""
        self.catalog = "catalog"
        for _ in range(400):
            self.time_passes(400.0)
            self.one_pass()
            state = self.rollout.state
            if not self.rollout.is_open:
                return
            if state.status in ("paused", "halted"):
                self.give(Order("resume"))
            if state.wave_status == "held":
                self.give(Order("promote"))
        raise AssertionError(f"it does not end: {self.rollout.state!r}")


def _assert_same(decky: Decky, wanted: Decky) -> None:
    """It is that decky, perhaps mutated since."""
    if (decky.mutated_at or 0.0) > (wanted.mutated_at or 0.0):
        kept = {
            name: getattr(wanted, name) for name in ("services", "previous", "mutated", "mutated_at", *STARTS)
        }
        decky = decky.model_copy(update=kept)
    assert decky == wanted


def _seen(seen: UnitObservation, **changes: Any) -> UnitObservation:
    return UnitObservation(**{**vars(seen), **changes})


SETTINGS = settings(
    max_examples=25, stateful_step_count=30, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip


def test_the_promises_of_a_rollout_hold_in_any_interleaving() -> None:
    run_state_machine_as_test(Rollouts, settings=SETTINGS)


@pytest.mark.slow
def test_the_promises_of_a_rollout_hold_in_ten_thousand_steps() -> None:
    run_state_machine_as_test(Rollouts, settings=settings(SETTINGS, max_examples=350))
