"""`decnet events files`: what attackers uploaded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from decnet.cli.options import On, Output, OutputOption
from decnet.cli.run import context, finish, wait_for

Fetch = Annotated[
    str | None, typer.Option("--fetch", metavar="SHA256", help="Fetch the file whose hash begins so.")
]
To = Annotated[
    Path | None, typer.Option("--to", metavar="FILE", help="Where to store it, instead of SHA256.bin.")
]


def files(fetch: Fetch = None, to: To = None, on: On = None, output: OutputOption = Output.table) -> None:
    """List the files that attackers uploaded, or fetch one."""
    with context(output.value, read_only=True, of_events=True) as ctx:
        from decnet.commands import event_files
        from decnet.errors import UsageError

        if to is not None and fetch is None:
            raise UsageError("--to needs --fetch")
        if fetch is None:
            finish(wait_for(event_files.files(ctx, on)), output.value)
        finish(wait_for(event_files.fetch(ctx, fetch, to, on)), output.value)
