"""Which events a filter lets through, and which filters are refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.errors import UsageError
from decnet.model.event import AttackerEvent
from decnet.model.severity import SEVERITIES, level, severity
from decnet.plan.event_filter import EventFilter, passes, severity_of
from decnet.plan.sources import Sources
from decnet.wire.event_fields import KINDS


def event(kind: str = "login", source: str = "192.0.2.7", **fields: Any) -> AttackerEvent:
    return AttackerEvent.model_validate(
        {
            "id": "e", "seq": 1, "at": 100.0, "decky": "web-01", "service": "ssh", "kind": kind,
            "source_ip": source, "source_port": 4711, "session": "s", "fields": fields,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "is_shown"),
    [
        (EventFilter(), True),
        (EventFilter(since=100.0), True),
        (EventFilter(since=100.1), False),
        (EventFilter(until=100.0), False),
        (EventFilter(until=100.1), True),
        (EventFilter(kinds=("login,command",)), True),
        (EventFilter(kinds=("!login",)), False),
        (EventFilter(kinds=("log*",)), True),
        (EventFilter(services=("ss?",)), True),
        (EventFilter(services=("http", "ftp")), False),
        (EventFilter(sources=("192.0.2.0/24,!192.0.2.7",)), False),
        (EventFilter(severities=("6",)), True),
        (EventFilter(severities=("medium",)), True),
        (EventFilter(severities=("!MEDIUM",)), False),
        (EventFilter(severities=("high,critical",)), False),
        (EventFilter(min_severity=6), True),
        (EventFilter(min_severity=7), False),
        (EventFilter(deckies=("web-*",), kinds=("login",), sources=("192.0.2.7",)), True),
        (EventFilter(deckies=("web-*",), kinds=("login",), sources=("192.0.2.8",)), False),
    ],
)
def test_an_event_passes_if_every_part_of_the_filter_lets_it(wanted: EventFilter, is_shown: bool) -> None:
    wanted.check({"web-01": ()}, ("ssh", "http", "ftp"))
    assert passes(event(), wanted) is is_shown


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [
        (EventFilter(kinds=("logn",)), "no kind is named 'logn'", "did you mean 'login'?"),
        (EventFilter(kinds=("zzz",)), "no kind is named 'zzz'", f"kinds: {', '.join(KINDS)}"),
        (EventFilter(kinds=(",",)), "no kind is selected", "for example 'login,command'"),
        (EventFilter(services=("htp",)), "no service is named 'htp'", "did you mean 'http'?"),
        (EventFilter(services=("zzz",)), "no service is named 'zzz'", "decnet services lists them"),
        (EventFilter(services=("!*",)), "!* excludes every service", None),
        (EventFilter(severities=("11",)), "no severity is named '11'", None),
        (
            EventFilter(severities=("hihg",)),
            "no severity is named 'hihg'",
            "write 0 to 10, or low, medium, high, critical",
        ),
        (EventFilter(sources=("192.0.2.7/24",)), "--source '192.0.2.7/24' is a host in a block", None),
        (
            EventFilter(sources=("192.0.2.0/33",)),
            "--source '192.0.2.0/33' is not an address or a block",
            None,
        ),
        (EventFilter(sources=("web",)), "--source 'web' is not an address or a block", None),
        (EventFilter(sources=("\x1b[2J",)), "--source '\\x1b[2J' is not an address or a block", None),
        (EventFilter(sources=("192.0.2.9-192.0.2.7",)), None, None),
        (EventFilter(sources=("",)), "no source is selected", None),
        (EventFilter(since=5.0, until=5.0), "--until is not after --since", None),
    ],
)
def test_a_term_that_means_nothing_is_refused(
    wanted: EventFilter, message: str | None, hint: str | None
) -> None:
    with pytest.raises(UsageError) as caught:
        wanted.check({"web-01": ()}, ("ssh", "http"))
    assert message in (None, caught.value.message)
    assert hint in (None, caught.value.hint)


@pytest.mark.parametrize(
    ("terms", "source", "is_meant"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.70", False),
        ("192.0.2.0/28", "192.0.2.15", True),
        ("192.0.2.0/28", "192.0.2.16", False),
        ("192.0.2.3-192.0.2.8", "192.0.2.8", True),
        ("192.0.2.3-192.0.2.8", "192.0.2.9", False),
        ("192.0.2.*", "192.0.2.200", True),
        ("2001:db8::/32", "2001:db8::7", True),
        ("2001:db8::/32", "192.0.2.7", False),
        ("!192.0.2.7", "192.0.2.8", True),
        ("!192.0.2.7", "192.0.2.7", False),
        ("192.0.2.0/24", "", False),
        ("!192.0.2.0/24", "", True),
        ("0.0.0.0/0", "not an address", False),
    ],
)
def test_a_source_is_meant_by_address_block_range_or_pattern(terms: str, source: str, is_meant: bool) -> None:
    assert Sources.of([terms]).matches(source) is is_meant


@pytest.mark.parametrize(
    ("terms", "only"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7,192.0.2.8", None),
        ("192.0.2.7,192.0.2.*", None),
        ("192.0.2.7,!192.0.2.7", None),
        ("!192.0.2.7", None),
        ("192.0.2.7/32", None),
        ("2001:DB8::7", None),
    ],
)
def test_a_single_address_is_recognized(terms: str, only: str | None) -> None:
    assert Sources.of([terms]).only == only


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_breaks_the_selector_of_sources(term: str, source: str) -> None:
    try:
        Sources.of([term]).matches(source)
    except UsageError as error:
        assert error.message.isprintable()


def test_every_kind_has_a_severity_and_a_word() -> None:
    assert {kind: (severity(event(kind)), level(severity(event(kind)))) for kind in KINDS} == {
        "contact": (3, "low"), "scan": (2, "low"), "login": (6, "medium"), "command": (8, "high"),
        "request": (5, "medium"), "file": (9, "critical"), "disconnect": (1, "low"), "error": (1, "low"),
        "lost": (4, "medium"), "pivot": (9, "critical"),
    }  # fmt: skip
    assert set(SEVERITIES) == set(KINDS)
    assert severity(event("login", success=True)) == 8


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("10", 10), ("low", 0), ("medium", 4), ("HIGH", 7), ("critical", 9)]
)
def test_a_severity_is_a_number_or_a_word(text: str, number: int) -> None:
    assert severity_of(text) == number


@pytest.mark.parametrize(
    ("text", "hint"),
    [("hgh", "did you mean 'high'?"), ("11", "write 0 to 10, or low, medium, high, critical"), ("", None)],
)
def test_an_unknown_severity_is_refused(text: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        severity_of(text)
    assert caught.value.exit_code == 2
    assert hint in (None, caught.value.hint)
