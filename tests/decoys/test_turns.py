"""No visitor's command looks at more than some files before others have their turn."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.commands import command_of
from decnet.decoys.shell.globbing import PAUSE, paths_of
from decnet.decoys.shell.process import Process
from decnet.decoys.shell.state import Shell

MOST = 3 * PAUSE
"""Files per turn; of a real folder there are hundreds."""


class Tired(Process):
    """Its time is always over."""

    @property
    def tired(self) -> bool:
        return True


@pytest.fixture
def shell() -> Iterator[Shell]:
    persona = Persona("ssh", "web01", "linux", "debian-12", "", "d" * 32, ((22, "tcp"),))
    with tempfile.TemporaryFile() as output:
        yield Shell(World(persona), "root", Recorder(output.fileno()).session("192.0.2.9", 4000))


def longest(shell: Shell, work: Generator[Any, Any, object]) -> int:
    """The most files that it has looked at in one turn."""
    looked = [0]

    def counting(look: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            looked[-1] += 1
            return look(*args, **named)

        return counted

    for name in ("lstat", "node"):
        setattr(shell, name, counting(getattr(shell, name)))
    for _ in work:
        looked.append(0)
    assert sum(looked) > 5 * MOST
    return max(looked)


@pytest.mark.parametrize("pattern", ["/*/*/*", "/usr/bin/*/x", "/*/*/[a-z]*"])
def test_file_names_are_looked_up_in_steps(shell: Shell, pattern: str) -> None:
    assert longest(shell, paths_of(shell, pattern, lambda work: None)) <= MOST


@pytest.mark.parametrize("words", ["rm -rf /var", "ls -la /usr", "ls -la /proc", "ls -laR /etc"])
def test_folders_are_walked_in_steps(shell: Shell, words: str) -> None:
    name, *arguments = words.split()
    process = Tired(shell, name, arguments, b"")
    command = command_of(name)
    assert command is not None
    work = command(process)
    assert not isinstance(work, int)

    def resting() -> Generator[None, None, None]:
        for _ in work:
            process.rest()
            process.chunks.clear()
            yield

    assert longest(shell, resting()) <= MOST
