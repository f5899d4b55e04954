"""What `ssh NAME` can do, `worker add NAME` can: the operator's ssh configuration, against real sshds."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from decnet.errors import HostKeyRefused, UsageError
from decnet.worker import ssh_config
from decnet.worker.login import HostKeyProof, Login, resolve

from .openssh import USER, Operator, Site, call_later, enter, needs_openssh, refused

pytestmark = needs_openssh


def test_an_alias_with_its_own_key_is_enrolled_as_ssh_would_connect(site: Site, operator: Operator) -> None:
    server = site.sshd("one")
    operator.knows(server)
    operator.configure(
        f"Host w1\n HostName 127.0.0.1\n Port {server.port}\n User {USER}\n"
        f" IdentityFile {operator.folder}/mine\n"
    )
    entered = enter("w1")
    assert (entered.place.host, entered.place.port, entered.place.user) == ("127.0.0.1", server.port, USER)
    assert entered.place.route is not None
    assert entered.place.route.settings.identities == (f"{operator.folder}/mine",)
    operator.forget_everything()
    assert call_later(site, entered, server)["command"] == "decnet-agent hello"


def test_a_tilde_and_the_tokens_of_an_identity_file_are_expanded(operator: Operator) -> None:
    operator.configure(
        f"Host w1\n HostName 192.0.2.9\n User deck\n IdentityFile {operator.folder}/%n-%h-%r%%\n"
    )
    names = [operator.key(name) for name in ("w1-192.0.2.9-deck%", "in-home", "of-variable")]
    with operator.config.open("a") as file:
        file.write("Host w1\n IdentityFile ~/in-home\n IdentityFile ${HOME}/of-variable\n")
    found = asyncio.run(resolve(Login("w1"), "w1"))
    assert found.route is not None
    assert found.route.settings.identities == tuple(map(str, names))


def test_the_hash_in_the_name_of_a_key_file_is_the_one_of_ssh(operator: Operator) -> None:
    operator.configure(
        f"Host w1\n HostName 192.0.2.9\n Port 2200\n User deck\n IdentityFile {operator.folder}/%C\n"
        f" ControlPath {operator.folder}/control-%C\n"
    )
    argv = ["ssh", "-F", str(operator.config), "-G", "w1"]
    shown = subprocess.run(argv, capture_output=True, check=True, text=True).stdout
    name = next(line.partition("/control-")[2] for line in shown.splitlines() if "controlpath " in line)
    key = operator.key(name)
    found = asyncio.run(resolve(Login("w1"), "w1"))
    assert found.route is not None
    assert found.route.settings.identities == (str(key),)


def test_an_alias_that_is_no_host_name_is_resolved(operator: Operator) -> None:
    operator.configure("Host prod/web+1\n HostName 192.0.2.9\nHost büro\n HostName fe80::1%%eth0\n")
    found = [asyncio.run(resolve(Login.parse(each), "w1")) for each in ("prod/web+1", "büro", r"DOM\u@büro")]
    assert [(one.user, one.host) for one in found] == [
        (USER, "192.0.2.9"), (USER, "fe80::1%eth0"), (r"DOM\u", "fe80::1%eth0"),
    ]  # fmt: skip


def test_what_concerns_a_terminal_or_a_session_is_ignored(site: Site, operator: Operator) -> None:
    server = site.sshd("one")
    operator.knows(server)
    operator.configure(
        f"Host w1\n HostName 127.0.0.1\n Port {server.port}\n IdentityFile {operator.folder}/absent\n"
        f" IdentityFile {operator.folder}/mine\n RequestTTY force\n RemoteCommand exit 7\n"
        " ServerAliveInterval 1m\n ForwardAgent yes\n ForwardX11 yes\n LocalForward 1 127.0.0.1:1\n"
        f" ControlMaster auto\n ControlPath {operator.folder}/cm\n SendEnv SECRET\n"
    )
    assert enter("w1").output == b"no tty\n"
    assert not (operator.folder / "cm").exists()


def test_strict_host_key_checking_no_does_not_trust_an_unknown_key(site: Site, operator: Operator) -> None:
    server = site.sshd("one")
    operator.configure(
        f"Host w1\n HostName 127.0.0.1\n Port {server.port}\n StrictHostKeyChecking no\n"
        f" IdentityFile {operator.folder}/mine\n"
    )
    assert operator.ssh("-o", "UserKnownHostsFile=/dev/null", "w1", "true") == 0
    error = refused("w1")
    assert isinstance(error, HostKeyRefused)
    assert "is unknown" in error.message
    assert "Accepted" not in server.log[server.log.rindex("Connection from") :]


def test_a_proxy_command_is_used_now_and_later(site: Site, operator: Operator) -> None:
    server = site.sshd("one")
    operator.known_hosts.write_text(f"[w1.invalid]:2200 {server.host_key.line}\n")
    bridge = operator.folder / "bridge.py"
    bridge.write_text(BRIDGE)
    operator.configure(
        f"Host w1\n HostName w1.invalid\n Port 2200\n IdentityFile {operator.folder}/mine\n"
        f" ProxyCommand {sys.executable} {bridge} {server.port} {operator.folder}/used %h %p\n"
    )
    entered = enter("w1")
    assert (entered.place.host, entered.place.port) == ("w1.invalid", 2200)
    before = (operator.folder / "used").read_text()
    assert set(before.splitlines()) == {"w1.invalid 2200"}
    operator.forget_everything()
    assert call_later(site, entered, server)["command"] == "decnet-agent hello"
    assert (operator.folder / "used").read_text() == before + "w1.invalid 2200\n"
    assert running_bridges(bridge) == []


BRIDGE = """
import os, select, socket, sys
with open(sys.argv[2], "a") as used:
    print(*sys.argv[3:], file=used)
sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
while True:
    ready = select.select([0, sock], [], [])[0]
    if 0 in ready:
        data = os.read(0, 65536)
        if not data: break
        sock.sendall(data)
    if sock in ready:
        data = sock.recv(65536)
        if not data: break
        os.write(1, data)
"""


def running_bridges(bridge: Path) -> list[str]:
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(bridge).encode() in each.read_bytes():
                found.append(str(each))
        except OSError:
            continue
    return found


def test_a_proxy_command_that_fails_is_reported_with_its_last_words(site: Site, operator: Operator) -> None:
    operator.configure("Host w1\n HostName 192.0.2.9\n ProxyCommand echo no way to %h >&2; exit 1\n")
    error = refused("w1")
    assert (error.message, error.exit_code) == (
        "the ProxyCommand ended without a connection (no way to 192.0.2.9)",
        5,
    )


def test_two_jump_hosts_are_both_used_each_with_its_own_settings(site: Site, operator: Operator) -> None:
    operator.key("second")
    first = site.sshd("first")
    second = site.sshd("second-hop", authorized=operator.public("second"))
    server = site.sshd("one")
    operator.knows(first, second, server)
    operator.configure(
        f"Host a\n HostName 127.0.0.1\n Port {first.port}\n IdentityFile {operator.folder}/mine\n"
        f"Host b\n HostName 127.0.0.1\n Port {second.port}\n IdentityFile {operator.folder}/second\n"
        f"Host w1\n HostName 127.0.0.1\n Port {server.port}\n IdentityFile {operator.folder}/mine\n"
        " ProxyJump a,b\n"
    )
    entered = enter("w1")
    ports = [first.port, second.port]
    assert entered.place.jump == ",".join(f"{USER}@127.0.0.1:{port}" for port in ports)
    logins = first.logins(), second.logins()
    assert min(logins) > 0
    operator.forget_everything()
    assert call_later(site, entered, server)["command"] == "decnet-agent hello"
    assert (first.logins(), second.logins()) == (logins[0] + 1, logins[1] + 1)


def test_a_jump_host_has_jump_hosts_of_its_own(operator: Operator) -> None:
    operator.configure(
        "Host a\n HostName 192.0.2.1\nHost b\n HostName 192.0.2.2\n ProxyJump a\nHost w\n ProxyJump u@b\n"
    )
    found = asyncio.run(resolve(Login("w"), "w1"))
    assert found.jump == f"{USER}@192.0.2.1:22,u@192.0.2.2:22"


def test_jump_hosts_of_every_notation_are_understood(operator: Operator) -> None:
    operator.configure("Host w1\n HostName %h.example\n ProxyJump ssh://u@a:2200,[2001:db8::5]:22,b\n")
    found = asyncio.run(resolve(Login("w1"), "w1"))
    assert (found.host, found.jump) == (
        "w1.example",
        f"u@a:2200,{USER}@[2001:db8::5]:22,{USER}@b:22",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Host *\n ProxyJump bastion\n", "jumphost loop via bastion"),
        ("Host w1 b\n ProxyJump a\nHost a\n ProxyJump b\n", "more than 8 jump hosts"),
    ],
)
def test_jump_hosts_that_lead_in_a_circle_are_refused(operator: Operator, text: str, message: str) -> None:
    operator.configure(text)
    error = refused("w1")
    assert isinstance(error, UsageError)
    assert message in error.message


def test_what_is_given_explicitly_counts_more_than_the_configuration(operator: Operator) -> None:
    operator.key("other")
    operator.configure(
        f"Host w1\n HostName 192.0.2.9\n Port 2200\n User deck\n ProxyCommand nc %h %p\n"
        f" IdentityFile {operator.folder}/mine\n"
    )
    login = Login.parse("root@w1:22", jump="hop@192.0.2.1", identity=operator.folder / "other")
    found = asyncio.run(resolve(login, "w1"))
    assert (found.host, found.port, found.user, found.jump) == ("192.0.2.9", 22, "root", "hop@192.0.2.1:22")
    assert found.route is not None
    assert found.route.proxy_command is None
    assert found.route.settings.identities == tuple(str(operator.folder / name) for name in ("other", "mine"))
    operator.configure("Host w1\n ProxyJump a,b\n")
    direct = asyncio.run(resolve(Login("w1", jump="none"), "w1"))
    assert direct.route is not None
    assert direct.route.is_direct


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("KnownHostsCommand /bin/true", "sets KnownHostsCommand for w1"),
        ("ProxyUseFdpass yes\n ProxyCommand nc %h %p", "sets ProxyUseFdpass for w1"),
        ("PKCS11Provider /usr/lib/x.so", "sets PKCS11Provider for w1"),
        ("PreferredAuthentications gssapi-with-mic", "allows neither keys nor passwords for w1"),
        (
            "PubkeyAuthentication no\n PasswordAuthentication no\n KbdInteractiveAuthentication no",
            "allows neither keys nor passwords for w1",
        ),
    ],
)
def test_what_decnet_cannot_follow_is_refused_by_its_name(
    operator: Operator, line: str, message: str
) -> None:
    operator.configure(f"Host w1\n HostName 192.0.2.9\n {line}\n")
    error = refused("w1")
    assert (error.exit_code, message in error.message) == (2, True)


def test_match_exec_runs_once_for_each_host_of_the_way(operator: Operator) -> None:
    count = operator.folder / "count"
    operator.configure(f'Match exec "echo %n >>{count}"\n User deck\nHost w1\n ProxyJump a\n')
    found = asyncio.run(resolve(Login("w1"), "w1"))
    assert (found.user, found.jump) == ("deck", "deck@a:22")
    assert count.read_text().split() == ["w1", "a"]


@pytest.mark.parametrize("text", ["Host w1\n Port many\n", "Host w1\n NoSuchOption yes\n"])
def test_a_configuration_that_ssh_refuses_is_bad_usage(operator: Operator, text: str) -> None:
    operator.configure(text)
    error = refused("w1")
    assert isinstance(error, UsageError)
    assert error.message.startswith("your ssh configuration cannot be read (")


def test_a_match_exec_that_does_not_end_is_ended(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_config, "LIMIT", 2.0)
    pid = operator.folder / "pid"
    operator.configure(f'Match exec "echo $$ >{pid}; sleep 60; true"\n User deck\n')
    start = time.monotonic()
    error = refused("w1")
    assert (error.message, time.monotonic() - start < 30) == ("`ssh -G` did not end within 2 s", True)
    # It is not our child: whoever reaps it does so a moment later.
    program = Path("/proc", pid.read_text().strip())
    until = time.monotonic() + 10
    while program.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not program.exists()


@pytest.mark.parametrize("redirection", ["", " >&2"])
def test_an_ssh_program_that_prints_without_end_is_ended(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, redirection: str
) -> None:
    program = operator.folder / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexec yes hostname{redirection}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    error = refused("w1")
    assert (type(error), error.message) == (UsageError, "`ssh -G` prints more than 256 KiB")


def test_without_an_ssh_program_a_plain_address_works(site: Site, operator: Operator) -> None:
    server = site.sshd("one")
    operator.forget_everything()
    entered = enter(
        f"{USER}@127.0.0.1:{server.port}",
        HostKeyProof(fingerprint=server.host_key.fingerprint),
        identity=operator.folder / "mine",
    )
    assert entered.output == b"no tty\n"
    assert call_later(site, entered, server)["command"] == "decnet-agent hello"


@pytest.mark.parametrize(
    "options", ["BindAddress 127.0.0.9", "BindInterface lo\n BindAddress 127.0.0.9\n AddressFamily inet"]
)
def test_the_connection_comes_from_the_address_that_is_configured(
    site: Site, operator: Operator, options: str
) -> None:
    server = site.sshd("one")
    operator.knows(server)
    operator.configure(
        f"Host w1\n HostName 127.0.0.1\n Port {server.port}\n IdentityFile {operator.folder}/mine\n"
        f" {options}\n"
    )
    entered = enter("w1")
    operator.forget_everything()
    assert call_later(site, entered, server)["command"] == "decnet-agent hello"
    assert {line.split()[2] for line in server.log.splitlines() if line.startswith("Connection from")} == {
        "127.0.0.1",  # the test's own look at the port
        "127.0.0.9",
    }


def test_the_first_jump_host_is_reached_from_the_address_that_is_configured(
    site: Site, operator: Operator
) -> None:
    first, second = site.sshd("first"), site.sshd("second")
    operator.knows(first, second)
    mine = f"IdentityFile {operator.folder}/mine"
    operator.configure(
        f"Host first\n HostName 127.0.0.1\n Port {first.port}\n {mine}\n BindAddress 127.0.0.9\n"
        f"Host w1\n HostName 127.0.0.1\n Port {second.port}\n {mine}\n ProxyJump first\n"
    )
    entered = enter("w1")
    assert "Connection from 127.0.0.9" in first.log
    assert call_later(site, entered, second)["command"] == "decnet-agent hello"


def test_a_family_without_an_address_is_refused_as_ssh_refuses_it(site: Site, operator: Operator) -> None:
    server = site.sshd("one")
    operator.knows(server)
    operator.configure(
        f"Host w1\n HostName 127.0.0.1\n Port {server.port}\n IdentityFile {operator.folder}/mine\n"
        " AddressFamily inet6\n"
    )
    assert operator.ssh("w1", "true") == 255
    error = refused("w1")
    assert (error.exit_code, "Accepted" in server.log) == (5, False)
