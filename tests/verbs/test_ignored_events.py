"""`[events.ignore]`: matching events are stored and counted, and neither shown, alerted nor sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from fakefleet import FakeFleet
from hypothesis import given
from hypothesis import strategies as st

from decnet import catalog
from decnet.commands.attackers import attackers
from decnet.commands.event_summary import summary
from decnet.commands.events import event_filter, ignored, report_ignored, stored, stored_touches
from decnet.errors import SpecError
from decnet.model import fleetfile
from decnet.model.event import AttackerEvent
from decnet.model.event_settings import IgnoreRule, event_settings
from decnet.model.fleetwriter import to_toml
from decnet.plan.event_filter import EventFilter
from decnet.plan.ignore import ignoring
from decnet.plan.spec_check import check_names

from .conftest import FOUR
from .test_event_settings import state
from .test_following import visit
from .test_pulls import pulled

RULES = """
[[events.ignore]]
source = "192.0.2.0/24"
port = 22

[[events.ignore]]
service = "http"
hours = "22:00-06:00"
"""

ENTRY = '[decky.web]\nservices = ["http"]\n'


def event(**more: Any) -> AttackerEvent:
    given = {
        "id": "1", "seq": 1, "at": 0.0, "decky": "web-01", "service": "ssh", "kind": "contact",
        "source_ip": "192.0.2.9", "source_port": 4711, "session": "s", "local_port": 22, "fields": {},
    }  # fmt: skip
    return AttackerEvent(**{**given, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "seen", "is_ignored"),
    [
        ({"source": "192.0.2.0/24"}, {}, True),
        ({"source": "192.0.2.0/24,!192.0.2.9"}, {}, False),
        ({"source": "198.51.100.7"}, {}, False),
        ({"source": "192.0.2.0/24"}, {"source_ip": ""}, False),
        ({"port": 22}, {}, True),
        ({"port": 22}, {"local_port": 0}, False),
        ({"port": 22}, {"kind": "scan", "local_port": 0, "fields": {"ports": "22"}}, True),
        ({"port": 22}, {"kind": "scan", "local_port": 0, "fields": {"ports": "22,23"}}, False),
        ({"kind": "contact,disconnect"}, {}, True),
        ({"kind": "contact,disconnect"}, {"kind": "login"}, False),
        ({"service": "ssh", "kind": "login"}, {}, False),
        ({"decky": "web-*"}, {}, True),
        ({"decky": "@printer"}, {}, True),
        ({"decky": "db"}, {}, False),
    ],
)
def test_a_rule_means_what_all_of_its_keys_mean(
    rule: dict[str, Any], seen: dict[str, Any], is_ignored: bool
) -> None:
    assert ignoring([IgnoreRule(**rule)], {"web-01": ("printer",)})(event(**seen)) == is_ignored


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_hours_are_in_utc_and_may_pass_midnight(start: int, end: int, moment: int) -> None:
    def text(minute: int) -> str:
        return f"{minute // 60:02}:{minute % 60:02}"

    at = datetime(2026, 1, 31, moment // 60, moment % 60, 59, tzinfo=UTC).timestamp()
    rule = IgnoreRule(hours=f"{text(start)}-{text(end)}")
    minutes = {(start + each) % 1440 for each in range((end - start) % 1440 or 1440)}
    assert ignoring([rule], {})(event(at=at)) == (moment in minutes)


def test_rules_are_read_and_written_as_they_are() -> None:
    spec = fleetfile.parse(RULES + ENTRY, "fleet.toml")
    assert event_settings(spec.events or {}).ignore == (
        IgnoreRule(source="192.0.2.0/24", port=22), IgnoreRule(service="http", hours="22:00-06:00"),
    )  # fmt: skip
    assert fleetfile.parse(to_toml(spec), "fleet.toml").events == spec.events


def test_every_mistake_in_the_rules_has_its_line() -> None:
    written = """[[events.ignore]]
source = "192.0.2.9/24"
prot = 22
[[events.ignore]]
kind = "contact,logn"
decky = "webb-*"
hours = "24:00-6"
[[events.ignore]]
port = 0
[[events.ignore]]
"""
    spec, mistakes = fleetfile.read(FOUR + written, "fleet.toml")
    check_names(mistakes, spec, catalog.load())
    first = FOUR.count("\n") + 1
    found = [(each.line - first, each.message) for each in mistakes.found]
    assert sorted(found) == [
        (1, "`source` in [[events.ignore]]: '192.0.2.9/24' is a host in a block"),
        (2, "unknown key `prot` in [events.ignore]"),
        (4, "`kind` in [[events.ignore]]: no kind is named 'logn'"),
        (5, "`decky` in [[events.ignore]]: no decky is named 'webb-*'"),
        (6, '`hours` in [events.ignore] must be hours in UTC like "22:00-06:30", not "24:00-6"'),
        (8, "`port` in [events.ignore] must be a whole number from 1 to 65535, not 0"),
        (9, "an entry of [[events.ignore]] is empty, and would mean everything"),
    ]


def test_one_table_instead_of_a_list_is_refused() -> None:
    with pytest.raises(SpecError, match="must be a list of tables, each under a title"):
        fleetfile.parse("[events.ignore]\nport = 22\n" + ENTRY, "fleet.toml")


def test_ignored_events_change_no_decky_and_are_stored_counted_and_shown_on_request(fleet: FakeFleet) -> None:
    before = state(fleet)
    assert fleet.deploy(FOUR + RULES_FOR_VISITS).code == 0
    assert state(fleet) == before
    visit(fleet, "w1", "web-01", 2)
    pulled(fleet)
    ctx = fleet.context()
    wanted, everything = (event_filter(ctx, EventFilter(), with_ignored=each) for each in (False, True))
    assert list(stored(ctx, wanted)) == []
    assert len(list(stored(ctx, everything))) == ignored(wanted) > 0
    report_ignored(ctx, wanted)
    again = event_filter(ctx, EventFilter())
    document = json.loads(json.dumps(summary(stored_touches(ctx, again), lambda: ignored(again)).document))
    assert (document["events"], document["ignored"]) == (0, ignored(wanted))


RULES_FOR_VISITS = '\n[[events.ignore]]\ndecky = "web-01"\n'


def test_attackers_that_are_ignored_are_not_listed_although_totals_of_them_are_kept(fleet: FakeFleet) -> None:
    visit(fleet, "w1", "web-01", 1)
    visit(fleet, "w1", "web-03", 1)
    pulled(fleet)
    ctx = fleet.context()
    assert [row["events"] for row in attackers(ctx, event_filter(ctx, EventFilter())).items] == [2]
    assert fleet.deploy(FOUR + RULES_FOR_VISITS).code == 0
    assert [row["events"] for row in attackers(ctx, event_filter(ctx, EventFilter())).items] == [1]
