"""The page of events has the table of kinds and fields."""

from __future__ import annotations

from pathlib import Path

from decnet.wire.event_fields import FIELDS

PAGE = Path(__file__).parents[2] / "docs" / "events.md"


def test_the_page_has_every_field_of_every_kind() -> None:
    rows = [line[2:-2].split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    shown = [row for row in rows if len(row) == 6 and row[0] in FIELDS]
    assert shown == [
        [kind, f"`{name}`", each.kind, each.unit, each.meaning, ", ".join(each.services) or "all"]
        for kind, fields in FIELDS.items()
        for name, each in fields.items()
    ]
