"""The system call filter that a decoy applies to itself: which sockets a program inside can open."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import decnet
from decnet.decoys.filter import MACHINES
from decnet.decoys.serve import SERVICES

pytestmark = pytest.mark.skipif(os.uname().machine not in MACHINES, reason="no filter for this machine")

PACKAGE = Path(decnet.__file__).parent
AF_VSOCK = 40
TRIED = """
import ctypes, json, socket, sys, threading
from decoys.filter import close_other_sockets
libc = ctypes.CDLL(None, use_errno=True)
def error(call, *words):
    made = call(*words)
    return ctypes.get_errno() if made < 0 else 0
def tried():
    # Types that AF_UNIX, AF_INET, AF_NETLINK and AF_VSOCK know.
    return {family: [error(libc.socket, family, kind, 0) for kind in (1, 2, 3)] for family in range(64)}
def all_of_it():
    pair = (ctypes.c_int * 2)()
    high = ctypes.c_ulong(0xdead << 32 | 40)
    return {
        "socket": tried(), "pairs": [error(libc.socketpair, family, 1, 0, pair) for family in (1, 40)],
        "io_uring": [error(libc.syscall, number, 1, 0) for number in (425, 426, 427)],
        "high": error(libc.syscall, int(sys.argv[1]), high, ctypes.c_long(1), ctypes.c_long(0)),
        "x32": error(libc.syscall, ctypes.c_long(0x40000000 | int(sys.argv[1])), 40, 1, 0),
    }
before = tried()
close_other_sockets()
found = {}
thread = threading.Thread(target=lambda: found.update(thread=all_of_it()))
thread.start()
thread.join()
socket.if_nameindex()
child = __import__("subprocess").run(
    [sys.executable, "-c", "import socket\\ntry: socket.socket(40, 1)\\nexcept OSError as e: print(e.errno)"],
    capture_output=True, text=True)
print(json.dumps({"before": before, "after": all_of_it(), "child": child.stdout.strip(), **found}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("filter")
    (folder / "decoys").symlink_to(PACKAGE / "decoys")
    number = str(MACHINES[os.uname().machine][1])
    done = subprocess.run(
        [sys.executable, "-c", TRIED, number],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("where", ["after", "thread"])
def test_a_decoy_opens_no_sockets_but_those_that_it_needs(found: dict[str, Any], where: str) -> None:
    allowed = ("1", "2", "10", "16")
    refused = {
        family for family, errors in found[where]["socket"].items() if set(errors) == {errno.EAFNOSUPPORT}
    }
    assert refused == {str(family) for family in range(64)} - set(allowed)
    packets = found["before"][str(int(socket.AF_PACKET))]
    assert 0 in packets or errno.EPERM in packets
    for family in allowed:
        assert found[where]["socket"][family] == found["before"][family]
    assert found[where]["pairs"] == [0, errno.EAFNOSUPPORT]
    assert found[where]["io_uring"] == [errno.ENOSYS] * 3
    assert found[where]["high"] == errno.EAFNOSUPPORT
    assert found[where]["x32"] == errno.ENOSYS


def test_a_program_that_a_decoy_starts_has_the_same_filter(found: dict[str, Any]) -> None:
    assert found["child"] == str(errno.EAFNOSUPPORT)


@pytest.mark.parametrize("service", [name for name in SERVICES if name != "snmp"])
def test_every_decoy_has_the_filter(decoy: Callable[..., Any], service: str) -> None:
    server = decoy(service, banner="nginx/1.22.1" if service == "http" else "")
    for task in Path(f"/proc/{server.process.pid}/task").iterdir():
        status = (task / "status").read_text()
        assert "\nSeccomp:\t2\n" in status and "\nNoNewPrivs:\t1\n" in status
    server.stop()
    assert server.complaints() == b""
