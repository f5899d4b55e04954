"""`events -o FORMAT`, `--redact` and `--share`, with stored events of a decky and of one that has left."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from decnet import catalog
from decnet.cli.event_options import EventOutput
from decnet.commands.event_view import LOOK_AGAIN, EventView
from decnet.console.events import show_events
from decnet.engine.context import Context
from decnet.export import FORMATS
from decnet.model.event import AttackerEvent
from decnet.model.fleet import Attachment, Decky, Network
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.home_check import open_home
from decnet.store.paths import Home

OWN = {"table", "json", "jsonl", "name"}
LAN = Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")
WEB = Decky(
    name="web", worker="w1",
    attachments=(Attachment(address="192.0.2.10", mac="00:50:56:00:00:10"),),
    hostname="srv-1", os="linux", release="debian-12", services={"ssh": {}},
    seed=f"{1:032x}", spec_hash="0" * 64, mutated_at=1.0,
)  # fmt: skip


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    home = Home(tmp_path / "home")
    open_home(home)
    save_fleet(home, new_fleet().model_copy(update={"lans": {"w1": LAN}}).with_deckies({"web": WEB}))
    return Context(home=home, catalog=catalog.load(), emit=lambda event: None)


def login(decky: str = "web") -> AttackerEvent:
    return AttackerEvent.model_validate(
        {
            "id": "e1",
            "seq": 1,
            "at": 1_700_000_009.5,
            "decky": decky,
            "service": "ssh",
            "kind": "login",
            "source_ip": "192.0.2.66",
            "source_port": 4000,
            "session": "s",
            "local_ip": "192.0.2.10",
            "local_port": 22,
            "transport": "tcp",
            "fields": {"username": "root", "password": "s3cret", "success": False, "method": "password"},
        }  # fmt: skip
    )


def printed(capsys: pytest.CaptureFixture[str], view: EventView, event: AttackerEvent) -> str:
    show_events(view.pairs([("w1", event)]), view.style, spell=view.spell)
    return capsys.readouterr().out


def test_the_option_takes_our_own_formats_and_every_one_of_the_package() -> None:
    assert {each.value for each in EventOutput} >= OWN | set(FORMATS)
    assert {each.value for each in EventOutput} - OWN - {"yaml", "wide"} == set(FORMATS)


@pytest.mark.parametrize("style", sorted(FORMATS))
@pytest.mark.parametrize("decky", ["web", "gone"])
def test_an_event_is_one_line_in_every_format(
    ctx: Context, capsys: pytest.CaptureFixture[str], style: str, decky: str
) -> None:
    text = printed(capsys, EventView(ctx, style), login(decky))
    assert text.endswith("\n") and text.count("\n") == 1
    assert "192.0.2.66" in text and "s3cret" in text


def test_a_format_has_what_the_decky_claims_to_be(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    found: dict[str, Any] = json.loads(printed(capsys, EventView(ctx, "ecs"), login()))
    assert found["host"] == {
        "name": "srv-1", "hostname": "srv-1", "os": {"family": "linux"}, "ip": ["192.0.2.10"],
        "mac": ["00-50-56-00-00-10"],
    }  # fmt: skip
    assert json.loads(printed(capsys, EventView(ctx, "ecs"), login("gone")))["host"] == {"ip": ["192.0.2.10"]}


def test_a_decky_that_has_left_is_not_looked_up_for_each_of_its_events(ctx: Context) -> None:
    clock = [0.0]
    view = EventView(replace(ctx, monotonic=lambda: clock[0]), "ecs")
    assert view.seen("w1", login("new")).hostname == ""
    fleet = new_fleet().model_copy(update={"lans": {"w1": LAN}})
    save_fleet(ctx.home, fleet.with_deckies({"new": WEB.model_copy(update={"name": "new"})}))
    assert view.seen("w1", login("new")).hostname == ""
    clock[0] += LOOK_AGAIN
    assert view.seen("w1", login("new")).hostname == "srv-1"


@pytest.mark.parametrize("style", sorted(FORMATS) + sorted(OWN - {"name"}))
def test_redact_leaves_out_the_secret_and_share_the_decky_too(
    ctx: Context, capsys: pytest.CaptureFixture[str], style: str
) -> None:
    limited = printed(capsys, EventView(ctx, style, redact=True), login())
    assert "s3cret" not in limited and "root" in limited and "web" in limited
    given = printed(capsys, EventView(ctx, style, share=True), login())
    assert "192.0.2.66" in given
    for ours in ("s3cret", "192.0.2.10", "srv-1", "web", "00:50:56", "00-50-56", "w1"):
        assert ours not in given, (ours, given)


def test_json_has_the_time_in_both_spellings(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, EventView(ctx, "jsonl"), login()))
    assert (found["at"], found["time"]) == (1_700_000_009.5, "2023-11-14T22:13:29.500Z")
