"""`decnet events summary` and `decnet events replay`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from decnet.cli import event_filters as of
from decnet.cli.option_groups import with_groups
from decnet.cli.options import On, Output, OutputOption, seconds
from decnet.cli.run import context, finish
from decnet.cli.run import follow as keep_printing

if TYPE_CHECKING:
    from decnet.commands.replay import Visit
    from decnet.engine.context import Context

MOST_SPEED = 1000


def register(app: typer.Typer) -> None:
    """Add this module's commands to the group `events`."""
    app.command()(summary)
    app.command()(replay)


@with_groups
def summary(
    chosen: of.Selection = of.EVERY,
    on: On = None,
    output: OutputOption = Output.table,
) -> None:
    """Count stored events by kind, service, decky, source, severity."""
    with context(output.value, read_only=True, of_events=True) as ctx:
        from decnet.commands.event_summary import summary as run
        from decnet.commands.events import ignored, stored_touches

        wanted = chosen.filter(ctx)
        found = stored_touches(ctx, wanted, on)
        finish(run(found, lambda: ignored(wanted), wanted.topologies), output.value)


def replay(
    session: Annotated[str, typer.Argument(help="The session, or the beginning of its id.")],
    speed: Annotated[
        float, typer.Option(min=0.1, max=MOST_SPEED, metavar="N", help="N times as fast as it was.")
    ] = 1.0,
    max_wait: Annotated[float, seconds("--max-wait", least=0, help="The longest pause.")] = 5.0,
    redact: Annotated[bool, typer.Option("--redact", help="Leave out passwords.")] = False,
    on: On = None,
) -> None:
    """Print what a visitor typed, at the speed of the visit."""
    with context("table", read_only=True, of_events=True) as ctx:
        from decnet.commands.event_view import EventView
        from decnet.commands.events import stored
        from decnet.commands.replay import find_visit
        from decnet.plan.event_filter import EventFilter

        view = EventView(ctx, "table", redact)
        visit = find_visit(view.pairs(stored(ctx, EventFilter(), on)), session)
        keep_printing(_played(ctx, visit, speed, max_wait))


async def _played(ctx: Context, visit: Visit, speed: float, max_wait: float) -> None:
    from decnet.commands.replay import paced
    from decnet.console.replay import print_event, print_heading

    print_heading(visit.worker, visit.events)
    for pause, event in paced(visit.events, speed, max_wait):
        if pause:
            await ctx.sleep(pause)
        print_event(event, visit.user)
