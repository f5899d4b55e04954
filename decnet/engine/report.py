"""The outcome of a pass, for the console and for scripts."""

from __future__ import annotations

from decnet.engine.apply import ApplyResult
from decnet.engine.lan_failures import lan_failures
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome
from decnet.engine.snapshot import Snapshot
from decnet.engine.unenrolled_workers import unenrolled
from decnet.errors import PartlyFailed, WorkerError, WorkerFailure, worst
from decnet.model.actual import NotSeen
from decnet.model.counted import counted
from decnet.model.keys import DeckyKey
from decnet.model.plan import Plan, SliceDrift


def report(
    verb: str, snap: Snapshot, plan: Plan, options: PassOptions, applied: ApplyResult | None = None
) -> PassOutcome:
    """The outcome of a pass; a read-only pass carries out nothing, but workers can refuse its plan."""
    ends = applied or ApplyResult()
    carried_out = applied is not None and not options.read_only
    absent = () if options.selector is not None else unenrolled(snap.desired, snap.workers) + snap.resurfaced
    skipped = {DeckyKey(each.worker, each.project, each.decky) for each in plan.skipped}
    troubles = absent + _failures(snap, plan, ends) + lan_failures(snap, apart_from=skipped)
    codes = [trouble.exit_code for trouble in troubles] + ends.exit_codes
    if plan.skipped and not options.check:
        codes.append(4)
    code = worst(codes)
    if options.check and code == 0 and (not plan.is_empty or plan.skipped):
        code = 3
    return PassOutcome(
        verb=verb,
        plan=plan,
        carried_out=carried_out,
        exit_code=code,
        outcomes=tuple(ends.outcomes),
        troubles=troubles,
        detached=tuple(ends.detached),
        quiet=options.quiet,
        summary=_summary(plan, ends, troubles),
        needs_reconfirmation=ends.needs_reconfirmation,
    )


def _failures(snap: Snapshot, plan: Plan, applied: ApplyResult) -> tuple[WorkerFailure, ...]:
    unseen = [each.failure for _, each in sorted(snap.observed.items()) if isinstance(each, NotSeen)]
    excess_strays = [_excess_strays_failure(name, count) for name, count in plan.excess_strays.items()]
    ahead = {key.worker: _ahead(key.worker, drift) for key, drift in plan.ahead.items()}
    return (*unseen, *excess_strays, *(each for _, each in sorted((ahead | applied.failures).items())))


def _excess_strays_failure(name: str, count: int) -> WorkerFailure:
    return WorkerFailure(
        name,
        PartlyFailed,
        f"{counted(count, 'stray')}: too many to prune without confirmation, nothing was pruned",
        f"if this is intended: decnet reconcile --prune --max-remove {count} --on {name}",
    )


def _ahead(name: str, drift: SliceDrift) -> WorkerFailure:
    return WorkerFailure(
        name,
        WorkerError,
        f"its state is {drift}; nothing was done there",
        "decnet worker recover --take-generation, then check decnet reconcile --check",
    )


def _summary(plan: Plan, applied: ApplyResult, troubles: tuple[WorkerFailure, ...]) -> str:
    done = sum(1 for end in applied.outcomes if end.status == "succeeded")
    failed = len(applied.outcomes) - done
    recorded = sum(1 for step in plan.steps if not step.touches_docker)
    networks = applied.networks_removed
    sent = sum(1 for step in plan.docker_steps if step.worker in applied.detached)
    pushed = [key for key in plan.slices if key.worker not in applied.failures]
    counts = {
        f"{done} done": done,
        f"{failed} failed": failed,
        f"{counted(networks, 'network')} removed": networks,
        f"{recorded} recorded": recorded,
        f"{sent} in progress": sent,
        f"{len(pushed)} re-synced": len(pushed),
        f"{len(plan.skipped)} skipped": len(plan.skipped),
        f"{plan.kept} kept": plan.kept,
        f"{counted(len(troubles), 'worker')} in trouble": len(troubles),
    }
    return ", ".join(text for text, count in counts.items() if count) or "nothing to do"
