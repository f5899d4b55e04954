"""One device that is odd, among others that are as they should be: it costs itself, and nothing else.

Each test runs in a network namespace of its own, with the devices that a kernel with sit, ipip or gre loaded
puts into every namespace: here a tun device and a veth pair stand for them, which every kernel has.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import decnet

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")

PACKAGE = Path(decnet.__file__).parent
MAC = "00:50:56:0a:0b:0c"
MOUNT = "mount -t sysfs sysfs /sys; ip link set lo up;"
ODD = """
ip tuntap add sit0 mode tun
ip link add gretap0 type veth peer name erspan0
ip link add "$(printf '\\377\\376')" type veth peer name odd0
"""
ETHERNET = f"""
ip link add eth0 type veth peer name far
ip link set eth0 address {MAC}
ip link set far up
ip link set eth0 up
"""
NEIGHBOUR = """
unshare --net sleep 60 & peer=$!
until [ "$(readlink /proc/$peer/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
ip link set far netns $peer
nsenter -t $peer -n ip link set far address 00:11:32:aa:bb:cc
nsenter -t $peer -n ip addr add 192.0.2.20/24 dev far
nsenter -t $peer -n ip link set far up
trap 'kill $peer' EXIT
"""
TUNNEL = (
    "import fcntl, os, struct, subprocess; held = os.open('/dev/net/tun', os.O_RDWR);"
    "fcntl.ioctl(held, 0x400454ca, struct.pack('16sH22x', b'tun0', 0x1001));"
    "subprocess.run(['ip', 'addr', 'add', '203.0.113.1/24', 'dev', 'tun0'], check=True);"
    "subprocess.run(['ip', 'link', 'set', 'tun0', 'up'], check=True);"
)
"""TUNSETIFF of linux/if_tun.h: a tun device has a carrier while a process holds it open."""
FOUND = (
    "import start; name, mac = start._interface(bytes.fromhex(sys.argv[1]) or None);"
    "said = [name, mac.hex(':')]"
)
ANSWERED = "from decnet.agent.probe import responses; said = responses(sys.argv[1:], 1.0)"


def inside(setup: str, code: str, *words: str) -> Any:
    """What the code leaves in `said`, run in a namespace that `setup` has prepared."""
    script = f'{MOUNT}{setup}\n"$@"'
    program = f"import json, sys; {code}; print(json.dumps(said))"
    argv = ["unshare", "--net", "--mount", "sh", "-euc", script, "sh", sys.executable, "-c", program, *words]
    environment = {**os.environ, "PYTHONPATH": f"{PACKAGE.parent}:{PACKAGE / 'images' / 'base'}"}
    ended = subprocess.run(
        argv,
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_a_base_finds_its_interface_among_others_that_are_down() -> None:
    assert inside(ODD + ETHERNET, FOUND, MAC.replace(":", "")) == ["eth0", MAC]


def test_a_base_without_a_mac_takes_that_of_the_only_interface_that_is_up() -> None:
    """As with ipvlan, where a container has the MAC of its worker's interface."""
    assert inside(ODD + ETHERNET + NEIGHBOUR, FOUND, "") == ["eth0", MAC]


def test_a_base_gives_its_mac_to_the_only_interface_that_is_up() -> None:
    """As for a container of a Compose release that does not pass the MAC on."""
    code = FOUND + "; said += [start._shown('eth0', 'address')]"
    given = "00:50:56:aa:bb:cc"
    assert inside(ODD + ETHERNET + NEIGHBOUR, code, given.replace(":", "")) == ["eth0", given, given]


def test_a_decoys_network_is_gone_although_other_devices_stay() -> None:
    code = "from decnet.decoys.links import has_network; said = has_network()"
    assert inside(ODD + ETHERNET, code) is True
    assert inside(ODD + ETHERNET + "ip link delete eth0", code) is False


def test_the_kernel_wakes_a_decoy_when_its_network_is_gone() -> None:
    """An interface that is changed comes back, and a test device that is added means nothing."""
    code = """
import asyncio, subprocess, time
from decnet.decoys import links
links.SETTLE_SECONDS = 0.2
async def watch(*changes):
    links_of_this = links.Links()
    ended = asyncio.ensure_future(links_of_this.ended(1.0))
    await asyncio.sleep(0)
    for change in changes:
        subprocess.run(("ip", "link", *change.split()), check=True)
    status = await ended
    links_of_this.close()
    return status
kept = asyncio.run(watch("set eth0 down", "set eth0 address 00:50:56:0a:0b:0d", "set eth0 up"))
said = [kept, asyncio.run(watch("delete eth0"))]
"""
    assert inside(ODD + ETHERNET, f"exec({code!r})") == [None, 1]


def test_a_worker_reports_its_network_despite_an_interface_with_an_odd_name() -> None:
    setup = ODD + ETHERNET + "ip addr add 192.0.2.11/24 dev eth0; ip route add default via 192.0.2.1\n"
    setup += "ip link set odd0 up; ip link set \"$(printf '\\377\\376')\" up\n"
    setup += "ip addr add 198.51.100.9/24 dev \"$(printf '\\377\\376')\"\n"
    code = "from decnet.agent import facts, interfaces; said = [facts._network(), interfaces.interfaces()]"
    network, interfaces = inside(setup, code)
    assert (network["interface"], network["subnet"]) == ("eth0", "192.0.2.0/24")
    assert [row[0] for row in interfaces] == ["eth0", "lo"]


def test_an_address_is_asked_for_on_the_interface_that_is_up() -> None:
    """Another one has an address in the same LAN, and comes first by name, and is down."""
    setup = (
        ETHERNET
        + NEIGHBOUR
        + "ip link add down0 type veth peer name down1; ip addr add 192.0.2.12/24 dev down0\n"
    )
    setup += "ip addr add 192.0.2.11/24 dev eth0\n"
    said = inside(setup, ANSWERED, "192.0.2.20", "192.0.2.21", "192.0.2.12")
    assert sorted(said) == ["192.0.2.12", "192.0.2.20"]
    assert said["192.0.2.20"] == "00:11:32:aa:bb:cc"


def test_an_interface_without_ethernet_does_not_take_arp_from_the_others() -> None:
    """The kernel's table, which is read where no ARP can be sent, still has who left the LAN."""
    setup = ETHERNET + NEIGHBOUR + "ip addr add 192.0.2.11/24 dev eth0\n"
    setup += "ip neigh add 192.0.2.99 lladdr 00:11:32:00:00:99 dev eth0 nud permanent\n"
    said = inside(setup, TUNNEL + ANSWERED, "192.0.2.20", "192.0.2.99", "203.0.113.7")
    assert sorted(said) == ["192.0.2.20"]


def test_listening_ports_are_seen_on_a_kernel_without_ipv6(tmp_path: Path) -> None:
    code = (
        "import os, shutil, socket, subprocess; s = socket.create_server(('127.0.0.1', 0)); me = os.getpid();"
        "from decnet.agent.containers import Container; from decnet.agent.health import silent_ports;"
        "[shutil.copy(f'/proc/self/net/{t}', sys.argv[1]) for t in ('tcp', 'udp')];"
        "subprocess.run(['mount', '--bind', sys.argv[1], f'/proc/{me}/net'], check=True);"
        "c = Container({'Id': 'c'}); c.pid = me; port = s.getsockname()[1];"
        "said = [port, sorted(silent_ports(c, {(port, 'tcp'), (port, 'udp'), (1, 'tcp')}))]"
    )
    port, silent = inside("", code, str(tmp_path))
    assert silent == [[1, "tcp"], [port, "udp"]]


HOST_WITH = "nsenter -t $peer -n ip addr add 192.0.2.{0}/24 dev far\n"
OWN = ETHERNET + NEIGHBOUR + "ip addr add 192.0.2.11/24 dev eth0\n"
THIEF = "00:11:32:aa:bb:cc"


@pytest.mark.parametrize(("further", "spoofs"), [((), False), ((21,), False), ((21, 200), True)])
def test_a_host_with_three_addresses_counts_as_a_spoofer(further: tuple[int, ...], spoofs: bool) -> None:
    """A base finds that out by itself, and the agent of its worker too."""
    setup = OWN + "".join(HOST_WITH.format(number) for number in further)
    asked = (
        "import socket, start; wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806));"
        "wire.bind(('eth0', 0x0806)); own, address = bytes.fromhex(sys.argv[1]), bytes([192, 0, 2, 20]);"
        "holder = start._holder(wire, address, own);"
        "said = [holder.hex(':'), start._is_spoofer(wire, address, own, holder)]"
    )
    assert inside(setup, asked, MAC.replace(":", "")) == [THIEF, spoofs]
    counted = (
        f"from decnet.agent.probe import answers_of; said = answers_of({{'192.0.2.20': '{THIEF}'}}, {{}})"
    )
    assert inside(setup, counted) == {THIEF: 1 + len(further)}


@pytest.mark.parametrize(
    ("meanwhile", "own", "held"),
    [
        ("", (), True),
        ("(sleep 0.7; nsenter -t $peer -n ip addr del 192.0.2.20/24 dev far) &\n", (), False),
        ("", (THIEF,), False),
    ],
)
def test_an_address_is_held_by_a_host_that_answers_every_time(
    meanwhile: str, own: tuple[str, ...], held: bool
) -> None:
    code = "from decnet.agent.probe import steady;"
    code += f"said = steady({{'192.0.2.20': '{THIEF}'}}, 3.0, {set(own)!r}, {{}})"
    assert inside(OWN + meanwhile, code) == ({"192.0.2.20": THIEF} if held else {})


def test_deckies_are_probed_on_the_interface_of_their_lan() -> None:
    """This machine has no address there; another LAN, with the default route, has a host with that one."""
    setup = ETHERNET + NEIGHBOUR + "ip link add eth1 type veth peer name far1\n"
    setup += "ip link set far1 netns $peer; nsenter -t $peer -n ip link set far1 address 00:11:32:00:00:07\n"
    setup += "nsenter -t $peer -n sh -c 'ip addr add 192.0.2.21/32 dev far1; ip link set far1 up'\n"
    setup += "nsenter -t $peer -n sysctl -qw net.ipv4.conf.all.arp_ignore=1\n"
    setup += "ip addr add 198.51.100.2/24 dev eth1; ip link set eth1 up\n"
    setup += "ip route add default via 198.51.100.1 dev eth1\n"
    code = (
        "import time; from decnet.agent.lan import Lookout;"
        "rows = {f'web{n}': {'decky': {'attachments': [{'address': f'192.0.2.{n}', 'mac': f'm{n}'}]}}"
        " for n in (20, 21)};"
        "lan = {'driver': sys.argv[1], 'interface': 'eth0'};"
        "applied = {'decnet': {'slice': {'deckies': rows, 'networks': {'decnet_lan': lan}}}};"
        "lookout = Lookout(applied, True); time.sleep(0.2);"
        "said = [[row['decky'], row['mac']] for row in lookout.conflicts([])]"
    )
    assert inside(setup, code, "macvlan") == [["web20", THIEF]]
    assert inside(setup, code, "bridge") == []


@pytest.mark.parametrize(
    ("setup", "error"),
    [
        ("", ""),
        ("ip link set far down", "has no carrier"),
        ("ip link set eth0 down", "is down"),
        ("ip link delete eth0", "does not exist"),
    ],
)
def test_the_interface_of_the_deckies_is_looked_at(setup: str, error: str) -> None:
    code = (
        "from decnet.agent.lan import cut_off_interfaces;"
        "lan = {'driver': 'macvlan', 'interface': 'eth0'};"
        "bridge = {'driver': 'bridge', 'interface': 'none'};"
        "content = {'deckies': {'web': {}}, 'networks': {'decnet_lan': lan, 'other': bridge}};"
        "said = cut_off_interfaces({'decnet': {'slice': content}})"
    )
    expected = [{"interface": "eth0", "error": error}] if error else []
    assert inside(ETHERNET + setup, code) == expected
