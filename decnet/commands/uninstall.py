"""`decnet uninstall`: removes decnet from all workers, then from this machine."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from decnet.commands.events import pull
from decnet.commands.footprint import IMAGES, Footprint, footprint, remove_state, remove_system_files
from decnet.commands.worker import AGENT_HOME, EVENTS_STAY, forget_worker
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome
from decnet.engine.workers import known_workers
from decnet.errors import (
    DecnetError,
    Failed,
    HostKeyRefused,
    ProgramMissing,
    TrustRefused,
    Unreachable,
    WorkerError,
    WorkerFailure,
    worst,
)
from decnet.model.counted import counted
from decnet.model.worker import Worker
from decnet.store.audit import append
from decnet.store.desired import load_fleet
from decnet.wire import LABEL_FLEET, NETWORK

if TYPE_CHECKING:
    from decnet.worker.client import AgentClient

PAUSE, LONGEST = 2.0, 330.0
"""Seconds between two looks at a worker that removes itself, and after which it is reported."""


@dataclass(frozen=True)
class UninstallOptions:
    """`purge` also deletes events, audit log and catalog; `force` gives up workers that do not answer. `root`
    and `user` are where files of this machine are looked for."""

    purge: bool = False
    force: bool = False
    dry_run: bool = False
    root: Path = Path("/")
    user: Path | None = None


async def uninstall(ctx: Context, options: UninstallOptions) -> TextOutcome:
    """Show what will be removed, ask, and remove it. The state directory stays as long as a worker could not
    be cleaned: without its key nothing could be done there."""
    found = _found(ctx, options)
    workers = known_workers(ctx.home)
    plan = _plan(ctx, workers, found)
    if options.dry_run:
        return TextOutcome(tuple(plan), _document(workers, found))
    for line in plan:
        ctx.note(line)
    if not ctx.confirm("Remove all of this?"):
        return TextOutcome(("nothing was changed",))
    with ctx.lock() if ctx.home.root.is_dir() else nullcontext():
        ended = await _wiped(ctx, workers, purge=options.purge)
        failures = {name: each for name, each in ended.items() if isinstance(each, WorkerFailure)}
        lines = [f"{name}: {_done(purged=bool(ended.get(name)))}" for name in workers if name not in failures]
        for name, failure in failures.items():
            lines += _remains(ctx, workers[name], failure)
        if failures and not options.force:
            names = ", ".join(failures)
            lines.append("nothing was removed from this machine: run decnet uninstall again later;")
            lines.append(f"if {names} is gone, or clean after an interrupted run: decnet uninstall --force")
            return TextOutcome(tuple(lines), {}, worst([each.exit_code for each in failures.values()]))
        lines += _this_machine(ctx, options)
    code = worst([each.exit_code for each in failures.values()])
    return TextOutcome(tuple(lines), _document(workers, found), code)


def _found(ctx: Context, options: UninstallOptions) -> Footprint:
    return footprint(ctx.home, purge=options.purge, root=options.root, user=options.user)


def _plan(ctx: Context, workers: Mapping[str, Worker], found: Footprint) -> list[str]:
    fleet = load_fleet(ctx.home)
    lines = []
    for name in workers:
        deckies = counted(fleet.count_on(name) if fleet else 0, "decky")
        lines.append(f"remove from {name}: {deckies}, network, images, agent, the fleet's key")
    unused = fleet is None and not workers and all(_is_bare(path) for path in found.state)
    state = [f"{found.root}, which has no fleet"] if unused and found.state else found.state
    lines += [f"remove {path}" for path in (*found.system, *found.caches, *state)]
    lines += ["remove decnet's images from this machine's Docker"] if found.images else []
    lines += [f"keep {path} (--purge removes it)" for path in found.kept]
    lines += [f"by hand: {text}" for text in found.by_hand]
    return lines


def _is_bare(path: Path) -> bool:
    """Whether it is what opening a state directory creates: an empty folder, or the lock."""
    return path.name == "lock" or (path.is_dir() and not any(path.iterdir()))


def _document(workers: Mapping[str, Worker], found: Footprint) -> dict[str, list[str]]:
    return {
        "workers": list(workers),
        "remove": [str(path) for path in (*found.system, *found.caches, *found.state)],
        "keep": [str(path) for path in found.kept],
        "by_hand": list(found.by_hand),
    }


def _done(*, purged: bool) -> str:
    return "removed, with its journal and events" if purged else f"removed; {EVENTS_STAY}"


async def _wiped(
    ctx: Context, workers: Mapping[str, Worker], *, purge: bool
) -> dict[str, bool | WorkerFailure]:
    """Let every worker remove what decnet installed there: whether its journal and events went, too, or its
    failure. A worker that is clean is forgotten at once, so that a second run continues with the others."""
    fleet = load_fleet(ctx.home)
    if fleet is None or not workers:
        return {}
    if not purge:
        await pull(ctx)

    async def wipe(client: AgentClient) -> bool:
        purged = await client.self_destruct(purge=purge)
        await _gone(ctx, client)
        forget_worker(ctx, workers[client.worker])
        return purged

    async with ctx.connections(fleet.fleet_id) as connections:
        return await connections.call_all(workers.values(), wipe)


async def _gone(ctx: Context, client: AgentClient) -> None:
    """Wait until the agent has removed itself. Raises WorkerError if it takes too long."""
    end = ctx.monotonic() + LONGEST
    while ctx.monotonic() < end:
        try:
            await client.hello()
        except HostKeyRefused:
            raise
        except (TrustRefused, ProgramMissing):
            return
        except Unreachable as error:
            if error.login is not None:
                return
        except DecnetError:
            pass
        await ctx.sleep(PAUSE)
    raise WorkerError(
        "it has begun to remove decnet and is not finished",
        hint=f"see {AGENT_HOME}/self-destruct.log there: does its Docker engine run?",
        worker=client.worker,
    )


def _remains(ctx: Context, worker: Worker, failure: WorkerFailure) -> list[str]:
    """What is still on a worker that could not be cleaned, and the commands that remove it."""
    fleet = load_fleet(ctx.home)
    label = f"{LABEL_FLEET}={fleet.fleet_id if fleet else ''}"
    inner = fleet is not None and any(each.worker == worker.name for each in fleet.topologies.values())
    user = "root" if worker.is_local else worker.user
    commands = [
        f"docker rm -f $(docker ps -aq --filter {shlex.quote(f'label={label}')})",
        f"docker network rm {NETWORK}",
        *(
            [f"docker network rm $(docker network ls -q --filter {shlex.quote(f'label={label}')})"]
            if inner
            else []
        ),
        "docker rmi $(docker images -q 'decnet/*')",
        "systemctl disable decnet-heal.service; rm -f /etc/systemd/system/decnet-heal.service",
        f"sed -i '/decnet-agent gate/d' ~{user}/.ssh/authorized_keys",
        f"rm -rf {AGENT_HOME} /usr/local/bin/decnet-agent",
    ]
    hint = f" ({failure.hint})" if failure.hint else ""
    head = f"{failure}{hint}: its deckies, agent and key may still be there; to remove them, as root there:"
    return [head, *(f"  {command}" for command in commands)]


def _this_machine(ctx: Context, options: UninstallOptions) -> list[str]:
    """Remove this machine's files; what was removed and what stays. Raises Failed if a file stays that should
    not."""
    is_first = any(path.name != "lock" for path in _found(ctx, options).state)
    if is_first and not options.purge:
        append(ctx.home, at=ctx.now(), who=ctx.user, command=ctx.command, outcome="uninstalled")
    # Looked for again: wiping the workers has written more.
    found = _found(ctx, options)
    failed = [*remove_system_files(found.system), *remove_state(found)]
    if failed:
        raise Failed("; ".join(failed), hint="remove them by hand")
    lines = [f"removed {path}" for path in (*found.system, *found.caches)]
    lines += _images_removed() if found.images else []
    lines.append(f"removed decnet's state from {found.root}" if found.state else "no state was left here")
    lines += [f"kept {path}" for path in found.kept]
    return [*lines, *(f"by hand: {text}" for text in found.by_hand)]


def _images_removed() -> list[str]:
    """Remove decnet's images from this machine's engine; what was removed and what stays."""
    from decnet.images.shelf import remove_all

    try:
        removed, left = remove_all()
    except DecnetError as error:
        return [f"by hand: {IMAGES} ({error.message})"]
    lines = [f"removed the image {name}" for name in removed]
    return lines + [f"kept the image {name}: a container uses it" for name in left]
