"""Attacker events, as agents of several versions send them."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from decnet.model.event import AttackerEvent, EventKind
from decnet.wire.event_fields import KINDS

SENT: dict[str, Any] = {
    "id": "1", "seq": 1, "at": 1.0, "decky": "web", "service": "http", "kind": "contact",
    "source_ip": "192.0.2.9", "source_port": 4000, "session": "s", "fields": {},
}  # fmt: skip
OURS = {"local_ip": "192.0.2.10", "local_port": 80, "transport": "tcp"}


def test_the_kinds_are_those_of_the_table() -> None:
    assert get_args(EventKind) == KINDS


def test_the_deckys_own_end_is_read_from_the_fields_that_an_agent_sends() -> None:
    event = AttackerEvent.model_validate({**SENT, "fields": {**OURS, "path": "/"}})
    assert (event.local_ip, event.local_port, event.transport) == ("192.0.2.10", 80, "tcp")
    assert event.fields == {"path": "/"}
    assert AttackerEvent.model_validate_json(event.model_dump_json()) == event


def test_an_event_of_an_older_version_has_no_end_of_the_decky() -> None:
    event = AttackerEvent.model_validate(SENT)
    assert (event.local_ip, event.local_port, event.transport) == ("", 0, "")
    assert (event.network, event.project) == ("decnet_lan", "decnet")


@pytest.mark.parametrize("wrong", [{"local_port": 70000}, {"local_ip": 7}, {"transport": "icmp"}])
def test_an_end_that_is_not_one_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AttackerEvent.model_validate({**SENT, "fields": {**OURS, **wrong}})
