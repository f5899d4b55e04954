"""`decnet status -o prometheus`: gauges in Prometheus' text format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from decnet import __version__
from decnet.engine.context import Context
from decnet.engine.outcome import StatusOutcome, Verbatim

STATUSES = ("running", "degraded", "failed", "torn_down", "unknown", "stray", "away")
"""Each has a sample, even if no decky has this status: alerts on a missing sample never fire."""


UNIT_STATUSES = (
    "waiting", "sent", "checking", "soaking", "passed", "failed", "skipped",
    "reverting", "reverted", "revert_failed",
)  # fmt: skip
"""Of the units of a rollout."""


class Sample(NamedTuple):
    """One value with its labels."""

    labels: dict[str, str]
    value: float


class Metric(NamedTuple):
    """A gauge by its name, what it means, and its samples."""

    name: str
    meaning: str
    samples: list[Sample]


def metrics(ctx: Context, outcome: StatusOutcome) -> Verbatim:
    """What `status` found, as gauges. The exit code stays that of `status`."""
    found = [*_of_fleet(ctx, outcome), *_of_workers(outcome), *_of_deckies(outcome), *_of_rollout(outcome)]
    return Verbatim("".join(_spelled(found)), outcome.exit_code)


def _of_fleet(ctx: Context, outcome: StatusOutcome) -> Iterator[Metric]:
    yield Metric("decnet_build_info", "The version of decnet.", [Sample({"version": __version__}, 1)])
    yield _one("decnet_status_timestamp_seconds", "When the fleet was observed.", round(ctx.now(), 3))
    yield _one("decnet_drift_changes", "Changes that decnet reconcile would make.", outcome.drift)
    yield _one("decnet_lan_faults", "Deckies and workers that the LAN does not reach.", len(outcome.faults))


def _of_workers(outcome: StatusOutcome) -> Iterator[Metric]:
    items = outcome.workers.items
    seen = [item for item in items if item["last_seen"] is not None]
    yield Metric(
        "decnet_worker_up", "Whether the worker and its Docker engine answer.",
        [Sample({"worker": item["name"], "state": item["state"]}, item["state"] == "up") for item in items],
    )  # fmt: skip
    yield Metric(
        "decnet_worker_deckies", "Deckies that are desired on the worker.",
        [Sample({"worker": item["name"]}, item["deckies"]) for item in items],
    )  # fmt: skip
    yield Metric(
        "decnet_worker_clock_skew_seconds", "How far the worker's clock is ahead.",
        [Sample({"worker": item["name"]}, item["skew"]) for item in items if item["skew"] is not None],
    )  # fmt: skip
    yield Metric(
        "decnet_worker_last_seen_timestamp_seconds", "When the worker last answered before this command.",
        [Sample({"worker": item["name"]}, item["last_seen"]) for item in seen],
    )  # fmt: skip


def _of_deckies(outcome: StatusOutcome) -> Iterator[Metric]:
    counts = Counter((item["worker"], item["status"]) for item in outcome.deckies.items)
    names = [item["name"] for item in outcome.workers.items]
    every = dict.fromkeys((worker, status) for worker in names for status in STATUSES)
    yield Metric(
        "decnet_deckies", "Deckies by worker and status.",
        [
            Sample({"worker": worker, "status": status}, counts[worker, status])
            for worker, status in {**every, **dict.fromkeys(counts)}
        ],
    )  # fmt: skip
    yield Metric(
        "decnet_decky_up", "Whether all containers of the decky run and the LAN reaches it.",
        [
            Sample({"decky": item["name"], "worker": item["worker"]}, item["status"] == "running")
            for item in outcome.deckies.items
            if item["status"] not in ("stray", "away")
        ],
    )  # fmt: skip


def _of_rollout(outcome: StatusOutcome) -> Iterator[Metric]:
    """Samples of 0 where no rollout is open."""
    rollout = outcome.rollout.rollout if outcome.rollout else None
    status = rollout.state.status if rollout else ""
    yield _one("decnet_rollout_open", "Whether a rollout is open.", rollout is not None)
    yield _one("decnet_rollout_halted", "Whether it has halted because of failures.", status == "halted")
    yield _one("decnet_rollout_wave", "Its active wave, from 1.", rollout.state.wave + 1 if rollout else 0)
    yield _one("decnet_rollout_waves", "How many waves it has.", len(rollout.frozen.waves) if rollout else 0)
    units = rollout.state.units.values() if rollout else ()
    counts = Counter[str](each.status for each in units)
    yield Metric(
        "decnet_rollout_units", "Its units by status.",
        [Sample({"status": status}, counts[status]) for status in UNIT_STATUSES],
    )  # fmt: skip


def _one(name: str, meaning: str, value: float) -> Metric:
    return Metric(name, meaning, [Sample({}, value)])


def _spelled(found: Iterable[Metric]) -> Iterator[str]:
    for metric in found:
        yield f"# HELP {metric.name} {metric.meaning}\n# TYPE {metric.name} gauge\n"
        for labels, value in metric.samples:
            inner = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            yield (
                f"{metric.name}{{{inner}}} {_number(value)}\n"
                if inner
                else f"{metric.name} {_number(value)}\n"
            )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
