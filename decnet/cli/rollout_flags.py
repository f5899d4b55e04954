"""The options of commands that can release a change by a rollout."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from decnet.commands.rollouts.policies import PolicyFlags


class OnFailure(StrEnum):
    halt = "halt"
    rollback = "rollback"
    continues = "continue"


class Offline(StrEnum):
    block = "block"
    skip = "skip"


class Busy(StrEnum):
    wait = "wait"
    go = "go"


class Promote(StrEnum):
    auto = "auto"
    manual = "manual"


Named = Annotated[
    str | None,
    typer.Option(
        "--rollout", metavar="POLICY", help="Release the change in waves, by this policy ('default')."
    ),
]
Waves = Annotated[
    str | None,
    typer.Option(
        "--waves", metavar="A,B,C", help="Sizes of the waves, like 1,10%,100%, or selectors of workers."
    ),
]
MaxInFlight = Annotated[
    str | None, typer.Option("--max-in-flight", metavar="N|P%", help="How many units change at once.")
]
MaxPerLan = Annotated[
    int | None,
    typer.Option(
        "--max-per-lan", min=1, max=100_000, metavar="N", help="Deckies of a worker that change at once."
    ),
]
Soak = Annotated[
    str | None, typer.Option("--soak", metavar="TIME", help="How long a unit must stay healthy, like 10m.")
]
HealthyDeadline = Annotated[
    str | None,
    typer.Option("--healthy-deadline", metavar="TIME", help="A unit that is not healthy by then has failed."),
]
ProgressDeadline = Annotated[
    str | None,
    typer.Option("--progress-deadline", metavar="TIME", help="Halt if nothing has moved for this time."),
]
MaxFailures = Annotated[
    str | None, typer.Option("--max-failures", metavar="N|P%", help="How many failed units are accepted.")
]
Failing = Annotated[OnFailure | None, typer.Option("--on-failure", help="What happens at more failures.")]
OfflineUnits = Annotated[
    Offline | None, typer.Option("--offline", help="Wait for workers that are down, or skip them.")
]
BusyUnits = Annotated[
    Busy | None, typer.Option("--busy", help="Whether workers with a logged-in attacker wait.")
]
BusyDeadline = Annotated[
    str | None, typer.Option("--busy-deadline", metavar="TIME", help="How long they wait at most.")
]
Promotion = Annotated[
    Promote | None, typer.Option("--promote", help="Whether the next wave begins by itself.")
]
ConfirmWithin = Annotated[
    str | None,
    typer.Option(
        "--confirm-within",
        metavar="TIME",
        help="Workers restore the former state if not confirmed.",
    ),
]
Again = Annotated[bool, typer.Option("--again", help="Also what a rollout has taken back.")]
NoConfirm = Annotated[bool, typer.Option("--no-confirm", help="Workers never restore it by themselves.")]


@dataclass(frozen=True)
class RolloutFlags:
    """Each field is an option (see `with_groups`)."""

    rollout: Named = None
    waves: Waves = None
    max_in_flight: MaxInFlight = None
    max_per_lan: MaxPerLan = None
    soak: Soak = None
    healthy_deadline: HealthyDeadline = None
    progress_deadline: ProgressDeadline = None
    max_failures: MaxFailures = None
    on_failure: Failing = None
    offline: OfflineUnits = None
    busy: BusyUnits = None
    busy_deadline: BusyDeadline = None
    promote: Promotion = None
    confirm_within: ConfirmWithin = None
    no_confirm: NoConfirm = False
    again: Again = False

    def given(self, *, out: Path | None = None) -> PolicyFlags:
        """What they say, by the keys of a policy. Raises UsageError if they contradict each other, or `out`:
        a plan file has no policy."""
        from decnet.commands.rollouts.policies import PolicyFlags
        from decnet.errors import UsageError
        from decnet.model.rollout_values import NEVER

        if self.no_confirm and self.confirm_within is not None:
            raise UsageError("--confirm-within and --no-confirm exclude each other")
        apart = ("rollout", "no_confirm", "waves", "again")
        values: dict[str, Any] = {
            each.name: getattr(self, each.name) for each in fields(self) if each.name not in apart
        }
        values["waves"] = None if self.waves is None else [w.strip() for w in self.waves.split(",")]
        values["confirm_within"] = NEVER if self.no_confirm else self.confirm_within
        plain = {key: getattr(value, "value", value) for key, value in values.items() if value is not None}
        found = PolicyFlags(self.rollout, plain, self.again)
        if out is not None and found.ask_for_a_rollout:
            raise UsageError("--out and a rollout exclude each other: a plan is carried out at once")
        return found


NO_ROLLOUT = RolloutFlags()
