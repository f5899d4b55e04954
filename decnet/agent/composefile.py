"""The allow-list: a compose document is accepted when it is of the exact shape that decnet itself writes.

Everything else is refused. A list of forbidden keys would not do: compose has many ways to the host's
disk and devices, and gets more with each version.
"""

from __future__ import annotations

from decnet.wire import (
    LABEL_DECKY,
    LABEL_FINGERPRINT,
    LABEL_FLEET,
    LABEL_PROJECT,
    LABEL_SERVICE,
    NETWORK,
    PROJECT,
    container_name,
    is_project,
)

from . import shapes
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

MOST_SERVICES = 4000
BASE_CAPABILITIES = ("NET_ADMIN", "NET_RAW", "SETUID", "SETGID", "SETPCAP")
SERVICE_CAPABILITIES = ("NET_BIND_SERVICE", "NET_RAW")

_LOGGING = shapes.fields(
    {
        "driver": shapes.exactly("json-file"),
        "options": lambda value: (
            not shapes.fields({"max-size": shapes.SIZE, "max-file": shapes.matching(r"[1-9]")}, {})(value)
        ),
    },
    {},
)
_LABELS = shapes.fields(
    {
        LABEL_FLEET: shapes.matching(r"[!-~]{1,80}"),
        LABEL_DECKY: shapes.NAME,
        LABEL_SERVICE: lambda value: value == "" or shapes.SERVICE(value),
        LABEL_FINGERPRINT: shapes.HEX64,
    },
    {LABEL_PROJECT: is_project},
)
_LAN = shapes.fields(
    {"lan": lambda value: not shapes.fields({"ipv4_address": shapes.ADDRESS}, {})(value)}, {}
)
_TMPFS = shapes.items(
    shapes.matching(
        r"/(?:tmp|run|var/[a-z0-9/_-]{1,60}|home/[a-z0-9/_-]{1,60})"
        r"(?::(?:size=[1-9]\d{0,3}[km]|mode=[01]?[0-7]{3}|uid=\d{1,6}|gid=\d{1,6}|noexec|nosuid|nodev|rw)"
        r"(?:,(?:size=[1-9]\d{0,3}[km]|mode=[01]?[0-7]{3}|uid=\d{1,6}|gid=\d{1,6}|noexec|nosuid|nodev|rw)){0,7})?"
    ),
    8,
)
_WORDS = shapes.items(shapes.plain_text(4096), 64)

_COMMON = {
    "container_name": shapes.CONTAINER,
    "labels": lambda value: not _LABELS(value),
    "cap_drop": shapes.exactly(["ALL"]),
    "security_opt": shapes.exactly(["no-new-privileges:true"]),
    "read_only": shapes.exactly(True),
    "mem_limit": shapes.SIZE,
    "pids_limit": shapes.whole(1, 4096),
    "cpus": shapes.number(0.01, 64),
    "restart": shapes.exactly("unless-stopped"),
    "environment": shapes.entries(shapes.VARIABLE, shapes.plain_text(), 32),
    "logging": lambda value: not _LOGGING(value),
}
_ENDING = {"stop_signal": shapes.one_of("SIGTERM", "SIGKILL"), "stop_grace_period": shapes.GRACE}
_BASE = shapes.fields(
    {
        **_COMMON,
        "image": shapes.matching(r"decnet/base:[0-9a-f]{12}"),
        "hostname": shapes.HOSTNAME,
        "networks": lambda value: not _LAN(value),
        "sysctls": shapes.entries(
            shapes.matching(r"net\.ipv[46]\.[a-z0-9_]+(?:\.[a-z0-9_]+){0,3}"),
            shapes.matching(r"\d{1,10}(?:[ \t]\d{1,10}){0,3}"),
            64,
        ),
        "cap_add": shapes.subset_of(*BASE_CAPABILITIES),
    },
    {**_ENDING, "mac_address": shapes.MAC, "tmpfs": _TMPFS},
)
_SERVICE = shapes.fields(
    {
        **_COMMON,
        "image": shapes.matching(
            r"[a-z0-9][a-z0-9.-]*(?::\d{1,5})?(?:/[a-z0-9][a-z0-9._-]*)*"
            r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
        ),
        "network_mode": shapes.matching(r"service:[a-z0-9][a-z0-9-]{0,99}"),
    },
    {
        **_ENDING,
        "user": shapes.matching(r"\d{1,6}:\d{1,6}"),
        "command": _WORDS,
        "entrypoint": _WORDS,
        "cap_add": shapes.subset_of(*SERVICE_CAPABILITIES),
        "tmpfs": _TMPFS,
    },
)
_DOCUMENT = shapes.fields(
    {
        "version": shapes.exactly("2.4"),
        "networks": shapes.exactly({"lan": {"external": True, "name": NETWORK}}),
        "services": lambda value: isinstance(value, dict) and len(value) <= MOST_SERVICES,
    },
    {},
)


def check(document: Any, fleet_id: str, project: str = PROJECT) -> None:
    """Raises Refusal `refused`, which names the first place that is not allowed."""
    bad = _DOCUMENT(document)
    if bad:
        raise _refused("document", bad[0])
    services: Dict[str, Any] = document["services"]
    for name, service in services.items():
        bad = (_SERVICE if _is_service(service) else _BASE)(service)
        if bad:
            raise _refused(str(name)[:80], bad[0])
        reason = _inconsistent(name, service, services, fleet_id, project)
        if reason:
            raise _refused(str(name)[:80], reason)


def _is_service(service: Any) -> bool:
    return isinstance(service, dict) and "network_mode" in service


def _inconsistent(
    name: str, service: Dict[str, Any], services: Dict[str, Any], fleet_id: str, project: str
) -> Optional[str]:
    """Names and labels have to tell one story: they decide what may be removed later."""
    labels = service["labels"]
    decky, role = labels[LABEL_DECKY], labels[LABEL_SERVICE]
    if labels[LABEL_FLEET] != fleet_id:
        return "labels: another fleet"
    if labels.get(LABEL_PROJECT) != (None if project == PROJECT else project):
        return "labels: another project"
    own_base = container_name(project, decky)
    if service["container_name"] != name:
        return "container_name"
    if not _is_service(service):
        return None if (name, role) == (own_base, "") else "labels: not this base"
    if not role or name != container_name(project, decky, role):
        return "labels: not this service"
    if service["network_mode"] != "service:" + own_base:
        return "network_mode: not its own base"
    base = services.get(own_base)
    if not isinstance(base, dict) or _is_service(base):
        return "network_mode: no such base"
    if service["image"].startswith("decnet/") and not service.get("user"):
        return "user"
    return None


def _refused(place: str, what: str) -> Refusal:
    return Refusal("refused", "the compose document is not one that decnet writes: %s: %s" % (place, what))
