"""ECS: the types of its fields, and the values that it allows in those that classify an event."""

from __future__ import annotations

import csv
import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from services import EVENTS
from sightings import ALL, name_of

from decnet.export import FORMATS

TYPES = {
    row["field"]: row["type"]
    for row in csv.DictReader(Path(__file__).with_name("ecs-fields.csv").read_text().splitlines())
}

KINDS = {"alert", "asset", "enrichment", "event", "metric", "state", "pipeline_error", "signal"}
OUTCOMES = {"failure", "success", "unknown"}
OF_CATEGORY = {
    "authentication": {"start", "end", "info"},
    "network": {"access", "allowed", "connection", "denied", "end", "info", "protocol", "start"},
    "intrusion_detection": {"allowed", "denied", "info"},
    "process": {"access", "change", "end", "info", "start"},
    "file": {"access", "change", "creation", "deletion", "info"},
    "database": {"access", "change", "info", "error"},
    "web": {"access", "error", "info"},
    "session": {"start", "end", "info"},
}
"""schemas/event.yml of ECS: the types that go with each category."""


def is_ip(value: Any) -> bool:
    return str(ipaddress.ip_address(value)) == value


def is_date(value: Any) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value))


def is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def is_long(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


OF_TYPE: dict[str, Callable[[Any], bool]] = {
    "ip": is_ip, "date": is_date, "keyword": is_text, "match_only_text": is_text, "wildcard": is_text,
    "long": is_long,
}  # fmt: skip


def leaves(document: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """The values by their dotted names, each element of an array by itself."""
    for name, value in document.items():
        path = before + name
        if path in ("decnet", "labels"):
            continue
        if isinstance(value, dict):
            yield from leaves(value, path + ".")
        else:
            yield from ((path, each) for each in (value if isinstance(value, list) else [value]))


@pytest.mark.parametrize("each", ALL + EVENTS, ids=name_of)
def test_every_value_has_the_type_of_its_field(each: Any) -> None:
    for path, value in leaves(json.loads(FORMATS["ecs"](each))):
        assert OF_TYPE[TYPES[path]](value), (path, value)


@pytest.mark.parametrize("each", ALL + EVENTS, ids=name_of)
def test_the_classification_has_values_that_ecs_allows(each: Any) -> None:
    event = json.loads(FORMATS["ecs"](each))["event"]
    assert event["kind"] in KINDS and event["outcome"] in OUTCOMES
    assert set(event["category"]) <= set(OF_CATEGORY)
    allowed = set().union(*(OF_CATEGORY[each] for each in event["category"]))
    assert set(event["type"]) <= allowed


def test_labels_are_keywords() -> None:
    for each in ALL:
        labels = json.loads(FORMATS["ecs"](each)).get("labels", {})
        assert all(isinstance(value, str) for value in labels.values())
