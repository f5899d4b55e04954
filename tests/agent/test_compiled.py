"""The agent's byte code: made on the worker, by the Python that runs it, and never needed."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from agent_desk import Desk, another_version

from decnet.worker.agent_start import start

ORIGINS = (
    "import sys; sys.path.insert(0, sys.argv[1]); import decnet.agent.program, decnet.wire; "
    "print(decnet.agent.program.__spec__.origin, decnet.wire.__spec__.origin)"
)
SMALL_DISK = """
mount -t tmpfs -o "size=$(( $(stat -c %s "$2") / 1024 + 140 ))k" tmpfs "$1"; cp "$2" "$1"; cd "$1"
head -c 100k /dev/zero > filler
"$3" -I -S "${2##*/}" hello; echo; ls -A
"""


class Started(Desk):
    """Started as an operator's decnet starts it."""

    def argv(self, *words: str) -> list[str]:
        return [self.python, *start(str(self.agent)), *words]


@pytest.fixture
def agent(desk: Desk, tmp_path: Path) -> Desk:
    """An agent in a separate folder, which has never been started."""
    folder = tmp_path / "agents"
    folder.mkdir()
    return Desk(Path(shutil.copy(desk.agent, folder)), desk.home)


def byte_code(agent: Desk) -> list[Path]:
    return sorted(path for path in agent.agent.parent.iterdir() if path.suffix == ".code")


def origins(agent: Desk) -> list[str]:
    """The files that the next start takes `decnet.agent.program` and `decnet.wire` from."""
    argv = [sys.executable, "-I", "-S", "-W", "error", "-c", ORIGINS, str(agent.agent)]
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True)
    return [name.removeprefix(str(agent.agent.parent) + "/").split("/")[0] for name in ended.stdout.split()]


def test_the_file_holds_sources_only_and_the_second_start_takes_byte_code(agent: Desk) -> None:
    assert origins(agent) == [agent.agent.name] * 2
    agent.get("hello")
    [made] = byte_code(agent)
    assert origins(agent) == [made.name] * 2
    before = made.stat()
    agent.get("hello")
    assert made.stat() == before


def test_byte_code_of_another_python_is_not_taken(agent: Desk) -> None:
    agent.get("hello")
    [made] = byte_code(agent)
    made.rename(made.with_name(made.name.replace("cpython-", "cpython-9")))
    assert origins(agent) == [agent.agent.name] * 2


def test_an_agent_whose_byte_code_is_cut_off_runs_from_its_sources(agent: Desk) -> None:
    agent.get("hello")
    [made] = byte_code(agent)
    for size in (0, 100, made.stat().st_size // 2):
        os.truncate(made, size)
        assert agent.get("hello")["agent"] == agent.agent.stem


def test_an_operators_start_takes_byte_code_before_it_opens_the_file(agent: Desk) -> None:
    started = Started(agent.agent, agent.home)
    assert started.get("hello")["agent"] == agent.agent.stem
    [made] = byte_code(agent)
    sources, found = agent.agent.read_bytes(), agent.agent.stat()
    agent.agent.write_bytes(bytes(len(sources)))
    os.utime(agent.agent, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert started.get("hello")["agent"] == agent.agent.stem
    os.utime(agent.agent)
    assert b"decnet" in started.raw("hello", stdin=b"").stderr
    agent.agent.write_bytes(sources)
    for size in (made.stat().st_size // 2, 100, 0):
        os.truncate(made, size)
        assert started.get("hello")["agent"] == agent.agent.stem


def test_a_file_that_is_not_named_by_its_content_gets_no_byte_code(agent: Desk) -> None:
    """What lies under such a name may be another agent tomorrow."""
    other = Desk(agent.agent.rename(agent.agent.with_name("agent.pyz")), agent.home)
    other.get("hello")
    assert byte_code(other) == []


def test_a_full_disk_costs_the_byte_code_and_nothing_else(agent: Desk, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    place = tmp_path / "small"
    place.mkdir()
    argv = [
        "unshare",
        "--mount",
        "sh",
        "-euc",
        SMALL_DISK,
        "sh",
        str(place),
        str(agent.agent),
        sys.executable,
    ]
    line = b'{"v":2,"marker":"%s","args":{}}\n' % (b"0" * 32)
    ended = subprocess.run(argv, input=line, capture_output=True, timeout=30, check=True)
    assert (b'"ok":true' in ended.stdout, ended.stderr) == (True, b"")
    assert ended.stdout.split()[-2:] == [agent.agent.name.encode(), b"filler"]


def test_an_old_agent_and_its_byte_code_go_together(agent: Desk) -> None:
    agent.enrolled_by_hand()
    for version in range(100, 106):
        content = another_version(agent.agent.read_bytes(), version)
        named = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": base64.b64encode(content).decode()}
        agent.get("upgrade", named)
    left = [path.name for path in (agent.home / "agents").iterdir()]
    agents = {name[:64] for name in left if name.endswith(".pyz")}
    assert len(agents) == 5 and named["sha256"] in agents
    assert {name[:64] for name in left if name.endswith(".code")} == agents
