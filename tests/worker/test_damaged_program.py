"""The agent's own program on a worker is damaged: cut off, empty, overwritten, gone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .machine import Machine, running

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="sshd with folders of its own needs root")

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "zeroes": lambda content: bytes(len(content)),
    "text": lambda content: b"not a program\n" * 100,
}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    made = Machine(tmp_path_factory.mktemp("machine") / "w1")
    with running(made):
        assert made.add().code == 0
        yield made


def program_of(machine: Machine) -> Path:
    [program] = (machine.agent / "agents").glob("*.pyz")
    return program


def assert_reported_and_replaced(machine: Machine, whole: bytes) -> None:
    checked = machine.decnet("worker", "check", "w1", "-o", "json")
    assert checked.code == 4
    assert "its agent is damaged, or a part of it is missing" in checked.out
    assert "decnet worker add w1 USER@HOST installs it again" in checked.out
    assert machine.add().code == 0
    assert program_of(machine).read_bytes() == whole


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_agent_is_named_and_enrolment_replaces_it(machine: Machine, name: str) -> None:
    program = program_of(machine)
    whole = program.read_bytes()
    program.write_bytes(DAMAGES[name](whole))
    assert_reported_and_replaced(machine, whole)


def test_an_agent_that_is_gone_is_named_and_enrolment_replaces_it(machine: Machine) -> None:
    program = program_of(machine)
    whole = program.read_bytes()
    program.unlink()
    assert_reported_and_replaced(machine, whole)
