"""How often each verb calls each worker: on a far network, every call is two round trips."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from fakefleet import FakeFleet
from fakefleet.machine import FakeWorker

from decnet.commands.logs import logs
from decnet.commands.status import status

from .conftest import FOUR

WITH_SSH = FOUR.replace('["http"]', '["http", "ssh"]')
Calls = dict[str, list[str]]


def calls(fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch, verb: Callable[[], Any]) -> Calls:
    """The agent's verbs that a command calls, by worker, in order."""
    seen: Calls = {}
    meet = FakeWorker.meet

    def noted(machine: FakeWorker, called: str, limit: float) -> None:
        seen.setdefault(machine.name, []).append(called)
        meet(machine, called, limit)

    monkeypatch.setattr(FakeWorker, "meet", noted)
    assert verb().code == 0
    return seen


LOOK = ["status"]
EXAMINE = ["status", "facts"]
CHANGE = [*EXAMINE, "apply", "status"]
KNOWN = [*LOOK, "apply", "status"]
"""The containers that run show which images the worker has."""
EACH = {
    "status": (lambda fleet: fleet.run(status), LOOK, LOOK),
    "logs": (lambda fleet: fleet.run(partial(logs, decky="web-01", service=None, lines=5)), ["logs"], []),
    "deploy, converged": (lambda fleet: fleet.deploy(FOUR), EXAMINE, EXAMINE),
    "deploy, changed": (lambda fleet: fleet.deploy(WITH_SSH), CHANGE, CHANGE),
    "mutate": (lambda fleet: fleet.mutate("web-01", services=["ssh"]), KNOWN, LOOK),
    "reconcile": (lambda fleet: fleet.reconcile(), LOOK, LOOK),
}


@pytest.mark.parametrize("verb", EACH)
def test_no_verb_calls_a_worker_more_often_than_it_must(
    verb: str, fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, one, two = EACH[verb]
    seen = calls(fleet, monkeypatch, lambda: run(fleet))
    assert (seen.get("w1", []), seen.get("w2", [])) == (one, two)
