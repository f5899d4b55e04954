"""The worker's facts: its network, engine, memory and disk."""

from __future__ import annotations

import os
import sys

from decnet.wire import LABEL_FLEET
from decnet.wire.engine import kind_of, missing_limits
from decnet.wire.sessions import end_with_their_session, user_name

from . import composerun, docker, identity, interfaces, request, scan_memory
from .boot import is_installed
from .home import home
from .image import MOST_IMAGES, is_here
from .leftovers import leftovers
from .network import subnets_of
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
_CONTENT_LABEL = "decnet.content"


def facts(args: Dict[str, Any]) -> Dict[str, Any]:
    """The answer that `model.worker.Facts` describes. Docker's fields are null or empty if it is down.

    `images` in the arguments are not decnet's own; the answer names those that are here.
    """
    request.only(args, "images")
    others = request.texts(args, "images", MOST_IMAGES)
    known = identity.require(args, stranger="expect" not in args)
    try:
        engine = _engine(known.get("fleet_id", ""), others)
    except (Refusal, docker.EngineError):
        engine = {"docker_version": None, "networks": [], "images": [], "root_dir": home()}
    compose = composerun.find()
    root_dir = engine.pop("root_dir")
    return {
        **engine,
        **_network(),
        "compose_version": compose.version if compose else None,
        "compose_command": compose.command if compose else [],
        "architecture": _MACHINES.get(os.uname().machine, os.uname().machine),
        "disk_free_mib": _disk_free(root_dir),
        "memory_mib": _memory(),
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "hostname": os.uname().nodename,
        "machine": _virtual_machine(),
        "root": os.geteuid() == 0,
        "heals_at_boot": is_installed(),
        "ends_with_session": _user_without_jobs(),
        "scan_trouble": scan_memory.trouble(),
    }


def _network() -> Dict[str, Any]:
    interface, gateway = interfaces.default_route()
    pair = interfaces.address_of(interface) if interface else None
    return {
        "interface": interface,
        "address": interfaces.dotted(pair[0]) if pair else None,
        "subnet": interfaces.cidr(*pair) if pair else None,
        "gateway": gateway,
        "routes": interfaces.routes()[:1024],
        "neighbours": sorted(interfaces.neighbours(interface))[:4096],
        "wireless": bool(interface) and interfaces.is_wireless(str(interface)),
        "leased": bool(interface) and interfaces.is_leased(str(interface)),
    }


def _engine(fleet_id: str, others: List[str]) -> Dict[str, Any]:
    about = docker.get("/info")
    return {
        "docker_version": str(about.get("ServerVersion", ""))[:200],
        "networks": [_network_row(row, fleet_id) for row in docker.get("/networks")[:1024]],
        "images": images() + [name for name in others if _is_usable(name)],
        "root_dir": str(about.get("DockerRootDir") or home()),
        "engine_kind": kind_of(about),
        "limits_memory": "memory" not in missing_limits(about),
        "missing_limits": missing_limits(about),
        "leftovers": leftovers(fleet_id),
    }


def _is_usable(name: str) -> bool:
    """An image that the engine cannot inspect counts as missing, and is sent again."""
    try:
        return is_here(name)
    except docker.EngineError:
        return False


def _network_row(row: Dict[str, Any], fleet_id: str) -> Dict[str, Any]:
    parent = (row.get("Options") or {}).get("parent")
    return {
        "name": str(row.get("Name", ""))[:200],
        "driver": str(row.get("Driver", ""))[:200],
        "subnets": subnets_of(row)[:64],
        "parent": str(parent)[:200] if parent else None,
        "ours": (row.get("Labels") or {}).get(LABEL_FLEET) == fleet_id,
    }


def images() -> List[str]:
    """Tags of the images that decnet has built, by their content label; without tags that were moved to an
    image with other content, which the operator then sends again."""
    tags: List[str] = []
    for row in docker.get("/images/json", {"filters": {"label": [_CONTENT_LABEL]}}):
        content = str((row.get("Labels") or {}).get(_CONTENT_LABEL, ""))
        names = [str(tag)[:200] for tag in row.get("RepoTags") or [] if tag != "<none>:<none>"]
        tags += [name for name in names if _may_be_of(name, content)]
    return sorted(tags)[:4096]


def _may_be_of(name: str, content: str) -> bool:
    """Whether an image with this content label, a SHA-256, may have the name: its tag is the hash's start."""
    if len(content) != 64 or not name.startswith("decnet/"):
        return True
    return content.startswith(name.rpartition(":")[2])


def _user_without_jobs() -> str:
    user = user_name()
    return user if os.geteuid() != 0 and end_with_their_session(user) else ""


def _virtual_machine() -> str:
    """Vendor and model as a virtual machine's firmware reports them; "" on bare metal."""
    if " hypervisor" not in _start_of("/proc/cpuinfo"):
        return ""
    fields = [_start_of("/sys/class/dmi/id/" + name).strip() for name in ("sys_vendor", "product_name")]
    return " ".join(each for each in fields if each)[:200]


def _start_of(place: str) -> str:
    try:
        with open(place, "rb") as file:
            return file.read(4096).decode("ascii", "replace")
    except OSError:
        return ""


def _disk_free(place: str) -> int:
    try:
        room = os.statvfs(place)
    except OSError:
        room = os.statvfs("/")
    return room.f_bavail * room.f_frsize >> 20


def _memory() -> int:
    with open("/proc/meminfo") as file:
        for line in file:
            if line.startswith("MemTotal:"):
                return int(line.split()[1]) >> 10
    return 0
