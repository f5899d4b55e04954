"""The networks of a topology's inner LANs: bridges of this machine that only deckies are attached to.

Docker blocks what would be routed to or from them, and gives this machine no address there. The kernel would
still answer ARP for all of its addresses: it is told not to, for our bridges only, when they are made and
after each start, because these settings do not outlive the interface.
"""

from __future__ import annotations

import os

from decnet.wire import (
    ADVERTISE,
    BRIDGE_NAME,
    INHIBIT_IPV4,
    LABEL_FLEET,
    LABEL_PROJECT,
    LABEL_WORKER,
    NETWORK,
    PROJECT,
    bridge_name,
    inner_network,
)

from . import docker, interfaces, validators
from .network import subnets_of
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Collection, Dict, Iterable, List, Optional, Tuple

    Inner = Dict[str, Dict[str, str]]
    """{"interface", "subnet", "gateway"} by the network's name in Docker."""

MOST = 256
LAN_NAME = validators.matching(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
SETTINGS = (
    ("ipv4/conf/%s/arp_ignore", "8"),
    # Nothing that arrives there has a source that this machine would reach that way.
    ("ipv4/conf/%s/rp_filter", "1"),
    ("ipv6/conf/%s/disable_ipv6", "1"),
)
"""By which this machine is silent on a bridge: places under /proc/sys/net, and their values."""


def inner_of(networks: Dict[str, Any], project: str, lan: Optional[Dict[str, str]]) -> Inner:
    """The inner networks of a slice. Raises Refusal `refused` unless they are exactly those that decnet makes
    of this project's LANs, and share no addresses with each other or with the LAN."""
    names = sorted(name for name in networks if name != NETWORK)
    if len(names) > MOST:
        raise Refusal("refused", "slice.networks: more than %d" % MOST)
    found = {name: _checked(name, networks[name], project) for name in names}
    rows = [(name, each["subnet"]) for name, each in found.items()]
    rows += [(NETWORK, lan["subnet"])] if lan else []
    for number, (name, subnet) in enumerate(rows):
        for other, another in rows[:number]:
            if _overlap(subnet, another):
                raise Refusal("refused", "slice.networks: %s and %s share addresses" % (other, name))
    bridges = {each["interface"] for each in found.values()}
    if len(bridges) != len(found):
        raise Refusal("refused", "slice.networks: two of them have one interface")
    return found


def _checked(name: str, given: Any, project: str) -> Dict[str, str]:
    lan = name[len(project) + 1 :]
    if project == PROJECT or not LAN_NAME(lan) or name != inner_network(project, lan):
        message = "slice.networks: %s is not a network of %s; only %s and its inner ones are allowed"
        raise Refusal("refused", message % (name[:80], project, NETWORK))
    wanted = {"name": name, "kind": "inner", "driver": "bridge", "interface": bridge_name(project, lan)}
    if not isinstance(given, dict) or {key: given.get(key) for key in wanted} != wanted:
        raise Refusal("refused", "slice.networks: %s is not an inner network of that name" % name)
    subnet, gateway = str(given.get("subnet")), str(given.get("gateway"))
    block, number = interfaces.network_of(subnet), interfaces.number_of(gateway)
    size = ~block[1] & 0xFFFFFFFF if block else 0
    if block is None or size < 3 or number != block[0] + size - 1:
        raise Refusal(
            "refused", "slice.networks: the gateway of %s is not the last host of its subnet" % name
        )
    return {"interface": wanted["interface"], "subnet": subnet, "gateway": gateway}


def check(inner: Inner, fleet_id: str, project: str, held: Dict[str, int]) -> None:
    """Raises Refusal `network` if one of these networks cannot be used or made. `held`: how many of our
    containers will still be attached to a network when it has to be recreated."""
    if not inner:
        return
    if not _is_root():
        raise Refusal(
            "network",
            "the agent is not root here, and only root can set up the networks of a topology: "
            "enrol the worker as root or as a user with sudo, or deploy the topology on another one",
        )
    rows = docker.get("/networks")
    present = _present(rows, inner, fleet_id, project)
    staying = [each for each in rows if not _will_go(each, inner, fleet_id, project, held)]
    for name, wanted in inner.items():
        _check_neighbours(staying, name, wanted)
        differences = _differences(present[name], wanted) if name in present else ["subnet"]
        if name in present and held.get(name) and differences:
            raise _in_use(name, differences)
        if "subnet" in differences:
            _check_routes(name, wanted)


def differ(inner: Inner, fleet_id: str, project: str) -> bool:
    """Whether one of the project's networks that exist has to be removed or made again for these."""
    rows = ours(fleet_id, project)
    return any(str(row["Name"]) not in inner or _differences(row, inner[str(row["Name"])]) for row in rows)


def ensure(inner: Inner, fleet_id: str, worker_id: str, project: str) -> None:
    """Make the networks that do not exist yet; recreate one that differs and has no containers; let this
    machine be silent on all of them."""
    if not inner:
        return
    present = _present(docker.get("/networks"), inner, fleet_id, project)
    others = {name: row for name, row in present.items() if _differences(row, inner[name])}
    # All of them before the first is made: two LANs may have exchanged their subnets.
    for name, row in others.items():
        if docker.get("/networks/%s" % row["Id"]).get("Containers"):
            raise _in_use(name, _differences(row, inner[name]))
        docker.delete("/networks/%s" % row["Id"])
    for name, wanted in inner.items():
        if name in others or name not in present:
            _create(name, wanted, {LABEL_FLEET: fleet_id, LABEL_WORKER: worker_id, LABEL_PROJECT: project})
    for name, wanted in inner.items():
        error = silence(wanted["interface"])
        if error:
            raise Refusal("network", "%s: this machine cannot be silenced on it: %s" % (name, error))


def _create(name: str, wanted: Dict[str, str], labels: Dict[str, str]) -> None:
    request = {
        "Name": name,
        "CheckDuplicate": True,
        "Driver": "bridge",
        "Internal": True,
        "EnableIPv6": False,
        "Labels": labels,
        "Options": {BRIDGE_NAME: wanted["interface"], INHIBIT_IPV4: "true", ADVERTISE: "0"},
        "IPAM": {"Driver": "default", "Config": [{"Subnet": wanted["subnet"], "Gateway": wanted["gateway"]}]},
    }
    try:
        docker.post("/networks/create", body=request)
    except docker.EngineError as error:
        raise Refusal("network", "%s cannot be made: %s" % (name, error.message)) from error


def remove(
    fleet_id: str, held: Collection[str], project: Optional[str] = None, keep: Collection[str] = ()
) -> List[str]:
    """Remove the fleet's inner networks, or only those of a project, but for `keep` and those in `held`, to
    which one of our containers is attached. What could not be removed, and why."""
    left = []
    for row in ours(fleet_id, project):
        name = str(row["Name"])
        if name in keep:
            continue
        if name in held:
            left.append("%s is in use" % name)
            continue
        try:
            docker.delete("/networks/%s" % row["Id"])
        except docker.EngineError as error:
            if error.status != 404:
                left.append("%s cannot be removed: %s" % (name, error.message))
    return left


def ours(fleet_id: str, project: Optional[str] = None) -> List[Dict[str, Any]]:
    """The fleet's inner networks as Docker lists them, by name; those of one project, or of all."""
    rows = docker.get("/networks", {"filters": {"label": ["%s=%s" % (LABEL_FLEET, fleet_id)]}})
    found = [row for row in rows if _project_of(row) not in (None, PROJECT)]
    return sorted(
        (row for row in found if project in (None, _project_of(row))), key=lambda row: str(row["Name"])
    )


def silence(interface: str) -> str:
    """Let this machine answer nothing on a bridge of ours; the error, or "". A bridge that does not exist is
    silent."""
    if interfaces.mac_of(interface) is None:
        return ""
    for pattern, value in SETTINGS:
        error = _set("/proc/sys/net/" + pattern % interface, value)
        if error:
            return error
    return ""


def silence_all(applied: Dict[str, Dict[str, Any]]) -> List[str]:
    """Let this machine be silent on the bridges of these slices; the errors."""
    if not _is_root():
        return []
    found = ("%s: %s" % (each, silence(each)) for each in bridges_of(applied))
    return [each for each in found if not each.endswith(": ")]


def bridges_of(applied: Dict[str, Dict[str, Any]]) -> List[str]:
    """The interfaces of the inner networks in these slices."""
    found = []
    for project, known in applied.items():
        for name in (known["slice"] or {}).get("networks") or {}:
            if name != NETWORK and project != PROJECT and name.startswith(project + "-"):
                found.append(bridge_name(project, name[len(project) + 1 :]))
    return found


def _set(place: str, value: str) -> str:
    try:
        with open(place, "r+") as file:
            if file.read(20).strip() != value:
                file.seek(0)
                file.write(value)
    except FileNotFoundError:
        # A kernel without IPv6.
        return ""
    except OSError as error:
        return "%s: %s" % (place, error.strerror)
    return ""


def _is_root() -> bool:
    return os.geteuid() == 0


def _present(
    rows: Iterable[Dict[str, Any]], inner: Inner, fleet_id: str, project: str
) -> Dict[str, Dict[str, Any]]:
    """Those that exist, by name. Raises Refusal `network` for one of exactly that name that is not ours."""
    found = {}
    for row in rows:
        name = str(row["Name"])
        if name in inner:
            if not _is_of(row, fleet_id, project):
                message = "network %s already exists and does not belong to this topology" % name
                raise Refusal("network", message, "docker network rm %s there" % name)
            found[name] = row
    return found


def _is_of(row: Dict[str, Any], fleet_id: str, project: str) -> bool:
    labels = row.get("Labels") or {}
    return (labels.get(LABEL_FLEET), labels.get(LABEL_PROJECT)) == (fleet_id, project)


def _will_go(row: Dict[str, Any], inner: Inner, fleet_id: str, project: str, held: Dict[str, int]) -> bool:
    """Whether a network is removed before the first one is made: one of a LAN that has another name, another
    subnet, or is gone."""
    name = str(row["Name"])
    if not _is_of(row, fleet_id, project) or held.get(name):
        return False
    return name not in inner or bool(_differences(row, inner[name]))


def _check_neighbours(rows: Iterable[Dict[str, Any]], name: str, wanted: Dict[str, str]) -> None:
    for row in rows:
        other = str(row["Name"])[:80]
        if row["Name"] == name:
            continue
        for subnet in subnets_of(row):
            if _overlap(subnet, wanted["subnet"]):
                message = "Docker's network %s (%s) overlaps %s of %s" % (
                    other,
                    subnet,
                    wanted["subnet"],
                    name,
                )
                raise Refusal("network", message, "remove it, or choose another subnet for the LAN")
        if (row.get("Options") or {}).get(BRIDGE_NAME) == wanted["interface"]:
            message = "Docker's network %s has the interface %s of %s" % (other, wanted["interface"], name)
            raise Refusal("network", message, "remove it, or give the LAN another name")


def _check_routes(name: str, wanted: Dict[str, str]) -> None:
    for network in interfaces.routes():
        if _overlap(network, wanted["subnet"]):
            message = "this machine has a route to %s, which overlaps %s of %s"
            raise Refusal(
                "network", message % (network, wanted["subnet"], name), "choose another subnet for the LAN"
            )


def _differences(present: Dict[str, Any], wanted: Dict[str, str]) -> List[str]:
    config = ((present.get("IPAM") or {}).get("Config") or [{}])[0]
    options = present.get("Options") or {}
    pairs: Dict[str, Tuple[Any, Any]] = {
        "driver": (present.get("Driver"), "bridge"),
        "subnet": (config.get("Subnet"), wanted["subnet"]),
        "gateway": (config.get("Gateway"), wanted["gateway"]),
        "interface": (options.get(BRIDGE_NAME), wanted["interface"]),
        "isolation": (present.get("Internal") is True and options.get(INHIBIT_IPV4), "true"),
    }
    return [key for key, (found, value) in pairs.items() if found != value]


def _in_use(name: str, keys: List[str]) -> Refusal:
    message = "%s is here with another %s, and deckies are on it" % (name, ", ".join(keys))
    return Refusal("network", message, "tear the topology down first")


def _overlap(one: str, other: str) -> bool:
    first, second = interfaces.network_of(one), interfaces.network_of(other)
    return first is not None and second is not None and interfaces.overlap(first, second)


def _project_of(row: Dict[str, Any]) -> Optional[str]:
    return (row.get("Labels") or {}).get(LABEL_PROJECT)
