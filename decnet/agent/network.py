"""The Docker network `decnet_lan`: created and labelled by the agent, and checked before each use.

A network that is not ours, or that shares addresses with ours, is refused and never changed.
"""

from __future__ import annotations

from decnet.wire import ADVERTISE, LABEL_FLEET, LABEL_WORKER, NETWORK
from decnet.wire.engine import shares_parent

from . import docker, interfaces
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Collection, Dict, List, Optional

DRIVERS = ("macvlan", "ipvlan", "bridge")


def lan_of(networks: Dict[str, Any]) -> Optional[Dict[str, str]]:
    """{"driver", "interface", "subnet", "gateway"} of a slice's LAN, None if it has none. Raises Refusal
    `refused`."""
    if NETWORK not in networks:
        return None
    lan = networks[NETWORK]
    if not isinstance(lan, dict) or (lan.get("name"), lan.get("kind")) != (NETWORK, "lan"):
        raise Refusal("refused", "slice.networks: %s is not a LAN of that name" % NETWORK)
    wanted = {key: lan.get(key) for key in ("driver", "interface", "subnet", "gateway")}
    if not all(isinstance(value, str) for value in wanted.values()):
        raise Refusal("refused", "slice.networks: must have driver, interface, subnet and gateway")
    if wanted["driver"] not in DRIVERS:
        raise Refusal("refused", "slice.networks: driver %r" % str(wanted["driver"])[:40])
    subnet, gateway = (
        interfaces.network_of(str(wanted["subnet"])),
        interfaces.number_of(str(wanted["gateway"])),
    )
    if subnet is None or gateway is None or gateway & subnet[1] != subnet[0]:
        raise Refusal("refused", "slice.networks: the subnet, or the gateway in it, is not valid")
    name = str(wanted["interface"])
    if not 0 < len(name) <= 15 or not name.isascii() or not name.isprintable() or "/" in name or " " in name:
        raise Refusal("refused", "slice.networks: interface %r" % name[:40])
    return {key: str(value) for key, value in wanted.items()}


def check(lan: Dict[str, str], fleet_id: str, leaving: Collection[str], holders: Collection[str]) -> None:
    """Raises Refusal `network` if the network cannot be used or created. `holders` are the ids of our
    containers on it, `leaving` those that will be removed before it has to be recreated."""
    present = _present(lan, fleet_id)
    if lan["driver"] != "bridge" and interfaces.mac_of(lan["interface"]) is None:
        raise Refusal("network", "this worker has no interface %s" % lan["interface"])
    if present is not None and _differences(present, lan) and set(holders) - set(leaving):
        raise _in_use(present, lan)
    if present is None:
        _check_parent(lan)


def _check_parent(lan: Dict[str, str]) -> None:
    """Raises Refusal `network` if a network of another program has the interface for itself."""
    if lan["driver"] == "bridge":
        return
    for row in docker.get("/networks"):
        driver, parent = str(row.get("Driver")), (row.get("Options") or {}).get("parent")
        if driver not in ("macvlan", "ipvlan") or parent != lan["interface"]:
            continue
        if not shares_parent(driver, lan["driver"], docker.version()):
            raise Refusal(
                "network",
                "Docker's network %s (%s) has the interface %s" % (str(row["Name"])[:80], driver, parent),
                "remove it, or deploy with --interface and a VLAN of it",
            )


def differs(lan: Dict[str, str], fleet_id: str) -> bool:
    """Whether our network exists and has to be made again for this LAN."""
    present = _present(lan, fleet_id)
    return present is not None and bool(_differences(present, lan))


def ensure(lan: Dict[str, str], fleet_id: str, worker_id: str, holders: Collection[str]) -> None:
    """Create the network; recreate it if it is ours, differs, and has no containers."""
    present = _present(lan, fleet_id)
    if present is not None:
        if not _differences(present, lan):
            return
        if holders or present.get("Containers"):
            raise _in_use(present, lan)
        docker.delete("/networks/%s" % present["Id"])
    labels = {LABEL_FLEET: fleet_id, LABEL_WORKER: worker_id}
    request = {
        "Name": NETWORK,
        "CheckDuplicate": True,
        "Driver": lan["driver"],
        "Labels": labels,
        "Options": {ADVERTISE: "0", **({} if lan["driver"] == "bridge" else {"parent": lan["interface"]})},
        "IPAM": {"Driver": "default", "Config": [{"Subnet": lan["subnet"], "Gateway": lan["gateway"]}]},
    }
    try:
        docker.post("/networks/create", body=request)
    except docker.EngineError as error:
        raise Refusal("network", "%s cannot be made: %s" % (NETWORK, error.message)) from error


def remove_if_empty(fleet_id: str, holders: Collection[str]) -> None:
    """Remove the network if it is ours and has no containers. Docker does not list stopped ones: `holders`
    are our containers on it, of any project."""
    if holders:
        return
    for row in docker.get("/networks", {"filters": {"name": [NETWORK], "label": [_label(fleet_id)]}}):
        if row["Name"] == NETWORK and not docker.get("/networks/%s" % row["Id"]).get("Containers"):
            docker.delete("/networks/%s" % row["Id"])


def subnets_of(row: Dict[str, Any]) -> List[str]:
    config = (row.get("IPAM") or {}).get("Config") or []
    return [str(entry["Subnet"]) for entry in config if entry.get("Subnet")]


def _present(lan: Dict[str, str], fleet_id: str) -> Optional[Dict[str, Any]]:
    """Our network, if it exists. Raises Refusal `network` for a foreign one with its name."""
    wanted, present = interfaces.network_of(lan["subnet"]), None
    for row in docker.get("/networks"):
        if row["Name"] == NETWORK:
            if (row.get("Labels") or {}).get(LABEL_FLEET) != fleet_id:
                raise Refusal(
                    "network",
                    "network %s already exists and does not belong to this fleet" % NETWORK,
                    "docker network rm %s there; that of a former fleet: decnet worker add --adopt" % NETWORK,
                )
            present = row
            continue
        for subnet in subnets_of(row):
            other = interfaces.network_of(subnet)
            if wanted and other and interfaces.overlap(wanted, other):
                message = "Docker's network %s (%s) overlaps %s" % (row["Name"], subnet, lan["subnet"])
                raise Refusal("network", message, "remove it, or choose another subnet")
    return present


def _differences(present: Dict[str, Any], lan: Dict[str, str]) -> List[str]:
    config = ((present.get("IPAM") or {}).get("Config") or [{}])[0]
    found = {
        "driver": present.get("Driver"),
        "subnet": config.get("Subnet"),
        "gateway": config.get("Gateway"),
        "interface": (present.get("Options") or {}).get("parent"),
    }
    if lan["driver"] == "bridge":
        found["interface"] = lan["interface"]
    return [key for key in found if found[key] != lan[key]]


def _in_use(present: Dict[str, Any], lan: Dict[str, str]) -> Refusal:
    keys = ", ".join(_differences(present, lan))
    return Refusal(
        "network",
        "%s is here with another %s, and deckies are on it" % (NETWORK, keys),
        "tear the worker's deckies down first",
    )


def _label(fleet_id: str) -> str:
    return "%s=%s" % (LABEL_FLEET, fleet_id)
