"""The arguments of `apply`, checked before anything is believed: hashes, generation, shapes."""

from __future__ import annotations

from decnet.wire import digest

from . import arguments, composefile, network, shapes, slices
from .failure import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

OPERATIONS = ("create", "change", "heal", "remove", "mutate", "revive")
MOST_DECKIES = 2000

_SERVICE_OR_BASE = shapes.fields(
    {
        "service": lambda value: value == "" or shapes.SERVICE(value),
        "fingerprint": shapes.HEX64,
        "image": shapes.matching(r"[!-~]{1,255}"),
        "ports": shapes.items(
            lambda port: (
                isinstance(port, list)
                and len(port) == 2
                and shapes.whole(1, 65535)(port[0])
                and port[1] in ("tcp", "udp")
            ),
            64,
        ),
    },
    {},
)
_STEP = shapes.fields(
    {"decky": shapes.matching(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"), "operation": shapes.one_of(*OPERATIONS)},
    {
        "remove": shapes.items(
            lambda target: (
                not shapes.fields(
                    {"name": shapes.matching(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"), "id": shapes.HEX64}, {}
                )(target)
            ),
            64,
        ),
        "up": shapes.items(shapes.CONTAINER, 64),
        "start": shapes.items(shapes.CONTAINER, 64),
    },
)


def check(args: Dict[str, Any], known: Dict[str, Any], single: bool) -> Dict[str, Any]:
    """The bundle that a job carries out: the checked arguments. `single`: exactly one decky may be in it.

    Raises Refusal `usage`, `hash`, `generation`, `fleet`, `identity` or `refused`.
    """
    arguments.only(
        args, "request_id", "generation", "hash", "plan_hash", "slice", "steps", "compose", "dry_run", "wait"
    )
    bundle: Dict[str, Any] = {
        "request_id": arguments.text(args, "request_id"),
        "generation": arguments.whole(args, "generation"),
        "plan_hash": arguments.text(args, "plan_hash"),
        "slice": arguments.mapping(args, "slice"),
        "compose": arguments.mapping(args, "compose"),
        "steps": args.get("steps"),
    }
    _check_hashes(args, bundle)
    check_generation(bundle["generation"])
    _check_slice(bundle["slice"], known)
    bundle["lan"] = network.check_lan(bundle["slice"].get("lan")) if bundle["slice"]["deckies"] else None
    composefile.check(bundle["compose"], known["fleet_id"])
    bundle["steps"] = _check_steps(bundle, single)
    return bundle


def check_generation(generation: int) -> None:
    """Raises Refusal `generation` for one lower than the last that was accepted."""
    last = slices.applied()["generation"]
    if generation < last:
        raise Refusal(
            "generation",
            "generation %d is older than %d, which is applied here" % (generation, last),
            "decnet worker recover --take-generation",
            {"generation": last},
        )


def _check_hashes(args: Dict[str, Any], bundle: Dict[str, Any]) -> None:
    whole = {key: bundle[key] for key in ("slice", "steps", "compose")}
    if digest(whole) != args.get("hash") or digest(bundle["slice"]) != bundle["plan_hash"]:
        raise Refusal("hash", "the bundle's hash is not the one that this agent computes")


def _check_slice(content: Dict[str, Any], known: Dict[str, Any]) -> None:
    if content.get("schema") != 1:
        raise Refusal("refused", "slice.schema is not 1")
    if content.get("fleet_id") != known["fleet_id"]:
        raise Refusal("fleet", "the slice is of another fleet")
    if content.get("worker_id") != known["worker_id"]:
        raise Refusal("identity", "the slice is of another worker")
    deckies = content.get("deckies")
    if not isinstance(deckies, dict) or len(deckies) > MOST_DECKIES:
        raise Refusal("refused", "slice.deckies")
    for name, entry in deckies.items():
        if not shapes.NAME(name) or not isinstance(entry, dict) or not isinstance(entry.get("decky"), dict):
            raise Refusal("refused", "slice.deckies: %s" % str(name)[:80])
        if not shapes.ADDRESS(entry["decky"].get("ip")):
            raise Refusal("refused", "slice.deckies.%s.decky.ip" % name)
        containers = entry.get("containers")
        if not isinstance(containers, dict) or name not in containers:
            raise Refusal("refused", "slice.deckies.%s.containers" % name)
        for container, row in containers.items():
            if not shapes.CONTAINER(container) or _SERVICE_OR_BASE(row):
                raise Refusal("refused", "slice.deckies.%s.containers: %s" % (name, str(container)[:80]))


def _check_steps(bundle: Dict[str, Any], single: bool) -> List[Dict[str, Any]]:
    steps = bundle["steps"]
    if not isinstance(steps, list) or len(steps) > MOST_DECKIES * 2:
        raise Refusal("refused", "steps: a list is needed")
    checked, seen = [], set()
    for step in steps:
        bad = _STEP(step)
        if bad:
            raise Refusal("refused", "steps: %s" % bad[0])
        if step["decky"] in seen:
            raise Refusal("refused", "steps: %s stands there twice" % step["decky"])
        seen.add(step["decky"])
        checked.append(dict({"remove": [], "up": [], "start": []}, **step))
        _check_step(checked[-1], bundle)
    if single and len(checked) != 1:
        raise Refusal("usage", "mutate takes exactly one decky")
    return checked


def _check_step(step: Dict[str, Any], bundle: Dict[str, Any]) -> None:
    """What a step brings up is in the slice and in the document, and is the decky's own in both."""
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
        if service is not None and service["labels"]["decnet.fingerprint"] != row["fingerprint"]:
            raise Refusal("refused", "%s: slice and compose document differ" % name)
