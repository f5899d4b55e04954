"""Events of a topology's decky that has the name of one of the fleet: what people read names both."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fakefleet import FakeFleet

from decnet.commands.alerts import alerts_to, send_alert, start_alerts
from decnet.commands.attackers import attackers, timeline, tried_credentials
from decnet.commands.event_summary import summary
from decnet.commands.event_view import EventView
from decnet.commands.events import event_filter, stored, stored_touches
from decnet.engine.context import Context
from decnet.engine.workers import known_workers
from decnet.export import FORMATS
from decnet.export.activity import activity
from decnet.model.event import AttackerEvent
from decnet.model.event_settings import IgnoreRule
from decnet.plan.event_filter import EventFilter
from decnet.plan.ignore import ignoring
from decnet.store.events import append_events
from decnet.store.index_writer import update_index
from decnet.wire import PROJECT

SOURCE = "192.0.2.66"


@dataclass(frozen=True)
class Page:
    events: tuple[AttackerEvent, ...]
    spool_id: str = "spool"
    mark: str = ""
    verdict: str = "ok"


@pytest.fixture
def ctx(empty: FakeFleet) -> Iterator[Context]:
    """SOURCE logged in once at dmz-1 of the fleet, and twice at that of the topology dc1."""
    assert empty.generate("dc1", depth=1).code == 0
    project = empty.desired.topologies["dc1"].project
    opened = empty.context()
    projects = ((1, PROJECT), (2, project), (3, project))
    store(opened, *(event(number, each) for number, each in projects))
    yield opened


def event(number: int, project: str) -> AttackerEvent:
    return AttackerEvent(
        id=f"e{number}", seq=number, at=100.0 + number, decky="dmz-1", service="ssh", kind="login",
        source_ip=SOURCE, source_port=4711, session="s", project=project,
        fields={"username": "root", "password": "x", "success": False},
    )  # fmt: skip


def store(ctx: Context, *events: AttackerEvent) -> None:
    append_events(ctx.home, known_workers(ctx.home)["w1"].worker_id, Page(events))


def wanted(ctx: Context, *deckies: str) -> EventFilter:
    return event_filter(ctx, EventFilter(deckies=deckies))


@pytest.mark.parametrize("is_indexed", [False, True])
def test_a_source_was_on_both(ctx: Context, is_indexed: bool) -> None:
    if is_indexed:
        assert update_index(ctx.home, 10.0) is not None
    (row,) = attackers(ctx, wanted(ctx)).items
    assert (row["deckies"], row["events"]) == (["dc1/dmz-1", "dmz-1"], 3)
    (pair,) = tried_credentials(ctx, wanted(ctx)).items
    assert pair["deckies"] == ["dc1/dmz-1", "dmz-1"]


@pytest.mark.parametrize(("selector", "count"), [("dc1/dmz-1", 2), ("/dmz-1", 1), ("dc1/*", 2)])
def test_a_selector_means_one_of_them(ctx: Context, selector: str, count: int) -> None:
    (row,) = attackers(ctx, wanted(ctx, selector)).items
    assert (row["events"], len(row["deckies"])) == (count, 1)
    assert len(timeline(ctx, SOURCE, wanted(ctx, selector)).items) == count


def test_a_timeline_names_the_topology_and_its_json_the_project(ctx: Context) -> None:
    shown = timeline(ctx, SOURCE, wanted(ctx))
    assert [row[2] for row in shown.rows] == ["dmz-1/ssh", "dc1/dmz-1/ssh", "dc1/dmz-1/ssh"]
    assert {item["decky"] for item in shown.items} == {"dmz-1"}
    assert len({item["project"] for item in shown.items}) == 2


def test_a_summary_and_a_report_count_them_apart(ctx: Context) -> None:
    meant = wanted(ctx)
    counts = summary(stored_touches(ctx, meant), topologies=meant.topologies).document["deckies"]
    assert counts == {"dc1/dmz-1": 2, "dmz-1": 1}
    view = EventView(ctx, "table")
    report = activity(lambda: view.pairs(stored(ctx, meant)), since=None, now=200.0)
    assert report.tally.deckies == counts
    assert report.attackers[0].deckies == {"dc1/dmz-1", "dmz-1"}


@pytest.mark.parametrize("style", ["ecs", "ocsf", "cef", "cowrie"])
def test_the_sentence_of_a_format_names_the_topology_its_fields_do_not_change(
    ctx: Context, style: str
) -> None:
    view = EventView(ctx, style)
    ours, theirs, _ = (FORMATS[style](view.seen(worker, each)) for worker, each in stored(ctx, wanted(ctx)))
    assert "on dmz-1/ssh from" in ours and "on dc1/dmz-1/ssh from" in theirs
    assert "dc1" not in theirs.replace("dc1/dmz-1/ssh from", "")


def test_an_ignore_rule_means_one_of_them(ctx: Context) -> None:
    assert update_index(ctx.home, 10.0) is not None
    meant = wanted(ctx)
    for decky, left in (("dc1/dmz-1", 1), ("dc1/*", 1), ("nas", 3)):
        rules = ignoring([IgnoreRule(decky=decky)], meant.archetypes, meant.topologies)
        (row,) = attackers(ctx, replace(meant, ignores=rules)).items
        assert row["events"] == left


def test_an_alert_counts_them_apart(ctx: Context, tmp_path: Path) -> None:
    heard = tmp_path / "alert.json"
    command = tmp_path / "receiver"
    command.write_text(f"#!/bin/sh\ncat > {heard}\n")
    command.chmod(0o755)
    target = alerts_to(str(command), every=0.0, each=False, wanted=EventFilter())
    start_alerts(ctx, target)
    project = next(iter(wanted(ctx).topologies))
    store(ctx, event(4, project))
    asyncio.run(send_alert(ctx, target))
    alert: dict[str, Any] = json.loads(heard.read_text())
    assert alert["text"] == f"1 event on dc1/dmz-1 from {SOURCE}: 1 login"
    assert alert["deckies"] == {"dc1/dmz-1": 1}
    assert (alert["events"][0]["decky"], alert["events"][0]["project"]) == ("dmz-1", project)


def test_formats_without_a_sentence_name_the_topology_too(ctx: Context) -> None:
    for style, ours, theirs in (
        ("rfc5424", "", f'project="{next(iter(wanted(ctx).topologies))}"'),
        ("opencanary", '"node_id": "dmz-1"', '"node_id": "dc1/dmz-1"'),
    ):
        view = EventView(ctx, style)
        first, second, _ = (
            FORMATS[style](view.seen(worker, each)) for worker, each in stored(ctx, wanted(ctx))
        )
        assert ours in first and theirs in second and theirs not in first
