"""What one worker is sent: the slice that it holds from now on, the steps, and the compose document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from decnet.model.fleet import Fleet
from decnet.model.keys import SliceKey
from decnet.model.plan import Bundle, Step
from decnet.wire import digest

from .compose import Content, Contents

SLICE_SCHEMA = 2


def slice_of(fleet: Fleet, key: SliceKey, worker_id: str, made: Contents) -> dict[str, Any]:
    """The part of a project that lives on one worker, as its agent keeps it: JSON values only."""
    lan = fleet.lans.get(key.worker)
    return {
        "schema": SLICE_SCHEMA,
        "project": key.project,
        "fleet_id": fleet.fleet_id,
        "worker_id": worker_id,
        "networks": {lan.name: lan.model_dump(mode="json")} if lan else {},
        "deckies": {
            name: {
                "decky": decky.model_dump(mode="json"),
                "containers": {container: _spelled(content) for container, content in made[name].items()},
            }
            for name, decky in sorted(fleet.on(*key).items())
        },
    }


def bundle(
    key: SliceKey,
    steps: Iterable[Step],
    *,
    held: Mapping[str, Any],
    document: Mapping[str, Any],
    generation: int,
    request_id: str,
) -> Bundle:
    """The arguments of the agent's `apply`, with the two hashes that it computes again.

    `held` is the slice (`slice_of`), `document` the compose document; steps without work for Docker
    are left out.
    """
    spelled = tuple(step_of(step) for step in steps if step.touches_docker)
    hashed = {"project": key.project, "slice": held, "steps": list(spelled), "compose": document}
    return Bundle(
        worker=key.worker,
        project=key.project,
        request_id=request_id,
        generation=generation,
        slice=dict(held),
        steps=spelled,
        compose=dict(document),
        plan_hash=digest(held),
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


def _spelled(content: Content) -> dict[str, Any]:
    return {
        "service": content.service,
        "fingerprint": content.fingerprint,
        "image": content.image,
        "ports": [list(port) for port in content.ports],
    }
