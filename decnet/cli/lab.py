"""`decnet lab`: a practice network on this machine."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from decnet.cli.options import Output, OutputOption

if TYPE_CHECKING:
    from decnet.engine.outcome import StatusOutcome
    from decnet.lab import Lab, LabStatus

app = typer.Typer(
    help="Run a practice network on this machine.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
PASS_ON = {
    "allow_extra_args": True,
    # What follows the command is the command's, even a --name.
    "allow_interspersed_args": False,
    "ignore_unknown_options": True,
}
Name = Annotated[
    str, typer.Option("--name", envvar="DECNET_LAB_NAME", help="Which lab, if there are several.")
]


@contextmanager
def _errors_reported(style: str = "table") -> Iterator[None]:
    from decnet.console.prompts import print_error
    from decnet.errors import DecnetError

    try:
        yield
    except DecnetError as error:
        print_error(error, style)
        raise typer.Exit(error.exit_code) from None


def _say(text: str) -> None:
    from decnet.console.text import cell

    typer.echo(cell(text), err=True)


def _lab(name: str) -> Lab:
    from decnet.lab import Lab

    return Lab(name)


def _known_lab(name: str, machine: str = "") -> Lab:
    """The lab of that name, with that machine. Raises UsageError if there is none."""
    from decnet.lab import check_known

    lab = _lab(name)
    check_known(lab, machine)
    return lab


@app.command()
def up(
    workers: Annotated[int, typer.Option("--workers", min=1, max=8, help="How many workers.")] = 1,
    images: Annotated[
        bool, typer.Option(help="Load the decoy images (takes a minute the first time).")
    ] = True,
    operator_engine: Annotated[
        bool, typer.Option("--operator-engine", help="Give the operator's machine an engine as well.")
    ] = False,
    engine: Annotated[
        str, typer.Option("--engine", help="host, debian11, debian12, trixie, sid; commas: one each in turn.")
    ] = "",
    engine_option: Annotated[
        list[str] | None,
        typer.Option("--engine-option", metavar="KEY=VALUE", help="A setting of new workers' dockerd."),
    ] = None,
    vm: Annotated[
        bool, typer.Option("--vm", help="New workers have their own kernel, systemd and cgroups.")
    ] = False,
    name: Name = "lab",
    output: OutputOption = Output.table,
) -> None:
    """Start the practice network; running parts stay."""
    with _errors_reported(output.value):
        from decnet.lab import parse_options, provide_images
        from decnet.lab import up as bring_up

        found = bring_up(
            _lab(name),
            workers=workers,
            emit=_say,
            operator_engine=operator_engine,
            engines=[each for each in engine.split(",") if each],
            engine_options=parse_options(engine_option or []),
            virtual=vm,
        )
        if images:
            provide_images(_lab(name), _say, operator=operator_engine)
        _show(found, output.value)


@app.command()
def down(
    name: Name = "lab",
    keep_images: Annotated[bool, typer.Option("--keep-images", help="Keep the workers' images.")] = False,
) -> None:
    """Remove the practice network, whatever state it is in."""
    with _errors_reported():
        from decnet.lab import down as take_down
        from decnet.lab import exists, other_labs

        lab = _known_lab(name)
        was_there, others = exists(lab), other_labs(lab)
        take_down(lab, emit=_say if was_there else lambda sentence: None, keep_images=keep_images)
        if not was_there:
            _say(f"lab {name}: not up" + (f"; other labs: {', '.join(others)} (--name)" if others else ""))


@app.command("status")
def lab_status(name: Name = "lab", output: OutputOption = Output.table) -> None:
    """Show which parts of the practice network run."""
    with _errors_reported(output.value):
        from decnet.lab import exists, other_labs, status

        lab = _known_lab(name)
        if not exists(lab):
            others = other_labs(lab)
            listed = f"; other labs: {', '.join(others)} (--name)" if others else ""
            _say(f"lab {name}: not up: sudo decnet lab up{listed}")
        _show(status(lab), output.value)


def _show(found: LabStatus, style: str) -> None:
    from decnet.cli.run import finish

    finish(_outcome(found), style)


def _outcome(found: LabStatus) -> StatusOutcome:
    from dataclasses import asdict

    from decnet.engine.outcome import Listing, StatusOutcome

    columns = ("worker", "release", "address", "LAN", "engine", "sshd", "remark")
    rows = tuple(
        (w.name, w.release, w.address, w.lan_address, w.engine, "up" if w.sshd else "down", _remark(w))
        for w in found.workers
    )
    named = "" if found.name == "lab" else f" --name {found.name}"
    places = (
        ("operator", found.operator, f"decnet lab operator{named} CMD"),
        ("attacker", found.attacker, f"decnet lab attack{named} CMD"),
        ("gateway", found.gateway, f"of {found.lan_subnet}"),
    )
    items = tuple({"name": place, "address": address, "how": how} for place, address, how in places)
    return StatusOutcome(
        workers=Listing("workers", columns, rows, tuple(asdict(w) for w in found.workers), empty="no lab"),
        deckies=Listing("places", ("place", "address", "how"), places if found.workers else (), items),
        exit_code=0 if found.up else 1,
    )


def _remark(worker: object) -> str:
    remarks = {"powered": "without power", "partitioned": "cut off", "lan_cut": "its LAN is cut"}
    found = [text for field, text in remarks.items() if getattr(worker, field) is (field != "powered")]
    return ", ".join(found)


@app.command(context_settings=PASS_ON)
def run(
    ctx: typer.Context,
    name: Name = "lab",
    worker: Annotated[str, typer.Option("--on", help="Which worker, if not w1.")] = "",
) -> None:
    """Run a command on a worker, as if logged in there."""
    argv = ctx.args
    # As in `lab stop w1`. No program has such a name.
    if not worker and argv and re.fullmatch(r"w[1-9][0-9]?", argv[0]):
        worker, *argv = argv
    _enter(name, worker or "w1", argv)


@app.command(context_settings=PASS_ON)
def attack(ctx: typer.Context, name: Name = "lab") -> None:
    """Run a command on the attacker's machine on the LAN."""
    _enter(name, "attacker", ctx.args)


@app.command(context_settings=PASS_ON)
def operator(ctx: typer.Context, name: Name = "lab") -> None:
    """Run a command on the operator's machine."""
    _enter(name, "operator", ctx.args)


def _enter(name: str, place: str, argv: list[str]) -> None:
    import os

    with _errors_reported():
        from decnet.errors import UsageError
        from decnet.lab import run_argv

        if not argv:
            raise UsageError("the command is missing", hint="decnet lab attack nmap -sV 192.0.2.100")
        if argv[0].startswith("-"):
            raise UsageError(f"{argv[0]} is not a command", hint="options of decnet lab come first")
        sys.stdout.flush()
        full = run_argv(_known_lab(name, place), place, argv)
        os.execvp(full[0], full)


def _fault(name: str, fault: str, worker: str, what: str | None = None) -> None:
    with _errors_reported():
        import decnet.lab

        act = getattr(decnet.lab, fault)
        if what is None:
            act(_known_lab(name, worker), worker)
        else:
            act(_known_lab(name, worker), worker, what)


Worker = Annotated[str, typer.Argument(help="The worker, such as w1.")]


@app.command()
def partition(worker: Worker, name: Name = "lab") -> None:
    """Cut a worker off from the operator."""
    _fault(name, "partition", worker)


@app.command()
def heal(worker: Worker, name: Name = "lab") -> None:
    """Connect a worker again."""
    _fault(name, "heal", worker)


@app.command()
def stop(
    worker: Worker,
    what: Annotated[str, typer.Argument(help="engine, sshd, or worker for a power cut.")] = "worker",
    name: Name = "lab",
) -> None:
    """Stop a worker's engine or sshd, or cut its power."""
    _fault(name, "stop", worker, what)


@app.command()
def start(worker: Worker, name: Name = "lab") -> None:
    """Start again what was stopped on a worker."""
    _fault(name, "start", worker)


@app.command()
def demo(name: Name = "demo") -> None:
    """Show the main workflow on a temporary practice network."""
    with _errors_reported():
        from decnet.lab import Lab
        from decnet.lab.demo import demo as run_demo

        run_demo(Lab(name), _print)


def _print(text: str) -> None:
    typer.echo(text)
