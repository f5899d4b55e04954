"""Output that cannot be written ends with one line and exit 1, and never with a traceback; messages that
cannot be written end nothing."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from forked import Ended, run_all

from decnet.cli.app import app
from decnet.errors import worst
from decnet.model.event import AttackerEvent
from decnet.model.fleet import Attachment, Decky, Fleet, Network
from decnet.model.rollout import Policy
from decnet.model.worker import Worker
from decnet.plan.rollout import open_rollout
from decnet.store.atomic import write_whole
from decnet.store.desired import save_fleet
from decnet.store.events import append_events
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home
from decnet.store.printed import begin_printing
from decnet.store.rollouts import RolloutStore
from decnet.worker.hostkeys import HostKey, pin

DECNET = Path(sys.executable).with_name("decnet")
NOT_WRITTEN = "error: cannot write the output: "
FULL = f"{NOT_WRITTEN}no space left on device\n"
CLOSED = f"{NOT_WRITTEN}standard output is closed\n"

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPkcDhVvqoCWMnfKCNYXXNLqXAVVaPZbXJp7+HYJtXyO"

MACHINE = ("image", "lab")
"""Groups whose commands work on this machine's engine and networks: tried as far as their help."""

SAMPLES = {
    "apply": ["plan.json"],
    "completion": ["bash"],
    "convert": ["old.ini"],
    "deploy": ["-s", "ssh", "--dry-run"],
    "events": ["--pull"],
    "logs": ["web"],
    "mutate": ["--random", "--all", "--dry-run"],
    "reconcile": ["--check"],
    "rollout retry": ["w1"],
    "rollout skip": ["w1"],
    "rollout wait": ["--timeout", "0"],
    "rollout rollback": ["--yes", "--timeout", "0"],
    "show": ["web"],
    "teardown": ["web", "--dry-run"],
    "uninstall": ["--dry-run"],
    "validate": ["fleet.toml"],
    "worker add": ["w2", "root@127.0.0.1:1"],
    "worker check": [],
    "worker drain": ["w1", "--dry-run"],
    "worker recover": ["root@127.0.0.1:1"],
    "worker release": ["192.0.2.9"],
    "worker remove": ["w1"],
    "worker rename": ["w1", "w9"],
    "worker show": ["w1"],
    "worker tag": ["w1", "dmz"],
    "worker trust": ["w1", "--yes"],
    "worker undrain": ["w1"],
    "worker upgrade": ["w1"],
}
"""Arguments with which each command comes as far as it can with a worker that does not answer."""


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command that can be entered, by its words."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


ALL = dict(commands(typer.main.get_command(app)))
TRIED = [words for words in ALL if words.split()[0] not in MACHINE]


@dataclass(frozen=True)
class Page:
    events: tuple[AttackerEvent, ...]
    spool_id: str = "spool"
    mark: str = ""
    verdict: str = "ok"


def event(seq: int, **fields: Any) -> AttackerEvent:
    return AttackerEvent(
        id=f"e{seq}", seq=seq, at=1.8e9 + seq, decky="web", service="ssh", kind="login",
        source_ip="192.0.2.250", source_port=4711, session="s", fields=fields,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working directory with the files that the samples name, and a fleet with one dark worker."""
    (tmp_path / "fleet.toml").write_text('[decky.web]\nservices = ["ssh"]\n')
    (tmp_path / "old.ini").write_text("[web]\nservices = ssh\n")
    home = Home(tmp_path / "home")
    open_home(home)
    lan = Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")
    web = Decky(
        name="web", worker="w1",
        attachments=(Attachment(address="192.0.2.9", mac="02:42:c0:00:02:09"),),
        hostname="web", os="linux", release="debian-12", services={"ssh": {}},
        seed="0" * 32, spec_hash="h", mutate_interval=5,
    )  # fmt: skip
    fleet = Fleet(fleet_id="fleet-1", lans={"w1": lan}).with_deckies({"web": web})
    save_fleet(home, fleet)
    changed = fleet.with_deckies({"web": web.with_services({"http": {}}, at=1.0)})
    opened = {"tags": {}, "opened_at": 1.0, "opened_by": "test", "command": "decnet deploy", "seed": 1}
    RolloutStore(home).create(*open_rollout(fleet, changed, Policy(), **opened))
    worker = Worker(name="w1", worker_id="id1", host="127.0.0.1", port=1, user="root")
    FleetTable(home).put_worker(worker)
    pin(home.known_hosts, worker, HostKey.parse(KEY), write_whole)
    begin_printing(home, ["id1"], "test", 1.0)
    append_events(home, "id1", Page((event(1), event(2))))
    return tmp_path


def environ(folder: Path) -> dict[str, str]:
    dark = {"DECNET_AGENT_HOME": str(folder / "agent"), "DOCKER_HOST": f"unix://{folder}/no.sock"}
    return {"DECNET_HOME": str(folder / "home"), **dark}


def typed(folder: Path, *argv: str, redirected: str) -> subprocess.CompletedProcess[str]:
    """A command as a shell runs it."""
    line = f'exec "$0" "$@" {redirected}'
    return subprocess.run(
        ["sh", "-c", line, DECNET, *argv], cwd=folder, env={**os.environ, **environ(folder)},
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


STATES = (("kept", "kept"), ("full", "kept"), ("closed", "kept"), ("kept", "closed"), ("closed", "closed"))


def test_every_command_says_in_one_line_that_it_cannot_write_its_output(folder: Path) -> None:
    lines = [[*words.split(), *SAMPLES.get(words, [])] for words in TRIED]
    printed = 0
    for line, (kept, *broken) in tried(folder, lines, STATES):
        printed += bool(kept.out)
        for state, ended in zip(STATES[1:], broken, strict=True):
            check(line, state, ended, kept)
    assert printed >= len(lines) / 2


@pytest.mark.slow
def test_every_format_reports_that_it_cannot_write(folder: Path) -> None:
    found = [[*words.split(), *SAMPLES.get(words, []), *style] for words in TRIED for style in formats(words)]
    ends = {(*line,): ended for line, (ended,) in tried(folder, found, (("full", "kept"),))}
    assert [line for line, ended in ends.items() if "Traceback" in ended.err] == []
    reported = [line for line, ended in ends.items() if ended.code == 1 and NOT_WRITTEN[7:-2] in ended.err]
    assert len(reported) >= len(found) / 3


def tried(
    folder: Path, lines: list[list[str]], states: tuple[tuple[str, str], ...]
) -> Iterator[tuple[list[str], list[Ended]]]:
    """Each command line, and how it ended in each state of the streams."""
    ends = iter(run_all([(line, *state) for line in lines for state in states], folder, environ(folder)))
    for line in lines:
        yield line, list(itertools.islice(ends, len(states)))


def formats(words: str) -> list[list[str]]:
    """The options with which a command prints otherwise than as a table."""
    choices = [getattr(param.type, "choices", ()) for param in ALL[words].params if "--output" in param.opts]
    names = [str(getattr(choice, "value", choice)) for choice in itertools.chain(*choices)]
    return [["-o", name] for name in names if name != "table"]


def check(line: list[str], state: tuple[str, str], ended: Ended, kept: Ended) -> None:
    """Hold a run with broken streams against the same run with streams that work."""
    out, err = state
    case = (line, state, ended, kept)
    fails = bool(kept.out) and out in ("full", "closed")
    assert "Traceback" not in ended.err + kept.err, case
    assert "Exception ignored" not in ended.err, case
    assert ended.state == kept.state, case
    assert ended.code == (worst([kept.code, 1]) if fails else kept.code), case
    if err == "kept":
        assert ended.err.count("cannot write the output") == fails, case
        assert len(ended.err.splitlines()) == len(kept.err.splitlines()) + fails, case
    if out == "kept":
        assert bool(ended.out) == bool(kept.out), case


def test_the_help_of_every_command_reports_that_it_cannot_write(folder: Path) -> None:
    lines = [
        [*words.split(), "--help"] for words in ALL if words not in ("lab run", "lab attack", "lab operator")
    ]
    lines += [["--help"], ["--version"], ["worker", "--help"], ["completion", "zsh"]]
    ends = run_all([(line, "full", "kept") for line in lines], folder, environ(folder))
    assert {(ended.code, ended.err) for ended in ends} == {(1, FULL)}


@pytest.mark.parametrize(
    ("argv", "redirected", "code", "error"),
    [
        ("services", ">/dev/full", 1, FULL),
        ("--version", ">&-", 1, CLOSED),
        ("completion fish", "</dev/null 1<&0", 1, CLOSED),
        ("schema", ">/dev/full 2>&-", 1, ""),
        ("convert old.ini", ">&- 2>&-", 1, ""),
        ("services -o json", ">/dev/full 2>/dev/full", 1, ""),
        ("archetypes", "2>&-", 0, ""),
        ("history", "<&- 2>/dev/full", 0, ""),
    ],
)
def test_a_shell_sees_one_line_and_exit_1(
    folder: Path, argv: str, redirected: str, code: int, error: str
) -> None:
    ended = typed(folder, *argv.split(), redirected=redirected)
    assert (ended.returncode, ended.stderr) == (code, error)
    assert bool(ended.stdout) is (code == 0)


def test_the_tab_key_gets_no_traceback_either(folder: Path) -> None:
    line = '_DECNET_COMPLETE=bash _DECNET_LINE="decnet sta" exec "$0" >/dev/full'
    ended = subprocess.run(["sh", "-c", line, DECNET], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, FULL)


@pytest.mark.parametrize(
    "argv",
    [
        ["status", "--watch", "1"],
        ["reconcile", "--interval", "1"],
        ["reconcile", "--interval", "1", "--quiet", "-o", "json"],
        ["events", "--follow"],
    ],
)
def test_a_loop_ends_when_its_output_cannot_be_written(folder: Path, argv: list[str]) -> None:
    ended = typed(folder, *argv, redirected=">/dev/full")
    assert ended.returncode == 1
    assert ended.stderr.count("cannot write the output") == 1
    assert "Traceback" not in ended.stderr


def test_events_that_could_not_be_printed_are_alerted_at_once_and_printed_by_the_next_pull(
    folder: Path,
) -> None:
    alert = folder / "alert"
    alert.write_text(f"#!/bin/sh\ncat > {folder}/alerted\n")
    alert.chmod(0o755)
    typed(folder, "events", "--pull", "--alert", str(alert), redirected=">/dev/null")
    append_events(Home(folder / "home"), "id1", Page((event(3), event(4))))
    pull = ["events", "--pull", "--alert", str(alert), "--alert-every", "0", "-o", "jsonl"]
    full = typed(folder, *pull, redirected=">>/dev/full")
    assert (full.returncode, NOT_WRITTEN[7:-2] in full.stderr) == (1, True)
    assert json.loads((folder / "alerted").read_text())["count"] == 2
    log = folder / "log"
    assert typed(folder, *pull, redirected=f">>{log}").returncode == 5
    assert typed(folder, *pull, redirected=f">>{log}").returncode == 5
    assert [json.loads(line)["id"] for line in log.read_text().splitlines()] == ["e3", "e4"]


def test_a_loop_continues_when_its_messages_cannot_be_written(folder: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(
            ["sh", "-c", 'exec "$0" events --follow 2>/dev/full', DECNET],
            env={**os.environ, **environ(folder)}, stdout=subprocess.DEVNULL, timeout=4, check=False,
        )  # fmt: skip


def test_an_attackers_letters_that_the_terminal_lacks_are_escaped(folder: Path) -> None:
    append_events(Home(folder / "home"), "id1", Page((event(3, username="Jürgen 雪"),)))
    ended = subprocess.run(
        [DECNET, "events"], env={**os.environ, **environ(folder), "PYTHONIOENCODING": "ascii"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert 'username="J\\xfcrgen \\u96ea"' in ended.stdout


def test_a_stream_that_does_not_block_is_waited_for(folder: Path) -> None:
    many = tuple(event(seq, username="u" * 4000) for seq in range(3, 203))
    append_events(Home(folder / "home"), "id1", Page(many))
    mine, its = socket.socketpair()
    its.setblocking(False)
    with mine, subprocess.Popen(
        [DECNET, "events", "-o", "jsonl"], env={**os.environ, **environ(folder)},
        stdout=its, stderr=subprocess.PIPE,
    ) as command:  # fmt: skip
        its.close()
        text = b"".join(iter(lambda: mine.recv(1 << 20), b""))
        assert (command.wait(60), command.stderr and command.stderr.read()) == (0, b"")
    assert len(text.splitlines()) == 202


def test_no_file_of_ours_gets_the_number_of_a_closed_stream(folder: Path) -> None:
    script = (
        "import os, sys; from decnet.cli import main\n"
        "sys.argv = ['decnet', 'services']\n"
        "try: main()\n"
        "finally:\n"
        "    opened = os.open('fleet.toml', os.O_RDONLY)\n"
        "    os.write(os.open('opened', os.O_CREAT | os.O_WRONLY), str(opened).encode())"
    )
    line = 'exec "$0" -c "$1" <&- >&- 2>&-'
    subprocess.run(["sh", "-c", line, sys.executable, script], cwd=folder, timeout=60, check=False)
    assert int((folder / "opened").read_text()) > 2
