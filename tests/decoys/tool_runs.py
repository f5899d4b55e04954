"""Runs a text tool of the shell, and the real program of this machine, on the same files."""

from __future__ import annotations

import copy
import itertools
import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from decnet.decoys.host.node import Node
from decnet.decoys.shell.commands import command_of
from decnet.decoys.shell.process import Call, OutOfWork, Process
from decnet.decoys.shell.state import Shell

CASES = Path(__file__).parent / "tool_cases"
Result = tuple[bytes, bytes, int]
"""Standard output, standard error, status."""


@dataclass
class Case:
    """One command with the files of its folder and its input."""

    words: list[str]
    given: bytes
    files: dict[str, bytes]


@dataclass
class Run:
    """What a run of ours has printed and used: units of work, and the longest processor time between two
    yields in seconds. `stopped`: the limit of work ended it."""

    chunks: list[tuple[int, bytes]] = field(default_factory=list)
    work: int = 0
    longest: float = 0.0
    stopped: bool = False

    def take(self, process: Process) -> None:
        """Keep what a process has printed, neighbours of one kind together."""
        for number, group in itertools.groupby(process.chunks, key=lambda chunk: chunk[0]):
            self.chunks.append((number, b"".join(data for _, data in group)))
        process.chunks.clear()


def cases(name: str) -> list[Case]:
    """The cases of a file: a line for the files, then commands, and lines for the input that follows."""
    found: list[Case] = []
    files: dict[str, bytes] = {}
    given = b""
    for line in (CASES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        value = json.loads(line)
        if isinstance(value, list):
            found.append(Case(value, given, files))
        elif "files" in value:
            files = {path: text.encode("latin-1") for path, text in value["files"].items()}
        else:
            given = value["input"].encode("latin-1")
    return found


def real(case: Case, folder: Path) -> Result:
    """The real program's answer, in a folder of its own."""
    harmless = all(word.startswith(("+", "-d", "-u", "-I", "-R", "-x", "--r")) for word in case.words[1:2])
    assert case.words[0] != "date" or harmless, "a test must not set the clock"
    for path, data in case.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/root"}
    done = subprocess.run(
        case.words,
        input=case.given,
        capture_output=True,
        cwd=folder,
        env=environment,
        timeout=20,
        check=False,
    )
    return done.stdout, done.stderr, done.returncode


def shell_with(base: Shell, files: dict[str, bytes]) -> Shell:
    """A shell like this one, in a folder with these files."""
    shell = copy.deepcopy(base, {id(base.world): base.world, id(base.session): base.session})
    shell.variables["LC_ALL"] = "C.UTF-8"
    folders = {"/w"} | {f"/w/{path.rpartition('/')[0]}" for path in files if "/" in path}
    for folder in list(folders):
        parts = folder.split("/")
        folders |= {"/".join(parts[:count]) for count in range(2, len(parts))}
    for folder in sorted(folders):
        assert not shell.change(folder, Node(0o755, folder=True))
    for path, data in files.items():
        assert not shell.change(f"/w/{path}", Node(content=data))
    shell.cwd = "/w"
    return shell


def ours(
    shell: Shell, words: list[str], given: bytes = b"", *, limit: int = 50_000_000
) -> tuple[Result, Run]:
    """The answer of our tool, which is stopped after `limit` units of work or as many bytes."""
    run = Run()
    status = _drive(shell, words, given, run, limit)
    out, err = (b"".join(data for number, data in run.chunks if number == each) for each in (1, 2))
    return (out, err, status), run


def _drive(shell: Shell, words: list[str], given: bytes, run: Run, limit: int) -> int:
    process = Process(shell, words[0], words[1:], given)
    if words[0] == "echo":
        run.chunks.append((1, " ".join(words[1:]).encode() + b"\n"))
        return 0
    command = command_of(words[0])
    assert command is not None, words
    printed = 0
    answer: Any = None
    running: Any = None
    try:
        running = command(process)
        while not isinstance(running, int):
            began = time.thread_time()
            try:
                waits = running.send(answer)
            except StopIteration as stop:
                running = stop.value
                break
            finally:
                run.longest = max(run.longest, time.thread_time() - began)
                printed += sum(len(data) for _, data in process.chunks)
                run.take(process)
            run.work += process.rest()
            if run.work > limit or printed > limit:
                running.close()
                run.stopped = True
                return -1
            answer = _called(shell, waits, process, run, limit) if isinstance(waits, Call) else None
        run.take(process)
        status: int = running
        return status
    except OutOfWork:
        run.take(process)
        return 137


def _called(shell: Shell, call: Call, process: Process, run: Run, limit: int) -> Any:
    given = call.given if call.given is not None else process.given
    inner = Run()
    status = _drive(shell, call.words, given, inner if call.captured else run, limit)
    if call.seconds:
        return status, False
    if not call.captured:
        return status
    return status, b"".join(data for number, data in inner.chunks if number == 1)


def differences(name: str, base: Shell, folder: Path, *, any_order: bool = False) -> Iterator[str]:
    """Every case whose answers are not the same."""
    for number, case in enumerate(cases(name)):
        place = folder / str(number)
        place.mkdir()
        wanted = real(case, place)
        got, _ = ours(shell_with(base, case.files), case.words, case.given)
        if any_order:
            got, wanted = (
                (b"\n".join(sorted(out.split(b"\n"))), err, status) for out, err, status in (got, wanted)
            )
        if got != wanted:
            yield f"{case.words}\n  ours {got}\n  real {wanted}"
