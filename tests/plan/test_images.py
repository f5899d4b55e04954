"""Which images a decky is made of is read from its containers where no record has it."""

from __future__ import annotations

import pytest

from decnet.model.actual import Container
from decnet.plan.images import pinned

from .world import decky, fleet, seen


class Names:
    base, decoys = "decnet/base:" + "b" * 12, "decnet/decoys:" + "d" * 12


OLDER = "decnet/decoys:" + "0" * 12


@pytest.mark.parametrize(("image", "keeps"), [(Names.decoys, True), (OLDER, False)])
def test_a_decky_whose_images_are_not_recorded_is_what_its_containers_are(image: str, keeps: bool) -> None:
    """A fleet that was recovered, or restored from an older copy, is not created again."""
    web = decky("web")
    bare = fleet(web.model_copy(update={"images": None}))
    containers = (container("", Names.base), container("http", image))
    images = pinned(bare, {web.worker: seen(web.worker, containers)}, Names()).deckies["web"].images
    assert images is not None
    assert (images.decoys, images.keeps_uploads) == (image, keeps)


def container(service: str, image: str) -> Container:
    return Container(
        name=f"web-{service}" if service else "web", id=f"id-{service}", decky="web", service=service,
        fingerprint="f", image=image, state="running", attached=True, ready=True, ip="192.0.2.100",
    )  # fmt: skip
