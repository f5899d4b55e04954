"""A status as JSON, when it is printed again: the clocks are the present ones."""

from __future__ import annotations

import json

from decnet.cli.remember import _without_skews
from decnet.store.unchanged import with_skews

WORKERS = {"w1": {"worker_id": "id-1"}, "w2": {"worker_id": "id-2"}}
NAMED = 'a"skew": 7'
"""A hostile worker may send what looks like one."""


def status(one: float, other: float) -> str:
    rows = [{"name": "w1", "skew": one, "error": NAMED}, {"name": "w2", "error": NAMED, "skew": other}]
    return json.dumps({"workers": rows, "deckies": [NAMED]}) + "\n"


def test_only_the_skews_differ() -> None:
    output, places = _without_skews(status(0.4, -12.25), WORKERS)
    assert with_skews(output, places, {"id-1": -1.04, "id-2": 0.0}) == status(-1.0, 0.0)


def test_output_without_skews_is_printed_as_it_was() -> None:
    assert with_skews("WORKER\n", [], {}) == "WORKER\n"
