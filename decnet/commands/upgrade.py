"""`decnet worker upgrade`: installs this version's agent on the workers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from decnet.engine.agent_version import describe_mismatch, short_hash
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.decide import Opening, Proposal
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome, TextOutcome
from decnet.engine.run_pass import Propose, run_pass
from decnet.engine.snapshot import Snapshot
from decnet.engine.workers import known_workers
from decnet.errors import HashRefused, UsageError, WorkerFailure, worst
from decnet.model.actual import Observation, Seen
from decnet.plan.select import select
from decnet.store.audit import append
from decnet.store.desired import load_fleet, new_fleet

if TYPE_CHECKING:
    from decnet.worker.agent_package import AgentPackage
    from decnet.worker.client import AgentClient


@dataclass(frozen=True)
class Upgraded:
    """The result for one worker's agent: `current`, `replaced` or `left`, also in words."""

    outcome: str
    version: int
    words: str


async def upgrade(ctx: Context, on: str | None, *, force: bool = False) -> TextOutcome:
    """Install this version's agent on the workers; a worker that does not answer with it keeps its old one.

    A newer agent, and one that was installed by someone else, is replaced only with `force`.
    """
    with ctx.lock():
        fleet = load_fleet(ctx.home) or new_fleet()
        remote = [w for w in select(known_workers(ctx.home), on).values() if w.host]
        async with ctx.connections(fleet.fleet_id) as connections:
            own = connections.bundled_agent
            answers = await connections.call_all(remote, lambda client: _upgraded(client, own, force=force))
        replaced = [n for n, a in answers.items() if isinstance(a, Upgraded) and a.outcome == "replaced"]
        if replaced:
            outcome = f"agent version {own.version} installed on {', '.join(replaced)}"
            append(ctx.home, at=ctx.now(), who=ctx.user, command=ctx.command, outcome=outcome)
    return _outcome(answers, own)


async def upgrade_by_rollout(ctx: Context, options: PassOptions) -> PassOutcome:
    """Install this version's agent on all workers that have another one, by the policy `options.rollout`.
    Meanwhile no pass replaces the agent of a worker that was not released.

    Raises UsageError for a policy that takes changes back: the former agent is not kept.
    """
    policy = options.rollout
    assert policy is not None
    if policy.on_failure == "rollback":
        raise UsageError(
            "an agent cannot be taken back: the former one is not kept",
            hint="--on-failure halt, or continue",
        )

    def change(stored: Snapshot) -> Propose:
        async def propose(ctx: Context, connections: Connections, snap: Snapshot) -> Proposal:
            own = connections.bundled_agent.sha256
            # One that was not reached counts: it must not get its agent by the way.
            left = tuple(name for name in snap.workers if not _is_left(snap.observed.get(name), own))
            if not left:
                ctx.note("every worker has this version's agent")
                return Proposal(snap)
            return Proposal(snap, opens=Opening(policy, kind="agent", agent=own, workers=left))

        return propose

    return await run_pass(ctx, "worker upgrade", change, options)


def _is_left(observation: Observation | None, agent: str) -> bool:
    """Whether a worker has this agent, or a newer one, which no pass replaces."""
    if not isinstance(observation, Seen):
        return False
    return observation.status.hello.agent == agent or observation.agent_compatibility == "newer"


async def _upgraded(client: AgentClient, own: AgentPackage, *, force: bool) -> Upgraded:
    hello = await client.hello_of_any()
    try:
        compatibility = client.compatibility(hello)
    except HashRefused:
        if not force:
            raise
        compatibility = "older"
    if compatibility == "current":
        return Upgraded("current", own.version, f"its agent is up to date, version {own.version}")
    if compatibility == "newer" and not force:
        return Upgraded(
            "left", hello.version, f"{describe_mismatch(hello, compatibility)}; --force replaces it"
        )
    await client.upgrade(own)
    was = f"{short_hash(hello)} (version {hello.version})"
    return Upgraded(
        "replaced", own.version, f"agent {was} is replaced by {own.sha256[:12]} (version {own.version})"
    )


def _outcome(answers: dict[str, Upgraded | WorkerFailure], own: AgentPackage) -> TextOutcome:
    lines, workers, codes = [], {}, []
    for name, answer in answers.items():
        if isinstance(answer, WorkerFailure):
            codes.append(answer.exit_code)
            lines.append(str(answer))
            lines += [f"  hint: {answer.hint}"] if answer.hint else []
            workers[name] = {"outcome": answer.kind.code, "words": str(answer)}
        else:
            lines.append(f"{name}: {answer.words}")
            workers[name] = asdict(answer)
    document = {"agent": own.sha256, "version": own.version, "workers": workers}
    return TextOutcome(tuple(lines) or ("no worker is reached over SSH",), document, worst(codes))
