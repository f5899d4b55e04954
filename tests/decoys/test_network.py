# ruff: noqa: E501 (what the kernel and real programs print is not broken into shorter lines)
"""The network as the shell shows it: that of the namespace, as the real programs print it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from decnet.decoys.events import Recorder
from decnet.decoys.host.network import Neighbour, rows
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell
from decnet.decoys.snmp.ber import COUNTER, Reader
from decnet.decoys.snmp.dialects import dialect_of
from decnet.decoys.snmp.interfaces import cards_of, table

ROUTE = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
"""
ARP = """IP address       HW type     Flags       HW address            Mask     Device
192.168.1.1      0x1         0x2         72:ed:1d:b4:0b:f0     *        eth0
192.168.1.9      0x1         0x2         52:54:00:12:34:56     *        eth0
192.168.1.77     0x1         0x0         00:00:00:00:00:00     *        eth0
10.9.9.9         0x1         0x2         52:54:00:99:99:99     *        eth1
"""
TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00007F:A1B2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1001 1 0000000000000000 100 0 0 10 0
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1002 1 0000000000000000 100 0 0 10 0
   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1003 1 0000000000000000 100 0 0 10 0
   3: 1401A8C0:0016 0901A8C0:9C40 01 00000000:00000000 00:00000000 00000000     0        0 1004 1 0000000000000000 100 0 0 10 0
"""
UDP = """   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  10: 00000000:00A1 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1005 2 0000000000000000 0
"""


@pytest.fixture
def namespace(tmp_path: Path) -> Path:
    """The tables of a decky's namespace: /16, a gateway, a visitor, a resolver of the container engine."""
    for name, text in (("route", ROUTE), ("arp", ARP), ("tcp", TCP), ("udp", UDP), ("if_inet6", "")):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def output() -> Iterator[int]:
    out, into = os.pipe()
    os.set_blocking(out, False)
    yield into
    os.close(out)
    os.close(into)


def world_of(namespace: Path, release: str = "debian-12") -> World:
    persona = Persona(
        "ssh",
        "web01",
        "linux",
        release,
        "",
        "ab" * 16,
        ((22, "tcp"),),
        {},
        "192.168.1.20",
        "00:50:56:01:02:03",
    )
    world = World(persona)
    world.namespace = str(namespace)
    return world


def answer(output: int, world: World, line: str, user: str = "root") -> str:
    shell = Shell(world, user, Recorder(output).session("192.168.1.9", 40000))
    done = run_at_once(shell, line)
    return done.out + done.error


def test_gateway_prefix_and_neighbours_are_those_of_the_namespace(namespace: Path) -> None:
    facts = world_of(namespace).network

    assert (facts.gateway, facts.prefix, facts.broadcast, facts.neighbours) == (
        "192.168.1.1",
        16,
        "192.168.255.255",
        (
            Neighbour("192.168.1.1", "72:ed:1d:b4:0b:f0", "STALE"),
            Neighbour("192.168.1.9", "52:54:00:12:34:56", "REACHABLE"),
        ),
    )


def test_without_such_a_lan_there_is_a_usual_one(namespace: Path) -> None:
    (namespace / "route").write_text(ROUTE.splitlines()[0] + "\n")
    facts = world_of(namespace).network

    assert (facts.gateway, facts.prefix, len(facts.neighbours)) == ("192.168.1.1", 24, 1)


def test_a_machine_that_is_the_first_of_its_lan_is_not_its_own_gateway(namespace: Path) -> None:
    (namespace / "route").unlink()
    world = world_of(namespace)
    world.address = "192.168.1.1"

    assert world.network.gateway == "192.168.1.254"


NEIGHBOURS = "192.168.1.1 dev ens192 lladdr 72:ed:1d:b4:0b:f0 STALE \n192.168.1.9 dev ens192 lladdr 52:54:00:12:34:56 REACHABLE \n"
ADDRESSES = """1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: ens192: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000
    link/ether 00:50:56:01:02:03 brd ff:ff:ff:ff:ff:ff
    altname enp11s0
    inet 192.168.1.20/16 brd 192.168.255.255 scope global ens192
       valid_lft forever preferred_lft forever
"""
LISTENERS = """State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
LISTEN 0      511          0.0.0.0:80        0.0.0.0:*          
LISTEN 0      128          0.0.0.0:22        0.0.0.0:*          
LISTEN 0      128             [::]:22           [::]:*          
"""  # noqa: W291
NETSTAT = """Active Internet connections (servers and established)
Proto Recv-Q Send-Q Local Address           Foreign Address         State      
tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN     
tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN     
tcp        0      0 192.168.1.20:22         192.168.1.9:40000       ESTABLISHED
tcp6       0      0 :::22                   :::*                    LISTEN     
udp        0      0 0.0.0.0:161             0.0.0.0:*                          
"""  # noqa: W291
ROUTES = """Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         192.168.1.1     0.0.0.0         UG    0      0        0 ens192
192.168.0.0     0.0.0.0         255.255.0.0     U     0      0        0 ens192
"""
ARP_TABLE = """Address                  HWtype  HWaddress           Flags Mask            Iface
192.168.1.1              ether   72:ed:1d:b4:0b:f0   C                     ens192
192.168.1.9              ether   52:54:00:12:34:56   C                     ens192
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ip n", NEIGHBOURS),
        ("ip addr show", ADDRESSES),
        ("ip -br a s dev ens192", "ens192           UP             192.168.1.20/16 \n"),
        ("ip a show foo", 'Device "foo" does not exist.\n'),
        ("ip r get 1.1.1.1", "1.1.1.1 via 192.168.1.1 dev ens192 src 192.168.1.20 uid 0 \n    cache \n"),
        ("ip r get 192.168.7.7", "192.168.7.7 dev ens192 src 192.168.1.20 uid 0 \n    cache \n"),
        ("netstat -tuan", NETSTAT),
        ("route -n", ROUTES),
        ("arp -n", ARP_TABLE),
        ("hostname -I; hostname", "192.168.1.20 \nweb01\n"),
        ("cat /sys/class/net/ens192/address", "00:50:56:01:02:03\n"),
    ],
)
def test_what_the_programs_print(namespace: Path, output: int, line: str, expected: str) -> None:
    assert answer(output, world_of(namespace), line) == expected


def test_mysql_of_ubuntu_has_its_x_plugin_on_the_loopback_address(namespace: Path) -> None:
    (namespace / "tcp").write_text(TCP.replace("00000000:0050", "00000000:0CEA"))

    class Here(World):
        pass

    Here.namespace = str(namespace)
    found = {
        release: [
            each for each in Here(world_of(namespace, release).persona).sockets() if each.port == 33_060
        ]
        for release in ("ubuntu-22.04", "debian-12")
    }
    assert [(each.address, each.program, each.queue) for each in found["ubuntu-22.04"]] == [
        ("127.0.0.1", "mysqld", 70)
    ]
    assert found["debian-12"] == []


def test_the_widths_of_ss_are_those_of_its_longest_fields(namespace: Path, output: int) -> None:
    shown = answer(output, world_of(namespace), "ss -tln")

    assert [line.replace("511", "128") for line in shown.splitlines()] == [
        line.replace("511", "128") for line in LISTENERS.splitlines()
    ]


def test_a_visitor_sees_his_own_connection_once(namespace: Path, output: int) -> None:
    shown = answer(output, world_of(namespace), "ss -tn state established")

    assert shown.count("192.168.1.9:40000") == 1


def test_his_connection_belongs_to_his_own_server_process(namespace: Path, output: int) -> None:
    shown = answer(output, world_of(namespace), "ss -Htnp | cut -d, -f2; ps -o ppid= -p $$ | tr -d ' '")
    server, parent = shown.split()

    assert server == f"pid={parent}"


def test_the_proc_files_agree_with_the_programs(namespace: Path, output: int) -> None:
    world = world_of(namespace)
    shown = answer(
        output, world, "cat /proc/net/arp; cat /proc/net/route | cut -f1-3; cat /proc/net/tcp | wc -l"
    )

    assert "10.9.9.9" not in shown and "eth0" not in shown and "ens192\t00000000\t0101A8C0" in shown
    assert shown.endswith("\n4\n")


def test_the_counters_of_all_programs_are_the_same(namespace: Path, output: int) -> None:
    world = world_of(namespace)
    line = (
        "ifconfig ens192 | awk '/RX packets/ {print $5}'; ip -s link show ens192 | awk '/RX/ {getline; print $1}';"
        "cat /sys/class/net/ens192/statistics/rx_bytes; awk '/ens192/ {print $2}' /proc/net/dev"
    )
    values = {int(value) for value in answer(output, world, line).split()}

    assert max(values) - min(values) <= 411


@pytest.mark.parametrize("release", ["openwrt-21.02", "busybox", "rocky-9", "ubuntu-20.04", "synology-dsm-7"])
def test_every_release_has_its_form(namespace: Path, output: int, release: str) -> None:
    world = world_of(namespace, release)
    shown = answer(output, world, "ifconfig; ip a; ip r; route -n; arp -a; netstat -tln")

    assert shown.count("192.168.1.20") >= 2
    assert ("HWaddr 00:50:56:01:02:03" in shown) == world.system.busybox
    assert ("group default" in shown) == (not world.system.busybox)


def test_ubuntu_has_its_local_resolver(namespace: Path, output: int) -> None:
    shown = answer(
        output, world_of(namespace, "ubuntu-22.04"), "ss -Htlnp sport = :53; netstat -uln | grep :53"
    )
    fields = shown.split()

    assert (
        fields[:5] == ["LISTEN", "0", "4096", "127.0.0.53%lo:53", "0.0.0.0:*"]
        and "systemd-resolve" in fields[5]
    )
    assert "127.0.0.53:53" in shown and "pid=0" not in shown


def test_a_host_that_was_looked_for_in_vain_is_in_the_table(namespace: Path, output: int) -> None:
    shown = answer(
        output, world_of(namespace), "curl -s 192.168.1.88; ip n | head -1; arp -an | grep -c incomplete"
    )

    assert shown == "192.168.1.88 dev ens192 FAILED \n1\n"


def test_snmp_and_the_shell_count_the_same_packets(namespace: Path, output: int) -> None:
    world = world_of(namespace)
    dialect = dialect_of(replace(world.persona, service="snmp"))
    cards = cards_of(world.persona, world, dialect)
    values = {name[-2:]: value for name, value in table((1, 3, 6, 1, 2, 1, 2), cards, world)}
    octets = {at: values[(10, at)] for at in (1, 2)}
    encoded = [value() if callable(value) else value for value in octets.values()]
    read = [int.from_bytes(Reader(value).take(COUNTER), "big") for value in encoded]
    shown = answer(output, world, "cat /sys/class/net/{lo,ens192}/statistics/rx_bytes").split()

    assert [abs(int(ours) % 2**32 - theirs) < 1000 for ours, theirs in zip(shown, read, strict=True)] == [
        True,
        True,
    ]


def test_a_flood_of_connections_does_not_make_the_commands_slow(namespace: Path, output: int) -> None:
    row = "{:4d}: 1401A8C0:0016 0201A8C0:{:04X} 06 00000000:00000000 00:00000000 00000000     0        0 0 3 0000000000000000\n"
    head = TCP.splitlines(keepends=True)[0]
    (namespace / "tcp").write_text(head + "".join(row.format(at, at + 1024) for at in range(60_000)))
    world = world_of(namespace)

    assert len(rows(world.namespace, "tcp")) < 1000
    assert answer(output, world, "ss -tan | wc -l; netstat -tan | wc -l").split() == ["504", "505"]
