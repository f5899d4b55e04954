"""Groups that are commands themselves: `decnet events` and `decnet events files`."""

from __future__ import annotations

import typer


def names_subcommand(ctx: typer.Context) -> bool:
    """Whether a subcommand runs instead of the group's own function. Options in front of it are refused:
    it would ignore them."""
    if ctx.invoked_subcommand is None:
        return False
    given = [
        param for param in ctx.command.params
        if param.name and (source := ctx.get_parameter_source(param.name)) and source.name == "COMMANDLINE"
    ]  # fmt: skip
    if given:
        words = f"{ctx.command_path} {ctx.invoked_subcommand}"
        ctx.fail(f"{given[0].opts[0]} does not go before a subcommand: options follow `{words}`")
    return True
