"""`decnet image`: the images of the deckies."""

from __future__ import annotations

from decnet.engine.context import Context
from decnet.engine.decide import Proposal
from decnet.engine.options import PassOptions
from decnet.engine.outcome import Listing, PassOutcome, TextOutcome
from decnet.engine.progress import Finished, ImageStep
from decnet.engine.run_pass import run_pass, without_observation
from decnet.engine.snapshot import Snapshot
from decnet.images import wanted
from decnet.images.build import ensure, make_base_image
from decnet.images.shelf import listed
from decnet.images.shelf import prune as prune_images
from decnet.plan.images import upgraded
from decnet.plan.select import select


def build(ctx: Context, *, no_cache: bool = False) -> TextOutcome:
    """Build missing images; with `no_cache`, rebuild all of them."""
    names = wanted()
    try:
        made = ensure(
            names,
            lambda s: ctx.emit(ImageStep(s.message, s.done, s.total)),
            cache=ctx.home.cache,
            no_cache=no_cache,
        )
    finally:
        ctx.emit(Finished())
    lines = [f"{ref}: {'made' if ref in made else 'already there'}" for ref in names.all()]
    return TextOutcome(tuple(lines), {"images": list(names.all()), "made": list(made)})


async def upgrade(ctx: Context, options: PassOptions, *, on: str | None = None) -> PassOutcome:
    """Recreate the deckies of the selected workers from this version's images."""

    def proposal(snap: Snapshot) -> Proposal:
        desired = upgraded(snap.desired, select(snap.workers, on), snap.images)
        return Proposal(snap.with_desired(desired))

    return await run_pass(ctx, "image upgrade", without_observation(proposal), options)


def base(ctx: Context) -> TextOutcome:
    """Make the root file system from Debian packages, whether or not a registry is reachable."""
    try:
        ref = make_base_image(lambda s: ctx.emit(ImageStep(s.message, s.done, s.total)), source="debian")
    finally:
        ctx.emit(Finished())
    return TextOutcome((f"{ref}: made from Debian packages",), {"image": ref})


def images(ctx: Context) -> Listing:
    """The decnet images of this machine's engine, and which of them are in use by this version."""
    items = [
        {"name": image.name, "size_mib": image.size >> 20, "current": image.wanted} for image in listed()
    ]
    rows = tuple(
        (str(i["name"]), f"{i['size_mib']} MiB", "current" if i["current"] else "old") for i in items
    )
    return Listing("images", ("image", "size", "use"), rows, tuple(items), empty="no decnet images here")


def prune(ctx: Context) -> TextOutcome:
    """Remove the decnet images that neither this version nor a container uses."""
    gone = prune_images(wanted().all())
    return TextOutcome(
        tuple(f"{ref}: removed" for ref in gone) or ("nothing to remove",), {"removed": list(gone)}
    )
