"""`decnet worker`: the machines that run deckies."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from decnet.cli.option_groups import Without, with_groups
from decnet.cli.options import DryRun, LockTimeout, On, Output, OutputOption, Yes
from decnet.cli.rollout_flags import NO_ROLLOUT, RolloutFlags
from decnet.cli.run import context, finish, wait_for

if TYPE_CHECKING:
    from decnet.commands.own_login import Credentials

app = typer.Typer(
    help="Enrol and manage the machines that run deckies.", no_args_is_help=True, rich_markup_mode=None
)
Name = Annotated[str, typer.Argument(help="The worker.")]
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="The workers; default: all.")]
Jump = Annotated[str | None, typer.Option("-J", "--jump", help="Reach it through this host.")]
Identity = Annotated[
    Path | None, typer.Option("-i", "--identity", help="Your own private key for this connection.")
]
HostKey = Annotated[
    str | None, typer.Option("--host-key", metavar="SHA256:...", help="The expected host key fingerprint.")
]
KnownHosts = Annotated[
    Path | None, typer.Option("--known-hosts", help="A known_hosts file with its host key.")
]
RunProxy = Annotated[
    bool, typer.Option("--yes", "-y", help="Run the ProxyCommand of your ssh configuration.")
]


def _secret() -> Callable[[str], str | None] | None:
    """A prompt for passwords, if there is a terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    from decnet.console.prompts import ask_secret

    return ask_secret


def _credentials(
    jump: str | None = None,
    identity: Path | None = None,
    host_key: str | None = None,
    known_hosts: Path | None = None,
    *,
    run_proxy: bool = False,
) -> Credentials:
    from decnet.commands.own_login import Credentials, check_fingerprint

    check_fingerprint(host_key)
    terminal = sys.stdin.isatty() and sys.stderr.isatty()
    return Credentials(
        jump, identity, host_key, known_hosts, _secret(), confirm_key=terminal, run_proxy=run_proxy
    )


@app.command()
def add(
    name_or_address: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Its name; default: made from its address.")
    ] = None,
    address: Annotated[
        str | None, typer.Argument(metavar="[USER@]HOST[:PORT]", help="The SSH login, as for ssh.")
    ] = None,
    jump: Jump = None,
    identity: Identity = None,
    host_key: HostKey = None,
    known_hosts: KnownHosts = None,
    tags: Annotated[list[str] | None, typer.Option("--tag", help="A tag for --on; may be repeated.")] = None,
    max_deckies: Annotated[int | None, typer.Option(min=1, help="How many deckies it may run.")] = None,
    adopt: Annotated[bool, typer.Option("--adopt", help="Take it over from another fleet.")] = False,
    yes: RunProxy = False,
    lock_timeout: LockTimeout = 10.0,
    output: OutputOption = Output.table,
) -> None:
    """Enrol a machine: check it, install the agent, pin its key."""
    with context(output.value, lock_timeout=lock_timeout) as ctx:
        from decnet.commands.enrolment import add as run
        from decnet.errors import UsageError

        where = address or name_or_address
        if where is None or name_or_address is None:
            raise UsageError("which machine?", hint="decnet worker add [NAME] [USER@]HOST[:PORT]")
        name = name_or_address if address else _named_after(where)
        outcome = run(
            ctx,
            name,
            where,
            _credentials(jump, identity, host_key, known_hosts, run_proxy=yes),
            tags=tuple(tags or ()),
            max_deckies=max_deckies,
            adopt=adopt,
        )
        finish(wait_for(outcome), output.value)


def _named_after(address: str) -> str:
    """A worker's name made from its address: the first label of a host name, or the digits of an IP."""
    host = address.rpartition("@")[2].partition(":")[0].lower()
    return host.replace(".", "-") if host.replace(".", "").isdigit() else host.partition(".")[0]


def _chosen(names: list[str] | None, on: str | None) -> str | None:
    """The selector made of the names and of `--on`."""
    return ",".join([*(names or []), *([on] if on else [])]) or None


@app.command("list")
def list_workers(on: On = None, output: OutputOption = Output.table) -> None:
    """List the workers as recorded, without contacting them."""
    with context(output.value, writes=False) as ctx:
        from decnet.commands.worker import listed

        finish(listed(ctx, on), output.value)


@app.command()
def show(name: Name, output: OutputOption = Output.table) -> None:
    """Show one worker and its current facts."""
    with context(output.value, read_only=True, of_fleet=True) as ctx:
        from decnet.commands.worker import show as run

        finish(wait_for(run(ctx, name)), output.value)


@app.command()
def check(names: Names = None, on: On = None, output: OutputOption = Output.table) -> None:
    """Check workers for problems, each with its fix."""
    with context(output.value, read_only=True) as ctx:
        from decnet.commands.worker import check as run

        finish(wait_for(run(ctx, _chosen(names, on))), output.value)


@app.command()
def trust(
    name: Name,
    host_key: HostKey = None,
    known_hosts: KnownHosts = None,
    yes: Yes = False,
    output: OutputOption = Output.table,
) -> None:
    """Accept a worker's changed host key. It is shown next to the old one; the same worker must answer."""
    with context(output.value, of_fleet=True) as ctx:
        from dataclasses import replace

        from decnet.commands.enrolment import trust as run

        credentials = _credentials(host_key=host_key, known_hosts=known_hosts)
        if yes:
            ctx = replace(ctx, confirm=lambda question: True)
            credentials = replace(credentials, confirm_key=True)
        finish(wait_for(run(ctx, name, credentials)), output.value)


@app.command()
@with_groups
def upgrade(
    names: Names = None,
    on: On = None,
    force: Annotated[bool, typer.Option("--force", help="Also replace a newer or an unknown agent.")] = False,
    release: Annotated[RolloutFlags, Without(("again",))] = NO_ROLLOUT,
    output: OutputOption = Output.table,
) -> None:
    """Install this version's agent on workers now."""
    with context(output.value, of_fleet=True) as ctx:
        from decnet.commands import upgrade as verb
        from decnet.commands.rollouts.policies import with_rollout
        from decnet.engine.options import PassOptions
        from decnet.errors import UsageError

        options = with_rollout(ctx, PassOptions(), release.given())
        if options.rollout is None:
            finish(wait_for(verb.upgrade(ctx, _chosen(names, on), force=force)), output.value)
        if names or on or force:
            raise UsageError(
                "a rollout is for every worker, and replaces older agents only",
                hint="omit the names, --on and --force; --waves has the order",
            )
        finish(wait_for(verb.upgrade_by_rollout(ctx, options)), output.value)


@app.command()
def rename(
    old: Name,
    new: Annotated[str, typer.Argument(help="Its new name.")],
    output: OutputOption = Output.table,
) -> None:
    """Rename a worker."""
    with context(output.value, of_fleet=True) as ctx:
        from decnet.commands.worker import rename as run

        finish(run(ctx, old, new), output.value)


@app.command("set")
def set_address(
    name: Name,
    address: Annotated[
        str, typer.Argument(metavar="[USER@]HOST[:PORT]", help="Its new SSH login, as for ssh.")
    ],
    jump: Jump = None,
    yes: RunProxy = False,
    output: OutputOption = Output.table,
) -> None:
    """Record a worker's new address. The same worker must answer there."""
    with context(output.value, of_fleet=True) as ctx:
        from decnet.commands.readdress import set_address as run

        finish(wait_for(run(ctx, name, address, _credentials(jump, run_proxy=yes))), output.value)


@app.command()
def tag(
    name: Name,
    tags: Annotated[list[str], typer.Argument(help="The tags.")],
    remove: Annotated[bool, typer.Option("--remove", help="Remove these tags.")] = False,
    output: OutputOption = Output.table,
) -> None:
    """Add tags to a worker, for --on @TAG."""
    with context(output.value, of_fleet=True) as ctx:
        from decnet.commands.worker import tag as run

        finish(run(ctx, name, tags, remove=remove), output.value)


@app.command()
def drain(
    name: Name,
    remove: Annotated[bool, typer.Option("--remove", help="Remove its deckies instead.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    output: OutputOption = Output.table,
) -> None:
    """Move the deckies of a worker to other workers."""
    with context(output.value, yes=yes, read_only=dry_run, of_fleet=True) as ctx:
        from decnet.commands.drain import drain as run
        from decnet.engine.options import PassOptions

        options = PassOptions(dry_run=dry_run, confirm=not yes)
        finish(wait_for(run(ctx, name, options, remove=remove)), output.value)


@app.command()
def undrain(name: Name, output: OutputOption = Output.table) -> None:
    """Let a drained worker receive new deckies again."""
    with context(output.value, of_fleet=True) as ctx:
        from decnet.commands.drain import undrain as run

        finish(run(ctx, name), output.value)


@app.command()
def remove(
    name: Name,
    wipe: Annotated[
        bool, typer.Option("--wipe", help="Remove everything that decnet installed there.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Remove a dead worker and quarantine its addresses.")
    ] = False,
    jump: Jump = None,
    identity: Identity = None,
    output: OutputOption = Output.table,
) -> None:
    """Decommission a worker and revoke the fleet's key there."""
    with context(output.value, of_fleet=True) as ctx:
        from decnet.commands.worker import remove as run

        outcome = run(ctx, name, _credentials(jump, identity), wipe=wipe, force=force)
        finish(wait_for(outcome), output.value)


@app.command()
def recover(
    addresses: Annotated[
        list[str] | None, typer.Argument(metavar="USER@HOST...", help="The fleet's workers.")
    ] = None,
    take_generation: Annotated[
        bool,
        typer.Option(
            "--take-generation", help="State restored from a backup: continue from the workers' generations."
        ),
    ] = False,
    jump: Jump = None,
    identity: Identity = None,
    host_key: HostKey = None,
    known_hosts: KnownHosts = None,
    yes: RunProxy = False,
    output: OutputOption = Output.table,
) -> None:
    """Rebuild a lost state directory from what the workers hold."""
    with context(output.value) as ctx:
        from decnet.commands.enrolment import catch_up
        from decnet.commands.recovery import recover as run
        from decnet.errors import UsageError

        if take_generation == bool(addresses):
            raise UsageError("specify the workers' addresses, or --take-generation")
        if take_generation or not addresses:
            finish(wait_for(catch_up(ctx)), output.value)
        credentials = _credentials(jump, identity, host_key, known_hosts, run_proxy=yes)
        finish(wait_for(run(ctx, addresses, credentials)), output.value)


@app.command()
def quarantine(output: OutputOption = Output.table) -> None:
    """List addresses that a removed worker may still use."""
    with context(output.value, writes=False) as ctx:
        from decnet.commands.worker import quarantined

        finish(quarantined(ctx), output.value)


@app.command()
def release(
    names: Annotated[list[str], typer.Argument(help="Addresses, MACs or deckies.")],
    output: OutputOption = Output.table,
) -> None:
    """Release quarantined addresses for use."""
    with context(output.value, of_fleet=True) as ctx:
        from decnet.commands.worker import release as run

        finish(run(ctx, names), output.value)
