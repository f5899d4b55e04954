"""The first contact: known_hosts of the operator, certificates of hosts, revoked keys."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from decnet.errors import DecnetError, HostKeyRefused
from decnet.worker.hostkeys import HostKey
from decnet.worker.known_hosts import trusted_in
from decnet.worker.login import HostKeyProof

from .openssh import Operator, Site, Sshd, call_later, enter, keygen, needs_openssh, new_key, refused

pytestmark = needs_openssh


def certify(site: Site, name: str, *words: str) -> str:
    """A host certificate for the sshd `name` (which is started later); the authority's public key."""
    authority = site.folder / "authority"
    if not authority.exists():
        new_key(authority)
    folder = site.folder / name
    folder.mkdir(mode=0o700, exist_ok=True)
    new_key(folder / "host_key")
    keygen("-s", str(authority), "-I", name, "-h", *words, str(folder / "host_key.pub"))
    return " ".join((site.folder / "authority.pub").read_text().split()[:2])


def certificate(site: Site, name: str) -> str:
    return f"HostCertificate {site.folder}/{name}/host_key-cert.pub"


ONLY = "HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com"


def configure(operator: Operator, server: Sshd, more: str = "") -> None:
    operator.configure(
        f"Host w1\n HostName 127.0.0.1\n Port {server.port}\n IdentityFile {operator.folder}/mine\n{more}"
    )


@pytest.mark.parametrize("lines", [[], [ONLY]], ids=["certificate and key", "certificate only"])
def test_a_certificate_of_a_known_authority_is_trusted_and_its_key_pinned(
    site: Site, operator: Operator, lines: list[str]
) -> None:
    authority = certify(site, "one", "-n", "127.0.0.1,w1.example")
    server = site.sshd("one", certificate(site, "one"), *lines)
    operator.known_hosts.write_text(f"@cert-authority [127.0.0.1]:*,127.0.0.* {authority}\n")
    configure(operator, server)
    entered = enter("w1")
    assert entered.output == b"no tty\n"
    operator.forget_everything()
    assert call_later(site, entered, server)["command"] == "decnet-agent hello"


def test_a_certificate_is_checked_for_the_alias(site: Site, operator: Operator) -> None:
    authority = certify(site, "one", "-n", "w1.example")
    server = site.sshd("one", certificate(site, "one"))
    operator.known_hosts.write_text(f"@cert-authority *.example {authority}\n")
    configure(operator, server, " HostKeyAlias w1.example\n")
    assert operator.ssh("w1", "true") == 0
    assert enter("w1").output == b"no tty\n"


@pytest.mark.parametrize(
    ("words", "reason"),
    [(("-n", "other.example"), "principal"), (("-n", "127.0.0.1", "-V", "20200101:20200102"), "expired")],
)
def test_a_certificate_for_another_host_or_time_is_refused(
    site: Site, operator: Operator, words: tuple[str, ...], reason: str
) -> None:
    authority = certify(site, "one", *words)
    server = site.sshd("one", certificate(site, "one"), ONLY)
    operator.known_hosts.write_text(f"@cert-authority * {authority}\n")
    configure(operator, server)
    assert operator.ssh("w1", "true") == 255
    error = refused("w1")
    assert isinstance(error, HostKeyRefused)
    assert error.message.startswith("its host certificate is not valid (")
    assert reason in error.message
    assert server.logins() == 0


def test_a_certificate_of_another_authority_counts_as_its_key(site: Site, operator: Operator) -> None:
    certify(site, "one", "-n", "127.0.0.1")
    server = site.sshd("one", certificate(site, "one"), ONLY)
    operator.knows(server)
    configure(operator, server)
    entered = enter("w1")
    assert call_later(site, entered, server)["command"] == "decnet-agent hello"


def test_without_its_authority_the_key_of_a_certificate_is_asked_for(site: Site, operator: Operator) -> None:
    certify(site, "one", "-n", "127.0.0.1")
    server = site.sshd("one", certificate(site, "one"), ONLY)
    configure(operator, server)
    shown: list[HostKey] = []

    def confirm(key: HostKey) -> bool:
        shown.append(key)
        return True

    assert enter("w1", HostKeyProof(confirm=confirm)).output == b"no tty\n"
    assert shown == [server.host_key]


def test_a_machine_without_the_expected_certificate_is_unknown(site: Site, operator: Operator) -> None:
    authority = certify(site, "other", "-n", "127.0.0.1")
    server = site.sshd("one")
    operator.known_hosts.write_text(f"@cert-authority * {authority}\n")
    configure(operator, server)
    assert "is unknown, and this session is not interactive" in refused("w1").message


def test_a_revoked_key_is_refused_although_it_is_known_or_confirmed(site: Site, operator: Operator) -> None:
    server = site.sshd("one")
    configure(operator, server)
    revoked = f"@revoked * {server.host_key.line}\n"
    for known in ("", server.known()):
        operator.known_hosts.write_text(revoked + known)
        error = enter_refused(HostKeyProof(confirm=lambda key: True))
        assert isinstance(error, HostKeyRefused)
        assert f"{server.host_key.fingerprint} is revoked in " in error.message


def enter_refused(proof: HostKeyProof) -> DecnetError:
    with pytest.raises(DecnetError) as caught:
        enter("w1", proof)
    return caught.value


def test_another_key_than_the_known_one_is_different(site: Site, operator: Operator) -> None:
    server = site.sshd("one")
    other = HostKey.parse(new_key(site.folder / "another").with_suffix(".pub").read_text())
    operator.known_hosts.write_text(f"[127.0.0.1]:{server.port} {other.line}\n")
    configure(operator, server)
    error = enter_refused(HostKeyProof(confirm=lambda key: True))
    assert isinstance(error, HostKeyRefused)
    assert (error.message, error.hint) == (
        f"its host key {server.host_key.fingerprint} is not the one of {operator.known_hosts}",
        f"if the change is legitimate: ssh-keygen -R '[127.0.0.1]:{server.port}' -f {operator.known_hosts}",
    )


def test_a_host_that_is_not_in_the_given_file_is_absent_and_not_different(
    site: Site, operator: Operator, tmp_path: Path
) -> None:
    server = site.sshd("one")
    configure(operator, server)
    given = tmp_path / "given"
    given.write_text(server.known("other.example"))
    error = enter_refused(HostKeyProof(known_hosts=given))
    assert isinstance(error, HostKeyRefused)
    assert error.message == f"{given} has no key for 127.0.0.1:{server.port}"
    given.write_text(server.known())
    assert enter("w1", HostKeyProof(known_hosts=given)).output == b"no tty\n"


def test_a_hashed_entry_and_one_of_several_keys_are_found(site: Site, operator: Operator) -> None:
    new_key(site.folder / "rsa", "rsa")
    server = site.sshd("one", f"HostKey {site.folder}/rsa")
    rsa = HostKey.parse((site.folder / "rsa.pub").read_text())
    operator.known_hosts.write_text(f"[127.0.0.1]:{server.port} {rsa.line}\n")
    keygen("-H", "-f", str(operator.known_hosts))
    with operator.known_hosts.open("a") as file:
        file.write("odd\n@what is this\n")
    configure(operator, server)
    assert "127.0.0.1" not in operator.known_hosts.read_text()
    assert enter("w1").output == b"no tty\n"


def test_a_jump_host_with_a_certificate_is_trusted(site: Site, operator: Operator) -> None:
    authority = certify(site, "hop", "-n", "127.0.0.1")
    hop = site.sshd("hop", certificate(site, "hop"), ONLY)
    server = site.sshd("one")
    operator.known_hosts.write_text(f"@cert-authority [127.0.0.1]:{hop.port} {authority}\n{server.known()}")
    configure(
        operator, server, f" ProxyJump 127.0.0.1:{hop.port}\nHost *\n IdentityFile {operator.folder}/mine\n"
    )
    assert operator.ssh("w1", "true") == 0
    entered = enter("w1")
    operator.forget_everything()
    assert call_later(site, entered, server)["command"] == "decnet-agent hello"


def test_a_file_that_cannot_be_read_is_bad_usage(tmp_path: Path) -> None:
    with pytest.raises(DecnetError) as caught:
        trusted_in(tmp_path / "none", "h", 22)
    assert caught.value.exit_code == 2


def test_a_pipe_may_vouch_for_a_host(site: Site, operator: Operator, tmp_path: Path) -> None:
    server = site.sshd("one")
    configure(operator, server)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(server.known(),))
    writer.start()
    assert enter("w1", HostKeyProof(known_hosts=pipe)).output == b"no tty\n"
    writer.join()
