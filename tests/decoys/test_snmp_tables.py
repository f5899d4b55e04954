# ruff: noqa: E501 (facts in rows)
"""The tables of the SNMP decoy on a Linux machine: as the real agent has them, and as the machine's shell shows them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.catalog import load
from decnet.decoys.events import Recorder
from decnet.decoys.persona import Persona
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell
from decnet.decoys.snmp import ber, unix
from decnet.decoys.snmp.host_view import Host
from decnet.decoys.snmp.objects import objects_of
from decnet.decoys.snmp.tree import Section, Table, Tree
from decnet.decoys.visitor_logins import Login
from decnet.decoys.visitors import Visitors

CATALOG = load()
REAL = Path(__file__).with_name("replies") / "snmpd-5.9.3.txt"
OWN_GROUPS = re.compile(r"1\.3\.6\.1\.(2\.1\.(28|88|92)|4\.1\.8072|6\.3\.1[1256])\.")
TAGS = {0x02: "i", 0x04: "s", 0x06: "o", 0x40: "a", 0x41: "c", 0x42: "g", 0x43: "t", 0x44: "f", 0x46: "C"}
MIB2: ber.Oid = (1, 3, 6, 1, 2, 1)
RESOURCES: ber.Oid = (*MIB2, 25)
UCD: ber.Oid = (1, 3, 6, 1, 4, 1, 2021)
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
REST = "00000000:00000000 00:00000000 00000000     0        0 1001 1 0000000000000000 100 0 0 10 0"
NAMESPACE = {
    "route": "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\neth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n",
    "arp": "IP address       HW type     Flags       HW address            Mask     Device\n"
    "192.0.2.1        0x1         0x2         72:ed:1d:b4:0b:f0     *        eth0\n",
    "tcp": f"{HEAD}   0: 00000000:0016 00000000:0000 0A {REST}\n   1: 070200C0:0016 FA0200C0:9C40 01 {REST}\n",
    "udp": f"{HEAD}  10: 00000000:00A1 00000000:0000 07 {REST}\n",
    "if_inet6": "",
}


def persona(release: str) -> Persona:
    banner = CATALOG.banner(release, "snmp", hostname="web01", address="192.0.2.7")
    return Persona("snmp", "web01", "linux", release, banner, "ab" * 16, ((161, "udp"),), {}, "192.0.2.7", "00:50:56:01:02:03")  # fmt: skip


def host_in(folder: Path, release: str = "debian-12") -> Host:
    """The machine of an agent on a LAN with a gateway and a visitor."""
    for name, text in NAMESPACE.items():
        (folder / name).write_text(text)
    host = Host(persona(release))
    host.world.namespace = str(folder)
    return host


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return host_in(tmp_path)


def tree_of(host: Host) -> Tree:
    return Tree(dict(unix.rows(host)), frozenset(), unix.tables(host))


def walk(tree: Tree, below: ber.Oid = (1, 3)) -> Iterator[tuple[ber.Oid, bytes]]:
    """All objects below a name with their encoded values."""
    name = below
    while (found := tree.next(name)) is not None and found[: len(below)] == below:
        value = tree.value(found)
        assert found > name and value is not None
        name = found
        yield found, value


def plain(value: bytes) -> int | str | tuple[int, ...]:
    """A value as a number, text or name."""
    tag, content = ber.Reader(value).any()
    if tag == ber.STRING:
        return content.decode("latin-1")
    if tag == ber.OBJECT:
        return ber.oid_of(content)
    return ".".join(map(str, content)) if tag == ber.ADDRESS else int.from_bytes(content, "big", signed=True)


def table(tree: Tree, entry: ber.Oid) -> dict[ber.Oid, dict[int, int | str | tuple[int, ...]]]:
    """The rows of a table by index, each with its values by column."""
    rows: dict[ber.Oid, dict[int, int | str | tuple[int, ...]]] = {}
    for name, value in walk(tree, entry):
        rows.setdefault(name[len(entry) + 1 :], {})[name[len(entry)]] = plain(value)
    return rows


def typed(host: Host, line: str) -> str:
    """What a line prints in the machine's shell."""
    out = os.open(os.devnull, os.O_WRONLY)
    try:
        return run_at_once(Shell(host.world, "root", Recorder(out).session("192.0.2.250", 40000)), line).out
    finally:
        os.close(out)


def test_the_agent_has_the_objects_of_the_real_one_and_no_others(host: Host) -> None:
    expected = dict(line.split(" ") for line in REAL.read_text().splitlines() if not line.startswith("#"))
    objects = objects_of(persona("debian-12"))
    dynamic = tree_of(host)
    found = {}
    for name, value in [*walk(objects.tree), *walk(dynamic)]:
        text = ".".join(map(str, name))
        if not OWN_GROUPS.match(text + "."):
            column = next((text[:end] for end in range(len(text), 0, -1) if text[:end] in expected), text)
            found[column] = TAGS[value[0]]
    assert found == expected


def test_processes_are_those_of_ps(host: Host) -> None:
    rows = table(tree_of(host), (*RESOURCES, 4, 2, 1))
    listed = {}
    for line in typed(host, "ps -eo pid,comm").splitlines()[1:]:
        number, name = line.split(None, 1)
        listed[int(number)] = name
    shared = {number: name for (number,), name in ((key, row[2]) for key, row in rows.items())}
    assert len(shared) > 60 and shared.items() <= listed.items()
    assert set(listed.values()) - set(map(str, shared.values())) == {"ps", "sshd", "(sd-pam)"}, "the visit"
    assert rows[1,] | {5: ""} == {1: 1, 2: "systemd", 3: (0, 0), 4: "/sbin/init", 5: "", 6: 4, 7: 2}
    assert rows[2,] == {1: 2, 2: "kthreadd", 3: (0, 0), 4: "", 5: "", 6: 2, 7: 2}


@pytest.mark.parametrize("release", ["debian-12", "ubuntu-22.04"])
def test_packages_are_those_of_dpkg_with_the_times_of_their_lists(tmp_path: Path, release: str) -> None:
    host = host_in(tmp_path, release)
    rows = table(tree_of(host), (*RESOURCES, 6, 3, 1))
    shown = typed(host, "dpkg-query -W -f '${Package}_${Version}_${Architecture}\\n'").split()
    assert [row[2] for row in rows.values()] == shown
    version = next(str(row[2]) for row in rows.values() if str(row[2]).startswith("snmpd_"))
    assert version.split("_")[1].startswith(host.release)
    year, month, day, hour, minute, second = time.gmtime(
        int(typed(host, "stat -c %Y /var/lib/dpkg/info/adduser.list"))
    )[:6]
    written = bytes((year >> 8, year & 255, month, day, hour, minute, second, 0)) + b"+\0\0"
    assert rows[1,][5] == written.decode("latin-1")


def test_storages_are_those_of_df_and_free(host: Host) -> None:
    rows = table(tree_of(host), (*RESOURCES, 2, 3, 1))
    by_name = {row[3]: row for row in rows.values()}
    for line in typed(host, "df -k").splitlines()[1:]:
        _, size, used, *_, where = line.split()
        if where not in ("/dev", "/run/user/0"):
            assert (by_name[where][5], by_name[where][6]) == (int(size) // 4, int(used) // 4), where
    assert by_name["/"][4] == 4096 and rows[36,][3] == "/"
    total = int(typed(host, "awk '/MemTotal/ {print $2}' /proc/meminfo"))
    assert by_name["Physical memory"][5] == total == plain(tree_of(host).value((*UCD, 4, 5, 0)) or b"")


def test_sockets_routes_and_neighbours_are_those_of_the_namespace(host: Host) -> None:
    tree = tree_of(host)
    assert set(table(tree, (*MIB2, 6, 13, 1))) == {
        (0, 0, 0, 0, 22, 0, 0, 0, 0, 0), (192, 0, 2, 7, 22, 192, 0, 2, 250, 40000),
    }  # fmt: skip
    assert {index[-1] for index in table(tree, (*MIB2, 6, 20, 1))} == {22}
    agent = next(each for each in host.world.processes(int(time.time())) if each.name == "snmpd")
    assert [row[8] for row in table(tree, (*MIB2, 7, 7, 1)).values()] == [agent.pid]
    near = table(tree, (*MIB2, 4, 22, 1))
    assert list(near) == [(2, 192, 0, 2, 1)] and near[2, 192, 0, 2, 1][3] == "192.0.2.1"
    assert table(tree, (*MIB2, 4, 21, 1))[0, 0, 0, 0][7] == "192.0.2.1"
    assert table(tree, (*MIB2, 4, 20, 1))[192, 0, 2, 7][3] == "255.255.255.0"


def test_counters_are_the_same_for_netstat_nstat_proc_and_the_agent(host: Host) -> None:
    """They grow by less than 20 while the test runs."""
    shown = typed(host, "cat /proc/net/snmp; netstat -s; nstat -z")
    ip, tcp = (re.findall(rf"^{name}: (\d.*)$", shown, re.M)[0].split() for name in ("Ip", "Tcp"))
    tree = tree_of(host)
    received = [
        int(ip[2]),
        *map(int, re.findall(r"^    (\d+) total packets received$", shown, re.M)),
        *map(int, re.findall(r"^IpInReceives +(\d+) ", shown, re.M)),
        plain(tree.value((*MIB2, 4, 3, 0)) or b""),
    ]
    opened = [
        int(tcp[5]),
        *map(int, re.findall(r"^    (\d+) passive connection openings$", shown, re.M)),
        *map(int, re.findall(r"^TcpPassiveOpens +(\d+) ", shown, re.M)),
        plain(tree.value((*MIB2, 6, 6, 0)) or b""),
    ]
    for found in (received, opened):
        numbers = [each for each in found if isinstance(each, int)]
        assert len(numbers) == 4 and max(numbers) - min(numbers) < 20
    assert plain(tree.value((*MIB2, 6, 9, 0)) or b"") == 1


def test_storage_boxes_can_be_walked(tmp_path: Path) -> None:
    for release in ("synology-dsm-7", "qnap-qts-5"):
        host = host_in(tmp_path, release)
        names = [row[3] for row in table(tree_of(host), (*RESOURCES, 2, 3, 1)).values()]
        assert {"/volume1", "/share/CACHEDEV1_DATA"} & set(names), release
        assert len(list(walk(tree_of(host)))) > 1000


NAMES = st.tuples(*[st.integers(0, 3)] * 3) | st.lists(st.integers(0, 4), max_size=6).map(tuple)


@given(
    st.dictionaries(
        st.lists(st.integers(0, 3), min_size=1, max_size=2).map(tuple), st.booleans(), max_size=5
    ),
    st.sets(NAMES, max_size=8),
    NAMES,
)
def test_a_tree_with_tables_is_in_the_order_of_its_names(
    rows: dict[ber.Oid, bool], single: set[ber.Oid], asked: ber.Oid
) -> None:
    entry, section = (1, 2), (2, 1)
    alone = {name: b"" for name in single if name[:2] not in (entry, section) and len(name) > 2}
    of_section = {(*section, *index): b"s" for index in rows}
    made = {index: (b"a", b"b" if both else None) for index, both in rows.items()}
    tree = Tree(
        alone, frozenset(), [Section(section, lambda: of_section), Table(entry, (1, 3), lambda: made)]
    )
    whole = {*alone, *of_section, *((*entry, 1, *index) for index in rows)}
    whole |= {(*entry, 3, *index) for index, both in rows.items() if both}
    assert tree.next(asked) == min((name for name in whole if name > asked), default=None)
    assert [name for name in whole if tree.value(name) is None] == [] or not whole
    assert tree.value((*entry, 2, 0)) is None and tree.value((*entry, 1)) is None


def test_visitors_who_are_logged_in_are_users_and_have_a_process(tmp_path: Path) -> None:
    for name, text in NAMESPACE.items():
        (tmp_path / name).write_text(text)
    visitors = Visitors()
    now = time.time()
    logins = (
        Login("root", now, "ssh", "pts/0", 40000, 4321),
        Login("root", now - 60, "ssh", "pts/1", 40001, 4300, now),
    )
    with visitors.visit("192.0.2.250") as files:
        for login in logins:
            files.log_in(login)
        host = Host(persona("debian-12"), visitors.present)
        tree = tree_of(host)
        rows = table(tree, (*RESOURCES, 4, 2, 1))
        assert plain(tree.value((*RESOURCES, 1, 5, 0)) or b"") == 1
        assert rows[4321,][4] == "sshd: root@pts/0" and (4300,) not in rows
