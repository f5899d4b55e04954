"""`decnet image`: the images that deckies are made of."""

from __future__ import annotations

from typing import Annotated

import typer

from decnet.cli.option_groups import Without, with_groups
from decnet.cli.options import On, Output, OutputOption
from decnet.cli.pass_flags import AS_USUAL, PassFlags
from decnet.cli.rollout_flags import NO_ROLLOUT, RolloutFlags
from decnet.cli.run import context, finish, wait_for

app = typer.Typer(help="Build, upgrade and remove decoy images.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def build(
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Rebuild without Docker's cache.")] = False,
    output: OutputOption = Output.table,
) -> None:
    """Build the images that are missing on this machine."""
    with context(output.value) as ctx:
        from decnet.commands.image import build as run

        finish(run(ctx, no_cache=no_cache), output.value)


@app.command()
def base(output: OutputOption = Output.table) -> None:
    """Build the root file system from Debian packages. No image registry is needed."""
    with context(output.value, writes=False) as ctx:
        from decnet.commands.image import base as run

        finish(run(ctx), output.value)


@app.command()
@with_groups
def upgrade(
    given: Annotated[PassFlags, Without(("max_remove",))] = AS_USUAL,
    release: RolloutFlags = NO_ROLLOUT,
    on: On = None,
    output: OutputOption = Output.table,
) -> None:
    """Upgrade deckies to this version's images."""
    with given.context(output.value, of_fleet=True) as ctx:
        from decnet.commands.image import upgrade as run
        from decnet.commands.rollouts.policies import with_rollout

        options = with_rollout(ctx, given.options(), release.given())
        finish(wait_for(run(ctx, options, on=on)), output.value)


@app.command("list")
def list_images(output: OutputOption = Output.table) -> None:
    """List the decnet images of this machine."""
    with context(output.value, writes=False) as ctx:
        from decnet.commands.image import images as run

        finish(run(ctx), output.value)


@app.command()
def prune(output: OutputOption = Output.table) -> None:
    """Remove unused decnet images."""
    with context(output.value, writes=False) as ctx:
        from decnet.commands.image import prune as run

        finish(run(ctx), output.value)
