"""The allow-list: a compose document is accepted only in the exact shape that decnet writes.

Everything else is refused. A list of forbidden keys would not be enough: compose has many ways to access the
host's disk and devices, and gets more with each version.
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

from . import validators
from .home import home
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Optional, Sequence

MOST_SERVICES = 4000
OURS = "decnet/"
BASE_CAPABILITIES = ("NET_ADMIN", "NET_RAW", "SETUID", "SETGID", "SETPCAP")
LIMITS = {"memory": "mem_limit", "cpu": "cpus", "pids": "pids_limit"}
SERVICE_CAPABILITIES = ("NET_BIND_SERVICE", "NET_RAW")

_LOGGING = validators.fields(
    {
        "driver": validators.exactly("json-file"),
        "options": lambda value: (
            not validators.fields(
                {"max-size": validators.SIZE, "max-file": validators.matching(r"[1-9]")}, {}
            )(value)
        ),
    },
    {},
)
_LABELS = validators.fields(
    {
        LABEL_FLEET: validators.matching(r"[!-~]{1,80}"),
        LABEL_DECKY: validators.NAME,
        LABEL_SERVICE: lambda value: value == "" or validators.SERVICE(value),
        LABEL_FINGERPRINT: validators.HEX64,
    },
    {LABEL_PROJECT: is_project},
)
_ON_NETWORK = validators.fields({"ipv4_address": validators.ADDRESS}, {})
_NETWORKS = validators.entries(
    validators.matching(r"lan|decnet-t-[0-9a-f]{8}-[a-z0-9-]{1,32}"), lambda value: not _ON_NETWORK(value), 64
)
_TMPFS = validators.items(
    validators.matching(
        r"/(?:tmp|run|var/[a-z0-9/_-]{1,60}|home/[a-z0-9/_-]{1,60})"
        r"(?::(?:size=[1-9]\d{0,3}[km]|mode=[01]?[0-7]{3}|uid=\d{1,6}|gid=\d{1,6}|noexec|nosuid|nodev|rw)"
        r"(?:,(?:size=[1-9]\d{0,3}[km]|mode=[01]?[0-7]{3}|uid=\d{1,6}|gid=\d{1,6}|noexec|nosuid|nodev|rw)){0,7})?"
    ),
    8,
)
_WORDS = validators.items(validators.plain_text(4096), 64)

_COMMON = {
    "container_name": validators.CONTAINER,
    "labels": lambda value: not _LABELS(value),
    "cap_drop": validators.exactly(["ALL"]),
    "security_opt": validators.exactly(["no-new-privileges:true"]),
    "read_only": validators.exactly(True),
    "mem_limit": validators.SIZE,
    "pids_limit": validators.whole(1, 4096),
    "cpus": validators.number(0.01, 64),
    "restart": validators.exactly("unless-stopped"),
    "environment": validators.entries(validators.VARIABLE, validators.plain_text(), 32),
    "logging": lambda value: not _LOGGING(value),
}
_ENDING = {"stop_signal": validators.one_of("SIGTERM", "SIGKILL"), "stop_grace_period": validators.GRACE}
_BASE = validators.fields(
    {
        **_COMMON,
        "image": validators.matching(r"decnet/base:[0-9a-f]{12}"),
        "hostname": validators.HOSTNAME,
        "networks": lambda value: _NETWORKS(value) and len(value) > 0,
        "sysctls": validators.entries(
            validators.matching(r"net\.ipv[46]\.[a-z0-9_]+(?:\.[a-z0-9_]+){0,3}"),
            validators.matching(r"\d{1,10}(?:[ \t]\d{1,10}){0,3}"),
            64,
        ),
        "cap_add": validators.subset_of(*BASE_CAPABILITIES),
    },
    {**_ENDING, "mac_address": validators.MAC, "tmpfs": _TMPFS},
)
_SERVICE = validators.fields(
    {
        **_COMMON,
        "image": validators.matching(
            r"[a-z0-9][a-z0-9.-]*(?::\d{1,5})?(?:/[a-z0-9][a-z0-9._-]*)*"
            r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
        ),
        "network_mode": validators.matching(r"service:[a-z0-9][a-z0-9-]{0,99}"),
    },
    {
        **_ENDING,
        "user": validators.matching(r"\d{1,6}:\d{1,6}"),
        "command": _WORDS,
        "entrypoint": _WORDS,
        "cap_add": validators.subset_of(*SERVICE_CAPABILITIES),
        "tmpfs": _TMPFS,
    },
)
_DOCUMENT = validators.fields(
    {
        "version": validators.exactly("2.4"),
        "networks": lambda value: isinstance(value, dict),
        "services": lambda value: isinstance(value, dict) and len(value) <= MOST_SERVICES,
    },
    {},
)


def check(document: Any, fleet_id: str, project: str = PROJECT, inner: Iterable[str] = ()) -> None:
    """Raises Refusal `refused`, which names the first place that is not allowed. `inner` are the names of the
    project's inner networks: the document must have these and the LAN, and its bases may be on no other."""
    bad = _DOCUMENT(document)
    if bad:
        raise _refused("document", bad[0])
    names = {"lan": NETWORK, **{name: name for name in inner}}
    networks = {key: {"external": True, "name": name} for key, name in names.items()}
    if not validators.exactly(networks)(document["networks"]):
        raise _refused("document", "networks")
    services: Dict[str, Any] = document["services"]
    for name, service in services.items():
        bad = (_SERVICE if _is_service(service) else _BASE)(service)
        if bad:
            raise _refused(str(name)[:80], bad[0])
        reason = _inconsistent(name, service, services, fleet_id, project)
        if not reason and not names.keys() >= service.get("networks", {}).keys():
            reason = "networks"
        if reason:
            raise _refused(str(name)[:80], reason)


def as_run(document: Dict[str, Any], missing_limits: Sequence[str] = ()) -> Dict[str, Any]:
    """The checked document as Compose gets it, without the limits that the kernel cannot give: the engine
    would refuse every container. An image of ours that has disappeared is an error, and is not pulled from
    a registry, where someone else could own the name.

    Compose 2 does not pull because of `pull_policy`, which 1.29 accepts and ignores. 1.29 does not pull what
    it could build; it runs with `--no-build`, and needs only an existing folder."""
    never = {"pull_policy": "never", "build": {"context": home()}}
    absent = {LIMITS[name] for name in missing_limits if name in LIMITS}
    services = {}
    for name, service in document["services"].items():
        kept = {key: value for key, value in service.items() if key not in absent}
        services[name] = dict(kept, **never) if service["image"].startswith(OURS) else kept
    return dict(document, services=services)


def _is_service(service: Any) -> bool:
    return isinstance(service, dict) and "network_mode" in service


def _inconsistent(
    name: str, service: Dict[str, Any], services: Dict[str, Any], fleet_id: str, project: str
) -> Optional[str]:
    """Names and labels must agree: they determine what may be removed later."""
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
    if service["image"].startswith(OURS) and not service.get("user"):
        return "user"
    return None


def _refused(place: str, what: str) -> Refusal:
    return Refusal("refused", "the compose document is not one that decnet writes: %s: %s" % (place, what))
