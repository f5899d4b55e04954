"""The commands that change the fleet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from decnet.cli.options import (
    Detach,
    Drivers,
    DryRun,
    LockTimeout,
    MaxRemove,
    On,
    Output,
    OutputOption,
    Quiet,
    Seed,
    Yes,
    seconds,
)
from decnet.cli.run import context, finish, wait_for

if TYPE_CHECKING:
    from decnet.model.spec import FleetSpec


def register(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.command()(deploy)
    app.command()(mutate)
    app.command()(reconcile)
    app.command()(teardown)


def _split(texts: list[str] | None) -> tuple[str, ...]:
    """`-s ssh,http -s ftp` as three names."""
    return tuple(name.strip() for text in texts or () for name in text.split(",") if name.strip())


def deploy(
    config: Annotated[Path | None, typer.Option("-c", "--config", help="A fleet file (TOML).")] = None,
    deckies: Annotated[int, typer.Option("-n", "--deckies", metavar="N", help="How many deckies.")] = 1,
    name: Annotated[str, typer.Option(help="Their name, or its beginning.")] = "decky",
    services: Annotated[
        list[str] | None, typer.Option("-s", "--services", help="Services, separated by commas.")
    ] = None,
    archetype: Annotated[str | None, typer.Option(help="A kind of machine; see `decnet archetypes`.")] = None,
    randomize_services: Annotated[
        bool, typer.Option("--randomize-services", help="Choose the services at random.")
    ] = False,
    os_profile: Annotated[str | None, typer.Option("--os", help="An OS profile.")] = None,
    worker: Annotated[str | None, typer.Option(help="The worker that runs them.")] = None,
    mutate_interval: Annotated[
        int | None, typer.Option(min=1, metavar="MINUTES", help="How often to mutate them.")
    ] = None,
    interface: Annotated[str | None, typer.Option(help="The worker's interface on the LAN.")] = None,
    subnet: Annotated[str | None, typer.Option(help="The LAN, as ADDRESS/PREFIX.")] = None,
    gateway: Annotated[str | None, typer.Option(help="The LAN's gateway.")] = None,
    ip_start: Annotated[
        str | None, typer.Option("--ip-start", help="Take addresses from this one upwards.")
    ] = None,
    driver: Annotated[Drivers | None, typer.Option(help="How deckies are attached to the LAN.")] = None,
    add: Annotated[bool, typer.Option("--add", help="Only add deckies; never remove any.")] = False,
    reset_services: Annotated[
        bool, typer.Option("--reset-services", help="Discard the changes made by mutations.")
    ] = False,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Use this version's images for all deckies.")
    ] = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Rebuild the images without Docker's cache.")
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Take this machine over from another fleet.")
    ] = False,
    seed: Seed = None,
    dry_run: DryRun = False,
    detach: Detach = False,
    yes: Yes = False,
    max_remove: MaxRemove = None,
    lock_timeout: LockTimeout = 10.0,
    on: On = None,
    output: OutputOption = Output.table,
) -> None:
    """Deploy the fleet from a fleet file or from flags."""
    with context(output.value, yes=yes, lock_timeout=lock_timeout, read_only=dry_run) as ctx:
        from decnet.commands.deploy import DeployOptions
        from decnet.commands.deploy import deploy as run
        from decnet.commands.fleet_flags import FleetFlags, NetworkFlags, with_network
        from decnet.engine.options import PassOptions

        flags = FleetFlags(
            deckies,
            name,
            _split(services),
            archetype,
            randomize_services,
            os_profile,
            worker,
            mutate_interval,
        )
        spec = with_network(
            _spec(config, flags),
            NetworkFlags(interface, subnet, gateway, driver.value if driver else None),
        )
        options = DeployOptions(
            add=add,
            reset_services=reset_services,
            upgrade=upgrade,
            ip_start=ip_start,
            seed=seed,
            on=on,
            run=PassOptions(
                dry_run=dry_run,
                detach=detach,
                max_remove=max_remove,
                confirm=not yes,
                no_cache=no_cache,
                adopt=adopt,
            ),
        )
        finish(wait_for(run(ctx, spec, options)), output.value)


def _spec(config: Path | None, flags: object) -> FleetSpec:
    from decnet.commands.fleet_flags import FleetFlags, spec_from_flags
    from decnet.commands.validate import read_spec
    from decnet.errors import UsageError

    assert isinstance(flags, FleetFlags)
    if config is None:
        return spec_from_flags(flags)
    if flags.given:
        raise UsageError("a fleet file and flags that describe deckies exclude each other")
    return read_spec(config)


def mutate(
    names: Annotated[list[str] | None, typer.Argument(help="Deckies, or patterns such as 'web-*'.")] = None,
    services: Annotated[
        list[str] | None, typer.Option("-s", "--services", help="The exact services to run.")
    ] = None,
    random: Annotated[
        bool, typer.Option("--random", help="Add or remove one side service (the default).")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Every decky.")] = False,
    due: Annotated[bool, typer.Option("--due", help="Some of the deckies that are due.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep running and mutate each decky when it is due.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Restore the previous services.")] = False,
    seed: Seed = None,
    dry_run: DryRun = False,
    detach: Detach = False,
    max_remove: MaxRemove = None,
    quiet: Quiet = False,
    lock_timeout: LockTimeout = 10.0,
    output: OutputOption = Output.table,
) -> None:
    """Add or remove services of deckies; other containers stay."""
    with context(output.value, quiet=quiet, lock_timeout=lock_timeout, read_only=dry_run) as ctx:
        from decnet.cli.loops import mutate_when_due
        from decnet.commands.mutate import MutateOptions
        from decnet.commands.mutate import mutate as run
        from decnet.engine.options import PassOptions
        from decnet.errors import UsageError

        if random and (services or undo):
            raise UsageError("--random excludes --services and --undo")
        options = MutateOptions(
            names=tuple(names or ()),
            everything=everything,
            due=due or watch,
            undo=undo,
            services=_split(services),
            seed=seed,
            run=PassOptions(
                dry_run=dry_run, detach=detach, quiet=quiet, max_remove=max_remove, confirm=False
            ),
        )
        if watch:
            wait_for(mutate_when_due(ctx, options, output.value))
        finish(wait_for(run(ctx, options)), output.value)


def reconcile(
    once: Annotated[bool, typer.Option("--once", help="One pass (the default).")] = False,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 3 if there is drift.")] = False,
    record_only: Annotated[
        bool, typer.Option("--record-only", help="Update the records only; do not touch containers.")
    ] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Also remove strays.")] = False,
    interval: Annotated[
        float | None, seconds("--interval", least=1, help="Keep running, one pass per interval.")
    ] = None,
    jitter: Annotated[float, seconds("--jitter", least=0, help="Wait a random time up to this first.")] = 0.0,
    deadline: Annotated[
        float | None,
        seconds("--deadline", least=1, help="Stop a longer pass and report what is unfinished."),
    ] = None,
    max_remove: MaxRemove = None,
    quiet: Quiet = False,
    lock_timeout: LockTimeout = 10.0,
    on: On = None,
    output: OutputOption = Output.table,
) -> None:
    """Detect and repair drift from the desired fleet."""
    # A deadline includes waiting.
    patience = lock_timeout if deadline is None else min(lock_timeout, deadline)
    with context(output.value, quiet=quiet, lock_timeout=patience, read_only=check) as ctx:
        from decnet.cli.loops import pause, reconcile_for_ever
        from decnet.cli.run import cut_off_after
        from decnet.commands.reconcile import reconcile as run
        from decnet.engine.options import PassOptions
        from decnet.engine.pass_end import with_deadline
        from decnet.errors import UsageError

        if once and interval:
            raise UsageError("--once and --interval exclude each other")
        options = PassOptions(
            check=check, record_only=record_only, prune=prune, quiet=quiet, max_remove=max_remove, selector=on
        )
        if interval:
            wait_for(reconcile_for_ever(ctx, options, interval, jitter, output.value, deadline))
        wait_for(pause(ctx, jitter))
        with cut_off_after(deadline):
            outcome = wait_for(with_deadline(ctx, deadline, run(ctx, options)))
        finish(outcome, output.value)


def teardown(
    names: Annotated[list[str] | None, typer.Argument(help="Deckies, or patterns such as 'web-*'.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole fleet.")] = False,
    dry_run: DryRun = False,
    detach: Detach = False,
    yes: Yes = False,
    max_remove: MaxRemove = None,
    lock_timeout: LockTimeout = 10.0,
    output: OutputOption = Output.table,
) -> None:
    """Remove deckies from the LAN and the fleet."""
    with context(output.value, yes=yes, lock_timeout=lock_timeout, read_only=dry_run) as ctx:
        from decnet.commands.teardown import teardown as run
        from decnet.engine.options import PassOptions

        options = PassOptions(dry_run=dry_run, detach=detach, max_remove=max_remove, confirm=not yes)
        outcome = wait_for(run(ctx, tuple(names or ()), options, everything=everything))
        finish(outcome, output.value)
