"""The commands that change the fleet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from decnet.cli import deploy_options as own
from decnet.cli import mutate_options
from decnet.cli.deploy_options import DEFAULT_DECKY, DEFAULT_LAN, DeckyFlags, LanFlags, split_names
from decnet.cli.option_groups import Without, with_groups
from decnet.cli.options import LockTimeout, MaxRemove, On, Out, Output, OutputOption, Quiet, Seed, seconds
from decnet.cli.pass_flags import AS_USUAL, PassFlags
from decnet.cli.rollout_flags import NO_ROLLOUT, RolloutFlags
from decnet.cli.run import can_ask, context, finish, wait_for
from decnet.engine.options import PassOptions

if TYPE_CHECKING:
    from decnet.commands.fleet_flags import FleetFlags, NetworkFlags
    from decnet.engine.context import Context
    from decnet.model.spec import FleetSpec

Names = Annotated[list[str] | None, typer.Argument(help="Deckies: names, 'web-*', '@printer', '!web-3'.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.command()(deploy)
    app.command()(apply)
    app.command()(mutate)
    app.command()(reconcile)
    app.command()(teardown)


@with_groups
def deploy(
    config: own.Config = None,
    deckies: DeckyFlags = DEFAULT_DECKY,
    lan: LanFlags = DEFAULT_LAN,
    add: own.Add = False,
    replace: own.Replace = False,
    reset_services: own.ResetServices = False,
    upgrade: own.Upgrade = False,
    no_cache: own.NoCache = False,
    adopt: own.Adopt = False,
    supersede: own.Supersede = False,
    seed: Seed = None,
    out: Out = None,
    given: PassFlags = AS_USUAL,
    release: RolloutFlags = NO_ROLLOUT,
    on: On = None,
    output: OutputOption = Output.table,
) -> None:
    """Deploy the fleet from a fleet file or from flags."""
    run = given.options(
        dry_run=given.dry_run or out is not None,
        no_cache=no_cache,
        adopt_agent=adopt,
        supersede=supersede,
    )
    with given.context(output.value, read_only=run.dry_run) as ctx:
        from decnet.commands import deploy as verb
        from decnet.commands.rollouts.policies import with_rollout

        spec, series = _described(ctx, config, deckies.given(), lan.given(), add=add, replace=replace)
        run = with_rollout(ctx, run, release.given(out=out), spec.rollouts)
        options = verb.DeployOptions(
            add or bool(series), series, reset_services, upgrade, lan.ip_start, seed, on, out, run
        )
        finish(wait_for(verb.deploy(ctx, spec, options)), output.value)


def _described(
    ctx: Context, config: Path | None, flags: FleetFlags, network: NetworkFlags, *, add: bool, replace: bool
) -> tuple[FleetSpec, str | None]:
    """The fleet as described, and the name of flags that only add; None if they, or a file, declare it."""
    from decnet.commands.fleet_flags import spec_from_flags, with_network
    from decnet.commands.validate import read_spec
    from decnet.errors import UsageError

    if add and replace:
        raise UsageError("--add and --replace exclude each other")
    if config is not None and flags.any_given:
        raise UsageError("a fleet file and flags that describe deckies exclude each other")
    spec = read_spec(ctx, config, network) if config else with_network(spec_from_flags(flags), network)
    return spec, None if config or replace else flags.name


@with_groups
def apply(
    file: Annotated[Path, typer.Argument(help="A plan that `--out` wrote.")],
    no_cache: own.NoCache = False,
    given: Annotated[PassFlags, Without(("max_remove",))] = AS_USUAL,
    output: OutputOption = Output.table,
) -> None:
    """Carry out a plan that `deploy --out` or `mutate --out` wrote."""
    with given.context(output.value) as ctx:
        from decnet.commands.apply import apply as run

        finish(wait_for(run(ctx, file, given.options(no_cache=no_cache))), output.value)


@with_groups
def mutate(
    names: Names = None,
    services: mutate_options.Services = None,
    random: mutate_options.Random = False,
    everything: mutate_options.Everything = False,
    due: mutate_options.Due = False,
    watch: mutate_options.Watch = False,
    undo: mutate_options.Undo = False,
    role: mutate_options.Role = "",
    force: mutate_options.Force = False,
    seed: Seed = None,
    out: Out = None,
    given: PassFlags = AS_USUAL,
    release: RolloutFlags = NO_ROLLOUT,
    quiet: Quiet = False,
    output: OutputOption = Output.table,
) -> None:
    """Add or remove services of deckies; other containers stay. Without a terminal it does not ask."""
    run = given.options(
        dry_run=given.dry_run or out is not None,
        quiet=quiet,
        force=force,
        confirm=not (given.yes or due or watch or quiet) and can_ask(),
    )
    with given.context(output.value, quiet=quiet, read_only=run.dry_run, of_fleet=True) as ctx:
        from decnet.cli.loops import mutate_when_due
        from decnet.commands import mutate as verb
        from decnet.commands.rollouts.policies import with_rollout
        from decnet.errors import UsageError

        wanted = release.given(out=out)
        if wanted.ask_for_a_rollout and not everything:
            raise UsageError("a rollout is for every decky", hint="use --all with it")
        run = with_rollout(ctx, run, wanted)
        if random and (services or undo or role):
            raise UsageError("--random excludes --services, --role and --undo")
        options = verb.MutateOptions(
            names=tuple(names or ()),
            everything=everything,
            due=due or watch,
            undo=undo,
            services=split_names(services),
            role=role,
            seed=seed,
            out=out,
            run=run,
        )
        if watch:
            wait_for(mutate_when_due(ctx, options, output.value))
        finish(wait_for(verb.mutate(ctx, options)), output.value)


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
    with context(output.value, quiet=quiet, lock_timeout=patience, read_only=check, of_fleet=True) as ctx:
        from decnet.cli.loops import pause, reconcile_forever
        from decnet.cli.run import cut_off_after
        from decnet.commands.reconcile import reconcile as run
        from decnet.engine.pass_end import with_deadline
        from decnet.errors import UsageError

        if once and interval:
            raise UsageError("--once and --interval exclude each other")
        options = PassOptions(
            check=check, record_only=record_only, prune=prune, quiet=quiet, max_remove=max_remove, selector=on
        )
        if interval:
            wait_for(reconcile_forever(ctx, options, interval, jitter, output.value, deadline))
        wait_for(pause(ctx, jitter))
        with cut_off_after(deadline):
            outcome = wait_for(with_deadline(ctx, deadline, run(ctx, options)))
        finish(outcome, output.value)


@with_groups
def teardown(
    names: Names = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole fleet.")] = False,
    given: PassFlags = AS_USUAL,
    output: OutputOption = Output.table,
) -> None:
    """Remove deckies from the LAN and the fleet."""
    with given.context(output.value, of_fleet=True) as ctx:
        from decnet.commands.teardown import teardown as run

        outcome = wait_for(run(ctx, tuple(names or ()), given.options(), everything=everything))
        finish(outcome, output.value)
