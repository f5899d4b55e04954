"""Give every worker of a plan the images that it lacks."""

from __future__ import annotations

import asyncio

from decnet.engine.context import Context
from decnet.engine.links import Links
from decnet.engine.progress import ImageStep, WorkerLost
from decnet.engine.situation import Situation
from decnet.errors import DecnetError
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

    A worker whose images cannot be shipped goes into `errors`; a failed build raises ImageFailed.
    """
    needing = sorted({step.worker for step in plan.docker_steps if step.up})
    others = {step.worker for step in plan.docker_steps} - set(needing)
    if not needing:
        return others
    missing = await _missing(links, situation, needing, errors, rebuild=no_cache)
    if missing:
        await asyncio.to_thread(_build, ctx, situation, no_cache)
        remote = [name for name in missing if name != LOCAL]
        shipped = await asyncio.gather(*(_ship(ctx, links, situation, name) for name in remote))
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
) -> list[str]:
    from decnet.images import absent

    facts = await links.each((situation.workers[name] for name in needing), lambda client: client.facts())
    found = []
    for name, answer in facts.items():
        if isinstance(answer, DecnetError):
            errors[name] = answer
        elif rebuild or absent(answer.images, situation.images):
            found.append(name)
    return found


def _build(ctx: Context, situation: Situation, no_cache: bool) -> None:
    from decnet.images import ensure

    ensure(
        situation.images,
        lambda step: ctx.emit(ImageStep(step.message, step.done, step.total)),
        cache=ctx.home.cache,
        no_cache=no_cache,
    )


async def _ship(ctx: Context, links: Links, situation: Situation, name: str) -> DecnetError | None:
    from decnet.images import save_stream

    client = links.client(situation.workers[name])
    try:
        await client.image_load(situation.images.all(), save_stream(situation.images.all()))
    except DecnetError as error:
        ctx.emit(WorkerLost(name, error.message, error.hint))
        return error
    return None
