"""`decnet convert`: the INI fleet file of an older system, written as a fleet file."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from decnet.commands import userfile
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome, Verbatim
from decnet.errors import SpecError, UsageError
from decnet.model import inifile
from decnet.model.catalog_entries import Service
from decnet.model.fleetwriter import services_to_toml, to_toml
from decnet.model.spec import FleetSpec
from decnet.plan.resolve import resolve


@dataclass(frozen=True)
class ConvertOptions:
    """The paths of the fleet file (None: stdout) and of the custom services."""

    output: Path | None = None
    services: Path | None = None
    force: bool = False


def convert(ctx: Context, path: Path, options: ConvertOptions) -> Verbatim | TextOutcome:
    """The INI file at `path` as a fleet file. Raises SpecError with file and line on any mistake in it.

    Problems that `decnet validate` will find in the result are reported as a warning; the file is written
    anyway.
    """
    content = userfile.read_bytes(path)
    _refuse_toml(path, content)
    old = inifile.parse_bytes(content, str(path), ctx.catalog)
    own = [service for service in old.services if ctx.catalog.services.get(service.name) != service]
    _refuse(ctx, path, options, own)
    for section, name in old.renamed:
        ctx.note(f"[{section}] is renamed to {name} now")
    _warn(ctx, old.spec, own)
    lines = list(_write_services(ctx, options, own))
    text = to_toml(old.spec)
    if options.output is None:
        for line in lines:
            ctx.note(line)
        return Verbatim(text)
    userfile.write_text(options.output, text)
    line = f"{options.output}: written; decnet validate {shlex.quote(str(options.output))} checks it"
    return TextOutcome((*lines, line))


def _refuse_toml(path: Path, content: bytes) -> None:
    """Raises UsageError for a fleet file: the rules of INI would make misleading mistakes of its lines."""
    if path.suffix.lower() != ".toml" and not _is_fleet_file(content):
        return
    raise UsageError(
        f"{path} is a TOML file: convert reads the INI files of older systems",
        hint=f"to check a fleet file: decnet validate {shlex.quote(str(path))}",
    )


def _is_fleet_file(content: bytes) -> bool:
    try:
        tables = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return False
    deckies = tables.get("decky", {})
    return isinstance(deckies, dict) and any(isinstance(each, dict) for each in deckies.values())


def _refuse(ctx: Context, path: Path, options: ConvertOptions, own: list[Service]) -> None:
    """Find every error before anything is written."""
    if own and options.services is None:
        names = ", ".join(service.name for service in own)
        target = ctx.home.catalog / f"{path.stem}.toml"
        raise UsageError(
            f"{path} defines custom services ({names}), which belong in a catalog file",
            hint=f"add --services {shlex.quote(str(target))}",
        )
    for given in (options.output, options.services if own else None):
        if given is not None and not options.force:
            userfile.refuse_existing(given)


def _write_services(ctx: Context, options: ConvertOptions, own: list[Service]) -> Iterable[str]:
    if not own or options.services is None:
        return
    if options.services.parent == ctx.home.catalog:
        ctx.home.catalog.mkdir(mode=0o700, parents=True, exist_ok=True)
    userfile.write_text(options.services, services_to_toml(own))
    yield f"{options.services}: written, with {', '.join(service.name for service in own)}"


def _warn(ctx: Context, spec: FleetSpec, own: list[Service]) -> None:
    services = {**ctx.catalog.services, **{service.name: service for service in own}}
    catalog = replace(ctx.catalog, services=services)
    try:
        resolve(spec, catalog, rng=Random(0), desired={})
    except SpecError as error:
        hint = f" ({error.hint})" if error.hint else ""
        ctx.warn(f"it cannot be deployed as it is: {error.message}{hint}")
