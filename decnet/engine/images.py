"""Provides every worker of a plan with its missing images."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from threading import Event

from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.daemon_thread import in_daemon_thread
from decnet.engine.progress import ImagesSent, ImageStep
from decnet.engine.snapshot import Snapshot
from decnet.errors import DecnetError, DockerDown, ImageFailed, Interrupted, WorkerFailure
from decnet.model.actual import Seen
from decnet.model.plan import Plan
from decnet.model.spec import LOCAL
from decnet.model.worker import Facts

ImageTransfer = asyncio.Task[WorkerFailure | None]
"""The transfer of images to one worker, and its failure if it had one."""


async def provide_images(
    ctx: Context,
    connections: Connections,
    snap: Snapshot,
    plan: Plan,
    failures: dict[str, WorkerFailure],
    *,
    no_cache: bool = False,
) -> dict[str, ImageTransfer | None]:
    """Build missing images and start their transfer, once per worker. Gives the workers that can carry out
    their steps, each with its transfer (None: it has all images).

    A worker whose images cannot be built is added to `failures`. Raises ImageFailed if every worker needs the
    build that failed.
    """
    needing = sorted({step.worker for step in plan.docker_steps if step.up})
    others = {step.worker for step in plan.docker_steps} - set(needing)
    if not needing:
        return dict.fromkeys(others)
    needed = _needed(snap, plan)
    current_version_images = set(snap.images.all())
    in_use = {} if no_cache else {name: _in_use(snap, name) for name in needing}
    have = {name: refs for name, refs in in_use.items() if needed[name] <= refs}
    asked = [name for name in needing if name not in have]
    others_of = {name: refs - current_version_images for name, refs in needed.items()}
    have |= await _images_on_workers(connections, snap, asked, others_of, failures)
    missing = _missing(needed, have, current_version_images, rebuild=no_cache)
    if missing and not await _build_or_report(ctx, snap, missing, failures, others | set(needing), no_cache):
        missing = {}
    other_images = {name: needed[name] - current_version_images for name in have}
    missing_others = await _missing_other_images(ctx, other_images, have, failures)
    remote = {
        name: (*missing.get(name, ()), *missing_others.get(name, ()))
        for name in {**missing, **missing_others}
        if name != LOCAL and name not in failures
    }
    transfers = {
        name: asyncio.create_task(_transfer(ctx, connections, snap, name, tags))
        for name, tags in remote.items()
    }
    return {name: transfers.get(name) for name in (*others, *needing) if name not in failures}


def _needed(snap: Snapshot, plan: Plan) -> dict[str, set[str]]:
    """The images that the steps of each worker need."""
    found: dict[str, set[str]] = {}
    for step in plan.docker_steps:
        expected = snap.expected.get(step.key.slice, {}).get(step.decky, {})
        images = (expected[name].image for name in step.up if name in expected)
        found.setdefault(step.worker, set()).update(images)
    return found


def _in_use(snap: Snapshot, worker: str) -> set[str]:
    """The images of the running containers that the worker has just reported: of one whose name was taken
    from it, the engine reports the id."""
    seen = snap.observed.get(worker)
    containers = seen.status.containers if isinstance(seen, Seen) else ()
    return {each.image for each in containers if each.state == "running"}


async def _images_on_workers(
    connections: Connections,
    snap: Snapshot,
    needing: list[str],
    other_images: dict[str, set[str]],
    failures: dict[str, WorkerFailure],
) -> dict[str, set[str]]:
    """The images that each answering worker has: of this version's and of the `other_images` asked for. Its
    facts were asked for when it was observed: only other images need another call."""
    known = {name: facts for name in needing if not other_images.get(name) and (facts := _facts(snap, name))}
    answers = await connections.call_all(
        (snap.workers[name] for name in needing if name not in known),
        lambda client: client.facts(other_images.get(client.worker, ())),
    )
    failures.update({name: each for name, each in answers.items() if isinstance(each, WorkerFailure)})
    found = {name: answer for name, answer in answers.items() if isinstance(answer, Facts)}
    return {name: set(facts.images) for name, facts in {**known, **found}.items()}


def _facts(snap: Snapshot, worker: str) -> Facts | None:
    observed = snap.observed.get(worker)
    return observed.facts if isinstance(observed, Seen) else None


def _missing(
    needed: dict[str, set[str]], have: dict[str, set[str]], current_version_images: set[str], *, rebuild: bool
) -> dict[str, tuple[str, ...]]:
    """The missing images of this version, per worker that lacks any."""
    lacking = {
        name: tuple(sorted((needed[name] & current_version_images) - (set() if rebuild else on_worker)))
        for name, on_worker in have.items()
    }
    return {name: tags for name, tags in lacking.items() if tags}


async def _missing_other_images(
    ctx: Context,
    other_images: dict[str, set[str]],
    have: dict[str, set[str]],
    failures: dict[str, WorkerFailure],
) -> dict[str, tuple[str, ...]]:
    """Per worker, the other images that it lacks and this machine has: the user's own, and those of earlier
    versions of decnet. The worker has to pull images that are not here; if one of them is an image of decnet,
    which cannot be rebuilt, the worker is added to `failures`."""
    from decnet.images.shelf import on_this_machine

    lacking = {name: sorted(other_images.get(name, set()) - on_worker) for name, on_worker in have.items()}
    wanted = {ref for refs in lacking.values() for ref in refs}
    # A saved image does not keep a digest as its name.
    named = sorted(ref for ref in wanted if "@" not in ref)
    here = set(await in_daemon_thread(lambda: on_this_machine(named))) if named else set()
    for name, refs in lacking.items():
        for ref in (ref for ref in refs if ref not in here):
            place = "not here" if name == LOCAL else "neither there nor on this machine"
            if ref.startswith(("decnet/base:", "decnet/decoys:")):
                failures[name] = _unavailable(name, ref, place)
            else:
                ctx.note(f"the image {ref} is {place}: it has to be pulled", name)
    found = {name: tuple(ref for ref in refs if ref in here) for name, refs in lacking.items()}
    return {name: refs for name, refs in found.items() if refs}


def _unavailable(name: str, ref: str, place: str) -> WorkerFailure:
    return WorkerFailure(
        name,
        ImageFailed,
        f"the image {ref} of an earlier version of decnet is {place}",
        f"decnet image upgrade --on {name} makes its deckies of this version's images",
    )


async def _build_or_report(
    ctx: Context,
    snap: Snapshot,
    missing: Collection[str],
    failures: dict[str, WorkerFailure],
    every_worker: Collection[str],
    no_cache: bool,
) -> bool:
    """Whether the images were built. A failed build must not stop the workers that do not need it."""
    try:
        await _build(ctx, snap, no_cache)
    except Interrupted:
        raise
    except DecnetError as error:
        if set(missing) == set(every_worker):
            raise
        for name in missing:
            failures[name] = _not_here(name, "made", error)
            ctx.emit(failures[name])
        return False
    return True


def _not_here(name: str, done: str, error: DecnetError) -> WorkerFailure:
    """The failure of a worker that gets no images, because of an error on this machine."""
    return WorkerFailure(
        name, ImageFailed, f"its images could not be {done} here: {error.message}", error.hint
    )


async def _build(ctx: Context, snap: Snapshot, no_cache: bool) -> None:
    """Build missing images here. An interrupted command does not wait for the build; the next command removes
    what it leaves."""
    from decnet.images.build import ensure
    from decnet.images.programs import end_programs
    from decnet.images.progress import ImageProgress

    stopped = Event()

    def report(step: ImageProgress) -> None:
        if stopped.is_set():
            raise Interrupted("interrupted")
        ctx.emit(ImageStep(step.message, step.done, step.total))

    def build() -> None:
        ensure(snap.images, report, cache=ctx.home.cache, no_cache=no_cache)

    try:
        await in_daemon_thread(build)
    except asyncio.CancelledError:
        stopped.set()
        end_programs()
        raise


async def _transfer(
    ctx: Context, connections: Connections, snap: Snapshot, name: str, tags: tuple[str, ...]
) -> WorkerFailure | None:
    from decnet.images.shelf import save_size, save_stream

    client = connections.client(snap.workers[name])
    try:
        size = await asyncio.to_thread(save_size, tags)
        sent = _Sent(ctx, name, size)
        await client.image_load(tags, save_stream(tags, on_progress=sent.update), size=size)
        sent.arrived()
    except (DockerDown, ImageFailed) as error:
        failure = WorkerFailure.of(error) if error.worker else _not_here(name, "read", error)
    except DecnetError as error:
        failure = WorkerFailure.of(error)
    else:
        return None
    ctx.emit(failure)
    return failure


class _Sent:
    """The progress of a worker's images, reported once per MiB; complete only when they have arrived."""

    def __init__(self, ctx: Context, worker: str, size: int) -> None:
        self._emit, self._worker = ctx.emit, worker
        self._total = (size >> 20) + 1
        self._reported = 0
        self._emit(ImagesSent(worker, 0, self._total))

    def update(self, done: int) -> None:
        mib = min(done >> 20, self._total - 1)
        if mib > self._reported:
            self._reported = mib
            self._emit(ImagesSent(self._worker, mib, self._total))

    def arrived(self) -> None:
        self._emit(ImagesSent(self._worker, self._total, self._total))
