"""`decnet topology import|export|validate`: topologies as TOML files."""

from __future__ import annotations

from pathlib import Path
from random import Random

from decnet.commands.topologies.checks import line_of, shown, stored_surroundings
from decnet.commands.topologies.generate import created, new_topology
from decnet.commands.topologies.known import known, store, stored_fleet, with_topology
from decnet.commands.userfile import STANDARD_INPUT, display_name, read_bytes, refuse_existing, write_text
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome, Verbatim
from decnet.errors import UsageError
from decnet.model.counted import counted
from decnet.model.fleet import Fleet
from decnet.model.topology import Design, Topology
from decnet.plan.topologies.findings import errors
from decnet.plan.topologies.hashing import content_hash
from decnet.plan.topologies.topologyfile import read, to_toml
from decnet.plan.topologies.validate import validate as problems_of
from decnet.wire import digest


def import_file(ctx: Context, path: Path, name: str | None = None) -> TextOutcome:
    """Store the topology of a file under its own name, or another one. What the file omits is chosen at
    random, the same for the same file. Raises SpecError (exit 2) with every mistake in it."""
    ctx.catalog.check_readable()
    with ctx.lock():
        fleet = stored_fleet(ctx)
        own, design = _read(ctx, fleet, path, read_bytes(path))
        if not (name or own):
            raise UsageError("the topology has no name", hint="--name NAME, or `name` in the file")
        topology = new_topology(ctx, fleet, name or own or "", design)
        store(ctx, with_topology(fleet, topology), f"topology {topology.name} imported")
    return created(topology)


def export(ctx: Context, name: str, out: Path | None, *, force: bool = False) -> Verbatim | TextOutcome:
    """A topology as a file that `import` reads as the same content; on stdout, or into a new file."""
    text = to_toml(known(stored_fleet(ctx), name).design, name)
    if out is None:
        return Verbatim(text)
    if not force:
        refuse_existing(out)
    write_text(out, text)
    return TextOutcome((f"{name} is in {out}",), {"name": name, "file": str(out)})


def validate(ctx: Context, name_or_file: str) -> TextOutcome:
    """Check a stored topology, or the one in a file, in its surroundings as recorded: no worker is contacted.
    The exit code is 2 if there are errors."""
    ctx.catalog.check_readable()
    fleet = stored_fleet(ctx)
    path = Path(name_or_file)
    if name_or_file in fleet.topologies:
        topology = fleet.topologies[name_or_file]
        return _report(ctx, fleet, name_or_file, topology.design, topology)
    if path != STANDARD_INPUT and not path.exists() and path.suffix == "":
        known(fleet, name_or_file)
    content = read_bytes(path)
    # The file of a stored topology may have what that one has.
    stored = fleet.topologies.get(_name_in(content))
    _, design = _read(ctx, fleet, path, content, stored)
    return _report(ctx, fleet, display_name(path), design, stored)


def _name_in(content: bytes) -> str:
    """The name in a file, "" if it has none or is not valid."""
    import tomllib

    try:
        name = tomllib.loads(content.decode()).get("name")
    except (ValueError, RecursionError):
        return ""
    return name if isinstance(name, str) else ""


def _read(
    ctx: Context, fleet: Fleet, path: Path, content: bytes, stored: Topology | None = None
) -> tuple[str | None, Design]:
    around = stored_surroundings(ctx, fleet, stored)
    rng = Random(digest(content.decode("utf-8", "replace")))
    return read(content, display_name(path), ctx.catalog, rng, around)


def _report(ctx: Context, fleet: Fleet, what: str, design: Design, topology: Topology | None) -> TextOutcome:
    found = problems_of(design, ctx.catalog, stored_surroundings(ctx, fleet, topology))
    wrong = errors(found)
    size = f"{counted(len(design.lans), 'LAN')}, {counted(len(design.deckies), 'decky')}"
    verdict = f"{counted(len(wrong), 'error')}" if wrong else "valid"
    document = {
        "name": what,
        "valid": not wrong,
        "lans": len(design.lans),
        "deckies": len(design.deckies),
        "content": content_hash(design),
        "findings": list(shown(found)),
    }
    lines = [*map(line_of, found), f"{what}: {size}: {verdict}"]
    return TextOutcome(tuple(lines), document, exit_code=UsageError.exit_code if wrong else 0)
