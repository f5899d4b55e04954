"""The operator at the keyboard: their own keys and agent, what they are shown and asked, and sudo."""

from __future__ import annotations

import asyncio
import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from decnet.worker.account import Account
from decnet.worker.login import Login, resolve
from decnet.worker.way import ProxyProcess

from .openssh import USER, Operator, Site, enter, keygen, needs_openssh, new_key, refused

pytestmark = needs_openssh


def test_a_key_that_only_the_agent_has_is_used_with_identities_only(site: Site, operator: Operator) -> None:
    server = site.sshd("one")
    operator.knows(server)
    sock = operator.folder / "agent"
    # More keys than sshd lets one connection try.
    others = [operator.key(f"other{number}") for number in range(7)]
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(sock)], stdout=subprocess.DEVNULL) as agent:
        try:
            while not sock.exists():
                assert agent.poll() is None
            for each in (*others, operator.folder / "mine"):
                add = ["ssh-add", "-q", str(each)]
                subprocess.run(add, env={"SSH_AUTH_SOCK": str(sock)}, check=True, capture_output=True)
            (operator.folder / "mine").unlink()
            operator.configure(
                f"Host w1\n HostName 127.0.0.1\n Port {server.port}\n"
                f" IdentityFile {operator.folder}/mine.pub\n IdentitiesOnly yes\n IdentityAgent {sock}\n"
            )
            assert enter("w1").output == b"no tty\n"
        finally:
            agent.terminate()


def test_a_certificate_of_the_operators_key_is_shown(site: Site, operator: Operator) -> None:
    authority = new_key(site.folder / "authority")
    server = site.sshd("one", f"TrustedUserCAKeys {authority}.pub", authorized="")
    operator.knows(server)
    keygen("-s", str(authority), "-I", "me", "-n", USER, str(operator.folder / "mine.pub"))
    (operator.folder / "mine-cert.pub").rename(operator.folder / "elsewhere.pub")
    host = f"Host w1\n HostName 127.0.0.1\n Port {server.port}\n IdentityFile {operator.folder}/mine\n"
    operator.configure(host)
    assert "authentication" in refused("w1").message
    operator.configure(f"{host} CertificateFile {operator.folder}/elsewhere.pub\n")
    assert enter("w1").output == b"no tty\n"


def test_a_key_with_a_passphrase_is_asked_for_once_nothing_else_is_left(
    site: Site, operator: Operator
) -> None:
    operator.key("locked", "secret")
    server = site.sshd("one", authorized=operator.public("locked"))
    operator.knows(server)
    operator.configure(
        f"Host w1\n HostName 127.0.0.1\n Port {server.port}\n IdentityFile {operator.folder}/locked\n"
        f" IdentityFile {operator.folder}/mine\n"
    )
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return "secret"

    assert enter("w1", ask=ask).output == b"no tty\n"
    assert asked == [f"passphrase for {operator.folder}/locked: "]


def test_a_jump_host_with_a_locked_key_says_which(site: Site, operator: Operator) -> None:
    operator.key("locked", "secret")
    hop = site.sshd("hop", authorized=operator.public("locked"))
    operator.knows(hop)
    operator.configure(
        f"Host hop\n HostName 127.0.0.1\n Port {hop.port}\n IdentityFile {operator.folder}/locked\n"
        "Host w1\n HostName 127.0.0.1\n ProxyJump hop\n"
    )
    error = refused("w1")
    assert (error.message, error.hint) == (
        "at the jump host, 127.0.0.1: SSH authentication failed; a passphrase protects "
        f"{operator.folder}/locked, and no ssh-agent has it",
        "does `ssh hop true` work?",
    )


def decnet(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command itself, off a terminal."""
    environment = {**os.environ, "DECNET_HOME": str(tmp_path / "home")}
    argv = [sys.executable, "-m", "decnet", *words]
    return subprocess.run(
        argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )


def test_a_proxy_command_runs_only_once_it_is_confirmed(operator: Operator, tmp_path: Path) -> None:
    used = operator.folder / "used"
    operator.configure(f"Host w1\n HostName 192.0.2.9\n ProxyCommand touch {used}\n")
    ended = decnet(tmp_path, "worker", "add", "w1")
    assert ended.returncode == 2
    assert f"with a ProxyCommand: touch {used}" in ended.stderr
    assert "confirm with --yes" in ended.stderr
    assert not used.exists()
    assert decnet(tmp_path, "worker", "add", "w1", "--yes").returncode == 5
    assert used.exists()


def test_what_the_configuration_gave_is_shown(site: Site, operator: Operator, tmp_path: Path) -> None:
    server = site.sshd("one")
    operator.configure(
        f"Host w1\n HostName 127.0.0.1\n Port {server.port}\n User deck\n"
        f" IdentityFile {operator.folder}/mine\n"
    )
    ended = decnet(tmp_path, "worker", "add", "w1")
    assert ended.returncode == 6
    assert (
        f"w1: taken from your ssh configuration: host 127.0.0.1, port {server.port}, user deck, "
        f"key {operator.folder}/mine\n"
    ) in ended.stderr


def test_under_sudo_the_configuration_of_the_caller_is_read_as_the_caller(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as shared:
        Path(shared).chmod(0o755)
        (Path(shared) / "config").write_text(f'Match exec "id -u >{shared}/out/uid"\n User deck\n')
        (Path(shared) / "out").mkdir()
        (Path(shared) / "out").chmod(0o777)
        program = Path(shared) / "ssh"
        program.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {shared}/config "$@"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{shared}:/usr/bin:/bin")
        nobody = pwd.getpwnam("nobody")
        monkeypatch.setenv("SUDO_UID", str(nobody.pw_uid))
        monkeypatch.setenv("SUDO_COMMAND", "/usr/bin/decnet worker add w1")
        found = asyncio.run(resolve(Login("w1"), "w1"))
        assert (Path(shared) / "out" / "uid").read_text() == f"{nobody.pw_uid}\n"
        assert found.user == "deck"
        assert found.route is not None
        assert found.route.account == "nobody"
        assert f"{nobody.pw_dir}/.ssh/known_hosts" in found.route.settings.known_hosts


def test_the_proxy_command_of_another_user_runs_as_this_user() -> None:
    nobody = Account.named("nobody")
    proxy = ProxyProcess("id -u >&2", nobody)
    try:
        proxy.sock.setblocking(True)
        assert proxy.sock.recv(1) == b""
        assert proxy.last_words() == str(nobody.uid)
    finally:
        proxy.close()


@pytest.mark.parametrize("command", ["/bin/bash", "/usr/bin/su -", "/usr/bin/su"])
def test_in_a_shell_of_root_the_operator_is_root(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("SUDO_UID", str(pwd.getpwnam("nobody").pw_uid))
    monkeypatch.setenv("SUDO_COMMAND", command)
    assert Account.operator().uid == os.getuid()


def test_a_first_enrolment_that_is_refused_leaves_no_fleet_and_no_key_here(
    site: Site, operator: Operator, tmp_path: Path
) -> None:
    server = site.sshd("one", authorized="")
    operator.knows(server)
    operator.configure(
        f"Host w1\n HostName 127.0.0.1\n Port {server.port}\n IdentityFile {operator.folder}/mine\n"
    )
    assert decnet(tmp_path, "worker", "add", "w1").returncode == 5
    home = tmp_path / "home"
    assert not (home / "decnet-state.json").exists()
    assert [path for path in home.rglob("fleet*") if path.is_file()] == []
