"""Validates the arguments of `apply`: hashes, generation, values."""

from __future__ import annotations

from decnet.wire import LABEL_DECKY, LABEL_FINGERPRINT, NETWORK, PROJECT, container_name, digest, parse

from . import composefile, inner_networks, interfaces, network, request, slices, validators
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    from .inner_networks import Inner

OPERATIONS = ("create", "change", "heal", "remove", "mutate", "revive")
MOST_DECKIES = 2000
_HASHED = ("project", "slice", "steps", "compose")
_MULTICAST = 1
"""The bit of a MAC's first byte that marks a multicast address."""

_ATTACHMENT = validators.fields(
    {
        "network": validators.matching(r"[a-z0-9_-]{1,80}"),
        "address": validators.ADDRESS,
        "mac": validators.MAC,
    },
    {},
)
_MOST_ATTACHMENTS = 64

_SERVICE_OR_BASE = validators.fields(
    {
        "service": lambda value: value == "" or validators.SERVICE(value),
        "fingerprint": validators.HEX64,
        "image": validators.matching(r"[!-~]{1,255}"),
        "ports": validators.items(
            lambda port: (
                isinstance(port, list)
                and len(port) == 2
                and validators.whole(1, 65535)(port[0])
                and port[1] in ("tcp", "udp")
            ),
            64,
        ),
    },
    {},
)
_STEP = validators.fields(
    {
        "decky": validators.matching(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"),
        "operation": validators.one_of(*OPERATIONS),
    },
    {
        "remove": validators.items(
            lambda target: (
                not validators.fields(
                    {
                        "name": validators.matching(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"),
                        "id": validators.HEX64,
                    },
                    {},
                )(target)
            ),
            64,
        ),
        "up": validators.items(validators.CONTAINER, 64),
        "start": validators.items(validators.CONTAINER, 64),
    },
)


def check(args: Dict[str, Any], known: Dict[str, Any]) -> Dict[str, Any]:
    """The bundle that a job carries out: the checked arguments, `lan`, the worker's LAN, and `inner`, the
    inner networks of the project.

    Raises Refusal `usage`, `hash`, `generation`, `fleet`, `identity` or `refused`.
    """
    request.only(
        args, *_HASHED, "request_id", "generation", "hash", "plan_hash", "dry_run", "wait", "rollout"
    )
    bundle: Dict[str, Any] = {
        "request_id": request.text(args, "request_id"),
        "project": request.project(args),
        "generation": request.whole(args, "generation"),
        "plan_hash": request.text(args, "plan_hash"),
        "slice": request.mapping(args, "slice"),
        "compose": request.mapping(args, "compose"),
        "steps": args.get("steps"),
    }
    _check_hashes(args, bundle)
    check_generation(bundle["generation"], bundle["project"], known["fleet_id"], bundle["plan_hash"])
    _check_slice(bundle["slice"], known, bundle["project"])
    networks = bundle["slice"].get("networks")
    if not isinstance(networks, dict):
        raise Refusal("refused", "slice.networks")
    bundle["lan"] = network.lan_of(networks)
    bundle["inner"] = inner_networks.inner_of(networks, bundle["project"], bundle["lan"])
    for name, entry in bundle["slice"]["deckies"].items():
        _check_entry(name, entry, bundle["project"])
        for each in slices.attachments_of(entry):
            _check_attachment(name, each, bundle["lan"], bundle["inner"])
    composefile.check(bundle["compose"], known["fleet_id"], bundle["project"], bundle["inner"])
    _check_document(bundle["compose"]["services"], bundle["slice"]["deckies"], bundle["lan"], bundle["inner"])
    bundle["steps"] = _check_steps(bundle)
    return bundle


def check_generation(generation: int, project: str, fleet_id: str, plan_hash: Optional[str] = None) -> None:
    """Raises Refusal `generation` for one lower than the last that was accepted for this project, or for the
    same one with another content (`plan_hash`)."""
    known = slices.applied(project, fleet_id)
    last = known["generation"]
    if generation == last and plan_hash is not None and known["plan_hash"] not in (None, plan_hash):
        raise Refusal(
            "generation",
            "generation %d of %s is applied here with another content" % (generation, project),
            "decnet worker recover --take-generation",
            {"generation": last},
        )
    if generation < last:
        raise Refusal(
            "generation",
            "generation %d of %s is older than %d, which is applied here" % (generation, project, last),
            "decnet worker recover --take-generation",
            {"generation": last},
        )


def _check_hashes(args: Dict[str, Any], bundle: Dict[str, Any]) -> None:
    whole = {key: bundle[key] for key in _HASHED}
    if digest(whole) != args.get("hash") or digest(bundle["slice"]) != bundle["plan_hash"]:
        raise Refusal("hash", "the bundle's hash does not match the one that this agent computes")


def _check_slice(content: Dict[str, Any], known: Dict[str, Any], project: str) -> None:
    if content.get("schema") != slices.SCHEMA:
        raise Refusal("refused", "slice.schema is not %d" % slices.SCHEMA)
    if content.get("fleet_id") != known["fleet_id"]:
        raise Refusal("fleet", "the slice belongs to another fleet")
    if content.get("worker_id") != known["worker_id"]:
        raise Refusal("identity", "the slice belongs to another worker")
    if content.get("project") != project:
        raise Refusal("refused", "the slice belongs to another project than %s" % project)
    deckies = content.get("deckies")
    if not isinstance(deckies, dict) or len(deckies) > MOST_DECKIES:
        raise Refusal("refused", "slice.deckies")


def _check_entry(name: str, entry: Any, project: str) -> None:
    if not validators.NAME(name) or not isinstance(entry, dict) or not isinstance(entry.get("decky"), dict):
        raise Refusal("refused", "slice.deckies: %s" % str(name)[:80])
    _check_attachments(name, entry["decky"].get("attachments"), project)
    containers = entry.get("containers")
    if not isinstance(containers, dict) or container_name(project, name) not in containers:
        raise Refusal("refused", "slice.deckies.%s.containers" % name)
    for container, row in containers.items():
        if _SERVICE_OR_BASE(row) or container != container_name(project, name, row["service"]):
            raise Refusal("refused", "slice.deckies.%s.containers: %s" % (name, str(container)[:80]))


def _check_attachments(name: str, attachments: Any, project: str) -> None:
    """A decky of the fleet has one, to the LAN; one of a topology has each at most once."""
    most = 1 if project == PROJECT else _MOST_ATTACHMENTS
    if (
        not isinstance(attachments, list)
        or not 0 < len(attachments) <= most
        or any(map(_ATTACHMENT, attachments))
    ):
        message = "slice.deckies.%s.decky.attachments: must be %s"
        wanted = "exactly one, to the network %s" % NETWORK if most == 1 else "one to %d" % most
        raise Refusal("refused", message % (name, wanted))
    if len({each["network"] for each in attachments}) != len(attachments):
        raise Refusal("refused", "slice.deckies.%s.decky.attachments: two to one network" % name)
    # Its base probes the first address only, and after a restart of the engine no one else probes the LAN's.
    if NETWORK in [each["network"] for each in attachments[1:]]:
        raise Refusal("refused", "slice.deckies.%s.decky.attachments: %s must be the first" % (name, NETWORK))


def _check_attachment(
    name: str, attachment: Dict[str, str], lan: Optional[Dict[str, str]], inner: Inner
) -> None:
    """Check that a machine of this network may have the address, and that the MAC is not a group's."""
    address, where = attachment["address"], attachment["network"]
    found = lan if where == NETWORK else inner.get(where)
    if found is None:
        raise Refusal("refused", "slice.networks: %s is on %s, which is missing" % (name, where))
    number, subnet = interfaces.number_of(address), interfaces.network_of(found["subnet"])
    if number is None or subnet is None or number & subnet[1] != subnet[0]:
        raise Refusal("refused", "%s: %s is not in %s" % (name, address, found["subnet"]))
    ends = (0, ~subnet[1] & 0xFFFFFFFF)
    if address == found["gateway"] or (ends[1] > 1 and number - subnet[0] in ends):
        raise Refusal("refused", "%s: %s is not an address for a machine" % (name, address))
    if int(attachment["mac"][:2], 16) & _MULTICAST:
        raise Refusal("refused", "%s: %s is a multicast MAC" % (name, attachment["mac"]))


def _check_document(
    services: Dict[str, Any], deckies: Dict[str, Any], lan: Optional[Dict[str, str]], inner: Inner
) -> None:
    """Check that each base has the addresses and MACs of the slice, both on its networks and in its
    environment."""
    # The driver ipvlan has one MAC for all, and refuses others.
    has_macs = lan is None or lan["driver"] != "ipvlan"
    for name, service in services.items():
        entry = deckies.get(service["labels"][LABEL_DECKY])
        if entry is None:
            raise Refusal("refused", "%s: its decky is not in the slice" % name)
        if "networks" not in service:
            continue
        attachments = slices.attachments_of(entry)
        on = {
            "lan" if each["network"] == NETWORK else each["network"]: each["address"] for each in attachments
        }
        if [each["network"] for each in attachments] == [NETWORK]:
            fits = _fits_alone(service, attachments[0], has_macs)
        else:
            fits = _fits_together(service, attachments, lan, inner)
        if not fits or {key: each["ipv4_address"] for key, each in service["networks"].items()} != on:
            raise Refusal("refused", "%s: slice and compose document differ in address or MAC" % name)


def _fits_alone(service: Dict[str, Any], home: Dict[str, str], has_macs: bool) -> bool:
    """Whether the base of a decky on the LAN alone has its address and MAC."""
    environment, mac = service["environment"], service.get("mac_address")
    return (
        "INTERFACES" not in environment
        and environment.get("ADDRESS", home["address"]) == home["address"]
        and environment.get("MAC", home["mac"]) == home["mac"]
        and mac == (home["mac"] if has_macs else None)
    )


def _fits_together(
    service: Dict[str, Any], attachments: List[Dict[str, str]], lan: Optional[Dict[str, str]], inner: Inner
) -> bool:
    """Whether any other base is told exactly the decky's addresses and MACs, and a router among its
    neighbours. It sets the MACs itself: with several networks, Compose gives the only one to any of them."""
    environment = service["environment"]
    found = {NETWORK: lan or {}, **inner}
    blocks = [interfaces.network_of(found[each["network"]]["subnet"]) or (0, 0) for each in attachments]
    wanted = []
    for each, block in zip(attachments, blocks):
        has_mac = each["network"] != NETWORK or (lan or {}).get("driver") != "ipvlan"
        wanted.append([each["address"], bin(block[1]).count("1"), each["mac"] if has_mac else ""])
    try:
        told = parse(str(environment.get("INTERFACES", "")).encode())
    except ValueError:
        return False
    return (
        told == wanted
        and service.get("mac_address") is None
        and not {"ADDRESS", "MAC"} & set(environment)
        and _is_router(str(environment.get("ROUTER")), attachments, blocks)
    )


def _is_router(router: str, attachments: List[Dict[str, str]], blocks: List[Any]) -> bool:
    number = interfaces.number_of(router)
    if router == "" or number is None:
        return router == ""
    is_near = any(number & block[1] == block[0] for block in blocks)
    return is_near and router not in [each["address"] for each in attachments]


def _check_steps(bundle: Dict[str, Any]) -> List[Dict[str, Any]]:
    steps = bundle["steps"]
    if not isinstance(steps, list) or len(steps) > MOST_DECKIES * 2:
        raise Refusal("refused", "steps: must be a list")
    checked, seen = [], set()
    for step in steps:
        bad = _STEP(step)
        if bad:
            raise Refusal("refused", "steps: %s" % bad[0])
        if step["decky"] in seen:
            raise Refusal("refused", "steps: %s is listed twice" % step["decky"])
        seen.add(step["decky"])
        checked.append(dict({"remove": [], "up": [], "start": []}, **step))
        _check_step(checked[-1], bundle)
    return checked


def _check_step(step: Dict[str, Any], bundle: Dict[str, Any]) -> None:
    """Check that what a step brings up is in the slice and in the document, and belongs to the decky in
    both."""
    entry = bundle["slice"]["deckies"].get(step["decky"])
    if step["operation"] == "remove" and (step["up"] or step["start"]):
        raise Refusal("refused", "steps: %s is removed and brought up" % step["decky"])
    if entry is None:
        if step["up"] or step["start"]:
            raise Refusal("refused", "steps: %s is not in the slice" % step["decky"])
        return
    for name in step["up"] + step["start"]:
        row, service = entry["containers"].get(name), bundle["compose"]["services"].get(name)
        if row is None or (service is None and name in step["up"]):
            raise Refusal("refused", "steps: %s is not a container of %s" % (name, step["decky"]))
        if service is not None and service["labels"][LABEL_FINGERPRINT] != row["fingerprint"]:
            raise Refusal("refused", "%s: slice and compose document differ" % name)
