"""Worker selectors: `edge-*,@dmz,!w3`."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from decnet.errors import UsageError
from decnet.model.worker import Worker


def select(workers: Mapping[str, Worker], text: str | None) -> dict[str, Worker]:
    """The workers that a selector means; all for None.

    Terms are separated by commas: a name or pattern, `@tag` for a tag, `!` before either excludes.
    With only `!` terms, they exclude from all workers. Raises UsageError if a term matches no worker.
    """
    if text is None:
        return dict(workers)
    terms = [term.strip() for term in text.split(",") if term.strip()]
    if not terms:
        raise UsageError("--on selects no worker", hint="--on 'edge-*,@dmz,!w3'")
    wanted = [term for term in terms if not term.startswith("!")]
    chosen = set(workers) if not wanted else set().union(*(_matching(workers, term) for term in wanted))
    for term in terms:
        if term.startswith("!"):
            chosen -= _matching(workers, term[1:])
    if not chosen:
        raise UsageError(f"--on {text} excludes every worker")
    return {name: worker for name, worker in workers.items() if name in chosen}


def _matching(workers: Mapping[str, Worker], term: str) -> set[str]:
    if term.startswith("@"):
        found = {name for name, worker in workers.items() if term[1:] in worker.tags}
    else:
        found = {name for name in workers if fnmatchcase(name, term)}
    if not found:
        kind = "has the tag" if term.startswith("@") else "is named"
        raise UsageError(f"no worker {kind} {term.lstrip('@')!r}", hint="decnet worker list")
    return found
