"""Check of this machine's ability to build the images of the deckies."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from decnet.commands.checks.finding import Finding
from decnet.commands.wording import listed
from decnet.engine.context import Context
from decnet.engine.daemon_thread import in_daemon_thread
from decnet.images import wanted

if TYPE_CHECKING:
    from decnet.images.readiness import Readiness

WHAT = "images"


async def look_for_images(ctx: Context) -> Readiness:
    """What a build of this version's images would lack on this machine."""
    from decnet.images.readiness import readiness

    return await in_daemon_thread(lambda: readiness(ctx.home.cache))


def image_findings(found: Readiness, on_workers: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    """The findings. `on_workers` has the images on each worker that answered: a worker that has those of this
    version needs no build."""
    lacking = [name for name, images in on_workers.items() if not set(wanted().all()) <= set(images)]
    if found.built:
        yield Finding(WHAT, "fine", "this version's images are on this machine")
    elif not found.obstacles:
        yield Finding(WHAT, "fine", "the next deploy builds this version's images on this machine")
    needed = f"needed by {listed(lacking)}" if lacking else "no worker needs them now"
    if not on_workers:
        needed = "needed by the first deploy"
    for text, fix in found.obstacles:
        message = f"images cannot be built on this machine ({needed}): {text}"
        code = 5 if found.no_engine else 1
        yield Finding(WHAT, "wrong" if lacking or not on_workers else "warning", message, fix, code)
