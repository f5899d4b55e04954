"""Which events are meant: by time, decky, source, kind, service and severity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from decnet.errors import UsageError
from decnet.model.event import Touch
from decnet.model.keys import label
from decnet.model.severity import LEVELS, MOST, level, severity
from decnet.model.suggest import suggest
from decnet.plan.select import Groups, Selector
from decnet.plan.sources import Sources
from decnet.wire import clean
from decnet.wire.event_fields import KINDS

SEVERITY_GROUPS = {str(number): (level(number),) for number in range(MOST + 1)}


@dataclass(frozen=True)
class EventFilter:
    """Which events are shown: not before `since` and before `until` (seconds since the epoch), of at least
    `min_severity`, and of what the selectors mean; an empty selector means all.

    `archetypes` are those of the fleet's deckies; `topologies` has the name of each one by its project.
    """

    since: float | None = None
    deckies: tuple[str, ...] = ()
    archetypes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    until: float | None = None
    sources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    min_severity: int = 0
    topologies: Mapping[str, str] = field(default_factory=dict)
    ignores: Callable[[Touch], bool] | None = field(default=None, compare=False)
    """Whether an event that everything else lets through is left out by the fleet's own rules."""

    @property
    def is_limited(self) -> bool:
        """Whether it means fewer than all events."""
        return self != EventFilter(archetypes=self.archetypes, topologies=self.topologies)

    @cached_property
    def decky_selector(self) -> Selector | None:
        """The selector of deckies; None for all, as in those that follow."""
        return Selector.of("decky", self.deckies) if self.deckies else None

    @cached_property
    def service_selector(self) -> Selector | None:
        return Selector.of("service", self.services) if self.services else None

    @cached_property
    def kind_selector(self) -> Selector | None:
        return Selector.of("kind", self.kinds) if self.kinds else None

    @cached_property
    def source_selector(self) -> Sources | None:
        return Sources.of(self.sources) if self.sources else None

    @cached_property
    def severity_selector(self) -> Selector | None:
        if not self.severities:
            return None
        return Selector.of("severity", [_with_words(text) for text in self.severities])

    def check(self, deckies: Groups, services: Iterable[str]) -> None:
        """Raises UsageError for a term of a selector that means nothing, and for times in the wrong order;
        `deckies` and `services` are those that are known."""
        known = (
            (self.decky_selector, deckies),
            (self.service_selector, dict.fromkeys(services, ())),
            (self.kind_selector, dict.fromkeys(KINDS, ())),
            (self.severity_selector, SEVERITY_GROUPS),
        )
        for selector, names in known:
            if selector is not None:
                selector.check(names)
        if self.sources:
            Sources.of(self.sources)
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise UsageError("--until is not after --since")


def passes(event: Touch, wanted: EventFilter) -> bool:
    """Whether the filter lets an event through."""
    if wanted.since is not None and event.at < wanted.since:
        return False
    if wanted.until is not None and event.at >= wanted.until:
        return False
    if wanted.min_severity and severity(event) < wanted.min_severity:
        return False
    return all(_selects(wanted, event)) and not (wanted.ignores and wanted.ignores(event))


def severity_of(text: str) -> int:
    """The number that a severity on the command line means: itself, or the lowest one of a word. Raises
    UsageError."""
    if text in SEVERITY_GROUPS:
        return int(text)
    if text.lower() in LEVELS:
        return LEVELS[text.lower()]
    near = suggest(text, LEVELS)
    hint = f"did you mean {near!r}?" if near else f"write 0 to {MOST}, or {', '.join(LEVELS)}"
    raise UsageError(f"--min-severity '{clean(text, 60)}' is not a severity", hint=hint)


def _selects(wanted: EventFilter, event: Touch) -> Iterable[bool]:
    if (deckies := wanted.decky_selector) is not None:
        name = label(event.project, event.decky, wanted.topologies)
        yield deckies.matches(name, wanted.archetypes.get(name, ()))
    if (services := wanted.service_selector) is not None:
        yield services.matches(event.service)
    if (kinds := wanted.kind_selector) is not None:
        yield kinds.matches(event.kind)
    if (sources := wanted.source_selector) is not None:
        yield sources.matches(event.source_ip)
    if (severities := wanted.severity_selector) is not None:
        number = severity(event)
        yield severities.matches(str(number), (level(number),))


def _with_words(text: str) -> str:
    """Words are groups: `high` selects 7 and 8."""
    terms = [term.strip() for term in text.split(",")]
    return ",".join(_group(term) for term in terms)


def _group(term: str) -> str:
    excludes, word = term[: term.startswith("!")], term.removeprefix("!")
    return f"{excludes}@{word.lower()}" if word.lower() in LEVELS else term
