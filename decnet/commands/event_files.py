"""`decnet events files`: lists what attackers uploaded, and fetches one file from the worker that has it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decnet.engine.context import Context
from decnet.engine.outcome import Listing, TextOutcome
from decnet.engine.workers import known_workers
from decnet.errors import BadAnswer, Failed, UsageError, WorkerError, WorkerFailure, worst
from decnet.model.counted import counted
from decnet.model.event import AttackerEvent
from decnet.model.keys import label
from decnet.plan.select import select
from decnet.store.desired import load_fleet
from decnet.store.events import read_events
from decnet.wire import AGENT_VERSION, PROJECT, UPLOADS_VERSION, clean

if TYPE_CHECKING:
    from decnet.worker.client import AgentClient
    from decnet.worker.responses import HeldFiles

COLUMNS = ("sha256", "size", "first seen", "decky", "service", "source", "name", "state")
LEAST_PREFIX = 6
SHOWN_HASH = 16
MOST_BYTES = 8 * 1024 * 1024
"""No decky takes a larger file."""

INVERTED = bytes(255 - value for value in range(256))
"""How workers store uploads."""


@dataclass
class Upload:
    """One content: where and when it was uploaded first, how often, and which workers have it."""

    sha256: str
    size: int = 0
    first: float = 0.0
    count: int = 0
    worker: str = ""
    decky: str = ""
    project: str = PROJECT
    label: str = ""
    """The decky as users name it."""
    service: str = ""
    source: str = ""
    name: str = ""
    was_kept: bool = False
    holders: list[str] = field(default_factory=list)


async def files(ctx: Context, on: str | None = None) -> Listing:
    """Every file that was uploaded to the deckies of the selected workers, the newest last."""
    found, answers = _uploaded(ctx, on), await _held(ctx, on)
    notes = [note for name, answer in answers.items() for note in _notes(name, answer)]
    silent = {name for name, answer in answers.items() if isinstance(answer, WorkerFailure)}
    for name, answer in answers.items():
        for each in () if isinstance(answer, WorkerFailure) else answer.files:
            upload = found.setdefault(each.sha256, Upload(each.sha256, each.size, each.at, worker=name))
            upload.holders.append(name)
    rows = sorted(found.values(), key=lambda each: (each.first, each.sha256))
    failures = [answer.exit_code for answer in answers.values() if isinstance(answer, WorkerFailure)]
    return Listing(
        "files",
        COLUMNS,
        tuple(_cells(each, silent) for each in rows),
        tuple(_item(each, silent) for each in rows),
        key="sha256",
        exit_code=worst(failures),
        empty="no file was uploaded yet; decnet events --pull fetches new events",
        notes=tuple(notes),
    )


async def fetch(ctx: Context, prefix: str, to: Path | None, on: str | None = None) -> TextOutcome:
    """Fetch the one file whose hash begins like this into a new file that only its owner can read.

    Raises UsageError for a prefix of no or of several files, or if the new file exists; Failed if no worker
    has the content; BadAnswer if what a worker sends has another hash.
    """
    answers = await _held(ctx, on)
    held = {name: answer for name, answer in answers.items() if not isinstance(answer, WorkerFailure)}
    known = {*_uploaded(ctx, on), *(each.sha256 for answer in held.values() for each in answer.files)}
    sha256 = _one_of(known, prefix)
    holder = next((n for n, each in held.items() if any(f.sha256 == sha256 for f in each.files)), None)
    if holder is None:
        failure = next((each for each in answers.values() if isinstance(each, WorkerFailure)), None)
        if failure is not None:
            raise failure.error
        raise Failed(f"no worker has the file {sha256[:SHOWN_HASH]} any more")
    target = to or Path(f"{sha256}.bin")
    if target.exists() or target.is_symlink():
        raise UsageError(f"{target} exists", hint="choose another file with --to")
    fleet = load_fleet(ctx.home)
    async with ctx.connections(fleet.fleet_id if fleet else "") as connections:
        content = await _content(connections.client(known_workers(ctx.home)[holder]), sha256)
    _write(target, content)
    lines = (
        f"{target}: {counted(len(content), 'byte')} from {holder}, sha256 {sha256}",
        "it may be malware: do not run it",
    )
    document = {"file": str(target), "sha256": sha256, "size": len(content), "worker": holder}
    return TextOutcome(lines, document)


def _uploaded(ctx: Context, on: str | None) -> dict[str, Upload]:
    """By hash, what the stored events report."""
    names = {worker.worker_id: name for name, worker in select(known_workers(ctx.home), on).items()}
    fleet = load_fleet(ctx.home)
    topologies = fleet.topology_names if fleet else {}
    found: dict[str, Upload] = {}
    for row in read_events(ctx.home, workers=None if on is None else names):
        sha256, kept = row.event.fields.get("sha256"), row.event.fields.get("kept")
        if row.event.kind == "file" and isinstance(sha256, str) and _is_hash(sha256) and kept is not None:
            upload = found.setdefault(sha256, Upload(sha256))
            if not upload.count or row.event.at < upload.first:
                _describe(upload, names.get(row.worker, row.worker), row.event, topologies)
            upload.count += 1
            upload.was_kept = upload.was_kept or kept is True
    return found


def _describe(upload: Upload, worker: str, event: AttackerEvent, topologies: Mapping[str, str]) -> None:
    size = event.fields.get("size")
    upload.size = size if isinstance(size, int) else 0
    upload.first, upload.worker = event.at, worker
    upload.decky, upload.service, upload.source = event.decky, event.service, event.source_ip
    upload.project, upload.label = event.project, label(event.project, event.decky, topologies)
    upload.name = str(event.fields.get("path", ""))


async def _held(ctx: Context, on: str | None) -> dict[str, HeldFiles | WorkerFailure]:
    workers, fleet = select(known_workers(ctx.home), on), load_fleet(ctx.home)
    if fleet is None or not workers:
        return {}
    async with ctx.connections(fleet.fleet_id) as connections:
        return await connections.call_all(workers.values(), _ask)


async def _ask(client: AgentClient) -> HeldFiles:
    version = (await client.hello()).version
    if version < UPLOADS_VERSION:
        raise WorkerError(
            f"its agent has version {version} and keeps no uploads; this decnet has {AGENT_VERSION}",
            hint=f"decnet worker upgrade {client.worker}",
            worker=client.worker,
        )
    return await client.files()


def _notes(worker: str, answer: HeldFiles | WorkerFailure) -> Iterable[str]:
    if isinstance(answer, WorkerFailure):
        yield f"{worker}: {answer.message}"
        return
    if not answer.collects:
        yield f"{worker}: its agent is not root and cannot collect uploads"
    if answer.dropped.files:
        files = counted(answer.dropped.files, "oldest file")
        gone = f"{files} ({counted(answer.dropped.bytes, 'byte')})"
        yield f"{worker}: its store is full: it dropped the {gone}"


def _state(upload: Upload, silent: set[str]) -> str:
    if upload.holders:
        return f"on {upload.holders[0]}"
    if not upload.was_kept:
        return "not kept"
    return "unknown" if upload.worker in silent else "gone"


def _cells(upload: Upload, silent: set[str]) -> tuple[str, ...]:
    first = datetime.fromtimestamp(upload.first, UTC).strftime("%Y-%m-%d %H:%M:%S")
    texts = (upload.label, upload.service, upload.source, upload.name)
    shown = (clean(each, 60) for each in texts)
    return (upload.sha256[:SHOWN_HASH], str(upload.size), first, *shown, _state(upload, silent))


def _item(upload: Upload, silent: set[str]) -> dict[str, Any]:
    return {
        "sha256": upload.sha256, "size": upload.size, "first": upload.first, "count": upload.count,
        "worker": upload.worker, "decky": upload.decky, "project": upload.project, "service": upload.service,
        "source": upload.source, "name": upload.name, "state": _state(upload, silent),
        "holders": upload.holders,
    }  # fmt: skip


def _one_of(known: set[str], prefix: str) -> str:
    wanted = prefix.lower()
    if len(wanted) < LEAST_PREFIX:
        raise UsageError(f"the hash {clean(prefix, 80)!r} is shorter than {LEAST_PREFIX} digits")
    fitting = sorted(each for each in known if each.startswith(wanted))
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise UsageError(
            f"no uploaded file has the hash {clean(prefix, 80)}", hint="decnet events files lists them"
        )
    raise UsageError(
        f"{counted(len(fitting), 'file')} have a hash that begins with {wanted}", hint="give more digits"
    )


async def _content(client: AgentClient, sha256: str) -> bytes:
    """The whole content, with the hash that was wanted."""
    content = bytearray()
    while True:
        piece = await client.file(sha256, len(content))
        try:
            part = base64.b64decode(piece.content, validate=True)
        except binascii.Error:
            part = b""
        if piece.size > MOST_BYTES or piece.offset != len(content) or not part:
            raise BadAnswer("it sends a file that cannot be", worker=client.worker)
        content += part.translate(INVERTED)
        if len(content) >= piece.size:
            break
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BadAnswer(
            f"the file that it sends does not have the hash {sha256[:SHOWN_HASH]}", worker=client.worker
        )
    return bytes(content)


def _write(target: Path, content: bytes) -> None:
    """Create the file with mode 0600: nothing can start it by accident."""
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError as error:
        raise Failed(f"cannot write {target}: {error.strerror}") from error


def _is_hash(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
