"""One machine: what its programs, files and services show of a fact is the same, on every archetype."""

from __future__ import annotations

import os
import re
import time
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from decnet.decoys.events import Recorder
from decnet.decoys.host.services import announce
from decnet.decoys.host.world import World
from decnet.decoys.machine import Machine
from decnet.decoys.persona import Persona
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.consoles import console_of
from decnet.decoys.shell.state import Shell

ADDRESS, SOURCE, PORT = "192.0.2.7", "192.0.2.9", 4000
MACS = {"vmware": "00:50:56:01:02:03"}
SEEDS = ("5a" * 16, "c3" * 16)
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def _data(name: str) -> dict[str, dict[str, object]]:
    text = files("decnet.catalog").joinpath("data", f"{name}.toml").read_text()
    found: dict[str, dict[str, object]] = tomllib.loads(text)[name.rstrip("s")]
    return found


SERVICES, RELEASES, ARCHETYPES = _data("services"), _data("releases"), _data("archetypes")


def _machines() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Archetype, release and services of each kind of machine that has a shell."""
    for archetype, kind in ARCHETYPES.items():
        for release, about in RELEASES.items():
            only = about.get("archetypes")
            fits = archetype in only if isinstance(only, list) else True
            if about["os"] != kind["os"] or not fits or "withheld" in about or "withheld" in kind:
                continue
            wished = {str(name) for part in ("services", "side") for name in kind[part]}  # type: ignore[attr-defined]
            names = sorted(name for name in wished if "built" in SERVICES[name] and name in about["banners"])  # type: ignore[operator]
            reached = [name for name in ("ssh", "telnet") if name in names]
            if reached and console_of(_persona(release, reached[0], SEEDS[0])) is None:
                yield archetype, release, tuple(names)


def _ports(service: str) -> tuple[tuple[int, str], ...]:
    found = []
    for port in SERVICES[service]["ports"]:  # type: ignore[attr-defined]
        number, _, protocol = str(port).partition("/")
        found.append((int(number), protocol or "tcp"))
    return tuple(found)


def _persona(release: str, service: str, seed: str) -> Persona:
    about = RELEASES[release]
    banner = str(about["banners"].get(service, "")).replace("{hostname}", "web01")  # type: ignore[attr-defined]
    mac = "00:50:56:01:02:03" if seed == SEEDS[0] else "00:25:90:01:02:03"
    return Persona(
        service, "web01", str(about["os"]), release, banner, seed[::-1], _ports(service), {}, ADDRESS, mac,
        machine_seed=seed,
    )  # fmt: skip


def _namespace(folder: Path, services: tuple[str, ...]) -> str:
    """The tables of the decky's network namespace: all services listen, and the visitor is connected."""
    tables = {"tcp": HEAD, "udp": HEAD, "route": "", "arp": "", "if_inet6": ""}
    inode = 31_000
    for number, protocol in (port for name in services for port in _ports(name)):
        state = "0A" if protocol == "tcp" else "07"
        tables[protocol] += f" 0: 00000000:{number:04X} 00000000:0000 {state} 0:0 0:0 0 0 0 {inode} 1\n"
        inode += 1
    tables["tcp"] += f" 0: 070200C0:0016 090200C0:{PORT:04X} 01 0:0 0:0 0 0 0 {inode} 1\n"
    for name, text in tables.items():
        (folder / name).write_text(text)
    return str(folder)


def _kinds() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Each release once, with all services that one of its archetypes has, and a seed."""
    found: dict[str, set[str]] = {}
    for _, release, services in _machines():
        found.setdefault(release, set()).update(services)
    for at, (release, names) in enumerate(sorted(found.items())):
        yield release, tuple(sorted(names)), SEEDS[at % len(SEEDS)]


@pytest.fixture(scope="module", params=_kinds(), ids=lambda kind: kind[0])
def shell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A visitor's shell on such a machine."""
    release, services, seed = request.param
    own = _persona(release, "ssh" if "ssh" in services else "telnet", seed)
    announce(Machine(own), {name: _ports(name) for name in services})
    out, into = os.pipe()
    os.set_blocking(out, False)
    world = World(own)
    world.namespace = _namespace(tmp_path_factory.mktemp("net"), services)
    session = Recorder(into).session(SOURCE, PORT)
    yield Shell(world, "root", session, interactive=True)
    os.close(out)
    os.close(into)


def said(shell: Shell, line: str) -> str:
    return run_at_once(shell, line).out


def is_server(shell: Shell) -> bool:
    """Whether it is a distribution's: a device has few programs."""
    return shell.world.packages is not None


def test_every_archetype_with_a_shell_is_walked() -> None:
    assert {archetype for archetype, _, _ in _machines()} >= {
        "linux-server", "web-server", "database-server", "mail-server", "file-server", "iot-device",
        "monitoring-node", "devops-host",
    }  # fmt: skip


def test_who_listens_is_the_same_everywhere(shell: Shell) -> None:
    if not is_server(shell):
        pytest.skip("a device has no ss")
    held = {
        (line.split()[3 if protocol == "t" else 3].rpartition(":")[2], int(pid)): (name, int(number))
        for protocol in "tu"
        for line in said(shell, f"ss -H{protocol}lnp").splitlines()
        for name, pid, number in re.findall(r'\("([^"]+)",pid=(\d+),fd=(\d+)\)', line)
    }
    listed = {
        (line.split()[3].rpartition(":")[2], *line[80:].strip().split("/", 1))
        for line in said(shell, "netstat -tlnp; netstat -ulnp").splitlines()
        if "/" in line[80:] and line[:3] in ("tcp", "udp")
    }
    names = dict(line.split(None, 1) for line in said(shell, "ps -eo pid=,comm=").splitlines())
    assert held and {(port, int(pid)) for port, pid, _ in listed} <= held.keys()
    for _, pid, shown in listed:
        first = said(shell, f"tr '\\0' '\\n' < /proc/{pid}/cmdline | head -n 1").strip()
        plain = first.rpartition("/")[2] if first.startswith("/") else first
        assert f"{pid}/{shown}" == f"{pid}/{plain}"[:19].strip()
    assert {port for port, _ in held} == {port for port, _, _ in listed}
    for (port, pid), (name, number) in held.items():
        assert names[str(pid)] == name == said(shell, f"cat /proc/{pid}/comm").strip()
        assert said(shell, f"readlink /proc/{pid}/fd/{number}").startswith("socket:["), (port, name)
        assert re.search(
            rf"^{name[:9]} +{pid} +\S+ +{number}u ", said(shell, f"lsof -nP -i :{port}"), re.M
        ), port


def test_every_socket_of_the_kernel_is_held_by_the_process_that_ss_names(shell: Shell) -> None:
    tables = said(shell, "cat /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6").splitlines()
    inodes = [int(row[9]) for line in tables if (row := line.split()) and row[0][:-1].isdecimal()]
    assert len(inodes) == len(set(inodes))
    linked = re.findall(r"socket:\[(\d+)\]", said(shell, "ls -l /proc/[0-9]*/fd"))
    assert set(map(str, inodes)) <= set(linked)


def test_unix_sockets_are_the_same_everywhere(shell: Shell) -> None:
    if not is_server(shell):
        pytest.skip("a device has no ss")
    table = [line.split() for line in said(shell, "cat /proc/net/unix").splitlines()[1:]]
    listening = {row[6]: row[7] for row in table if row[5] == "01" and row[3] == "00010000"}
    rows = said(shell, "ss -Hxlp").splitlines()
    assert listening == {row.split()[4]: row.split()[3] for row in rows}
    assert {"/run/systemd/private", "/run/dbus/system_bus_socket"} <= set(listening.values())
    opened = said(shell, "lsof -U").splitlines()
    for row in rows:
        holders = re.findall(r'\("([^"]+)",pid=(\d+),fd=(\d+)\)', row)
        assert holders, row
        inode, path = row.split()[4], row.split()[3]
        for name, pid, number in holders:
            assert said(shell, f"cat /proc/{pid}/comm").strip() == name
            assert said(shell, f"readlink /proc/{pid}/fd/{number}").strip() == f"socket:[{inode}]"
            line = rf"^{re.escape(name[:9])} +{pid} +\S+ +{number}u .* {inode} {re.escape(path)} type="
            assert any(re.search(line, each) for each in opened), (name, path)
        if path.startswith("/"):
            assert said(shell, f"stat -c %F {path}").strip() == "socket", path


def test_the_connection_of_a_visitor_belongs_to_his_server(shell: Shell) -> None:
    if shell.world.persona.service != "ssh" or not is_server(shell):
        pytest.skip("it came by telnet, or there is no ss")
    row = said(shell, f"ss -Htnp dport = :{PORT}")
    assert f"pid={shell.visit.server}," in row
    assert f"{shell.visit.server}/sshd" in said(shell, f"netstat -tnp | grep :{PORT}")


def test_units_name_the_processes_that_ps_lists(shell: Shell) -> None:
    if not is_server(shell):
        pytest.skip("a device has no systemd")
    names = dict(line.split(None, 1) for line in said(shell, "ps -eo pid=,comm=").splitlines())
    running = [
        line.split()[0]
        for line in said(
            shell, "systemctl list-units --type=service --state=running --no-legend --no-pager"
        ).splitlines()
    ]
    assert running
    for unit in running:
        main = said(shell, f"systemctl show -p MainPID --value {unit}").strip()
        assert main in names, unit
        assert f"Main PID: {main} ({names[main]})" in said(shell, f"systemctl status {unit} --no-pager"), unit


def test_every_process_has_its_files_in_proc(shell: Shell) -> None:
    rows = (
        [line.split(None, 3) for line in said(shell, "ps -eo pid,ppid,user:32,args").splitlines()[1:]]
        if is_server(shell)
        else []
    )
    for pid, ppid, user, command in rows:
        text = said(shell, f"cat /proc/{pid}/status; tr '\\0' ' ' < /proc/{pid}/cmdline")
        if not text:
            continue  # the ps itself
        assert f"\nPPid:\t{ppid}\n" in text and (command.startswith("[") or command.strip() in text), command
        uid = re.findall(r"\nUid:\t(\d+)", text)[0]
        assert said(shell, f"id -u {user}").strip() == uid, (pid, user)
        program = said(shell, f"readlink /proc/{pid}/exe").strip()
        if not command.startswith("["):
            assert shell.node(program) is not None, (command, program)


def test_programs_of_services_are_of_packages_that_dpkg_lists(shell: Shell) -> None:
    if not is_server(shell):
        pytest.skip("a device has no packages")
    for entry in shell.world.services():
        pid = next(
            (each.pid for each in shell.world.processes(int(time.time())) if each.name == entry.program), 0
        )
        program = said(shell, f"readlink /proc/{pid}/exe").strip()
        owner = run_at_once(shell, f"dpkg -S {program} {program.removeprefix('/usr')}").out.partition(":")[0]
        assert said(shell, f"dpkg -s {owner} | grep ^Status").strip() == "Status: install ok installed", (
            entry,
            program,
        )
