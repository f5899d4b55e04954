"""Workers' agents beside our own: who holds the lock replaces an older one; a newer one is left and said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.errors import BadAnswer, WorkerError
from decnet.model.actual import Seen, Status
from decnet.model.journal import Cursor
from decnet.model.worker import Hello, Standing
from decnet.store.audit import append
from decnet.wire import AGENT_VERSION, clean

if TYPE_CHECKING:
    from decnet.engine.options import PassOptions
    from decnet.engine.snapshot import Snapshot
    from decnet.worker.client import AgentClient


@dataclass(frozen=True)
class Answer:
    """A status, when it was asked for and answered by our clock, and where the agent that gave it stands."""

    status: Status
    standing: Standing
    asked: float
    answered: float


async def ask_status(
    ctx: Context, connections: Connections, client: AgentClient, cursor: Cursor | None, *, replaces: bool
) -> Answer:
    """The worker's status, and where its agent stands. With `replaces` an older agent whose answers are not
    understood any more is replaced first.

    Raises what `status` raises, HashRefused for an agent that somebody else put there.
    """
    heard = await _heard_or_not(ctx, client, cursor)
    hello = heard.status.hello if isinstance(heard, Answer) else await client.hello_of_any()
    standing = client.standing(hello)
    if isinstance(heard, BadAnswer):
        if standing == "older" and replaces and await _replaced(ctx, connections, client, hello):
            return await _asked(ctx, client, cursor)
        if standing == "newer":
            heard.hint = f"its agent has version {hello.version}: upgrade decnet here"
        raise heard
    return heard


async def replace_agents(
    ctx: Context, connections: Connections, snap: Snapshot, options: PassOptions
) -> Snapshot:
    """The snapshot after older agents of seen workers were replaced by ours, if the pass may do that; a newer
    one is left and reported, and so is one that cannot be replaced."""
    if not options.replaces:
        return snap
    seen = {name: each for name, each in snap.observed.items() if isinstance(each, Seen)}
    for name, each in seen.items():
        if each.agent == "newer":
            text = f"{describe_mismatch(each.status.hello, each.agent)}; it is left as it is"
            _say_once(ctx, connections, name, text)
    older = [snap.workers[name] for name, each in seen.items() if each.agent == "older"]
    done = await connections.each(
        older, lambda client: _replaced(ctx, connections, client, seen[client.worker].status.hello)
    )
    current = {n: seen[n].model_copy(update={"agent": "current"}) for n, each in done.items() if each is True}
    return snap.with_observed(current) if current else snap


def describe_mismatch(hello: Hello, standing: Standing) -> str:
    """A sentence about an agent that is not ours."""
    if hello.version == AGENT_VERSION:
        return f"its agent {short_hash(hello)} is another build of version {AGENT_VERSION}"
    return f"its agent is {standing}: version {hello.version}, this decnet has {AGENT_VERSION}"


def short_hash(hello: Hello) -> str:
    """The first digits of the agent's hash, fit to be shown."""
    return clean(hello.agent[:12], 40)


async def _heard_or_not(ctx: Context, client: AgentClient, cursor: Cursor | None) -> Answer | BadAnswer:
    try:
        return await _asked(ctx, client, cursor)
    except BadAnswer as error:
        return error


async def _asked(ctx: Context, client: AgentClient, cursor: Cursor | None) -> Answer:
    asked = ctx.now()
    status = await client.status(cursor)
    return Answer(status, client.standing(status.hello), asked, ctx.now())


async def _replaced(ctx: Context, connections: Connections, client: AgentClient, hello: Hello) -> bool:
    own, worker = connections.own, client.worker
    was = f"agent {short_hash(hello)} (version {hello.version})"
    try:
        await client.upgrade(own)
    except WorkerError as error:
        text = f"{was} could not be replaced and stays in use: {error.message}"
        _say_once(ctx, connections, worker, text, warning=True)
        return False
    text = f"{was} is replaced by {own.sha256[:12]} (version {own.version})"
    ctx.note(text, worker)
    append(ctx.home, at=ctx.now(), who=ctx.user, command=ctx.command, outcome=f"{worker}: {text}")
    return True


def _say_once(
    ctx: Context, connections: Connections, worker: str, text: str, *, warning: bool = False
) -> None:
    if connections.first_time(f"{worker}: {text}"):
        (ctx.warn if warning else ctx.note)(text, worker)
