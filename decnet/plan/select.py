"""Selectors of workers and deckies, the same in every command: `edge-*,@dmz,!w3`.

Terms are separated by commas: a name or a pattern, `@tag` for a worker's tag or `@archetype` for a decky's
archetype, and `!` before either excludes. With only `!` terms, they exclude from all.

A decky of a topology is TOPOLOGY/DECKY; its own name is enough if no other decky has it. A pattern without
a slash means deckies of the fleet only, and `/DECKY` is always one of the fleet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from decnet.errors import UsageError
from decnet.model.counted import counted
from decnet.model.severity import LEVELS, MOST
from decnet.model.suggest import suggest
from decnet.model.worker import Worker
from decnet.wire import clean
from decnet.wire.event_fields import KINDS

Groups = Mapping[str, Iterable[str]]
"""The names that can be selected, each with the groups that `@` selects it by."""


@dataclass(frozen=True)
class Selector:
    """A selector of a `kind` of things, one of _LISTS."""

    kind: str
    terms: tuple[str, ...]

    @classmethod
    def of(cls, kind: str, texts: Iterable[str]) -> Selector:
        """The selector that several arguments mean together. Raises UsageError if they have no term."""
        terms = tuple(term.strip() for text in texts for term in text.split(",") if term.strip())
        if not terms:
            raise UsageError(f"no {kind} is selected", hint=f"for example {_EXAMPLES[kind]}")
        return cls(kind, terms)

    def matches(self, name: str, groups: Iterable[str] = ()) -> bool:
        """Whether it selects this name."""
        if any(_matches(term[1:], name, groups) for term in self.terms if term.startswith("!")):
            return False
        wanted = [term for term in self.terms if not term.startswith("!")]
        return not wanted or any(_matches(term, name, groups) for term in wanted)

    def unmatched(self, known: Groups) -> tuple[str, ...]:
        """The terms that match no known name."""
        return tuple(
            term
            for term in self.terms
            if not any(_matches(term.removeprefix("!"), name, groups) for name, groups in known.items())
        )

    def check(self, known: Groups) -> None:
        """Raises UsageError if a term matches no known name, or fits deckies of two topologies, or if all
        together exclude every name."""
        for term in self.terms:
            if self.kind == "decky" and len(found := _named(term.removeprefix("!"), known)) > 1:
                choices = [name if "/" in name else f"/{name} (of the fleet)" for name in found]
                raise UsageError(
                    f"{clean(term, 60)!r} is the name of {counted(len(found), 'decky')}",
                    hint=f"choose one: {', '.join(choices[:9])}",
                )
        for term in self.unmatched(known):
            raise self._refusal(term.removeprefix("!"), known)
        if not any(self.matches(name, groups) for name, groups in known.items()):
            raise UsageError(f"{','.join(self.terms)} excludes every {self.kind}")

    def select(self, known: Groups) -> tuple[str, ...]:
        """The known names that it selects, in their order. Raises UsageError as `check` does."""
        self.check(known)
        return tuple(name for name, groups in known.items() if self.matches(name, groups))

    def _refusal(self, term: str, known: Groups) -> UsageError:
        is_group = term.startswith("@")
        names = {group for groups in known.values() for group in groups} if is_group else set(known)
        near = suggest(term[1:], names) if is_group else _near(term, names)
        hint = f"did you mean {'@' * is_group + near!r}?" if near else _LISTS[self.kind]
        what = _GROUPS.get(self.kind, "is") if is_group else "is named"
        return UsageError(f"no {self.kind} {what} {clean(term.lstrip('@'), 60)!r}", hint=hint)


_EXAMPLES = {
    "worker": "'edge-*,@dmz,!w3'",
    "decky": "'web-*,@printer,!web-03'",
    "service": "'ssh,http'",
    "kind": "'login,command'",
    "severity": "'6,8' or 'high'",
}
_LISTS = {
    "worker": "decnet worker list lists them",
    "decky": "decnet status lists them",
    "service": "decnet services lists them",
    "kind": f"kinds: {', '.join(KINDS)}",
    "severity": f"write 0 to {MOST}, or {', '.join(LEVELS)}",
}
_GROUPS = {"worker": "has the tag", "decky": "has the archetype"}


def select(workers: Mapping[str, Worker], text: str | None) -> dict[str, Worker]:
    """The workers that a selector means; all for None. Raises UsageError if a term matches no worker."""
    if text is None:
        return dict(workers)
    chosen = Selector.of("worker", [text]).select({name: worker.tags for name, worker in workers.items()})
    return {name: workers[name] for name in chosen}


def select_deckies(known: Groups, texts: Iterable[str]) -> tuple[str, ...]:
    """The known deckies that the arguments select, sorted. Raises UsageError if a term matches no decky."""
    return tuple(sorted(Selector.of("decky", texts).select(known)))


def _near(term: str, names: Iterable[str]) -> str | None:
    """The most similar name; for `web` where `web-01` and `web-02` exist, the pattern of both."""
    names = sorted(names)
    stems = [stem for stem, _, number in (name.rpartition("-") for name in names) if number.isdigit()]
    series = {stem for stem, count in Counter(stems).items() if count > 1}
    if term not in series and (near := suggest(term, names)):
        return near
    stem = term if term in series else suggest(term, series)
    return f"{stem}-*" if stem else None


def _matches(term: str, name: str, groups: Iterable[str]) -> bool:
    if term.startswith("@"):
        return term[1:] in groups
    topology, _, decky = name.rpartition("/")
    if "/" in term:
        wanted, _, pattern = term.rpartition("/")
        return fnmatchcase(topology, wanted) and fnmatchcase(decky, pattern)
    return term == decky or (not topology and fnmatchcase(name, term))


def _named(term: str, known: Groups) -> list[str]:
    """The deckies of the fleet and of topologies whose own name is this term."""
    return [name for name in known if name.rpartition("/")[2] == term]


def refuse_topology_names(topologies: Container[str], known: Groups, texts: Iterable[str], verb: str) -> None:
    """Raises UsageError for a term that is the name of a topology, and not of a decky."""
    for term in Selector.of("decky", texts).terms:
        if term in topologies and not any(_matches(term, name, groups) for name, groups in known.items()):
            raise UsageError(f"{term} is a topology", hint=f"decnet topology {verb} {term}")


def refuse_topologies(fleet: Groups, everything: Groups, texts: Iterable[str]) -> None:
    """Raises UsageError for a term that names a decky of a topology, where only deckies of the fleet can be
    meant: a topology is changed as a whole."""
    for term in Selector.of("decky", texts).terms:
        own = term.removeprefix("!")
        found = [name for name in everything if name not in fleet and _matches(own, name, ())]
        if found and not any(_matches(own, name, groups) for name, groups in fleet.items()):
            topology = found[0].partition("/")[0]
            raise UsageError(
                f"{found[0]} belongs to a topology, and is changed with it",
                hint=f"decnet topology mutate {topology}; or decnet topology teardown {topology}",
            )
