"""The version of the workers' agents: under the lock older agents are replaced; newer ones are reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.errors import BadAnswer, WorkerError
from decnet.model.actual import Seen, Status
from decnet.model.journal import Cursor
from decnet.model.worker import Compatibility, Hello
from decnet.plan.rollout import effective
from decnet.store.audit import append
from decnet.wire import AGENT_VERSION, clean

if TYPE_CHECKING:
    from decnet.engine.options import PassOptions
    from decnet.engine.snapshot import Snapshot
    from decnet.worker.client import AgentClient


@dataclass(frozen=True)
class StatusReply:
    """A worker's status, the compatibility of its agent, and our clock at the request and the answer."""

    status: Status
    compatibility: Compatibility
    requested: float
    answered: float


async def ask_status(
    ctx: Context,
    connections: Connections,
    client: AgentClient,
    cursor: Cursor | None,
    *,
    may_replace_agents: bool,
    sessions: bool = False,
) -> StatusReply:
    """The worker's status, and the compatibility of its agent. With `may_replace_agents`, an older agent
    whose answers are no longer understood is replaced first.

    Raises what `status` raises, HashRefused for an agent that was installed by someone else.
    """
    answer = await _ask_or_error(ctx, client, cursor, sessions)
    hello = answer.status.hello if isinstance(answer, StatusReply) else await client.hello_of_any()
    compatibility = client.compatibility(hello)
    if isinstance(answer, BadAnswer):
        if (
            compatibility == "older"
            and may_replace_agents
            and await _replace(ctx, connections, client, hello)
        ):
            return await _ask(ctx, client, cursor, sessions)
        if compatibility == "newer":
            answer.hint = f"its agent has version {hello.version}: upgrade decnet here"
        raise answer
    return answer


async def replace_agents(
    ctx: Context, connections: Connections, snap: Snapshot, options: PassOptions
) -> Snapshot:
    """The snapshot after older agents of seen workers were replaced, if the pass may do that. A newer agent,
    and one that cannot be replaced, is left and reported."""
    if not options.may_replace_agents:
        return snap
    seen = {name: each for name, each in snap.observed.items() if isinstance(each, Seen)}
    for name, each in seen.items():
        if each.agent_compatibility == "newer":
            text = f"{describe_mismatch(each.status.hello, each.agent_compatibility)}; it is left as it is"
            _report_once(ctx, connections, name, text)
    older = [
        snap.workers[name]
        for name, each in seen.items()
        if each.agent_compatibility == "older" and not _is_held_back(snap, name)
    ]
    done = await connections.call_all(
        older, lambda client: _replace(ctx, connections, client, seen[client.worker].status.hello)
    )
    current = {n: seen[n]._replace(agent_compatibility="current") for n, each in done.items() if each is True}
    return snap.with_observed(current) if current else snap


def _is_held_back(snap: Snapshot, worker: str) -> bool:
    """Whether a rollout of the agent has not released the worker yet."""
    rollout = snap.rollout
    if rollout is None or rollout.frozen.kind != "agent":
        return False
    units = [name for name, unit in rollout.frozen.units.items() if worker in unit.workers]
    return any(effective(rollout, name) == "former" for name in units)


def describe_mismatch(hello: Hello, compatibility: Compatibility) -> str:
    """How an agent that is not of this version differs from ours, in a sentence."""
    if hello.version == AGENT_VERSION:
        return f"its agent {short_hash(hello)} is another build of version {AGENT_VERSION}"
    return f"its agent is {compatibility}: version {hello.version}, this decnet has {AGENT_VERSION}"


def short_hash(hello: Hello) -> str:
    """The first digits of the agent's hash, without control characters."""
    return clean(hello.agent[:12], 40)


async def _ask_or_error(
    ctx: Context, client: AgentClient, cursor: Cursor | None, sessions: bool
) -> StatusReply | BadAnswer:
    try:
        return await _ask(ctx, client, cursor, sessions)
    except BadAnswer as error:
        return error


async def _ask(ctx: Context, client: AgentClient, cursor: Cursor | None, sessions: bool) -> StatusReply:
    requested = ctx.now()
    status = await client.status(cursor, sessions=sessions)
    compatibility = client.compatibility(status.hello)
    if client.answered_at:
        return StatusReply(status, compatibility, client.sent_at, client.answered_at)
    # Connecting to a thousand workers takes seconds, which are no difference between the clocks.
    return StatusReply(status, compatibility, max(requested, client.sent_at), ctx.now())


async def _replace(ctx: Context, connections: Connections, client: AgentClient, hello: Hello) -> bool:
    bundled, worker = connections.bundled_agent, client.worker
    was = f"agent {short_hash(hello)} (version {hello.version})"
    try:
        await client.upgrade(bundled)
    except WorkerError as error:
        text = f"{was} could not be replaced and stays in use: {error.message}"
        _report_once(ctx, connections, worker, text, warning=True)
        return False
    text = f"{was} is replaced by {bundled.sha256[:12]} (version {bundled.version})"
    ctx.note(text, worker)
    append(ctx.home, at=ctx.now(), who=ctx.user, command=ctx.command, outcome=f"{worker}: {text}")
    return True


def _report_once(
    ctx: Context, connections: Connections, worker: str, text: str, *, warning: bool = False
) -> None:
    if connections.is_new(f"{worker}: {text}"):
        (ctx.warn if warning else ctx.note)(text, worker)
