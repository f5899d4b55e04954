# ruff: noqa: E501 (lines that are typed)
"""Routes, addresses, rules and neighbours that a visitor sets are there until the machine restarts."""

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


def test_an_added_route_is_in_every_table_of_routes(shell: Shell) -> None:
    out = said(
        shell, "ip route add 10.9.0.0/16 via 192.0.2.1; route -n | grep 10.9; ip -o route | grep -c 10.9"
    )

    assert out.split() == ["10.9.0.0", "192.0.2.1", "255.255.0.0", "UG", "0", "0", "0", "ens192", "1"]


def test_a_route_is_not_added_twice_and_not_removed_twice(shell: Shell) -> None:
    add, remove = "ip route add 10.9.0.0/16 via 192.0.2.1", "ip route del 10.9.0.0/16"

    assert said(shell, f"{add}; {add} 2>&1; {remove}; {remove} 2>&1") == (
        "RTNETLINK answers: File exists\nRTNETLINK answers: No such process\n"
    )


def test_a_gateway_beyond_the_lan_is_refused(shell: Shell) -> None:
    out = said(shell, "ip route add 10.0.0.0/8 via 203.0.113.1 2>&1; route add default gw 203.0.113.1 2>&1")

    assert out == "Error: Nexthop has invalid gateway.\nSIOCADDRT: Network is unreachable\n"


def test_a_second_address_is_shown_with_its_route_until_it_is_removed(shell: Shell) -> None:
    lines = "ip -4 -o a s ens192 | wc -l; ip r | grep -c 'src 10.1.1.1'"
    out = said(shell, f"ip a add 10.1.1.1/24 dev ens192; {lines}; ip a del 10.1.1.1/24 dev ens192; {lines}")

    assert out.split() == ["2", "1", "1", "0"]


def test_arp_and_ip_share_the_neighbours(shell: Shell) -> None:
    out = said(
        shell,
        "arp -s 192.0.2.60 00:11:22:33:44:55; ip neigh show 192.0.2.60; arp -d 192.0.2.60; ip n s 192.0.2.60",
    )

    assert out == "192.0.2.60 dev ens192 lladdr 00:11:22:33:44:55 PERMANENT \n"


def test_rules_have_their_priority(shell: Shell) -> None:
    out = said(
        shell, "ip rule add from 10.0.0.0/8 table 100; ip rule; ip rule del table 100; ip rule | wc -l"
    )

    assert out == (
        "0:\tfrom all lookup local\n32765:\tfrom 10.0.0.0/8 lookup 100\n32766:\tfrom all lookup main\n"
        "32767:\tfrom all lookup default\n3\n"
    )


def test_a_restart_forgets_them(shell: Shell) -> None:
    before = said(shell, "ip r")
    said(shell, "ip route add 10.9.0.0/16 via 192.0.2.1")
    shell.files.restart(("/tmp/",))

    assert said(shell, "ip r") == before


def test_the_tables_are_bounded(shell: Shell) -> None:
    said(shell, "for i in $(seq 200); do ip route add 10.$i.0.0/16 via 192.0.2.1; done")

    assert int(said(shell, "ip r | wc -l")) <= 12


def test_a_setting_of_the_kernel_keeps_what_was_written(shell: Shell) -> None:
    enabled = "/sys/kernel/mm/transparent_hugepage/enabled"
    out = said(
        shell,
        f"echo never > {enabled}; cat {enabled}; echo 128 > /proc/sys/vm/nr_hugepages; sysctl vm.nr_hugepages",
    )

    assert out == "always madvise [never]\nvm.nr_hugepages = 128\n"
