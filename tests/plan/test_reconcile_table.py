"""Every line of the table, each as one scenario with one value that is expected."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import get_args

import pytest

from decnet.errors import WorkerError, WorkerFailure
from decnet.model.actual import NotSeen
from decnet.model.plan import Plan, Step
from decnet.plan.reconcile import ActualClass, DesiredClass, RecordedClass, bucket_of, reconcile
from decnet.wire import PROJECT, container_name

from .world import NOW, Images, World, decky, fleet, running
from .world import changed as another

WEB = decky("web", ip=10)


def lines(plan: Plan) -> list[str]:
    """The plan in lines: bucket, decky, record column, and what Docker does."""
    return [_line(step) for step in plan.steps]


def _line(step: Step) -> str:
    docker = [f"-{target.name}" for target in step.remove]
    docker += [f"+{name}" for name in step.up] + [f"~{name}" for name in step.start]
    return " ".join([step.bucket, f"{step.worker}/{step.decky}", step.record or "same", *docker])


def new() -> World:
    return World(fleet(WEB))


def described_no_longer() -> World:
    world = running(WEB)
    world.desired = fleet()
    return world


def forgotten() -> World:
    """It runs, but is not recorded."""
    world = running(WEB)
    world.records["w1"] = world.records["w1"].with_project(PROJECT, deckies={})
    return world


def recorded_as_failed() -> World:
    world = running(WEB)
    row = world.records["w1"].of().deckies["web"].model_copy(update={"status": "failed"})
    world.records["w1"] = world.records["w1"].with_project(PROJECT, deckies={"web": row})
    return world


def gone() -> World:
    world = running(WEB)
    world.engines["w1"].clear()
    return world


def gone_and_described_no_longer() -> World:
    world = described_no_longer()
    world.engines["w1"].clear()
    return world


def with_services(services: str) -> Callable[[], World]:
    def make() -> World:
        world = running(WEB)
        world.desired = fleet(WEB.with_services({name: {} for name in services.split()}, at=NOW))
        return world

    return make


def with_settings() -> World:
    world = running(WEB)
    world.desired = fleet(WEB.with_services({"ssh": {"motd": "hi"}, "http": {}}, at=NOW))
    return world


def changed(**changes: object) -> Callable[[], World]:
    def make() -> World:
        world = running(WEB)
        world.desired = fleet(another(WEB, **changes))
        return world

    return make


def with_images(images: Images) -> Callable[[], World]:
    def make() -> World:
        world = running(WEB)
        world.images = images
        return world

    return make


def broken(state: str, *names: str, **changes: object) -> Callable[[], World]:
    def make() -> World:
        world = running(WEB)
        for name in names:
            machine = world.machine("w1", name)
            machine.state = state
            for key, value in changes.items():
                setattr(machine, key, value)
        return world

    return make


def without(*names: str) -> Callable[[], World]:
    def make() -> World:
        world = running(WEB)
        for name in names:
            del world.engines["w1"][name]
        return world

    return make


def base_restarted() -> World:
    world = running(WEB)
    world.machine("w1", "web").born += 1
    return world


def half_made() -> World:
    """A deploy was killed after the base: no record, no services."""
    world = new()
    world.carry_out(world.plan(), crash_after=1)
    return world


def moved() -> World:
    world = running(WEB)
    world.desired = fleet(decky("web", "w2", ip=10))
    return world


def swapped() -> World:
    world = running(decky("a", "w1", ip=10), decky("b", "w2", ip=11))
    world.desired = fleet(decky("a", "w1", ip=11), decky("b", "w2", ip=10))
    return world


def swapped_on_one_worker() -> World:
    world = running(decky("a", ip=10, services="ssh"), decky("b", ip=11, services="ssh"))
    world.desired = fleet(decky("a", ip=11, services="ssh"), decky("b", ip=10, services="ssh"))
    return world


ALL = "-web-http -web-ssh -web"
SCENARIOS = {
    "as it should be": (lambda: running(WEB), []),
    "new": (new, ["create w1/web insert +web +web-ssh +web-http"]),
    "half made": (half_made, ["change w1/web insert +web-ssh +web-http"]),
    "runs unrecorded": (forgotten, ["adopt w1/web insert"]),
    "runs, recorded as failed": (recorded_as_failed, ["refresh w1/web update"]),
    "gone": (gone, ["revive w1/web same +web +web-ssh +web-http"]),
    "no longer described": (described_no_longer, [f"remove w1/web delete {ALL}"]),
    "no longer described, and gone": (gone_and_described_no_longer, ["forget w1/web delete"]),
    "one service more": (with_services("ssh http ftp"), ["change w1/web update +web-ftp"]),
    "one service less": (with_services("ssh"), ["change w1/web update -web-http"]),
    "another service": (with_services("ssh ftp"), ["change w1/web update -web-http +web-ftp"]),
    "other settings": (with_settings, ["change w1/web update -web-ssh +web-ssh"]),
    "another address": (changed(ip="192.0.2.99"), [f"change w1/web update {ALL} +web +web-ssh +web-http"]),
    "another MAC": (
        changed(mac="00:50:56:00:00:99"),
        [f"change w1/web update {ALL} +web +web-ssh +web-http"],
    ),
    "another hostname": (changed(hostname="x1"), [f"change w1/web update {ALL} +web +web-ssh +web-http"]),
    "a new decoy image": (
        with_images(Images(decoys="decnet/decoys:ffffffffffff")),
        ["change w1/web update -web-http -web-ssh +web-ssh +web-http"],
    ),
    "a new base image": (
        with_images(Images(base="decnet/base:ffffffffffff")),
        [f"change w1/web update {ALL} +web +web-ssh +web-http"],
    ),
    "the base not ready": (
        broken("running", "web", ready="no"),
        [f"heal w1/web same {ALL} +web +web-ssh +web-http"],
    ),
    "a service that does not listen": (
        broken("running", "web-ssh", ready="no"),
        ["heal w1/web same -web-ssh +web-ssh"],
    ),
    "a decky that is starting": (broken("running", "web", "web-ssh", ready="starting"), []),
    "a service stopped": (broken("exited", "web-ssh"), ["heal w1/web same ~web-ssh"]),
    "a service never started": (broken("created", "web-ssh"), ["heal w1/web same ~web-ssh"]),
    "a service paused": (broken("paused", "web-ssh"), ["heal w1/web same -web-ssh +web-ssh"]),
    "a service in a loop": (broken("restarting", "web-ssh"), ["heal w1/web same -web-ssh +web-ssh"]),
    "a service that restarted often": (
        broken("running", "web-ssh", restarts=50),
        ["heal w1/web same -web-ssh +web-ssh"],
    ),
    "a service removed by hand": (without("web-ssh"), ["heal w1/web same +web-ssh"]),
    "the base removed by hand": (
        without("web"),
        ["heal w1/web same -web-http -web-ssh +web +web-ssh +web-http"],
    ),
    "the base restarted": (
        base_restarted,
        ["heal w1/web same -web-http -web-ssh +web-ssh +web-http"],
    ),
    "the base stopped, services up": (
        broken("exited", "web"),
        [f"heal w1/web same {ALL} +web +web-ssh +web-http"],
    ),
    "the base in a loop": (
        broken("restarting", "web"),
        [f"heal w1/web same {ALL} +web +web-ssh +web-http"],
    ),
    "a power cut": (
        broken("exited", "web", "web-ssh", "web-http"),
        ["heal w1/web same ~web ~web-ssh ~web-http"],
    ),
    "moved": (
        moved,
        [f"remove w1/web delete {ALL}", "create w2/web insert +web +web-ssh +web-http"],
    ),
    "addresses swapped on one worker": (
        swapped_on_one_worker,
        ["change w1/a update -a-ssh -a +a +a-ssh", "change w1/b update -b-ssh -b +b +b-ssh"],
    ),
    "addresses swapped between two workers": (
        swapped,
        [
            "change w1/a update -a-http -a-ssh -a",
            "change w2/b update -b-http -b-ssh -b",
            "change w1/a update +a +a-ssh +a-http",
            "change w2/b update +b +b-ssh +b-http",
        ],
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_gives_the_steps_that_are_expected(name: str) -> None:
    make, expected = SCENARIOS[name]
    assert lines(make().plan()) == expected


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_plan_carried_out_and_made_again_is_empty(name: str) -> None:
    world = SCENARIOS[name][0]()
    world.settle()
    assert (world.plan().steps, world.plan().skipped) == ((), ())


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_prefix_of_a_plan_followed_by_a_crash_converges(name: str) -> None:
    for crash_after in itertools.count():
        world = SCENARIOS[name][0]()
        finished = world.carry_out(world.plan(), crash_after=crash_after)
        for _ in range(3):
            world.settle()
        assert world.agrees(), f"after a crash behind action {crash_after}"
        if finished:
            return


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_worker_that_was_not_seen_gets_no_step(name: str) -> None:
    world = SCENARIOS[name][0]()
    world.away = dict.fromkeys(world.engines, "no route to host")
    plan = world.plan(prune=True)
    assert (plan.steps, plan.strays, set(plan.unknown)) == ((), (), set(world.engines))


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_record_column_alone_touches_no_container_and_is_stable(name: str) -> None:
    world = SCENARIOS[name][0]()
    plan = world.settle(record_only=True)
    assert not any(step.touches_docker for step in plan.steps)
    assert world.plan(record_only=True).steps == ()


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "as it should be"])
def test_every_step_says_why(name: str) -> None:
    assert all(len(step.reason) > 5 for step in SCENARIOS[name][0]().plan().steps)


def test_the_table_has_an_answer_for_every_case_but_the_impossible_ones() -> None:
    impossible = set()
    for case in itertools.product(get_args(DesiredClass), get_args(RecordedClass), get_args(ActualClass)):
        try:
            bucket_of(*case)
        except AssertionError:
            impossible.add(case)
    assert impossible == {
        case
        for case in itertools.product(["unwanted"], get_args(RecordedClass), get_args(ActualClass))
        # A decky that is not desired is not compared with desired.
        if case[1] == "same"
        or case[2] in ("displaced", "broken", "running")
        or case[1:] == ("none", "absent")
    }


REASONS = {
    "new": "new in the fleet",
    "one service less": "service http is removed",
    "one service more": "service ftp is added",
    "other settings": "service ssh: its configuration changed (settings or persona)",
    "another address": "its address changed from 192.0.2.10 to 192.0.2.99",
    "a new base image": "its image changed from decnet/base:0123456789ab to decnet/base:ffffffffffff",
    "a service stopped": "service ssh has exited with code 137",
    "a service never started": "service ssh was never started",
    "a service in a loop": "service ssh is in a restart loop",
    "the base removed by hand": "its base is missing; "
    "the network namespace of service ssh is not its base's; "
    "the network namespace of service http is not its base's",
    "moved": "it moves to w2",
    "no longer described": "not in the fleet any more",
}


@pytest.mark.parametrize("name", REASONS)
def test_the_reason_is_rendered_in_plain_words(name: str) -> None:
    assert SCENARIOS[name][0]().plan().steps[0].reason == REASONS[name]


def test_an_unknown_container_with_our_label_is_a_stray_and_only_listed() -> None:
    world = described_no_longer()
    world.records["w1"] = world.records["w1"].with_project(PROJECT, deckies={})
    plan = world.plan()
    assert (plan.steps, [step.decky for step in plan.strays]) == ((), ["web"])


def test_a_stray_is_removed_when_that_was_asked_for() -> None:
    world = described_no_longer()
    world.records["w1"] = world.records["w1"].with_project(PROJECT, deckies={})
    world.settle(prune=True)
    assert world.engines["w1"] == {}


def test_a_docker_engine_that_is_down_is_unknown() -> None:
    world = running(WEB)
    observed = world.observe()
    status = observed["w1"].status.model_copy(
        update={"docker": "down", "docker_error": "no socket", "containers": ()}
    )  # type: ignore[union-attr]
    observed["w1"] = observed["w1"]._replace(status=status)
    plan = reconcile(world.desired, world.records, observed, world.expected, now=NOW)
    assert (plan.steps, plan.unknown["w1"]) == ((), "Docker is down: no socket")


def test_a_worker_that_was_not_asked_is_unknown() -> None:
    world = running(WEB)
    plan = reconcile(world.desired, world.records, {}, world.expected, now=NOW)
    assert (plan.steps, plan.unknown["w1"]) == ((), "was not contacted")


def test_escape_sequences_of_a_worker_never_reach_a_reason() -> None:
    world = running(WEB)
    world.machine("w1", "web-ssh").image = "\x1b]8;;evil\x07"
    world.machine("w1", "web-ssh").fingerprint = "other"
    observed = {**world.observe(), "w2": NotSeen(WorkerFailure("w2", WorkerError, "\x1b[2J"))}
    plan = reconcile(world.desired, world.records, observed, world.expected, now=NOW)
    assert "\x1b" not in plan.steps[0].reason + plan.unknown["w2"]


def test_a_service_with_an_underscore_is_known_by_its_container() -> None:
    world = running(decky("mail", ip=20, services="smtp_relay docker_api"))
    assert sorted(world.engines["w1"]) == ["mail", "mail-docker-api", "mail-smtp-relay"]
    assert (world.plan().kept, world.plan().steps) == (1, ())
    assert container_name(PROJECT, "mail", "smtp_relay") == "mail-smtp-relay"


def test_a_torn_down_decky_is_not_brought_back() -> None:
    world = described_no_longer()
    world.settle()
    assert (world.plan().steps, world.records["w1"].of().deckies) == ((), {})


def test_what_runs_and_is_adopted_is_marked_so() -> None:
    world = forgotten()
    world.settle()
    assert world.records["w1"].of().deckies["web"].adopted


def test_a_change_of_the_addresses_that_may_be_used_touches_no_decky() -> None:
    world = running(WEB)
    lans = {
        name: each.model_copy(update={"use": ("192.0.2.50-192.0.2.60",)})
        for name, each in world.desired.lans.items()
    }
    world.desired = world.desired.model_copy(update={"lans": lans})
    assert world.plan().steps == ()


def test_a_restart_is_tried_once_and_then_the_container_is_recreated() -> None:
    world = broken("exited", "web-ssh")()
    world.records["w1"] = world.records["w1"].with_project(PROJECT, heals={"web": (NOW - 100,)})
    assert lines(world.plan()) == ["heal w1/web same -web-ssh +web-ssh"]
