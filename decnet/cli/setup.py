"""The first and the last command on a machine."""

from __future__ import annotations

import os
import shutil
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from decnet.cli.option_groups import Without, with_groups
from decnet.cli.options import Output, OutputOption, Yes
from decnet.cli.pass_flags import AS_USUAL, PassFlags
from decnet.cli.run import context, finish, wait_for


def register(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.command()(init)
    app.command()(uninstall)


class Timers(StrEnum):
    """What starts decnet again and again."""

    systemd = "systemd"
    cron = "cron"
    none = "none"


def init(
    path: Annotated[Path, typer.Argument(metavar="[FILE]", help="The file to write.")] = Path("fleet.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    timers: Annotated[
        Timers | None, typer.Option("--timers", help="Write timers; default: ask on a terminal.")
    ] = None,
    yes: Yes = False,
    output: OutputOption = Output.table,
) -> None:
    """Write a first fleet file, and timers if you want them."""
    with context(output.value, yes=yes, writes=False) as ctx:
        from decnet.commands.init import InitOptions
        from decnet.commands.init import init as run

        terminal = sys.stdin.isatty() and sys.stderr.isatty()
        options = InitOptions(
            path,
            force,
            timers.value if timers else None,
            interactive=terminal and not yes,
            may_enable=terminal or yes,
            program=_program(),
            home=os.environ.get("DECNET_HOME", ""),
            called_by=_called_by(),
        )
        finish(run(ctx, options), output.value)


def _called_by() -> tuple[int, int] | None:
    """User and group of who called this with sudo."""
    found = [os.environ.get(name, "") for name in ("SUDO_UID", "SUDO_GID")]
    return (int(found[0]), int(found[1])) if os.geteuid() == 0 and all(map(str.isdigit, found)) else None


def _program() -> Path:
    """The decnet that runs now, as timers start it."""
    called = Path(sys.argv[0])
    return called.absolute() if called.is_file() else Path(shutil.which("decnet") or called.absolute())


@with_groups
def uninstall(
    purge: Annotated[
        bool, typer.Option("--purge", help="Also delete events, audit log, catalog, caches, images.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Finish although workers do not answer.")] = False,
    given: Annotated[PassFlags, Without(("detach", "max_remove"))] = AS_USUAL,
    output: OutputOption = Output.table,
) -> None:
    """Remove decnet from all workers and from this machine."""
    with given.context(output.value, writes=False) as ctx:
        from decnet.commands.uninstall import UninstallOptions
        from decnet.commands.uninstall import uninstall as run

        options = UninstallOptions(purge=purge, force=force, dry_run=given.dry_run)
        finish(wait_for(run(ctx, options)), output.value)
