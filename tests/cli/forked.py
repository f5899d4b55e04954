"""Runs `decnet` again and again with its standard streams in any state.

Each run is a fork of one process that has imported everything, so that it costs a tenth of a start. A run is
(argv, stdout, stderr); a stream is "kept" (and returned), "full" (/dev/full), "closed" or "reader gone".
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

STATE = ("decnet-state.json", "fleet.json", "known_hosts")


class Ended(NamedTuple):
    """How a run ended: its exit status, what it wrote to the streams that were kept, and what it left in the
    state directory."""

    code: int
    out: str
    err: str
    state: list[str]


def run_all(runs: list[tuple[list[str], str, str]], folder: Path, environ: dict[str, str]) -> list[Ended]:
    """Every run in order, each with its own state directory: a copy of `home` in the folder."""
    asked = "".join(json.dumps(run) + "\n" for run in runs)
    ended = subprocess.run(
        [sys.executable, __file__], input=asked, cwd=folder, env={**os.environ, **environ},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    return [Ended(*json.loads(line)) for line in ended.stdout.splitlines()]


def _serve() -> None:
    _import_everything()
    gc.freeze()
    for number, line in enumerate(sys.stdin.read().splitlines()):
        argv, out, err = json.loads(line)
        if (child := os.fork()) == 0:
            # The end of the interpreter is a part of what is tried: the streams are flushed there.
            os.environ["DECNET_HOME"] = str(shutil.copytree("home", Path.cwd() / f"home-{number}"))
            _redirect(1, out, number)
            _redirect(2, err, number)
            _as_at_the_start()
            sys.argv = ["decnet", *argv]
            return _main()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        written = [_text(_file(descriptor, number)) for descriptor in (1, 2)]
        state = [_text(f"home-{number}/{name}") for name in STATE]
        print(json.dumps([code, *written, state]), flush=True)
    return None


def _main() -> None:
    from decnet.cli import main

    main()


def _import_everything() -> None:
    import importlib
    import pkgutil

    import decnet
    from decnet.worker.ssh_library import asyncssh

    for found in pkgutil.walk_packages(decnet.__path__, "decnet."):
        if found.name.split(".")[1] in ("cli", "commands", "console", "engine", "store", "worker"):
            importlib.import_module(found.name)
    asyncssh()


def _redirect(descriptor: int, stream: str, number: int) -> None:
    if stream == "closed":
        os.close(descriptor)
        return
    if stream == "reader gone":
        reader, opened = os.pipe()
        os.close(reader)
    else:
        path = "/dev/full" if stream == "full" else _file(descriptor, number)
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(opened, descriptor)
    os.close(opened)


def _as_at_the_start() -> None:
    """`sys.stdout` and `sys.stderr` as Python makes them at its start: None for a closed descriptor."""
    for name, descriptor, errors in (("stdout", 1, "strict"), ("stderr", 2, "backslashreplace")):
        try:
            stream = os.fdopen(descriptor, "w", encoding="utf-8", errors=errors, closefd=False)
        except OSError:
            stream = None
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _text(name: str) -> str:
    return Path(name).read_text() if Path(name).exists() else ""


def _file(descriptor: int, number: int) -> str:
    return f"stream-{number}-{descriptor}"


if __name__ == "__main__":
    _serve()
