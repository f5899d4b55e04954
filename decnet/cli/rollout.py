"""`decnet rollout`: changes that are released worker by worker."""

from __future__ import annotations

from typing import Annotated

import typer

from decnet.cli.options import LockTimeout, Output, OutputOption, Yes, seconds
from decnet.cli.run import context, finish, wait_for

app = typer.Typer(
    help="Watch, steer and take back changes that go out in waves.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Id = Annotated[str | None, typer.Argument(metavar="[ID]", help="The rollout; default: the open or last one.")]
Units = Annotated[list[str], typer.Argument(help="Units, as `decnet rollout show` names them.")]
AnyUnits = Annotated[
    list[str] | None,
    typer.Argument(help="Units, as `decnet rollout show` names them; default: all in flight."),
]
Timeout = Annotated[
    float | None, seconds("--timeout", least=0, help="Stop waiting after this time, with exit code 3.")
]
Interval = Annotated[float, seconds("--interval", least=1, help="Time between two passes.")]


@app.command("list")
def list_rollouts(output: OutputOption = Output.table) -> None:
    """List the open rollout and the last ten, the newest first."""
    with context(output.value, writes=False, of_fleet=True) as ctx:
        from decnet.commands.rollouts.listing import listed

        finish(listed(ctx), output.value)


@app.command()
def show(
    rollout: Id = None,
    recorded: Annotated[bool, typer.Option("--recorded", help="Contact no worker.")] = False,
    output: OutputOption = Output.table,
) -> None:
    """Show the waves and units of a rollout, and why units wait."""
    with context(output.value, read_only=True, of_fleet=True) as ctx:
        from decnet.commands.rollouts.show import show as run

        finish(wait_for(run(ctx, rollout, recorded=recorded)), output.value)


@app.command()
def trace(rollout: Id = None, output: OutputOption = Output.table) -> None:
    """Print the log of a rollout: what moved, when and why."""
    with context(output.value, writes=False, of_fleet=True) as ctx:
        from decnet.commands.rollouts.listing import trace as run

        finish(run(ctx, rollout), output.value)


@app.command()
def wait(
    rollout: Id = None,
    timeout: Timeout = None,
    interval: Interval = 10.0,
    lock_timeout: LockTimeout = 10.0,
    output: OutputOption = Output.table,
) -> None:
    """Continue the open rollout until it is done, ended or halted.

    The exit code is 0 if it is done, 4 if it halted, was taken back or units failed, and 3 at the timeout.
    """
    with context(output.value, lock_timeout=lock_timeout, of_fleet=True) as ctx:
        from decnet.commands.rollouts.wait import wait as run

        finish(wait_for(run(ctx, rollout, timeout=timeout, interval=interval)), output.value)


@app.command()
def pause(lock_timeout: LockTimeout = 10.0, output: OutputOption = Output.table) -> None:
    """Release no more units until `resume`."""
    with context(output.value, lock_timeout=lock_timeout, of_fleet=True) as ctx:
        from decnet.commands.rollouts.orders import command

        finish(wait_for(command(ctx, "pause")), output.value)


@app.command()
def resume(lock_timeout: LockTimeout = 10.0, output: OutputOption = Output.table) -> None:
    """Continue a paused or halted rollout. Units that failed stay so."""
    with context(output.value, lock_timeout=lock_timeout, of_fleet=True) as ctx:
        from decnet.commands.rollouts.orders import command

        finish(wait_for(command(ctx, "resume")), output.value)


@app.command()
def promote(lock_timeout: LockTimeout = 10.0, output: OutputOption = Output.table) -> None:
    """Let the next wave begin."""
    with context(output.value, lock_timeout=lock_timeout, of_fleet=True) as ctx:
        from decnet.commands.rollouts.orders import command

        finish(wait_for(command(ctx, "promote")), output.value)


@app.command()
def retry(units: Units, lock_timeout: LockTimeout = 10.0, output: OutputOption = Output.table) -> None:
    """Release failed units again."""
    with context(output.value, lock_timeout=lock_timeout, of_fleet=True) as ctx:
        from decnet.commands.rollouts.orders import command

        finish(wait_for(command(ctx, "retry", units)), output.value)


@app.command()
def skip(units: Units, lock_timeout: LockTimeout = 10.0, output: OutputOption = Output.table) -> None:
    """Do without units that wait, until `retry`."""
    with context(output.value, lock_timeout=lock_timeout, of_fleet=True) as ctx:
        from decnet.commands.rollouts.orders import command

        finish(wait_for(command(ctx, "skip", units)), output.value)


@app.command()
def cancel(yes: Yes = False, lock_timeout: LockTimeout = 10.0, output: OutputOption = Output.table) -> None:
    """End the open rollout: units keep the change, or stay without it."""
    with context(output.value, yes=yes, lock_timeout=lock_timeout, of_fleet=True) as ctx:
        from decnet.commands.rollouts.orders import cancel as run

        finish(wait_for(run(ctx)), output.value)


@app.command()
def rollback(
    yes: Yes = False,
    detach: Annotated[bool, typer.Option("--detach", help="Leave the work to `decnet reconcile`.")] = False,
    timeout: Timeout = None,
    interval: Interval = 10.0,
    lock_timeout: LockTimeout = 10.0,
    output: OutputOption = Output.table,
) -> None:
    """Take the change back on every unit that has it.

    The exit code is never 0: 4 once the change is taken back, or could not be, and 3 at the timeout.
    """
    with context(output.value, yes=yes, lock_timeout=lock_timeout, of_fleet=True) as ctx:
        from decnet.commands.rollouts.rollback import rollback as run

        finish(wait_for(run(ctx, timeout=timeout, interval=interval, detach=detach)), output.value)


@app.command()
def confirm(
    units: AnyUnits = None, lock_timeout: LockTimeout = 10.0, output: OutputOption = Output.table
) -> None:
    """Let workers that wait for a confirmation keep the change."""
    with context(output.value, lock_timeout=lock_timeout, of_fleet=True) as ctx:
        from decnet.commands.rollouts.confirm import confirm as run

        finish(wait_for(run(ctx, tuple(units or ()))), output.value)
