"""How events are shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from decnet.console.events import show_events
from decnet.model.event import AttackerEvent

EVENT: dict[str, Any] = {
    "id": "e1", "seq": 1, "at": 1_700_000_009.5, "decky": "web-01", "service": "http", "kind": "contact",
    "source_ip": "192.0.2.66", "source_port": 4000, "session": "s", "fields": {},
}  # fmt: skip
LOST = {
    "count": 13_567, "after": 1_700_000_001.0, "before": 1_700_000_007.0,
    "reason": "no longer in the container's log when it was read",
}  # fmt: skip


def shown(capsys: pytest.CaptureFixture[str], style: str, **changes: Any) -> str:
    show_events([("w1", AttackerEvent.model_validate({**EVENT, **changes}))], style)
    return capsys.readouterr().out


def test_a_count_shows_how_many_of_whom_and_when(capsys: pytest.CaptureFixture[str]) -> None:
    fields = {"folded": 18_600, "first": 1_700_000_001.0, "last": 1_700_000_007.25}
    assert shown(capsys, "table", source_port=0, fields=fields) == (
        "2023-11-14 22:13:29  web-01/http        192.0.2.66             contact    "
        'folded=18600 first="2023-11-14 22:13:21" last="2023-11-14 22:13:27"\n'
    )
    assert "several sources" in shown(capsys, "table", source_ip="", source_port=0, fields=fields)


def test_a_loss_shows_how_many_where_and_between_which_times(capsys: pytest.CaptureFixture[str]) -> None:
    lost = {"kind": "lost", "source_ip": "", "source_port": 0, "session": "", "fields": LOST}
    assert shown(capsys, "table", **lost) == (
        "2023-11-14 22:13:29  web-01/http        -                      lost       "
        'count=13567 after="2023-11-14 22:13:21" before="2023-11-14 22:13:27" '
        'reason="no longer in the container\'s log when it was read"\n'
    )
    document = json.loads(shown(capsys, "jsonl", **lost))
    assert (document["worker"], document["kind"], document["fields"]) == ("w1", "lost", LOST)


@pytest.mark.parametrize("value", [-1.0, 1e300, "soon", True, None, 7])
def test_a_time_that_is_none_is_shown_as_it_is(capsys: pytest.CaptureFixture[str], value: Any) -> None:
    text = str(value).lower() if value is True else str(value)
    assert f"before={text}" in shown(capsys, "table", kind="lost", fields={"before": value})


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("id", "id"),
        ("", '""'),
        ("cat /etc/passwd", '"cat /etc/passwd"'),
        ('echo "a b"', r'"echo \"a b\""'),
        ('"x"', r'"\"x\""'),
        ("x" * 500 + " y", None),
    ],
)
def test_a_value_in_quotes_begins_and_ends_with_its_own(
    capsys: pytest.CaptureFixture[str], typed: str, printed: str | None
) -> None:
    value = (
        shown(capsys, "table", kind="command", fields={"input": typed}).rstrip("\n").partition("input=")[2]
    )
    assert printed in (None, value)
    assert value.replace(r"\"", "").count('"') in (0, 2)
