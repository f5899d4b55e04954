"""A fleet by worker."""

from __future__ import annotations

import time

from decnet.model.fleet import Attachment, Decky, Fleet


def decky(name: str, worker: str) -> Decky:
    home = Attachment(address="192.0.2.9", mac="02:42:c0:00:02:09")
    return Decky(
        name=name, worker=worker, attachments=(home,), hostname="web", os="linux", release="debian-12",
        services={"ssh": {}}, seed="0" * 32, spec_hash="h",
    )  # fmt: skip


def test_a_changed_fleet_knows_its_deckies_by_worker() -> None:
    web, mail = decky("web", "w1"), decky("mail", "w2")
    fleet = Fleet(fleet_id="f").with_deckies({"web": web, "mail": mail})
    assert (fleet.on("w1"), fleet.on("w2"), fleet.on("w3")) == ({"web": web}, {"mail": mail}, {})
    moved = fleet.with_deckies({"web": web.model_copy(update={"worker": "w2"})})
    assert (fleet.on("w1"), moved.on("w1"), list(moved.on("w2"))) == ({"web": web}, {}, ["web"])
    assert fleet == Fleet(fleet_id="f").with_deckies({"web": web, "mail": mail})
    moved.on("w2").clear()
    assert list(moved.on("w2")) == ["web"]


def test_the_slices_of_many_workers_cost_one_look_at_each_decky() -> None:
    def seconds(count: int) -> float:
        fleet = Fleet(fleet_id="f").with_deckies({f"d{n}": decky(f"d{n}", f"w{n}") for n in range(count)})
        begin = time.process_time()
        for number in range(count):
            fleet.on(f"w{number}")
        return time.process_time() - begin

    assert seconds(3000) < 0.3
