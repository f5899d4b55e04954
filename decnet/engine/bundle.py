"""What one worker is sent: the slice that it keeps from then on, the steps, and the compose document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from decnet.engine.snapshot import Snapshot
from decnet.model.fleet import Fleet
from decnet.model.keys import SliceKey
from decnet.model.plan import Bundle, Step
from decnet.plan.compose import ExpectedContainer, ExpectedSlice, compose_document, empty_document
from decnet.plan.topologies.hashing import content
from decnet.wire import digest

SLICE_SCHEMA = 2


def slice_hash(snap: Snapshot, key: SliceKey) -> str:
    """The hash of the slice that the worker should hold."""
    return digest(_slice(snap, key))


def make_bundle(
    snap: Snapshot,
    key: SliceKey,
    steps: Sequence[Step],
    *,
    request_id: str,
    generation: int,
    rollout: Mapping[str, Any] | None = None,
) -> Bundle:
    """The slice of desired, its compose document and these steps, hashed; `rollout` is what the worker keeps
    of the open one."""
    # A worker without a LAN has no deckies; it may still have strays to remove.
    has_lan = key.worker in snap.desired.lans
    return bundle(
        key,
        steps,
        slice_document=_slice(snap, key),
        document=compose_document(snap.desired, key, snap.catalog, snap.images)
        if has_lan
        else empty_document(),
        generation=generation,
        request_id=request_id,
    )._replace(rollout=None if rollout is None else dict(rollout))


def slice_of(fleet: Fleet, key: SliceKey, worker_id: str, expected: ExpectedSlice) -> dict[str, Any]:
    """The part of a project that lives on one worker, as its agent keeps it: JSON values only."""
    return {
        "schema": SLICE_SCHEMA,
        "project": key.project,
        "fleet_id": fleet.fleet_id,
        "worker_id": worker_id,
        "networks": {name: each.model_dump(mode="json") for name, each in fleet.networks(*key).items()},
        "deckies": {
            name: {
                "decky": decky.model_dump(mode="json"),
                "containers": {each: _encoded(container) for each, container in expected[name].items()},
            }
            for name, decky in sorted(fleet.on(*key).items())
        },
        **_topology_of(fleet, key),
    }


def _topology_of(fleet: Fleet, key: SliceKey) -> dict[str, Any]:
    """The topology that the slice belongs to, from which a lost state directory can be rebuilt."""
    found = next((each for each in fleet.topologies.values() if each.project == key.project), None)
    if found is None or not fleet.on(*key):
        return {}
    return {
        "topology": {
            "id": found.id,
            "name": found.name,
            "version": found.version,
            "design": content(found.design),
        }
    }


def bundle(
    key: SliceKey,
    steps: Iterable[Step],
    *,
    slice_document: Mapping[str, Any],
    document: Mapping[str, Any],
    generation: int,
    request_id: str,
) -> Bundle:
    """The arguments of the agent's `apply`, with the two hashes that it computes again.

    `slice_document` is the slice (`slice_of`), `document` the compose document; steps without work for Docker
    are omitted.
    """
    encoded = tuple(step_of(step) for step in steps if step.touches_docker)
    hashed = {"project": key.project, "slice": slice_document, "steps": list(encoded), "compose": document}
    return Bundle(
        worker=key.worker,
        project=key.project,
        request_id=request_id,
        generation=generation,
        slice=dict(slice_document),
        steps=encoded,
        compose=dict(document),
        # The wire format calls the hash of the slice plan_hash.
        plan_hash=digest(slice_document),
        hash=digest(hashed),
    )


def step_of(step: Step) -> dict[str, Any]:
    """A step as the agent reads it."""
    return {
        "decky": step.decky,
        "operation": step.operation,
        "remove": [{"name": target.name, "id": target.id} for target in step.remove],
        "up": list(step.up),
        "start": list(step.start),
    }


def _encoded(container: ExpectedContainer) -> dict[str, Any]:
    return {
        "service": container.service,
        "fingerprint": container.fingerprint,
        "image": container.image,
        "ports": [list(port) for port in container.ports],
    }


def _slice(snap: Snapshot, key: SliceKey) -> dict[str, Any]:
    return slice_of(snap.desired, key, snap.workers[key.worker].worker_id, snap.expected.get(key, {}))
