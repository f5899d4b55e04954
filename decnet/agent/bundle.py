"""Validates the arguments of `apply`: hashes, generation, values."""

from __future__ import annotations

from decnet.wire import LABEL_DECKY, LABEL_FINGERPRINT, NETWORK, container_name, digest

from . import composefile, interfaces, network, request, slices, validators
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

OPERATIONS = ("create", "change", "heal", "remove", "mutate", "revive")
MOST_DECKIES = 2000
_HASHED = ("project", "slice", "steps", "compose")
_MULTICAST = 1
"""The bit of a MAC's first byte that marks a multicast address."""

_ATTACHMENT = validators.fields(
    {"network": validators.exactly(NETWORK), "address": validators.ADDRESS, "mac": validators.MAC}, {}
)

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
    """The bundle that a job carries out: the checked arguments, and `lan`, the network of its deckies.

    Raises Refusal `usage`, `hash`, `generation`, `fleet`, `identity` or `refused`.
    """
    request.only(args, *_HASHED, "request_id", "generation", "hash", "plan_hash", "dry_run", "wait")
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
    bundle["lan"] = network.lan_of(bundle["slice"].get("networks"))
    for name, entry in bundle["slice"]["deckies"].items():
        _check_entry(name, entry, bundle["project"])
        _check_home(name, slices.home_of(entry), bundle["lan"])
    composefile.check(bundle["compose"], known["fleet_id"], bundle["project"])
    has_macs = bundle["lan"] is None or bundle["lan"]["driver"] != "ipvlan"
    _check_document(bundle["compose"]["services"], bundle["slice"]["deckies"], has_macs)
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
    attachments = entry["decky"].get("attachments")
    if not isinstance(attachments, list) or len(attachments) != 1 or _ATTACHMENT(attachments[0]):
        message = "slice.deckies.%s.decky.attachments: must be exactly one, to the network %s"
        raise Refusal("refused", message % (name, NETWORK))
    containers = entry.get("containers")
    if not isinstance(containers, dict) or container_name(project, name) not in containers:
        raise Refusal("refused", "slice.deckies.%s.containers" % name)
    for container, row in containers.items():
        if _SERVICE_OR_BASE(row) or container != container_name(project, name, row["service"]):
            raise Refusal("refused", "slice.deckies.%s.containers: %s" % (name, str(container)[:80]))


def _check_home(name: str, home: Dict[str, str], lan: Optional[Dict[str, str]]) -> None:
    """Check that a machine of this LAN may have the address, and that the MAC is not a group's."""
    if lan is None:
        raise Refusal("refused", "slice.networks: %s is on %s, which is missing" % (name, NETWORK))
    number, subnet = interfaces.number_of(home["address"]), interfaces.network_of(lan["subnet"])
    if number is None or subnet is None or number & subnet[1] != subnet[0]:
        raise Refusal("refused", "%s: %s is not in %s" % (name, home["address"], lan["subnet"]))
    ends = (0, ~subnet[1] & 0xFFFFFFFF)
    if home["address"] == lan["gateway"] or (ends[1] > 1 and number - subnet[0] in ends):
        raise Refusal("refused", "%s: %s is not an address for a machine" % (name, home["address"]))
    if int(home["mac"][:2], 16) & _MULTICAST:
        raise Refusal("refused", "%s: %s is a multicast MAC" % (name, home["mac"]))


def _check_document(services: Dict[str, Any], deckies: Dict[str, Any], has_macs: bool) -> None:
    """Check that each base has the address and MAC of the slice, both on the network and in its
    environment. `has_macs`: the network's driver gives each container a MAC; ipvlan refuses that."""
    for name, service in services.items():
        entry = deckies.get(service["labels"][LABEL_DECKY])
        if entry is None:
            raise Refusal("refused", "%s: its decky is not in the slice" % name)
        if "networks" not in service:
            continue
        home, environment = slices.home_of(entry), service["environment"]
        addresses = {service["networks"]["lan"]["ipv4_address"], environment.get("ADDRESS", home["address"])}
        mac = service.get("mac_address")
        is_right = mac == home["mac"] if has_macs else mac is None
        if (
            addresses != {home["address"]}
            or environment.get("MAC", home["mac"]) != home["mac"]
            or not is_right
        ):
            raise Refusal("refused", "%s: slice and compose document differ in address or MAC" % name)


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
