"""Give every worker of a plan the images that it lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from threading import Event

from decnet.engine.apart import apart
from decnet.engine.context import Context
from decnet.engine.links import Links
from decnet.engine.progress import ImagesSent, ImageStep, WorkerLost
from decnet.engine.situation import Situation
from decnet.errors import DecnetError, Interrupted
from decnet.model.plan import Plan
from decnet.model.spec import LOCAL


async def provide_images(
    ctx: Context,
    links: Links,
    situation: Situation,
    plan: Plan,
    errors: dict[str, DecnetError],
    *,
    no_cache: bool = False,
) -> set[str]:
    """Build what is missing, ship it once per worker; the workers that are ready for their steps.

    A worker whose images cannot be made or shipped goes into `errors`; a failed build that nobody can do
    without raises ImageFailed.
    """
    needing = sorted({step.worker for step in plan.docker_steps if step.up})
    others = {step.worker for step in plan.docker_steps} - set(needing)
    if not needing:
        return others
    missing = await _missing(links, situation, needing, errors, rebuild=no_cache)
    if missing and await _built_or_told(ctx, situation, missing, errors, others | set(needing), no_cache):
        remote = {name: tags for name, tags in missing.items() if name != LOCAL}
        shipped = await asyncio.gather(
            *(_ship(ctx, links, situation, name, tags) for name, tags in remote.items())
        )
        for name, error in zip(remote, shipped, strict=True):
            if error is not None:
                errors[name] = error
    return others | {name for name in needing if name not in errors}


async def _missing(
    links: Links,
    situation: Situation,
    needing: list[str],
    errors: dict[str, DecnetError],
    *,
    rebuild: bool,
) -> dict[str, tuple[str, ...]]:
    """Per worker that lacks any, the images that it lacks."""
    from decnet.images.shelf import absent

    facts = await links.each((situation.workers[name] for name in needing), lambda client: client.facts())
    found = {}
    for name, answer in facts.items():
        if isinstance(answer, DecnetError):
            errors[name] = answer
        elif lacking := absent([] if rebuild else answer.images, situation.images):
            found[name] = lacking
    return found


async def _built_or_told(
    ctx: Context,
    situation: Situation,
    missing: Collection[str],
    errors: dict[str, DecnetError],
    everybody: Collection[str],
    no_cache: bool,
) -> bool:
    """Whether the images are here. A worker that lacks them, or says so, must not end the work of those
    that do not."""
    try:
        await _built(ctx, situation, no_cache)
    except Interrupted:
        raise
    except DecnetError as error:
        if set(missing) == set(everybody):
            raise
        for name in missing:
            errors[name] = error
            ctx.emit(WorkerLost(name, error.message, error.hint))
        return False
    return True


async def _built(ctx: Context, situation: Situation, no_cache: bool) -> None:
    """Make what is missing here. An interrupted command does not wait for it: what is left half made is
    taken away by the next one."""
    from decnet.images.build import ensure
    from decnet.images.programs import end_programs
    from decnet.images.progress import ImageProgress

    stopped = Event()

    def say(step: ImageProgress) -> None:
        if stopped.is_set():
            raise Interrupted("interrupted")
        ctx.emit(ImageStep(step.message, step.done, step.total))

    def build() -> None:
        ensure(situation.images, say, cache=ctx.home.cache, no_cache=no_cache)

    try:
        await apart(build)
    except asyncio.CancelledError:
        stopped.set()
        end_programs()
        raise


async def _ship(
    ctx: Context, links: Links, situation: Situation, name: str, tags: tuple[str, ...]
) -> DecnetError | None:
    from decnet.images.shelf import save_size, save_stream

    client = links.client(situation.workers[name])
    try:
        size = await asyncio.to_thread(save_size, tags)
        sent = _Sent(ctx, name, size)
        await client.image_load(tags, save_stream(tags, tell=sent.tell), size=size)
        sent.arrived()
    except DecnetError as error:
        ctx.emit(WorkerLost(name, error.message, error.hint))
        return error
    return None


class _Sent:
    """How far a worker's images are, told once per MiB; all of them only when they have arrived."""

    def __init__(self, ctx: Context, worker: str, size: int) -> None:
        self._emit, self._worker = ctx.emit, worker
        self._total = (size >> 20) + 1
        self._told = 0
        self._emit(ImagesSent(worker, 0, self._total))

    def tell(self, done: int) -> None:
        mib = min(done >> 20, self._total - 1)
        if mib > self._told:
            self._told = mib
            self._emit(ImagesSent(self._worker, mib, self._total))

    def arrived(self) -> None:
        self._emit(ImagesSent(self._worker, self._total, self._total))
