"""Questions about users, the kernel's counters and algorithms have the answers of the real programs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from plain_shell import shell_of

from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell


@pytest.fixture
def shell() -> Iterator[Shell]:
    with shell_of("debian-12") as found:
        yield found


def said(shell: Shell, line: str) -> str:
    return run_at_once(shell, line).out


def test_getent_finds_services_by_their_number(shell: Shell) -> None:
    assert said(shell, "getent services 443 22/tcp").split() == ["https", "443/tcp", "ssh", "22/tcp"]


def test_getent_lists_the_groups_that_name_a_user(shell: Shell) -> None:
    assert said(shell, "gpasswd -a games adm > /dev/null; getent initgroups games") == f"{'games':<21} 4\n"


def test_an_account_ends_on_the_day_that_was_set(shell: Shell) -> None:
    out = said(shell, "chage -E 2030-01-01 -M 90 -d 2026-01-01 root; chage -l root | cut -d: -f2 | head -4")

    assert out == " Jan 01, 2026\n Apr 01, 2026\n never\n Jan 01, 2030\n"


def test_vmstat_counts_what_proc_counts(shell: Shell) -> None:
    out = said(shell, "vmstat -s | awk '/boot time/ {print $1}'; awk '/btime/ {print $2}' /proc/stat")

    assert len(set(out.split())) == 1


def test_passwd_shows_all_accounts_to_root(shell: Shell) -> None:
    out = said(shell, "passwd -Sa | wc -l; wc -l < /etc/passwd")

    assert len(set(out.split())) == 1


@pytest.mark.parametrize(("release", "first"), [("debian-12", "sk-ssh"), ("ubuntu-22.04", "sk-ssh")])
def test_ssh_lists_its_algorithms(release: str, first: str) -> None:
    with shell_of(release) as shell:
        assert said(shell, "ssh -Q cipher | wc -l") == "10\n"
        assert said(shell, "ssh -Q key-plain | sed -n 2p").startswith(first)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("ping -s 99999 127.0.0.1", "ping: invalid argument: '99999': out of range: 0 <= value <= 65507\n"),
        ("ping -Q x 127.0.0.1", "ping: bad TOS value: x\n"),
        ("ping -4 -c1 ::1", "ping: ::1: Address family for hostname not supported\n"),
        ("traceroute -m 0 127.0.0.1", "first hop out of range\n"),
        ("traceroute -z x 127.0.0.1", "Cannot handle `-z' option with arg `x' (argc 2)\n"),
    ],
)
def test_values_of_options_have_their_ranges(shell: Shell, line: str, error: str) -> None:
    assert run_at_once(shell, line).error == error


def test_sysctl_shows_what_was_set_and_what_fits_a_pattern(shell: Shell) -> None:
    out = said(shell, "sysctl -qw vm.swappiness=3; sysctl -a -r '^vm.swap(p|x)'")

    assert out == "vm.swappiness = 3\n"
