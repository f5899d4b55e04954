"""The operator decides after seeing the plan, and nothing waits for the answer."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from fakefleet import FakeFleet, Ran, in_memory

from decnet.commands.deploy import DeployOptions, deploy
from decnet.commands.drain import drain
from decnet.commands.mutate import MutateOptions, mutate
from decnet.commands.teardown import teardown
from decnet.console.show import show
from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.engine.progress import Planned
from decnet.errors import SpecError
from decnet.model.fleetfile import parse
from decnet.store.home_check import open_home

from .conftest import FOUR

SIX = FOUR.replace("count = 4", "count = 6")
USE = 'addresses = { use = ["192.0.2.100-192.0.2.130"] }'
WHOLE_RANGE = '[decky.web]\nservices = ["http"]\n'


def deployed(fleet: FakeFleet, text: str, answer: Callable[[str], bool], **changes: Any) -> Ran:
    """`decnet deploy` without --yes, whose questions `answer` answers."""

    def verb(ctx: Context) -> object:
        options = DeployOptions(run=PassOptions(confirm=True))
        return deploy(ctx, parse(text, "fleet.toml"), options)

    return fleet.run(verb, confirm=answer, **changes)


def plans(ran: Ran) -> list[list[str]]:
    """The deckies of each plan that was shown."""
    return [[step.decky for step in event.plan.steps] for event in ran.events if isinstance(event, Planned)]


def test_while_a_question_is_open_another_command_works(fleet: FakeFleet) -> None:
    meanwhile: list[int] = []

    def answer(question: str) -> bool:
        with ThreadPoolExecutor() as another:
            meanwhile.append(another.submit(fleet.reconcile).result().code)
        return True

    ran = deployed(fleet, SIX, answer)
    assert (ran.code, meanwhile, plans(ran)) == (0, [0], [["web-05", "web-06"]])
    assert fleet.is_converged()


ASKING: dict[str, Callable[[PassOptions], Callable[[Context], Any]]] = {
    "deploy": lambda run: lambda ctx: deploy(ctx, parse(SIX, "f.toml"), DeployOptions(run=run)),
    "deploy, a range": lambda run: (
        lambda ctx: deploy(ctx, parse(SIX.replace(USE, ""), "f.toml"), DeployOptions(run=run))
    ),
    "mutate": lambda run: lambda ctx: mutate(ctx, MutateOptions(("web-01",), services=("ssh",), run=run)),
    "teardown": lambda run: lambda ctx: teardown(ctx, ["web-01"], run),
    "drain": lambda run: lambda ctx: drain(ctx, "w2", run),
    "drain --remove": lambda run: lambda ctx: drain(ctx, "w2", run, remove=True),
}


@pytest.mark.parametrize("name", ASKING)
def test_no_question_of_any_verb_holds_the_lock(fleet: FakeFleet, name: str) -> None:
    meanwhile: list[int] = []

    def answer(question: str) -> bool:
        with ThreadPoolExecutor() as another:
            meanwhile.append(another.submit(fleet.reconcile).result().code)
        return True

    ran = fleet.run(ASKING[name](PassOptions(confirm=True)), confirm=answer)
    assert (ran.code, set(meanwhile), fleet.is_converged()) == (0, {0}, True)


@pytest.mark.parametrize("agreed", [True, False])
def test_a_mutation_shows_its_plan_and_asks(fleet: FakeFleet, agreed: bool) -> None:
    questions: list[str] = []

    def answer(question: str) -> bool:
        questions.append(question)
        return agreed

    options = MutateOptions(("web-0[12]",), services=("ssh",), run=PassOptions(confirm=True))
    ran = fleet.run(lambda ctx: mutate(ctx, options), confirm=answer)
    assert (ran.code, questions, plans(ran)) == (0, ["Carry out 2 steps?"], [["web-01", "web-02"]])
    assert ("ssh" in fleet.desired.deckies["web-01"].services) is agreed


def test_a_plan_that_has_changed_while_the_question_was_open_is_shown_and_asked_for_again(
    fleet: FakeFleet,
) -> None:
    questions: list[str] = []

    def answer(question: str) -> bool:
        if not questions:
            fleet["w1"].crash("web-01-http")
        questions.append(question)
        return True

    ran = deployed(fleet, SIX, answer)
    assert questions == ["Carry out 2 steps?", "Carry out 3 steps?"]
    assert plans(ran) == [["web-05", "web-06"], ["web-01", "web-05", "web-06"]]
    assert ran.code == 0 and fleet.is_converged()


def test_a_no_changes_nothing(fleet: FakeFleet, capsys: pytest.CaptureFixture[str]) -> None:
    before = fleet.picture()
    ran = deployed(fleet, SIX, lambda question: False)
    assert (ran.code, ran.outcome.carried_out) == (0, False)
    assert fleet.picture() == before
    show(ran.outcome, "table")
    shown = capsys.readouterr().out
    assert shown == "deploy: not confirmed, nothing was changed\n", "the plan is shown once"


def test_a_lock_that_is_held_when_the_answer_comes_changes_nothing(fleet: FakeFleet) -> None:
    before = fleet.picture()
    with ExitStack() as held:
        ran = deployed(fleet, SIX, lambda question: held.enter_context(fleet.locked()) is None)
    assert ran.code == 75
    assert fleet.picture() == before


def test_a_question_about_a_range_is_asked_once_and_a_no_refuses_the_command(empty: FakeFleet) -> None:
    questions: list[str] = []

    def answer(question: str) -> bool:
        questions.append(question)
        return "DHCP" not in question

    ran = deployed(empty, WHOLE_RANGE, answer)
    assert isinstance(ran.error, SpecError) and "--ip-start" in str(ran.error.hint)
    assert len(questions) == 1 and empty.desired.deckies == {}

    ran = deployed(empty, WHOLE_RANGE, lambda question: bool(questions.append(question)) or True)
    assert ran.code == 0 and len(questions) == 3
    assert empty.desired.confirmed == ("192.0.2.0/24",)


@pytest.mark.parametrize("agreed", [True, False])
def test_this_machine_is_enrolled_after_a_yes_and_not_before(newcomer: FakeFleet, agreed: bool) -> None:
    identity = newcomer["local"].home / "identity.json"
    ran = deployed(newcomer, FOUR, lambda question: agreed)
    assert ran.code == 0
    assert (identity.exists(), newcomer.home.state.exists()) == (agreed, agreed)
    assert len(newcomer.desired.deckies) == (4 if agreed else 0)
    assert ("web-01" in newcomer["local"].containers) is agreed


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


@pytest.mark.parametrize("agreed", [True, False])
def test_a_teardown_removes_nothing_that_was_not_confirmed(fleet: FakeFleet, agreed: bool) -> None:
    """While the command waits for an earlier job on w1, web-03 vanishes there: what is left to do is not the
    plan that was confirmed, and the sweep that follows the last decky must not do it either."""
    w1 = fleet["w1"]
    w1.begin_foreign_job(polls=3)
    questions: list[str] = []

    def answer(question: str) -> bool:
        questions.append(question)
        return len(questions) == 1 or agreed

    async def sleep(seconds: float) -> None:
        if "web-03" in w1.containers and len(questions) == 1:
            w1.engine.containers = {
                key: each for key, each in w1.engine.containers.items() if "web-03" not in each["Name"]
            }
        await fleet.clock.sleep(seconds)

    def verb(ctx: Context) -> object:
        return teardown(ctx, [], PassOptions(confirm=True), everything=True)

    fleet.run(verb, confirm=answer, sleep=sleep)
    assert questions == ["Carry out 4 steps?", "Carry out 1 step?"]
    assert ("web-01" in w1.containers, fleet["w2"].containers) == (not agreed, {})
    assert any(each["Name"] == "decnet_lan" for each in w1.engine.networks.values()) is not agreed


def test_what_an_earlier_job_leaves_is_asked_for_again_where_it_was_not_shown(fleet: FakeFleet) -> None:
    """The foreign job ends in a state that the plan was not made for: the rest of it is a new plan."""
    fleet["w1"].begin_foreign_job(polls=3)
    questions: list[str] = []

    def answer(question: str) -> bool:
        questions.append(question)
        return True

    async def sleep(seconds: float) -> None:
        """While the command waits for the job, a base ends."""
        if fleet["w1"].containers["web-03"] == "running" and len(questions) == 1:
            fleet["w1"].crash("web-03")
        await fleet.clock.sleep(seconds)

    ran = deployed(fleet, SIX, answer, sleep=sleep)
    assert questions == ["Carry out 2 steps?", "Carry out 2 steps?"]
    assert [sorted(plan) for plan in plans(ran)] == [["web-05", "web-06"], ["web-03", "web-05"]]
    assert ran.code == 0 and fleet.is_converged()
    assert {end.decky for end in ran.outcome.outcomes} == {"web-03", "web-05", "web-06"}
