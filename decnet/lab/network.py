"""The lab's networks: a switch namespace with two bridges (LAN and management), and a veth pair per cable."""

import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Final

from decnet.errors import Failed
from decnet.lab import choice, mountpoints, slowline
from decnet.lab.guard import exclusive
from decnet.lab.layout import GATEWAY, MGMT, NETNS_FOLDER, Lab, Place
from decnet.lab.processes import await_role, end, launch, recorded, wait_until_gone
from decnet.lab.shell import run

SIDES: Final = ("lan", "mgmt")
PORTS: Final = {"lan": "eth0", "mgmt": "mgmt0"}

# The settings of every namespace of the lab, by path under /proc/sys/net.
SETTINGS: Final = {
    "ipv6/conf/all/disable_ipv6": "1",
    "ipv6/conf/default/disable_ipv6": "1",
    "bridge/bridge-nf-call-iptables": "0",
    "bridge/bridge-nf-call-arptables": "0",
}


# Docker turns on forwarding; workers must not forward between the LAN and the management network.
FORWARDING: Final = {"ipv4/ip_forward": "1", "ipv4/conf/mgmt0/forwarding": "0"}


def create_switch(lab: Lab) -> None:
    """Create the switch namespace and its two bridges, unless they exist."""
    _create_namespace(lab.lan)
    _set(lab.lan, {"ipv4/ip_forward": "0"})
    there = _links(lab.lan)
    batch = []
    for side in SIDES:
        if side not in there:
            address = f"address {lab.lan.mac(side)}"
            batch.append(
                f"link add {side} {address} type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
            )
        batch.append(f"link set {side} up")
    batch.append(f"address replace {GATEWAY}/24 dev lan")
    _batch(lab.lan, batch)


def plug_in(place: Place) -> None:
    """Create the place's namespace and connect it, except for cables that a fault unplugged."""
    _create_namespace(place)
    pulled = unplugged(place)
    there = _whole_cables(place)
    virtual, taps = choice.of(place).virtual, _links(place)
    switch: list[str] = []
    machine: list[str] = []
    for side, address in (("lan", place.lan_address), ("mgmt", place.mgmt_address)):
        if address is None:
            continue
        cable, port = cable_of(place, side), PORTS[side]
        if cable not in there:
            peer = f"peer name {port} netns {place.netns}"
            # The virtual machine, behind a bridge, has the MAC address.
            peer += "" if virtual else f" address {place.mac(side)}"
            switch.append(f"link add {cable} type veth {peer}")
        # A slow line is between its cable and the bridge.
        master = "" if side == "mgmt" and is_slow(place) else f"master {side} "
        switch.append(f"link set {cable} {master}{'down' if side in pulled else 'up'}")
        if virtual:
            machine += _bridge(place, side, taps)
        else:
            machine += [f"address replace {address}/24 brd + dev {port}", f"link set {port} up"]
    if place.lan_address and not virtual:
        machine.append(f"route replace default via {GATEWAY} dev eth0")
    _batch(place.lab.lan, switch)
    _batch(place, machine)
    if place.is_worker:
        _set(place, FORWARDING)


def _bridge(place: Place, side: str, there: set[str]) -> list[str]:
    """Bridge a cable to a virtual machine's tap. The lab reaches the machine through the management side."""
    bridge, tap = f"br-{side}", f"tap-{side}"
    lines = []
    if bridge not in there:
        lines.append(f"link add {bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0")
    if tap not in there:
        lines.append(f"tuntap add dev {tap} mode tap")
    lines += [f"link set {port} master {bridge} up" for port in (PORTS[side], tap)]
    lines.append(f"link set {bridge} up")
    if side == "mgmt":
        lines.append(f"address replace {MGMT}.{110 + place.number}/24 dev {bridge}")
    return lines


def pull(place: Place, sides: set[str]) -> None:
    """Unplug these cables ("lan", "mgmt") and plug in the others; `up` leaves them so."""
    marker = place.folder / "unplugged"
    if sides:
        marker.write_text(" ".join(sorted(sides)))
    else:
        marker.unlink(missing_ok=True)
    plug_in(place)


def slow_down(place: Place, delay_ms: int, loss_percent: float) -> None:
    """Insert a slow line into the place's management cable, or replace the present one."""
    speed_up(place)
    cable, inner, outer = cable_of(place, "mgmt"), f"{place.key}-in", f"{place.key}-out"
    _batch(place.lab.lan, [
        f"link add {inner} type veth peer name {outer}",
        f"link set {outer} master mgmt up",
        f"link set {inner} up",
        f"link set {cable} nomaster",
    ])  # fmt: skip
    ready = place.folder / "slow"
    ready.unlink(missing_ok=True)
    words = [cable, inner, str(delay_ms), str(loss_percent), str(ready)]
    program = [sys.executable, "-I", "-S", slowline.__file__, *words]
    launch(place, "slowline", ["nsenter", f"--net={place.lab.lan.netns_path}", *program])
    await_role(place, "slowline", ready.exists, limit=20)


def speed_up(place: Place) -> None:
    """Remove the slow line, if there is one."""
    if line := recorded(place, "slowline"):
        end([line])
        wait_until_gone(line, 5)
    _remove_links(place.lab.lan, {f"{place.key}-in", f"{place.key}-out"})
    plug_in(place)


def is_slow(place: Place) -> bool:
    """Whether the place's management cable has a slow line."""
    return recorded(place, "slowline") is not None


def unplugged(place: Place) -> set[str]:
    try:
        return set((place.folder / "unplugged").read_text().split()) & set(SIDES)
    except OSError:
        return set()


def cable_of(place: Place, side: str) -> str:
    """The switch's end of the place's cable."""
    return f"{place.key}-{side}"


def is_namespace(path: Path) -> bool:
    """Whether a network namespace is mounted there; a killed `ip netns` leaves a plain file."""
    try:
        return path.stat().st_dev == Path("/proc/self/ns/net").stat().st_dev
    except OSError:
        return False


def take_down(lab: Lab) -> None:
    """Remove the lab's namespaces and thereby all of its links."""
    if is_namespace(lab.lan.netns_path):
        # The kernel cleans up a deleted namespace with a delay; links deleted here are gone immediately.
        _remove_links(lab.lan, _links(lab.lan) - {"lo"})
    for path in sorted(NETNS_FOLDER.glob(f"{lab.prefix}*")):
        run(["ip", "netns", "delete", path.name])


def remove_netns_folder() -> None:
    """Unmount and remove the folder that `ip netns` created, unless it contains a namespace."""
    if NETNS_FOLDER.is_dir() and not any(NETNS_FOLDER.iterdir()):
        while str(NETNS_FOLDER) in mountpoints.mounted(Path("/proc/self/mountinfo")):
            run(["umount", str(NETNS_FOLDER)])
        with contextlib.suppress(OSError):
            NETNS_FOLDER.rmdir()


def _create_namespace(place: Place) -> None:
    if not is_namespace(place.netns_path):
        with exclusive(""):
            if place.netns_path.exists():
                run(["ip", "netns", "delete", place.netns])
            run(["ip", "netns", "add", place.netns])
    _set(place, SETTINGS)
    _batch(place, ["link set lo up"])


def _set(place: Place, settings: dict[str, str]) -> None:
    """Write settings in the place's network namespace; those that the kernel lacks are skipped."""
    script = 'cd /proc/sys/net; while [ $# -gt 0 ]; do [ ! -e "$1" ] || echo "$2" > "$1"; shift 2; done'
    words = [word for setting in settings.items() for word in setting]
    run(["nsenter", f"--net={place.netns_path}", "sh", "-ec", script, "sh", *words])


def _whole_cables(place: Place) -> set[str]:
    """The place's cables with both ends; those that lost an end with an old namespace are removed."""
    ports = _links(place)
    cables = {cable_of(place, side): PORTS[side] for side in SIDES}
    there = _links(place.lab.lan) & set(cables)
    whole = {cable for cable in there if cables[cable] in ports}
    _remove_links(place.lab.lan, there - whole)
    return whole


def _remove_links(place: Place, names: set[str], *, limit: float = 10) -> None:
    """Remove these links. The kernel may be removing them, too: a missing link is not an error."""
    deadline = time.monotonic() + limit
    while left := sorted(names & _links(place)):
        with contextlib.suppress(Failed):
            _batch(place, [f"link delete {name}" for name in left])
        if time.monotonic() > deadline:
            raise Failed(f"these links of {place.netns} cannot be removed: {', '.join(left)}")


def _links(place: Place) -> set[str]:
    found = json.loads(run(["ip", "-n", place.netns, "-json", "link", "show"]) or "[]")
    return {str(link["ifname"]) for link in found}


def _batch(place: Place, lines: list[str]) -> None:
    if lines:
        run(["ip", "-n", place.netns, "-batch", "-"], stdin="\n".join(lines) + "\n")
