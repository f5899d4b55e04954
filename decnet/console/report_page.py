"""The report as one HTML page, without scripts and external resources; no text of a visitor breaks it."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from decnet import __version__
from decnet.console.html import Html, el, join
from decnet.console.report_style import STYLE
from decnet.console.report_tables import attackers, credentials, fleet_health, timelines
from decnet.model.severity import LEVELS

if TYPE_CHECKING:
    from decnet.engine.outcome import StatusOutcome
    from decnet.export.activity import Activity

CHART_HEIGHT = 100
TICKS = 5
NAMES = {60: "minute", 300: "5 minutes", 900: "15 minutes", 3600: "hour", 10_800: "3 hours",
         21_600: "6 hours", 86_400: "day", 604_800: "week"}  # fmt: skip


def page(report: Activity, health: StatusOutcome, *, redacted: bool) -> str:
    """The whole document."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("link", rel="icon", href="data:,"),
        el("title", f"decnet report, {_day(report.made_at)}"),
        Html(f"<style>{STYLE}</style>"),
    )
    parts: list[Html | None] = [_header(report), _tiles(report)]
    if report.tally.events:
        parts += [
            _activity(report),
            attackers(report),
            credentials(report),
            fleet_health(report, health),
            timelines(report),
        ]
    else:
        parts += [_empty(report), fleet_health(report, health)]
    body = el("body", el("main", *parts, _footer(redacted)))
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n"


def _header(report: Activity) -> Html:
    title = el("h1", el("b", "decnet"), " report")
    period = "all stored events" if report.since is None else f"since {_minute(report.since)}"
    made = el("p", f"{period} · made {_minute(report.made_at)} UTC", class_="meta")
    return join(el("header", title, made), _lead(report))


def _lead(report: Activity) -> Html:
    """What a reader with ten seconds should know."""
    tally = report.tally
    if not tally.events:
        return el("p", "No one has touched a decoy in this period.", class_="lead")
    seen = (
        el("strong", _counted(len(tally.sources), "source")), " touched ",
        el("strong", _counted(len(tally.deckies), "decky", "deckies")), ". ",
    )  # fmt: skip
    if not report.accepted:
        return el("p", *seen, "No login was accepted.", class_="lead")
    logins = el("strong", _counted(report.accepted, "login"))
    were = " was accepted" if report.accepted == 1 else " were accepted"
    commands = tally.kinds.get("command", 0)
    after = join(", and ", el("strong", _counted(commands, "command")), " followed") if commands else None
    return el("p", *seen, logins, were, after, ".", class_="lead")


def _tiles(report: Activity) -> Html:
    kinds, tally = report.tally.kinds, report.tally
    tiles = (
        ("events", tally.events, False),
        ("sources", len(tally.sources), False),
        ("logins tried", kinds.get("login", 0), False),
        ("logins accepted", report.accepted, report.accepted > 0),
        ("commands", kinds.get("command", 0), False),
        ("files", kinds.get("file", 0), False),
    )
    shown = [
        el("div", el("b", f"{number:,}"), el("span", name), class_="tile alarm" if is_alarm else "tile")
        for name, number, is_alarm in tiles
    ]
    return el("div", *shown, class_="tiles")


def _activity(report: Activity) -> Html:
    most = max((sum(bar.counts.values()) for bar in report.bars), default=0)
    step = NAMES.get(report.step, f"{report.step // 86_400} days")
    keys = [el("span", _swatch(word), word) for word in _levels()]
    top = el("div", el("h2", "Activity"), el("div", *keys, class_="key"), class_="top")
    scale = el("div", *(el("span", each) for each in _scale(most)), class_="scale", aria_hidden="true")
    chart = el("div", scale, _bars(report, most), _ticks(report), class_="chart")
    tally = report.tally
    columns = el(
        "div", _ranking("By kind", tally.kinds.most_common(8)),
        _ranking("By service", tally.services.most_common(8)), class_="columns",
    )  # fmt: skip
    return el("section", top, chart, el("p", f"Events per {step}, by severity.", class_="note"), columns)


def _bars(report: Activity, most: int) -> Html:
    """One stacked bar for each step. A bar that is not zero is never too low to be seen."""
    number = len(report.bars)
    width = 1000 / max(number, 1)
    drawn: list[Html] = [
        el("line", x1=0, x2=1000, y1=y, y2=y) for y in (0, CHART_HEIGHT // 2, CHART_HEIGHT)
    ]  # fmt: skip
    for place, bar in enumerate(report.bars):
        total = sum(bar.counts.values())
        if not total:
            continue
        x, y = place * width, float(CHART_HEIGHT)
        stack = []
        for word in _levels():
            if count := bar.counts.get(word, 0):
                height = max(count / most * CHART_HEIGHT, 1.5)
                y -= height
                stack.append(
                    el(
                        "rect",
                        x=_n(x + width * 0.1),
                        y=_n(y),
                        width=_n(width * 0.8),
                        height=_n(height),
                        class_=word,
                    )
                )
        parts = ", ".join(
            f"{bar.counts[word]} {word}" for word in reversed(_levels()) if bar.counts.get(word)
        )
        title = el("title", f"{_minute(bar.start)}: {_counted(total, 'event')} ({parts})")
        hit = el("rect", x=_n(x), y=0, width=_n(width), height=CHART_HEIGHT, class_="hit")
        drawn.append(el("g", title, *stack, hit))
    return el(
        "svg", *drawn, viewBox=f"0 0 1000 {CHART_HEIGHT}", preserveAspectRatio="none", class_="bars",
        role="img", aria_label=f"Events over time, at most {most} at once",
    )  # fmt: skip


def _ticks(report: Activity) -> Html:
    start, end = report.bars[0].start, report.bars[-1].start + report.step
    moments = [start + (end - start) * place / (TICKS - 1) for place in range(TICKS)]
    is_short = end - start < 2 * 86_400
    return el("div", *(el("span", _hour(at) if is_short else _day(at)) for at in moments), class_="ticks")


def _ranking(title: str, rows: list[tuple[str, int]]) -> Html:
    most = max((number for _, number in rows), default=1)
    lines = [
        el(
            "tr", el("td", name), el("td", meter(number, most)), el("td", f"{number:,}", class_="n"),
        )
        for name, number in rows
    ]  # fmt: skip
    return el("div", el("h3", title), el("table", el("tbody", *lines)), class_="rank")


def meter(number: int, most: int) -> Html:
    """A bar that shows a number's share of the largest one."""
    width = max(number / max(most, 1) * 100, 1)
    return el(
        "svg", el("rect", width=100, height=6, class_="track"), el("rect", width=_n(width), height=6),
        viewBox="0 0 100 6", preserveAspectRatio="none", class_="meter", aria_hidden="true",
    )  # fmt: skip


def _empty(report: Activity) -> Html:
    text = join(
        "Fetch what workers hold with ", el("code", "decnet events --pull"), ", then make the report again."
    )
    title = "No events" if report.since is None else f"No events since {_minute(report.since)}"
    return el("section", el("div", el("b", title), text, class_="empty"))


def _footer(redacted: bool) -> Html:
    what = "Passwords are not shown." if redacted else "This page holds passwords: treat it as confidential."
    times = "Times are UTC, by the workers' clocks."
    return el("footer", f"{what} {times} decnet {__version__}")


def _swatch(word: str) -> Html:
    return el(
        "svg", el("rect", width=10, height=10, rx=2, class_=word), viewBox="0 0 10 10", aria_hidden="true"
    )


def _levels() -> list[str]:
    return sorted(LEVELS, key=lambda word: LEVELS[word])


def _scale(most: int) -> tuple[str, str, str]:
    half = f"{most // 2:,}" if most % 2 == 0 else ""
    return f"{most:,}", half, "0"


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _minute(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def _hour(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %b %H:%M")


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %b %Y")
