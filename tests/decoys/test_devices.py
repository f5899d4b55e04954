"""A device is one machine: its programs, its processor and its BusyBox agree, whoever asks."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from test_shell_language import persona

from decnet.decoys.events import Recorder, Session
from decnet.decoys.host.elf import fits
from decnet.decoys.host.world import World
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.commands import command_of
from decnet.decoys.shell.greeting import greeting
from decnet.decoys.shell.programs import PROGRAMS
from decnet.decoys.shell.state import Answer, Shell

DEVICES = ("busybox-camera", "tp-link-tapo", "openwrt-21.02", "synology-dsm-7", "qnap-qts-5")
WITH_ASH = DEVICES[:3]
MACHINES = {"mips": ("MIPS", "Ingenic"), "x86_64": ("Intel",)}


@pytest.fixture
def session() -> Iterator[Session]:
    into = os.open(os.devnull, os.O_WRONLY)
    yield Recorder(into).session("192.0.2.9", 4000)
    os.close(into)


@pytest.fixture(params=DEVICES)
def shell(request: pytest.FixtureRequest, session: Session) -> Shell:
    return Shell(World(persona(request.param)), "root", session)


def run(shell: Shell, line: str) -> Answer:
    return run_at_once(shell, line)


def test_every_program_is_a_file_of_the_tree_and_every_applet_runs(shell: Shell) -> None:
    device = shell.world.device
    assert device is not None

    missing = [name for name in sorted(device.names) if not run(shell, f"type -t {name} || type {name}").out]
    idle = {name for name in device.applet_names if command_of(name) is None and name not in PROGRAMS}

    assert missing == []
    assert len(idle) <= 0.45 * len(device.applet_names), sorted(idle)


def test_the_processor_is_that_of_the_kernel_and_of_the_programs(shell: Shell) -> None:
    machine = run(shell, "uname -m").out.strip()
    shown = run(shell, "cat /proc/cpuinfo").out
    program = shell.node("/bin/ls")
    device = shell.world.device

    assert any(name in shown for name in MACHINES[machine])
    assert sum(line.startswith("processor\t") for line in shown.splitlines()) == shell.world.processors
    assert program is not None and device is not None and fits(program.content, device.architecture)


@pytest.mark.parametrize("release", WITH_ASH)
def test_busybox_has_one_version_wherever_it_names_itself(release: str, session: Session) -> None:
    shell = Shell(World(persona(release)), "root", session)
    device = shell.world.device
    assert device is not None

    usage = run(shell, "cp").error.splitlines()[0]
    about = run(shell, "busybox").out.splitlines()[0]

    assert usage == about == f"BusyBox {device.busybox} multi-call binary."
    assert f"BusyBox {device.busybox} built-in shell (ash)" in greeting(shell.world, None, "192.0.2.9")


def test_a_program_that_the_device_lacks_is_not_found(shell: Shell) -> None:
    for name in ("apt-get", "systemctl", "dpkg"):
        absent = run(shell, name)
        expected = "command not found" if shell.dialect.bash else "not found"
        if name not in shell.world.device.names:  # type: ignore[union-attr]
            assert (absent.error.strip().rsplit(": ", 1)[-1], absent.status) == (expected, 127)


@pytest.mark.parametrize("release", WITH_ASH)
def test_an_applet_refuses_options_and_operands_with_its_usage(release: str, session: Session) -> None:
    shell = Shell(World(persona(release)), "root", session)

    option, operand = run(shell, "mkdir -Q x"), run(shell, "mkdir")

    assert option.error.startswith("mkdir: invalid option -- 'Q'\nBusyBox v")
    assert (operand.error.split("\n", 1)[0][:9], operand.status) == ("BusyBox v", 1)
    assert operand.error.split("\n\n", 1)[1].startswith("Usage: mkdir [-m MODE] [-p] DIRECTORY...\n")


@pytest.mark.parametrize("release", WITH_ASH)
def test_a_loader_may_not_write_where_the_firmware_is(release: str, session: Session) -> None:
    shell = Shell(World(persona(release)), "root", session)
    mounts = [line.split() for line in run(shell, "cat /proc/mounts").out.splitlines()]

    writable = [
        row[1] for row in mounts if row[3].startswith("rw") and row[2] in ("tmpfs", "jffs2", "overlay")
    ]

    for folder in writable:
        if shell.node(folder) is not None and folder not in ("/dev", "/dev/shm"):
            assert run(shell, f"echo a > {folder}/.n && cat {folder}/.n && rm {folder}/.n").out == "a\n"


def test_what_is_mounted_read_only_refuses_every_change(session: Session) -> None:
    shell = Shell(World(persona("tp-link-tapo")), "root", session)
    lines = ("touch /x", "echo a > /etc/x", "mkdir /x", "rm /etc/hosts", "chmod 777 /etc/hosts", "ln -s a /b")

    answers = [run(shell, line) for line in lines]

    assert [answer.error.strip().endswith("Read-only file system") for answer in answers] == [True] * 6
    assert [answer.status for answer in answers] == [1] * 6
    assert run(shell, "echo a > /tmp/x; echo b > /var/tmp/y; ls /x; cat /tmp/x /tmp/y").out == "a\nb\n"
    assert run(shell, "printf 'Xy12345678\\nXy12345678\\n' | passwd").error.endswith(
        "can't update password file /etc/passwd\n"
    )


def test_a_binary_of_another_processor_is_read_as_a_script(session: Session) -> None:
    shell = Shell(World(persona("busybox-camera")), "root", session)

    answer = run(shell, r"printf '\177ELF\2\1\1\0(\n)\n' > /tmp/e; chmod +x /tmp/e; /tmp/e")

    assert "/tmp/e: line " in answer.error and "syntax error" in answer.error
    assert answer.status == 2


def test_a_script_whose_shell_is_missing_is_not_found(session: Session) -> None:
    shell = Shell(World(persona("busybox-camera")), "root", session)

    answer = run(shell, r"printf '#!/bin/bash\necho a\n' > /tmp/s; chmod +x /tmp/s; /tmp/s")

    assert (answer.out, answer.error, answer.status) == ("", "ash: /tmp/s: not found\n", 127)


def test_a_user_of_a_device_is_added_and_removed(session: Session) -> None:
    shell = Shell(World(persona("busybox-camera")), "root", session)

    answer = run(shell, "adduser -D bob; id -un bob; adduser -D bob; deluser bob; id bob")

    assert (answer.out, answer.error) == ("bob\n", "adduser: user 'bob' in use\nid: unknown user bob\n")
