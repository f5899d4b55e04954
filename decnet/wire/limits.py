"""Names, bounds and rules that decnet and its agent share."""

from __future__ import annotations

PROTOCOL = 2
AGENT_VERSION = 11
"""Increased by one, by hand, with every released change of `decnet.agent` or `decnet.wire`: a command that
holds the operator's lock replaces an agent with a lower number, and keeps one with a higher. An agent that
reports no version counts as 0."""

FOLLOW_VERSION = 5
"""The first version of the agent that has the verb `follow`."""

UPLOADS_VERSION = 6
"""The first version of the agent that has the verbs `files` and `file`."""

SCANS_VERSION = 7
"""The first version whose verb `events` accepts the addresses of the workers."""

PURGE_VERSION = 8
"""The first version whose verb `self-destruct` accepts `purge`."""

TOPOLOGIES_VERSION = 8
"""The first version that makes inner networks."""

ROLLOUTS_VERSION = 9
"""The first version whose `apply` accepts `rollout`, whose `status` accepts `sessions`, and which has the
verb `confirm`."""

WAIT_VERSION = 10
"""The first version whose `status` accepts `wait`."""

SERVE_VERSION = 11
"""The first version that answers several requests on one channel."""

ROLLOUT_OPERATIONS = frozenset({"arm", "confirm", "revert"})
"""Operations of journal records that end no operation of the operator: a dead man was armed, was confirmed,
or has restored the former slice."""

CONFIRM_LEAST, CONFIRM_MOST = 10, 86_400
"""Bounds of the seconds for which a worker waits for a confirmation."""

TIMELESS = frozenset({"hello", "upgrade"})
"""Verbs whose request and answer are the same in every protocol, so that programs with different protocols
can detect the mismatch and fix it."""

PROJECT = "decnet"
"""A project is a set of networks and deckies on a worker, with a generation of its own. This one is the
fleet; each topology is `decnet-t-` and 8 hexadecimal digits. Records, jobs and containers without a project
were made before there were projects, and belong to the fleet."""

NETWORK = "decnet_lan"
"""The Docker network of a worker that is its LAN: deckies of every project may be attached to it."""

BRIDGE_NAME = "com.docker.network.bridge.name"
INHIBIT_IPV4 = "com.docker.network.bridge.inhibit_ipv4"
"""Options of Docker's bridge driver: the interface's name, and that the machine has no address on it."""

ADVERTISE = "com.docker.network.advertise_addr_nmsgs"
"""An option of networks: how many unsolicited ARP messages the engine, from Docker 28 on, sends for a new
interface. A base does that itself, once it has its MAC and knows that no other host has the address."""

LABEL_FLEET = "decnet.fleet"
LABEL_WORKER = "decnet.worker"
LABEL_PROJECT = "decnet.project"
"""Set on containers of other projects only: those of the fleet keep the labels of earlier versions."""
LABEL_DECKY = "decnet.decky"
LABEL_SERVICE = "decnet.service"
LABEL_FINGERPRINT = "decnet.fingerprint"

MAX_PREAMBLE_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 16 * 1024 * 1024
MAX_REQUEST_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 40
MAX_ENTRIES = 500_000
"""Values in one JSON text: empty lists cost three bytes on the wire and sixty in memory."""
MAX_ERROR_CHARS = 2000

MAX_ADDRESSES_OF_A_HOST = 2
"""A host that answers ARP for more addresses than these spoofs them, or answers in place of others (proxy
ARP): no decky gives way to it, or one host could switch off the fleet."""

JOB_SECONDS = 600.0
JOB_SECONDS_PER_DECKY = 30.0
JOB_SECONDS_AFTER_PROGRESS = 120.0

FIRST_ENGINE_WITHOUT_V1 = 25
"""Compose 1.x fails with `KeyError: ContainerConfig`: newer engines do not send that field of an image."""

TOPOLOGY_PREFIX = PROJECT + "-t-"
"""Before the 8 digits of a topology's project."""

_HEX = frozenset("0123456789abcdef")


def job_limit(deckies: int) -> float:
    """Seconds that a job of so many deckies may take; each of them that ends allows at least
    JOB_SECONDS_AFTER_PROGRESS more from then on."""
    return JOB_SECONDS + JOB_SECONDS_PER_DECKY * deckies


def longest_job(deckies: int) -> float:
    """Seconds after which a job of so many deckies is over in any case."""
    return job_limit(deckies) + JOB_SECONDS_AFTER_PROGRESS * deckies


def is_project(name: object) -> bool:
    """Whether that is a valid project name."""
    if not isinstance(name, str) or name == PROJECT:
        return name == PROJECT
    digits = name[len(TOPOLOGY_PREFIX) :]
    return name.startswith(TOPOLOGY_PREFIX) and len(digits) == 8 and _HEX.issuperset(digits)


def container_name(project: str, decky: str, service: str = "") -> str:
    """`<decky>` for a base, `<decky>-<service>` for a service; in other projects than the fleet with
    `<project>-` in front. Docker's names keep dashes apart from underscores."""
    base = decky if project == PROJECT else "%s-%s" % (project, decky)
    return "%s-%s" % (base, service.replace("_", "-")) if service else base


def inner_network(project: str, lan: str) -> str:
    """The Docker network of a topology's inner LAN."""
    return "%s-%s" % (project, lan)


def bridge_name(project: str, lan: str) -> str:
    """The bridge interface of that LAN: Linux allows 15 characters, so a hash stands for the LAN's name."""
    import hashlib

    return "dct%s%s" % (project[len(TOPOLOGY_PREFIX) :][:8], hashlib.sha256(lan.encode()).hexdigest()[:4])


def compose_breaks(compose: str, engine: str) -> bool:
    """Whether that Compose crashes with that Docker Engine: versions as the programs print them, such as
    `1.29.2`, `v2.24.5`, `20.10.24+dfsg1`."""
    return _major(compose) == 1 and _major(engine) >= FIRST_ENGINE_WITHOUT_V1


def compose_is_too_old(compose: str) -> bool:
    """Whether that Compose is older than 1.29: a version as the program prints it."""
    return (_major(compose), _minor(compose)) < (1, 29)


def _major(version: str) -> int:
    return _number(version.strip().lstrip("v").partition(".")[0])


def _minor(version: str) -> int:
    return _number((version.split(".") + [""])[1])


def _number(digits: str) -> int:
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 7 else 0
