"""`decnet topology`: nested LANs with deckies that bridge them."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from decnet.cli import deploy_options as own
from decnet.cli.deploy_options import DEFAULT_LAN, LanFlags, split_names
from decnet.cli.option_groups import with_groups
from decnet.cli.options import Detach, DryRun, LockTimeout, MaxRemove, Output, OutputOption, Seed, Yes
from decnet.cli.rollout_flags import NO_ROLLOUT, RolloutFlags
from decnet.cli.run import context, finish, wait_for
from decnet.engine.options import PassOptions

app = typer.Typer(
    help="Describe, deploy and change nested LANs of deckies.", no_args_is_help=True, rich_markup_mode=None
)
Name = Annotated[str, typer.Argument(help="The topology.")]


class Forms(StrEnum):
    text = "text"
    svg = "svg"
    mermaid = "mermaid"
    dot = "dot"


@app.command()
def generate(
    name: Annotated[str, typer.Argument(help="Its name.")],
    depth: Annotated[int, typer.Option(min=1, max=16, metavar="N", help="Levels of LANs, with the DMZ.")] = 3,
    branching: Annotated[int, typer.Option(min=1, max=8, metavar="N", help="LANs below a LAN, at most.")] = 2,
    deckies_per_lan: Annotated[
        str, typer.Option("--deckies-per-lan", metavar="MIN-MAX", help="Deckies of a LAN.")
    ] = "1-3",
    forward_probability: Annotated[
        float,
        typer.Option("--forward-probability", min=0, max=1, metavar="P", help="How likely bridges route."),
    ] = 1.0,
    services: Annotated[
        list[str] | None, typer.Option("-s", "--services", help="Services of every decky.")
    ] = None,
    archetypes: Annotated[
        list[str] | None, typer.Option("--archetypes", help="Kinds of machines to choose from.")
    ] = None,
    max_lans: Annotated[int, typer.Option("--max-lans", min=1, metavar="N", help="Refuse more LANs.")] = 64,
    seed: Seed = None,
    lock_timeout: LockTimeout = 10.0,
    output: OutputOption = Output.table,
) -> None:
    """Generate a topology at random, without deploying it."""
    with context(output.value, lock_timeout=lock_timeout) as ctx:
        from decnet.commands.topologies.generate import generate as run
        from decnet.plan.topologies.generate import Parameters

        least, most = _range(deckies_per_lan)
        parameters = Parameters(
            depth=depth,
            branching=branching,
            deckies_min=least,
            deckies_max=most,
            forward_probability=forward_probability,
            services=split_names(services),
            archetypes=split_names(archetypes),
            max_lans=max_lans,
        )
        finish(run(ctx, name, parameters, seed=seed), output.value)


@app.command("import")
def import_topology(
    file: Annotated[Path, typer.Argument(help="A topology file (TOML); - for stdin.")],
    name: Annotated[str | None, typer.Option(help="Its name; default: `name` in the file.")] = None,
    lock_timeout: LockTimeout = 10.0,
    output: OutputOption = Output.table,
) -> None:
    """Store the topology of a file, without deploying it."""
    with context(output.value, lock_timeout=lock_timeout) as ctx:
        from decnet.commands.topologies.files import import_file

        finish(import_file(ctx, file, name), output.value)


@app.command()
def export(
    name: Name,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it to this file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    output: OutputOption = Output.table,
) -> None:
    """Print a topology as a file that `import` reads."""
    with context(output.value, writes=False, of_fleet=True) as ctx:
        from decnet.commands.topologies.files import export as run

        finish(run(ctx, name, out, force=force), output.value)


@app.command()
def validate(
    name_or_file: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A topology, or a file.")],
    output: OutputOption = Output.table,
) -> None:
    """Check a topology, or a file, without contacting workers."""
    with context(output.value, writes=False) as ctx:
        from decnet.commands.topologies.files import validate as run

        finish(run(ctx, name_or_file), output.value)


@app.command("list")
def list_topologies(output: OutputOption = Output.table) -> None:
    """List the topologies as recorded, without contacting workers."""
    with context(output.value, writes=False, of_fleet=True) as ctx:
        from decnet.commands.topologies.listing import listed

        finish(listed(ctx), output.value)


@app.command()
def show(name: Name, output: OutputOption = Output.table) -> None:
    """Show a topology as desired, recorded and observed."""
    with context(output.value, read_only=True, of_fleet=True) as ctx:
        from decnet.commands.topologies.show import show as run

        finish(wait_for(run(ctx, name)), output.value)


@app.command()
def graph(
    name: Name,
    form: Annotated[Forms, typer.Option("-o", "--output", help="The kind of picture.")] = Forms.text,
) -> None:
    """Draw a topology."""
    with context("table", writes=False, of_fleet=True) as ctx:
        from decnet.commands.topologies.drawing import graph as run

        finish(run(ctx, name, form.value), "table")


@app.command()
def walk(
    name: Name,
    start: Annotated[str | None, typer.Option("--from", metavar="DECKY", help="Start at this decky.")] = None,
    output: OutputOption = Output.table,
) -> None:
    """Show which LAN an attacker reaches, and how."""
    with context(output.value, writes=False, of_fleet=True) as ctx:
        from decnet.commands.topologies.drawing import walk as run

        finish(run(ctx, name, start), output.value)


@app.command()
def diff(
    name: Name,
    other: Annotated[
        str, typer.Argument(metavar="NAME|applied", help="Another topology, or what is in force.")
    ],
    output: OutputOption = Output.table,
) -> None:
    """Compare two topologies. The exit code is 3 if they differ."""
    with context(output.value, writes=False, of_fleet=True) as ctx:
        from decnet.commands.topologies.drawing import diff as run

        finish(run(ctx, name, other), output.value)


@app.command()
@with_groups
def deploy(
    name: Name,
    on: Annotated[str | None, typer.Option("--on", metavar="WORKER", help="The worker that runs it.")] = None,
    lan: LanFlags = DEFAULT_LAN,
    no_cache: own.NoCache = False,
    adopt: own.Adopt = False,
    dry_run: DryRun = False,
    detach: Detach = False,
    yes: Yes = False,
    max_remove: MaxRemove = None,
    release: RolloutFlags = NO_ROLLOUT,
    lock_timeout: LockTimeout = 10.0,
    output: OutputOption = Output.table,
) -> None:
    """Run a topology on a worker. Its DMZ is the worker's LAN."""
    run = PassOptions(
        dry_run=dry_run,
        detach=detach,
        confirm=not yes,
        no_cache=no_cache,
        adopt_agent=adopt,
        max_remove=max_remove,
    )
    with context(output.value, yes=yes, lock_timeout=lock_timeout, read_only=dry_run, of_fleet=True) as ctx:
        from decnet.commands.rollouts.policies import with_rollout
        from decnet.commands.topologies import deploy as verb
        from decnet.model.spec import NetworkSpec

        network = NetworkSpec(**asdict(lan.given()))
        run = with_rollout(ctx, run, release.given())
        options = verb.TopologyDeployOptions(on, network, lan.ip_start, run)
        finish(wait_for(verb.deploy(ctx, name, options)), output.value)


@app.command()
def mutate(
    name: Name,
    operations: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[OP [KEY=VALUE]...]...",
            help="For example: add_lan name=lab attach_decky name=gate lan=lab",
        ),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("-f", "--file", help="A file of operations (TOML); - for stdin.")
    ] = None,
    expected_version: Annotated[
        int | None,
        typer.Option("--expected-version", min=1, metavar="N", help="Refuse unless it has this version."),
    ] = None,
    dry_run: DryRun = False,
    detach: Detach = False,
    yes: Yes = False,
    max_remove: MaxRemove = None,
    lock_timeout: LockTimeout = 10.0,
    output: OutputOption = Output.table,
) -> None:
    """Change a topology by operations, all of them or none.

    Operations: add_lan, remove_lan, update_lan, add_decky, remove_decky, update_decky, attach_decky,
    detach_decky.
    """
    run = PassOptions(dry_run=dry_run, detach=detach, confirm=not yes, max_remove=max_remove)
    with context(output.value, yes=yes, lock_timeout=lock_timeout, read_only=dry_run, of_fleet=True) as ctx:
        from decnet.commands.topologies import mutate as verb

        options = verb.TopologyMutateOptions(verb.read(operations or (), file), expected_version, run)
        finish(wait_for(verb.mutate(ctx, name, options)), output.value)


@app.command()
def mutations(name: Name, output: OutputOption = Output.table) -> None:
    """List the changes of a topology, with their results."""
    with context(output.value, writes=False, of_fleet=True) as ctx:
        from decnet.commands.topologies.mutate import mutations as run

        finish(run(ctx, name), output.value)


@app.command()
def teardown(
    name: Name,
    dry_run: DryRun = False,
    detach: Detach = False,
    yes: Yes = False,
    lock_timeout: LockTimeout = 10.0,
    output: OutputOption = Output.table,
) -> None:
    """Remove a topology from its worker, and keep its description."""
    with context(output.value, yes=yes, lock_timeout=lock_timeout, read_only=dry_run, of_fleet=True) as ctx:
        from decnet.commands.topologies.teardown import teardown as run

        options = PassOptions(dry_run=dry_run, detach=detach, confirm=not yes)
        finish(wait_for(run(ctx, name, options)), output.value)


@app.command()
def delete(name: Name, lock_timeout: LockTimeout = 10.0, output: OutputOption = Output.table) -> None:
    """Delete a topology that is not deployed."""
    with context(output.value, lock_timeout=lock_timeout, of_fleet=True) as ctx:
        from decnet.commands.topologies.teardown import delete as run

        finish(run(ctx, name), output.value)


def _range(text: str) -> tuple[int, int]:
    """`1-3`, or `2` for exactly two."""
    from decnet.errors import UsageError

    least, _, most = text.partition("-")
    if not (least.isdigit() and (most.isdigit() or "-" not in text)):
        raise UsageError("--deckies-per-lan must be like 1-3, or one number")
    return int(least), int(most or least)
