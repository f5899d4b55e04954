"""`attackers export --stix`, typed: no decoy of the fleet, or of an earlier one, is in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stix2
from click.testing import Result
from typer.testing import CliRunner

from decnet.cli.app import app
from decnet.model.event import AttackerEvent
from decnet.model.fleet import Attachment, Decky, Network
from decnet.model.worker import Worker
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.events import append_events
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home

LAN = Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")
WEB = Decky(
    name="web", worker="w1", attachments=(Attachment(address="192.0.2.10", mac="00:50:56:00:00:10"),),
    hostname="srv-1", os="linux", release="debian-12", services={"ssh": {}}, seed=f"{1:032x}",
    spec_hash="0" * 64, mutated_at=1.0,
)  # fmt: skip
Typed = Callable[..., Result]


class Page:
    spool_id, mark, verdict = "spool", "", "ok"

    def __init__(self, *events: AttackerEvent) -> None:
        self.events = events


def command(number: int, decky: str, address: str, text: str, source: str = "203.0.113.9") -> AttackerEvent:
    return AttackerEvent(
        id=f"e{number}", seq=number, at=1.7e9 + number, decky=decky, service="ssh", kind="command",
        source_ip=source, source_port=4000, session="s", local_ip=address, local_port=22, transport="tcp",
        fields={"input": text, "way": "shell"},
    )  # fmt: skip


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    home = Home(tmp_path / "home")
    open_home(home)
    FleetTable(home).put_worker(Worker(name="w1", worker_id="id-w1", host="127.0.0.1", port=9))
    save_fleet(home, new_fleet().model_copy(update={"lans": {"w1": LAN}}).with_deckies({"web": WEB}))
    page = Page(
        command(1, "former", "192.0.2.11", "curl http://192.0.2.10/a; curl http://198.51.100.7/b"),
        command(2, "web", "192.0.2.10", "ping former; curl http://192.0.2.11/c; curl http://srv-1/d"),
        command(3, "web", "192.0.2.10", "id", source="192.0.2.11"),
    )
    append_events(home, "id-w1", page)
    monkeypatch.setenv("DECNET_HOME", str(home.root))
    return lambda *words: CliRunner().invoke(app, ["attackers", "export", *words])


def values(text: str, kind: str) -> list[Any]:
    return [each["value"] for each in json.loads(text)["objects"] if each["type"] == kind]


def test_no_decoy_of_now_or_earlier_is_in_the_bundle(typed: Typed) -> None:
    result = typed("--stix")
    assert result.exit_code == 0 and stix2.parse(result.stdout, allow_custom=False)
    for ours in ("192.0.2.10", "192.0.2.11", "srv-1", "former", "00:50:56", "w1"):
        assert ours not in result.stdout
    assert values(result.stdout, "ipv4-addr") == ["203.0.113.9"]
    assert values(result.stdout, "url") == ["http://198.51.100.7/b"]


def test_with_decoys_names_them(typed: Typed) -> None:
    shown = typed("--stix", "--with-decoys").stdout
    assert set(values(shown, "ipv4-addr")) == {"203.0.113.9", "192.0.2.10", "192.0.2.11"}


def test_filters_and_the_marking_apply(typed: Typed) -> None:
    shown = typed("--stix", "--source", "198.51.100.0/24", "--tlp", "red").stdout
    assert values(shown, "ipv4-addr") == []
    assert json.loads(shown)["objects"][0]["definition"] == {"tlp": "red"}


def test_without_a_format_it_is_bad_usage(typed: Typed) -> None:
    result = typed()
    assert result.exit_code == 2 and "hint: add --stix" in result.stderr
