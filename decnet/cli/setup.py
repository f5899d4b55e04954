"""The first and the last command on a machine."""

from __future__ import annotations

from typing import Annotated

import typer

from decnet.cli.options import DryRun, LockTimeout, Output, OutputOption, Yes
from decnet.cli.run import context, finish, wait_for


def register(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.command()(uninstall)


def uninstall(
    purge: Annotated[
        bool, typer.Option("--purge", help="Also delete events, audit log and your catalog.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Finish although workers do not answer.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    lock_timeout: LockTimeout = 10.0,
    output: OutputOption = Output.table,
) -> None:
    """Remove decnet from all workers and from this machine."""
    with context(output.value, yes=yes, lock_timeout=lock_timeout, writes=False) as ctx:
        from decnet.commands.uninstall import UninstallOptions
        from decnet.commands.uninstall import uninstall as run

        options = UninstallOptions(purge=purge, force=force, dry_run=dry_run)
        finish(wait_for(run(ctx, options)), output.value)
