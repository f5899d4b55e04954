"""The door: parse, build the context, choose the output, leave with the exit code."""

from __future__ import annotations


def main() -> None:
    """The `decnet` command."""
    from decnet.cli.app import app

    app(prog_name="decnet")


__all__ = ["main"]
