"""How a pass is made, the same for every verb."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PassOptions:
    """`confirm`: ask before anything is done; `on` and `facts`: which workers are asked, and what.

    `sweeps`: take the networks away afterwards too, where no decky is left. Workers that were not selected
    by `on` are not reported.
    """

    dry_run: bool = False
    check: bool = False
    record_only: bool = False
    prune: bool = False
    detach: bool = False
    quiet: bool = False
    sweeps: bool = False
    facts: bool = False
    adopt: bool = False
    on: str | None = None
    max_remove: int | None = None
    confirm: bool = False
    no_cache: bool = False

    @property
    def looks(self) -> bool:
        """Whether nothing is to be changed anywhere."""
        return self.dry_run or self.check

    @property
    def asks(self) -> bool:
        """Whether the operator decides, after seeing the plan."""
        return self.confirm and not self.looks

    @property
    def replaces(self) -> bool:
        """Whether older agents are replaced: not where workers are to stay as they are."""
        return not (self.looks or self.record_only)
