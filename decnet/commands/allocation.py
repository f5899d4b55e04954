"""Addresses for new deckies, each probed on its LAN before it is claimed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import TYPE_CHECKING

from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.snapshot import Snapshot
from decnet.errors import Failed, SpecError, WorkerFailure
from decnet.model.actual import NotSeen, Seen
from decnet.model.fleet import Decky, Fleet, Network
from decnet.model.worker import Facts
from decnet.plan.allocate import allocate
from decnet.plan.claims import known_claims, possible_holders
from decnet.plan.decky_view import unknown_workers
from decnet.plan.draft import Draft
from decnet.plan.rollout import held_addresses
from decnet.wire import NETWORK, PROJECT, container_name

if TYPE_CHECKING:
    from decnet.worker.responses import Probed

ROUNDS = 8
"""How often other addresses are chosen before the LAN counts as full."""

PROBE_SECONDS = 0.5
"""Three probes in this time; the worker probes again before it starts anything at the address."""


async def allocate_unclaimed(
    ctx: Context,
    connections: Connections,
    snap: Snapshot,
    desired: Fleet,
    drafts: tuple[Draft, ...],
    lans: dict[str, Network],
    rng: Random,
    *,
    project: str = PROJECT,
) -> tuple[Snapshot, dict[str, Decky]]:
    """The drafts of a project with worker, address and MAC, where no other host answers at a new address. In
    the returned snapshot, a worker whose probe failed counts as not seen: it gets no new decky.

    Raises SpecError if a fixed address is taken, Failed if the LAN is full, and the error of a failed worker
    that a new address needs.
    """
    taken: set[str] = set()
    state = rng.getstate()
    for _ in range(ROUNDS):
        rng.setstate(state)
        deckies = _allocated(ctx, snap, desired, drafts, lans, rng, project, taken)
        answers = await _probed(connections, snap, deckies, project)
        lost = [answer for answer in answers.values() if isinstance(answer, WorkerFailure)]
        answered = _answered(snap, deckies, answers.values(), project)
        _refuse_fixed(drafts, deckies, answered)
        if not answered and not lost:
            return snap, deckies
        taken |= set(answered)
        snap = _without(snap, lost, lans)
    raise Failed(
        "too many addresses of the LAN are in use",
        hint="specify a free range: addresses.use in the fleet file, or --ip-start",
    )


def _allocated(
    ctx: Context,
    snap: Snapshot,
    desired: Fleet,
    drafts: tuple[Draft, ...],
    lans: dict[str, Network],
    rng: Random,
    project: str,
    taken: set[str],
) -> dict[str, Decky]:
    """The drafts with addresses that nothing known holds, and that are not `taken`."""
    elsewhere = _elsewhere(desired, project)
    macs = {each.mac for decky in elsewhere for each in decky.attachments}
    return allocate(
        drafts,
        catalog=ctx.catalog,
        lans=desired.lans,
        desired=desired if project == PROJECT else desired.with_deckies(desired.project(project).deckies),
        facts=_facts(snap),
        capacity={name: _room(snap, name, elsewhere) for name in _seen(snap, lans)},
        rng=rng,
        now=ctx.now(),
        taken=taken | {decky.ip for decky in elsewhere if decky.home.network == NETWORK},
        quarantined={text for row in snap.quarantined for text in (row.address, row.mac)},
        possibly_in_use=_held_by_unseen(snap) | macs | _held_by_rollout(snap),
    )


async def addresses_in_use(connections: Connections, snap: Snapshot) -> dict[str, tuple[str, str]]:
    """The addresses of new or moved deckies of desired that another host answers at, each with the decky and
    the host. Raises the error of a worker whose probe failed."""
    deckies = snap.desired.deckies
    answers = await _probed(connections, snap, deckies)
    for answer in answers.values():
        if isinstance(answer, WorkerFailure):
            raise answer.error
    names = {decky.ip: name for name, decky in deckies.items()}
    answered = _answered(snap, deckies, answers.values())
    return {ip: (names[ip], holder) for ip, holder in answered.items() if ip in names}


def _elsewhere(desired: Fleet, project: str) -> list[Decky]:
    """The deckies of all other projects, which keep what they have."""
    return [decky for name, _, decky in desired.every_decky() if name != project]


def _room(snap: Snapshot, worker: str, elsewhere: Iterable[Decky]) -> int | None:
    """How many deckies of this project the worker may have; None: no limit."""
    most = snap.workers[worker].max_deckies
    return None if most is None else max(0, most - sum(1 for decky in elsewhere if decky.worker == worker))


def _seen(snap: Snapshot, names: Iterable[str]) -> list[str]:
    return [name for name in names if isinstance(snap.observed.get(name), Seen)]


def _without(snap: Snapshot, lost: Sequence[WorkerFailure], lans: Iterable[str]) -> Snapshot:
    """The snapshot in which these workers are not seen. Raises the error of a worker that was not seen
    before, as new addresses need its probe, or if no worker is left."""
    left = snap.with_observed({failure.worker: NotSeen(failure) for failure in lost})
    for failure in lost:
        if not _seen(snap, [failure.worker]) or not _seen(left, lans):
            raise failure.error
    return left


def _facts(snap: Snapshot) -> dict[str, Facts]:
    return {name: o.facts for name, o in snap.observed.items() if isinstance(o, Seen) and o.facts}


def _held_by_unseen(snap: Snapshot) -> set[str]:
    """The addresses and MACs that unseen workers may hold."""
    unseen = unknown_workers(snap.stored, snap.recorded, snap.observed)
    claims = [each.claim for each in possible_holders(snap.stored, snap.recorded, unseen)]
    return {text for claim in claims for text in (claim.ip, claim.mac)}


def _held_by_rollout(snap: Snapshot) -> set[str]:
    """The addresses and MACs that units of the open rollout have, or will have: nothing else gets them."""
    return set(held_addresses(snap.rollout)) if snap.rollout is not None else set()


async def _probed(
    connections: Connections, snap: Snapshot, deckies: dict[str, Decky], project: str = PROJECT
) -> dict[str, Probed | WorkerFailure]:
    """The answer of each worker's probe for the new addresses on its LAN."""
    claims: dict[str, list[str]] = {}
    for decky in deckies.values():
        if not (_held(snap, decky, project) or _cannot_be_probed(snap, decky, project)):
            claims.setdefault(decky.worker, []).append(decky.ip)
    return await connections.call_all(
        (snap.workers[name] for name in claims if name in snap.workers),
        lambda client: client.probe(sorted(claims[client.worker]), seconds=PROBE_SECONDS),
    )


def _answered(
    snap: Snapshot,
    deckies: dict[str, Decky],
    answers: Iterable[Probed | WorkerFailure],
    project: str = PROJECT,
) -> dict[str, str]:
    """The new addresses that another host answers at, each with its container or MAC."""
    own = _own(snap) | {(decky.ip, container_name(project, decky.name)) for decky in deckies.values()}
    found: dict[str, str] = {}
    for answer in answers:
        if isinstance(answer, WorkerFailure):
            continue
        for ip, holder in answer.docker.items():
            if (ip, holder) not in own:
                found[ip] = f"container {holder}"
        for ip, mac in answer.answered.items():
            if ip not in answer.docker and (ip, mac) not in own:
                found[ip] = mac
    return found


def _own(snap: Snapshot) -> set[tuple[str, str]]:
    """The addresses of our deckies, each with its MAC and its container's name: a plan releases them before
    it claims them again, here or on another worker."""
    rows = [row for records in snap.recorded.values() for _, row in records.rows()]
    return {
        (claim.ip, who)
        for row in rows
        for claim in known_claims(row)
        for who in (claim.mac, container_name(row.project, row.name))
    }


def _held(snap: Snapshot, decky: Decky, project: str) -> bool:
    """Whether this decky already has that address on that worker, as recorded."""
    records = snap.recorded.get(decky.worker)
    row = records.of(project).deckies.get(decky.name) if records else None
    return any(claim.ip == decky.ip for claim in known_claims(row))


def _cannot_be_probed(snap: Snapshot, decky: Decky, project: str) -> bool:
    """Whether the address is unchanged and its worker was not seen: it does not delay the other workers."""
    before = snap.stored.decky(project, decky.name)
    same = before is not None and (before.worker, before.ip) == (decky.worker, decky.ip)
    return same and not isinstance(snap.observed.get(decky.worker), Seen)


def _refuse_fixed(drafts: tuple[Draft, ...], deckies: dict[str, Decky], answered: dict[str, str]) -> None:
    for draft in drafts:
        address = deckies[draft.name].ip
        if draft.ip and address in answered:
            raise SpecError(
                f"{draft.name}: {address} is in use on the LAN ({answered[address]} answers for it)",
                place=draft.place,
                hint="choose another address",
            )
