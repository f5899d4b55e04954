"""A stored fleet that names what the catalog does not have is refused, before anything is asked or made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from decnet import catalog
from decnet.catalog.loader import loaded
from decnet.commands.checks.operator import operator_findings
from decnet.engine.context import Context
from decnet.engine.snapshot import load_snapshot
from decnet.errors import SpecError
from decnet.model.fleet import Attachment, Decky, Fleet, Network
from decnet.store.desired import save_fleet
from decnet.store.home_check import open_home
from decnet.store.paths import Home

OWN = """
[service.intranet]
image = "registry.example/intranet:1"
ports = [8080]
"""


def home(number: int) -> tuple[Attachment, ...]:
    return (Attachment(address=f"192.0.2.10{number}", mac=f"00:50:56:00:00:0{number}"),)


def context(folder: Path, **odd: Any) -> Context:
    """A home with a fleet of two deckies, of which the second is odd."""
    home = Home(folder / "home")
    open_home(home)
    lan = Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")
    usual: dict[str, Any] = {
        "worker": "local", "os": "linux", "release": "debian-12", "services": {"ssh": {}}, "seed": "0" * 32,
        "spec_hash": "s",
    }  # fmt: skip
    deckies = [
        Decky(
            name=f"web-{n}",
            attachments=(Attachment(address=f"192.0.2.10{n}", mac=f"00:50:56:00:00:0{n}"),),
            hostname=f"h{n}",
            **each,
        )
        for n, each in enumerate((usual, {**usual, **odd}), 1)
    ]
    save_fleet(home, Fleet(fleet_id="f", lans={"local": lan}).with_deckies({d.name: d for d in deckies}))
    return Context(home, catalog.load(home.catalog), lambda event: None)


@pytest.mark.parametrize(
    ("odd", "complaint"),
    [
        ({"os": "beos"}, "projects.decnet.deckies.web-2.os names beos, which the catalog does not have"),
        (
            {"release": "n\x1b"},
            r"projects.decnet.deckies.web-2.release names n\x1b, which the catalog does not have",
        ),
        (
            {"services": {"nosuch": {}}},
            "projects.decnet.deckies.web-2.services names nosuch, which the catalog does not have",
        ),
        (
            {"core": ("ssh", "nosuch")},
            "projects.decnet.deckies.web-2.core names nosuch, which the catalog does not have",
        ),
        (
            {"side": ("nosuch",)},
            "projects.decnet.deckies.web-2.side names nosuch, which the catalog does not have",
        ),
    ],
)
def test_what_the_catalog_does_not_have_is_refused_with_its_place(
    tmp_path: Path, odd: dict[str, Any], complaint: str
) -> None:
    ctx = context(tmp_path, **odd)
    key = next(iter(odd))
    line = [
        number
        for number, text in enumerate(ctx.home.state.read_text().splitlines(), 1)
        if text.strip().startswith('"nosuch"' if key == "services" else f'"{key}"')
    ][-1]
    with pytest.raises(SpecError) as refused:
        load_snapshot(ctx)
    place, _, sentence = refused.value.message.partition(": ")
    assert (place.rpartition(":")[0], sentence) == (f"{ctx.home.state}:{line}", complaint)
    assert str(ctx.home.catalog) in (refused.value.hint or "")


def test_a_catalog_file_that_is_gone_is_refused_until_it_is_back(tmp_path: Path) -> None:
    ctx = context(tmp_path, services={"intranet": {}})
    with pytest.raises(SpecError, match=r"services names intranet, which the catalog does not have"):
        load_snapshot(ctx)
    findings, _, _ = operator_findings(ctx)
    assert [each.state for each in findings if each.what == "desired"] == ["wrong"]
    ctx.home.catalog.mkdir(mode=0o700)
    (ctx.home.catalog / "own.toml").write_text(OWN)
    loaded.cache_clear()
    found = load_snapshot(Context(ctx.home, catalog.load(ctx.home.catalog), lambda event: None))
    assert list(found.desired.deckies) == ["web-1", "web-2"]


def test_a_fleet_of_what_the_catalog_has_is_loaded(tmp_path: Path) -> None:
    assert list(load_snapshot(context(tmp_path)).desired.deckies) == ["web-1", "web-2"]
