"""Keys at a prompt of BusyBox's ash, and what the terminal gets for them: recorded from BusyBox 1.35."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import pytest
from test_shell_language import persona

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.shell.ash_completion import Completed, complete
from decnet.decoys.shell.ash_line import AshLine
from decnet.decoys.shell.state import Shell

PROMPT, HISTORY = "~ # ", ["echo first", "x=1"]
CASES = {
    "insert_and_erase": (
        80,
        [("abc\x1b[D", "abc\b"), ("x", "xc\b"), ("\x7f", "\bc\x1b[J\b"), ("\x01\x0b", "\b\b\x1b[J")],
    ),
    "wrapped": (
        20,
        [
            ("a long line of text", "a long line of t\r\r\next"),
            ("\x01", "\r\x1b[1A\x1b[4C"),
            ("\x05", "a long line of t\r\r\next"),
            ("\x1b[D" * 5, "\b\b\b\r\x1b[1A\x1b[19C\b"),
            ("!", "! \r\r\ntext\r\x1b[1A\x1b[19C"),
            ("\x15", "\r~ #  text\x1b[J\x1b[5D"),
        ],
    ),
    "history": (
        80,
        [
            ("\x1b[A", "\r~ # x=1\x1b[J"),
            ("\x1b[A", "\r~ # echo first\x1b[J"),
            ("\x1b[A", "\a\a"),
            ("\x10", "\a"),
            ("\x1b[B", "\r~ # x=1\x1b[J"),
            ("\x0e", "\r~ # \x1b[J"),
            ("\x0e", "\a"),
        ],
    ),
    "words": (
        80,
        [
            ("one two", "one two"),
            ("\x1bb", "\b\b\b"),
            ("\x1bd", "two\b\b\bwo\x1b[J\b\bo\x1b[J\b\x1b[J"),
            ("\x17", "\b\x1b[J" * 4),
            ("\x0c", "\x1b[H\x1b[J\r~ # \x1b[J"),
        ],
    ),
    "unknown_sequences_take_what_follows_at_once": (
        80,
        [("a\x1b.z", "a"), ("b\x1b", "b"), ("c", "c"), ("\x1b[99~d", ""), ("\x1b[3~e", "e")],
    ),
}  # fmt: skip


def nothing(text: str) -> Completed:
    return Completed(None, [])


async def shown(line: AshLine, out: list[bytes], keys: str) -> str:
    out.clear()
    for key in keys:
        await line.key(key)
    await line.rest()
    return b"".join(out).decode()


def typed(
    steps: list[str], columns: int = 80, find: Callable[[str], Completed] = nothing, *, asks: bool = False
) -> list[str]:
    out: list[bytes] = []

    async def write(data: bytes) -> None:
        out.append(data)

    async def run() -> list[str]:
        line = AshLine(PROMPT, HISTORY, write, find, columns, asks=asks, searches=True)
        await line.begin()
        return [b"".join(out).decode(), *[await shown(line, out, keys) for keys in steps]]

    return asyncio.run(run())


@pytest.mark.parametrize("name", CASES)
def test_the_screen_changes_as_busyboxs_does(name: str) -> None:
    columns, steps = CASES[name]
    assert typed([keys for keys, _ in steps], columns)[1:] == [wanted for _, wanted in steps]


def test_the_terminals_answer_moves_the_line_and_is_no_input() -> None:
    begun, answered, full = typed(["\x1b[1;15R", "123456"], 20, asks=True)
    assert (begun, answered, full) == ("\x1b[6n", "", "123456\r\r\n")


def test_a_search_shows_the_newest_line_that_has_the_text() -> None:
    _, begun, found, left = typed(["\x12", "ec", "\x05"])
    assert begun == "\r(reverse-i-search)'': \x1b[J"
    assert found.endswith("\r(reverse-i-search)'ec': echo first\x1b[J\x1b[10D")
    assert left == "\r~ # echo first\x1b[J\x1b[10Decho first"


def test_tab_completes_and_lists() -> None:
    with open(os.devnull, "wb") as nowhere:
        session = Recorder(nowhere.fileno()).session("192.0.2.9", 4000)
    machine = Shell(World(persona("busybox-camera")), "root", session)

    def find(text: str) -> Completed:
        return complete(machine, text, names_users=False)

    _, first, listed = typed(["ls /etc/host\t", "\t"], find=find)
    assert first == "ls /etc/host\a\r~ # ls /etc/host\x1b[J"
    assert listed == "\r\nhostname  hosts\r\n\r~ # ls /etc/host\x1b[J"
    assert find("cd /et") == Completed("c/", ["etc/"])
    assert find('echo "/etc/hostn') == Completed("ame ", ["hostname"])
    assert find("ls; unam") == Completed("e ", ["uname"])
    assert find("cat ~ro") == Completed(None, [])
    assert complete(machine, "cat ~ro", names_users=True) == Completed("ot/", ["~root/"])
