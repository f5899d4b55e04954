"""Which events `[events.ignore]` of the fleet file means: they are stored, and neither shown nor sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from decnet.errors import UsageError
from decnet.model.diagnostics import Diagnostics
from decnet.model.event import Touch
from decnet.model.event_settings import IgnoreRule
from decnet.model.keys import spelled
from decnet.plan.event_filter import EventFilter, passes
from decnet.plan.select import Groups, Selector
from decnet.plan.sources import Sources
from decnet.wire.event_fields import KINDS


@dataclass(frozen=True)
class Rule:
    """One rule, and what it means."""

    given: IgnoreRule
    wanted: EventFilter

    def __call__(self, event: Touch) -> bool:
        if self.given.port is not None and not _has_port(event, self.given.port):
            return False
        is_time = self.given.hours is None or _within(event.at, self.given.hours)
        return is_time and passes(event, self.wanted)

    @property
    def is_about_sources_only(self) -> bool:
        return self.given == IgnoreRule(source=self.given.source)

    def may_match(self, source: str, services: Iterable[str], deckies: Iterable[str]) -> bool:
        """Whether it may mean an event of this source, with one of these services and deckies (their
        `place`)."""
        wanted, archetypes = self.wanted, self.wanted.archetypes
        if wanted.source_selector is not None and not wanted.source_selector.matches(source):
            return False
        of_service, of_decky = wanted.service_selector, wanted.decky_selector
        if of_service is not None and not any(map(of_service.matches, services)):
            return False
        if of_decky is None:
            return True
        names = (spelled(each, wanted.topologies) for each in deckies)
        return any(of_decky.matches(name, archetypes.get(name, ())) for name in names)


@dataclass
class Ignoring:
    """The rules as one question about an event; `count` is how many actions it has answered with yes."""

    rules: tuple[Rule, ...]
    count: int = 0

    def __call__(self, event: Touch) -> bool:
        if not any(rule(event) for rule in self.rules):
            return False
        self.count += max(event.stands_for, 1)
        return True

    def is_ignored(self, source: str) -> bool:
        """Whether all events of this source are left out."""
        return any(rule.is_about_sources_only and rule.may_match(source, (), ()) for rule in self.rules)

    def may_ignore(self, source: str, services: Iterable[str], deckies: Iterable[str]) -> bool:
        """Whether some of its events may be, which were on these services and deckies."""
        return any(rule.may_match(source, services, deckies) for rule in self.rules)


def ignoring(rules: Iterable[IgnoreRule], archetypes: Groups, topologies: Mapping[str, str] = {}) -> Ignoring:
    """The rules of a fleet, whose deckies have these archetypes, and whose topologies these names (by
    project)."""
    return Ignoring(tuple(_rule(rule, archetypes, topologies) for rule in rules))


def check_rules(
    mistakes: Diagnostics, rules: Iterable[Mapping[str, Any]], deckies: Groups, services: Iterable[str]
) -> None:
    """Add every selector that means nothing: no address, service, kind or decky of the fleet file."""
    known: dict[str, Groups] = {
        "service": dict.fromkeys(services, ()),
        "kind": dict.fromkeys(KINDS, ()),
        "decky": deckies,
    }
    for number, rule in enumerate(rules):
        for key in ("source", *known):
            path = ("events", "ignore", number, key)
            if not rule.get(key) or mistakes.has(path):
                continue
            try:
                _check(key, rule[key], known)
            except UsageError as error:
                said = error.message.removeprefix("--source ")
                mistakes.add(path, f"`{key}` in [[events.ignore]]: {said}", error.hint)


def _check(key: str, text: str, known: dict[str, Groups]) -> None:
    if key == "source":
        Sources.of([text])
    else:
        Selector.of(key, [text]).check(known[key])


def _rule(rule: IgnoreRule, archetypes: Groups, topologies: Mapping[str, str]) -> Rule:
    wanted = EventFilter(
        deckies=(rule.decky,) if rule.decky else (),
        archetypes={name: tuple(groups) for name, groups in archetypes.items()},
        topologies=topologies,
        sources=(rule.source,) if rule.source else (),
        kinds=(rule.kind,) if rule.kind else (),
        services=(rule.service,) if rule.service else (),
    )
    return Rule(rule, wanted)


def _has_port(event: Touch, port: int) -> bool:
    """Whether it happened on this port of the decky; a scan, on no other one."""
    if event.kind == "scan":
        return str(event.fields.get("ports", "")) == str(port)
    return event.local_port == port


def _within(at: float, hours: str) -> bool:
    moment = datetime.fromtimestamp(at, UTC).strftime("%H:%M")
    start, _, end = hours.partition("-")
    return start <= moment < end if start < end else moment >= start or moment < end
