"""An installed fleet keeps the images it was made from until it is upgraded."""

from __future__ import annotations

from typing import Any

import pytest
from fakefleet import FakeFleet, Ran

from decnet.commands.deploy import DeployOptions, deploy
from decnet.commands.image import upgrade
from decnet.commands.mutate import MutateOptions, mutate
from decnet.commands.reconcile import reconcile
from decnet.commands.status import status
from decnet.engine.options import PassOptions
from decnet.images import ImageNames, wanted
from decnet.model.fleet import DeckyImages
from decnet.model.fleetfile import parse
from decnet.store.desired import save_fleet

from .conftest import FOUR

NEWER = ImageNames(base="decnet/base:aaaaaaaaaaaa", decoys="decnet/decoys:aaaaaaaaaaaa")
SIX = FOUR.replace("count = 4", "count = 6")


@pytest.fixture
def older(fleet: FakeFleet) -> FakeFleet:
    """Four deckies of an earlier version's images; the workers have this version's too."""
    for worker in fleet.workers.values():
        worker.engine.images |= {name: {"decnet.content": "yes"} for name in NEWER.all()}
    return fleet


def newer(fleet: FakeFleet, verb: Any) -> Ran:
    """The verb as a newer version of decnet runs it."""
    return fleet.run(verb, images=NEWER)


def images_of(fleet: FakeFleet, decky: str) -> set[str]:
    return {
        each["Image"]
        for worker in fleet.workers.values()
        for each in worker.engine.containers.values()
        if each["Labels"]["decnet.decky"] == decky
    }


OLD = set(wanted().all())
NEW = set(NEWER.all())


def test_a_newer_version_replaces_no_container_and_says_that_an_upgrade_is_pending(older: FakeFleet) -> None:
    before = older.picture()
    ran = newer(older, lambda ctx: reconcile(ctx, PassOptions()))
    assert (ran.code, ran.outcome.plan.upgrades) == (0, {"w1": 2, "w2": 2})
    assert older.picture() == before
    assert newer(older, lambda ctx: reconcile(ctx, PassOptions(check=True))).code == 0
    shown = newer(older, status).outcome
    assert shown.exit_code == 0 and shown.drift == 0
    assert "2 deckies of older images" in shown.deckies.notes[0]


def test_a_mutation_of_an_older_decky_uses_its_own_images(older: FakeFleet) -> None:
    options = MutateOptions(("web-01",), services=("http", "ssh"))
    assert newer(older, lambda ctx: mutate(ctx, options)).code == 0
    assert (images_of(older, "web-01"), images_of(older, "web-02")) == (OLD, OLD)


def test_new_deckies_are_made_of_this_versions_images_and_the_others_stay(older: FakeFleet) -> None:
    ran = newer(older, lambda ctx: deploy(ctx, parse(SIX, "f.toml"), DeployOptions()))
    assert (ran.code, [step.decky for step in ran.outcome.plan.steps]) == (0, ["web-05", "web-06"])
    assert (images_of(older, "web-01"), images_of(older, "web-05")) == (OLD, NEW)


@pytest.mark.parametrize("way", ["image upgrade", "deploy --upgrade"])
def test_an_upgrade_replaces_every_container_once(older: FakeFleet, way: str) -> None:
    def verb(ctx: Any) -> Any:
        if way == "image upgrade":
            return upgrade(ctx, PassOptions())
        return deploy(ctx, parse(FOUR, "f.toml"), DeployOptions(upgrade=True))

    assert newer(older, verb).code == 0
    assert all(images_of(older, f"web-0{number}") == NEW for number in range(1, 5))
    before = older.picture()
    ran = newer(older, verb)
    assert (ran.code, ran.outcome.plan.is_empty, ran.outcome.plan.upgrades) == (0, True, {})
    assert older.picture() == before


def test_the_plan_of_an_upgrade_shows_the_images(older: FakeFleet) -> None:
    ran = newer(older, lambda ctx: upgrade(ctx, PassOptions(dry_run=True)))
    (base, decoys), shown = wanted().all(), ran.outcome.plan.steps[0]
    assert (shown.bucket, [tuple(change) for change in shown.changes]) == (
        "change",
        [("image.base", base, NEWER.base), ("image.services", decoys, NEWER.decoys)],
    )


def test_an_upgrade_of_one_worker_leaves_the_other(older: FakeFleet) -> None:
    assert newer(older, lambda ctx: upgrade(ctx, PassOptions(), on="w1")).code == 0
    assert (images_of(older, "web-01"), images_of(older, "web-02")) == (NEW, OLD)


def test_a_decky_of_which_nothing_is_left_is_made_of_this_versions_images(older: FakeFleet) -> None:
    for worker in older.workers.values():
        for each in list(worker.engine.containers.values()):
            if each["Labels"]["decnet.decky"] == "web-01":
                del worker.engine.containers[each["Id"]]
    assert newer(older, lambda ctx: reconcile(ctx, PassOptions())).code == 0
    assert (images_of(older, "web-01"), images_of(older, "web-03")) == (NEW, OLD)


def test_a_fleet_whose_images_were_never_written_down_keeps_those_that_it_runs(older: FakeFleet) -> None:
    """As a state file of version 0.1.0 has it, which did not name them; its services kept no uploads."""
    for images in (DeckyImages(base=wanted().base, decoys=wanted().decoys), None):
        deckies = older.desired.deckies.items()
        changed = {name: each.model_copy(update={"images": images}) for name, each in deckies}
        save_fleet(older.home, older.desired.with_deckies(changed))
        if images is not None:
            assert older.reconcile().code == 0
    assert newer(older, lambda ctx: reconcile(ctx, PassOptions())).outcome.plan.docker_steps == ()
    assert {each.images.base for each in older.desired.deckies.values() if each.images} == {wanted().base}


def test_an_older_image_that_is_gone_everywhere_is_named_with_the_way_out(older: FakeFleet) -> None:
    older["w1"].engine.images.pop(wanted().decoys)
    options = MutateOptions(("web-01", "web-02"), services=("http", "ssh"))
    ran = newer(older, lambda ctx: mutate(ctx, options))
    assert (ran.code, images_of(older, "web-02")) == (1, OLD)
    (trouble,) = ran.outcome.troubles
    assert trouble.worker == "w1" and wanted().decoys in trouble.message
    assert "decnet image upgrade --on w1" in str(trouble.hint)


def test_a_worker_whose_containers_show_the_images_is_not_asked_for_them(fleet: FakeFleet) -> None:
    fleet["w1"].requests.clear()
    options = MutateOptions(("web-01",), services=("ftp", "http"))
    assert fleet.run(lambda ctx: mutate(ctx, options)).code == 0
    assert set(fleet["w1"].requests) == {"status", "apply"}
