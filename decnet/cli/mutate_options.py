"""The options of `mutate` that no other command has."""

from __future__ import annotations

from typing import Annotated

import typer

Services = Annotated[list[str] | None, typer.Option("-s", "--services", help="The exact services to run.")]
Random = Annotated[bool, typer.Option("--random", help="Add or remove one side service (the default).")]
Everything = Annotated[bool, typer.Option("--all", help="Every decky.")]
Due = Annotated[bool, typer.Option("--due", help="Some of the deckies that are due.")]
Watch = Annotated[bool, typer.Option("--watch", help="Keep running and mutate each decky when it is due.")]
Undo = Annotated[bool, typer.Option("--undo", help="Restore the previous services.")]
Role = Annotated[
    str,
    typer.Option(
        "--role", metavar="ARCHETYPE", help='Leave for hours, and return as another machine (or "any").'
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Also where a rollout soaks, which begins again there.")]
