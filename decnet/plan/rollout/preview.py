"""What a rollout will do, before it does anything: every number after rounding, with its base."""

from __future__ import annotations

from dataclasses import dataclass

from decnet.model.rollout import Rollout

from .waves import Size, failures, in_flight


@dataclass(frozen=True)
class PreviewWave:
    """One wave: its number from 1, how its size results, its units in the order of their release."""

    number: int
    base: str
    units: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """A rollout at its opening. `earliest_end` is in seconds after that."""

    units: int
    waves: tuple[PreviewWave, ...]
    in_flight: Size
    failures: Size
    earliest_end: float


def preview(rollout: Rollout) -> Preview:
    """The waves by name and size, the limits, and the earliest end: the soaks that follow one another."""
    frozen, units = rollout.frozen, len(rollout.frozen.units)
    bases = frozen.bases or ("",) * len(frozen.waves)
    waves = enumerate(zip(frozen.waves, bases, strict=True), 1)
    batches = sum(-(-len(wave) // frozen.in_flight) for wave in frozen.waves)
    return Preview(
        units=units,
        waves=tuple(PreviewWave(number, base, names) for number, (names, base) in waves),
        in_flight=in_flight(frozen.policy, units),
        failures=failures(frozen.policy, units),
        earliest_end=batches * frozen.policy.soak,
    )
