"""What sessions cost an ssh decoy: its memory with many of them, and the time to the first prompt."""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from decnet.catalog import load

from .rows import Row

COUNTS = (1, 10, 50)
AT_ONCE = 6
"""Logins: OpenSSH drops some connections from the tenth that has not logged in."""
WORK = "id; uname -a; ls -la /etc; ps aux; cat /etc/passwd | grep root"


def session_rows() -> list[Row]:
    """PSS in MiB against the limit of the container; seconds of the first visitor against those of others.

    The decoy runs as a plain process on loopback, as in the tests."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "decoys"))
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from clients import BySsh  # type: ignore[import-not-found]
    from process import Decoy  # type: ignore[import-not-found]

    limit = load().services["ssh"].memory_mib
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        persona = {
            "banner": load().banner("debian-12", "ssh", hostname="web01", address="127.0.0.1"),
            "release": "debian-12", "settings": {"credentials": "root:123456"},
        }  # fmt: skip
        server = Decoy(Path(folder), "ssh", persona, most_memory=limit * 1024 * 1024)
        rows.append(_memory(server, "idle", limit))
        held: list[Any] = []
        first = _first_prompt(BySsh, server.port, held)
        for count in COUNTS:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                held += pool.map(BySsh, [server.port] * (count - len(held)))
            for each in held:
                each.type(WORK)
            for each in held:
                each.answers()
            rows.append(_memory(server, f"with {count} session{'s' if count > 1 else ''}", limit))
        later = min(_first_prompt(BySsh, server.port, held) for _ in range(5))
        rows.append(Row("time to the first prompt of ssh", first, later, "the prompt of later visitors", 4))
        for each in held:
            each.close()
        server.stop()
    return rows


def _first_prompt(visitor: Any, port: int, held: list[Any]) -> float:
    """From the connection to the prompt, of the first visitor of all."""
    began = time.monotonic()
    held.append(visitor(port))
    return time.monotonic() - began


def _memory(server: Any, when: str, limit: int) -> Row:
    return Row(f"the ssh decoy {when}", server.memory(), limit, "the limit of its container", 0.8, "MiB")
