"""The tables and timelines of the report's page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from decnet.console.html import Html, el, join
from decnet.export.sighting import Sighting
from decnet.model.counted import counted
from decnet.model.severity import level, severity

if TYPE_CHECKING:
    from decnet.engine.outcome import StatusOutcome
    from decnet.export.activity import Activity, Attacker
    from decnet.model.event import AttackerEvent

MOST_DECKIES = 100
MOST_NAMES = 4
MOST_OPEN = 40
"""Events of the first timeline with which it is open from the start."""


def table(columns: tuple[str, ...], rows: list[tuple[Html | str, ...]], classes: tuple[str, ...]) -> Html:
    """A table; on a narrow screen each cell shows the name of its column."""
    head = [el("th", name, class_=each or None) for name, each in zip(columns, classes, strict=True)]
    body = [
        el("tr", *(el("td", cell, class_=each or None, data_label=name)
                   for cell, name, each in zip(row, columns, classes, strict=True)))
        for row in rows
    ]  # fmt: skip
    return el("table", el("thead", el("tr", *head)), el("tbody", *body))


def attackers(report: Activity) -> Html:
    """The sources with the most events, the most severe first."""
    rows: list[tuple[Html | str, ...]] = [
        (
            each.address, chip(each.worst), f"{each.events:,}", f"{each.logins:,}", _names(each.deckies),
            _names(each.services), _minute(each.first), _minute(each.last),
        )
        for each in report.attackers
    ]  # fmt: skip
    columns = ("Source", "Worst", "Events", "Logins", "Deckies", "Services", "First seen", "Last seen")
    shown = table(columns, rows, ("m", "", "n", "n", "", "", "t", "t"))
    more = len(report.tally.sources) - len(report.attackers)
    note = f"the {len(rows)} most active of {len(report.tally.sources):,}" if more else ""
    return _section("Top sources", note, shown)


def credentials(report: Activity) -> Html | None:
    """The pairs that were tried most; those that were accepted first."""
    if not report.credentials:
        return None
    rows: list[tuple[Html | str, ...]] = [
        (
            each.username or _nothing(), each.password or _nothing(), f"{each.tries:,}",
            f"{len(each.sources):,}",
            el("span", "accepted", class_="chip critical") if each.accepted else "refused",
        )
        for each in report.credentials
    ]  # fmt: skip
    shown = table(("User", "Password", "Tries", "Sources", "Result"), rows, ("m", "m", "n", "n", "t"))
    note = f"and {report.more_credentials:,} more" if report.more_credentials else ""
    return _section("Credentials", note, shown)


def timelines(report: Activity) -> Html:
    """What each of the top sources did, event by event."""
    shown = [
        _timeline(each, is_open=place == 0 and len(each.entries) <= MOST_OPEN)
        for place, each in enumerate(report.attackers)
    ]
    return _section("Timelines", "", *shown)


def _timeline(attacker: Attacker, *, is_open: bool) -> Html:
    head = el(
        "summary", el("span", attacker.address, class_="m"), chip(attacker.worst),
        el("span", f"{_events(attacker.events)} on {_names(attacker.deckies)}", class_="meta"),
    )  # fmt: skip
    hidden = attacker.events - sum(event.stands_for for _, event in attacker.entries)
    note = el("p", f"The last {_events(len(attacker.entries))}; {hidden:,} before them.", class_="note")
    entries = sorted(attacker.entries, key=lambda pair: pair[1].at)
    steps = [_entry(worker, event) for worker, event in entries]
    return el(
        "details", head, note if hidden > 0 else None, el("ol", *steps), open="open" if is_open else None
    )


def _entry(worker: str, event: AttackerEvent) -> Html:
    when = datetime.fromtimestamp(event.at, UTC).strftime("%d %b %H:%M:%S")
    where = f"{event.decky}/{event.service}"
    times = f" ×{event.stands_for:,}" if event.stands_for > 1 else ""
    what = join(_what(worker, event), times)
    return el(
        "li", el("span", when, class_="t"), el("span", where), el("span", what), class_=level(severity(event))
    )  # fmt: skip


def _what(worker: str, event: AttackerEvent) -> Html:
    seen = Sighting(event, worker, "")
    match event.kind:
        case "login":
            outcome = "accepted" if event.fields.get("success") else "refused"
            pair = seen.text("username") + (f" / {secret}" if (secret := seen.secret) else "")
            return join(f"login {outcome} ", el("code", pair) if pair else None)
        case "command":
            return el("code", seen.text("input"))
        case "request":
            word = seen.text("method") or seen.text("request") or seen.text("pdu") or "request"
            rest = seen.text("path") or seen.text("host") or seen.text("objects")
            return join(f"{word} ", el("code", rest) if rest else None)
        case "file":
            size = seen.number("size")
            return join(
                "file ", el("code", seen.text("path") or seen.text("name")),
                f" {size:,} bytes" if size is not None else None,
            )  # fmt: skip
        case "scan":
            return join(f"{seen.text('probe')} scan ", el("code", seen.text("ports")))
        case "disconnect":
            return join("disconnected", f" after {seen.text('seconds')} s" if seen.text("seconds") else None)
        case "contact":
            return join("connected")
    return join(event.kind, " ", seen.text("reason") or seen.text("error"))


def fleet_health(report: Activity, health: StatusOutcome) -> Html:
    """Workers and deckies as `status` shows them."""
    workers, deckies = health.workers.items, health.deckies.items
    running = sum(item["status"] == "running" for item in deckies)
    rows: list[tuple[Html | str, ...]] = [
        (item["name"], _state(item["state"], good="up"), str(item["deckies"]), _remark(item))
        for item in workers
    ]
    parts = [table(("Worker", "State", "Deckies", "Remark"), rows, ("", "", "n", ""))] if rows else []
    # Those with a fault must not be hidden by the limit.
    ranked = sorted(deckies, key=lambda item: (item["status"] == "running", item["name"]))
    lines: list[tuple[Html | str, ...]] = [
        (
            item["name"], _state(item["status"], good="running"), item["ip"], item["hostname"],
            " ".join(item["services"]), f"{report.tally.deckies.get(item['name'], 0):,}",
        )
        for item in ranked[:MOST_DECKIES]
    ]  # fmt: skip
    if lines:
        columns = ("Decky", "State", "Address", "Hostname", "Services", "Events")
        parts += [el("h3", "Deckies"), table(columns, lines, ("", "", "m", "", "", "n"))]
    if len(ranked) > MOST_DECKIES:
        parts.append(el("p", f"and {len(ranked) - MOST_DECKIES:,} more", class_="note"))
    parts += [el("p", fault, class_="note bad") for fault in health.faults]
    note = f"{running} of {counted(len(deckies), 'decky')} running" if deckies else "no deckies"
    return _section("Fleet health", note, *parts)


def chip(number: int) -> Html:
    """A severity as a word."""
    return el("span", level(number), class_=f"chip {level(number)}")


def _state(text: str, *, good: str) -> Html:
    return el("span", text, class_="good" if text == good else "bad")


def _remark(item: dict[str, object]) -> str:
    found = (item.get("error"), item.get("link_error"), item.get("agent_remark"))
    return "; ".join(str(each) for each in found if each)


def _section(title: str, note: str, *parts: Html) -> Html:
    top = el("div", el("h2", title), el("span", note, class_="meta") if note else None, class_="top")
    return el("section", top, *parts)


def _events(number: int) -> str:
    return f"{number:,} event{'s' * (number != 1)}"


def _names(names: set[str]) -> str:
    shown = sorted(names)
    more = f" and {len(shown) - MOST_NAMES} more" if len(shown) > MOST_NAMES else ""
    return ", ".join(shown[:MOST_NAMES]) + more


def _nothing() -> Html:
    return el("span", "(empty)", class_="t")


def _minute(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %b %H:%M")
