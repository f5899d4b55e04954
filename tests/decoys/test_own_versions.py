"""What programs print as their versions is what dpkg says of their packages, in every release."""

from __future__ import annotations

import pytest
from plain_shell import shell_of

from decnet.decoys.host.printed_versions import FEATURES, upstream
from decnet.decoys.shell.at_once import run_at_once

RELEASES = ("debian-11", "debian-12", "ubuntu-20.04", "ubuntu-22.04", "ubuntu-24.04")


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("command", "package", "shape"),
    [
        ("ldd --version", "libc6", "ldd ({maker} GLIBC {full}) {upstream}"),
        ("getent --version", "libc6", "getent ({maker} GLIBC {full}) {upstream}"),
        ("systemctl --version", "systemd", "systemd {number} ({full})"),
        ("hostnamectl --version", "systemd", "systemd {number} ({full})"),
        ("udevadm --version", "systemd", "{number}"),
        ("dpkg --version", "dpkg", "Debian 'dpkg' package management program version {upstream} (amd64)."),
        ("run-parts --version", "debianutils", "Debian run-parts program, version {upstream}"),
        ("nc -h", "netcat-openbsd", "OpenBSD netcat (Debian patchlevel {full})"),
        ("ssh -V", "openssh-client", "OpenSSH_{upstream} {maker}-{revision}, OpenSSL "),
        ("curl -V", "curl", "curl {upstream} (x86_64-pc-linux-gnu) libcurl/{upstream} OpenSSL/"),
        ("fdisk --version", "fdisk", "fdisk from util-linux {upstream}"),
        ("lsblk --version", "util-linux", "lsblk from util-linux {upstream}"),
        ("apt --version", "apt", "apt {upstream} (amd64)"),
        ("perl --version | grep -o 'v5[0-9.]*'", "perl-base", "v{upstream}"),
    ],
)
def test_a_program_has_the_version_of_its_package(
    release: str, command: str, package: str, shape: str
) -> None:
    version = _out(release, f"dpkg-query -W -f '${{Version}}' {package}")
    full = version.partition(":")[2] or version
    expected = shape.format(
        maker="Ubuntu" if release.startswith("ubuntu") else "Debian", full=full, upstream=upstream(version),
        number=upstream(version).partition(".")[0], revision=full.partition("-")[2],
    )  # fmt: skip

    assert _out(release, f"{command} 2>&1").lstrip("\n").splitlines()[0].startswith(expected)


@pytest.mark.parametrize("release", RELEASES)
def test_the_features_of_systemd_and_the_version_of_bash_are_those_of_the_release(release: str) -> None:
    first, features = _out(release, "systemctl --version").splitlines()
    head = _out(release, 'echo "GNU bash, version $BASH_VERSION"').rstrip("\n")

    assert features == FEATURES[first.split()[1]]
    assert _out(release, "bash --version").startswith(head)


@pytest.mark.parametrize(("version", "expected"), [
    ("2:9.1.0016-1ubuntu7.1", "9.1.0016"), ("1.21.1ubuntu2.3", "1.21.1"), ("5.6.1+really5.4.5-1", "5.4.5"),
    ("1:9.2p1-2+deb12u3", "9.2p1"), ("5.17build1", "5.17"), ("1.1.1w-0+deb11u1", "1.1.1w"),
])  # fmt: skip
def test_upstreams_version_is_without_what_a_distribution_adds(version: str, expected: str) -> None:
    assert upstream(version) == expected


def test_a_login_has_the_environment_of_its_session() -> None:
    names = _out("debian-12", "env | cut -d= -f1").split()
    by_sudo = _out("debian-12", "sudo env | cut -d= -f1 | tr '\\n' ' '")
    session = _out("debian-12", "grep -c /session-$XDG_SESSION_ID.scope /proc/self/cgroup")

    assert {"XDG_RUNTIME_DIR", "XDG_SESSION_TYPE", "MOTD_SHOWN"} <= set(names) and "MAIL" not in names
    assert by_sudo.startswith("LANG PATH MAIL LOGNAME USER HOME SHELL TERM SUDO_COMMAND ")
    assert session == "1\n"
    assert ":/snap/bin\n" in _out("ubuntu-22.04", "echo $PATH")


def _out(release: str, command: str) -> str:
    with shell_of(release) as shell:
        return run_at_once(shell, command).out
