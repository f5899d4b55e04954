"""The options of a pass, the same for every verb."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PassOptions:
    """`confirm` asks before anything is done; `on` selects the workers, `facts` reads their machines too.

    `sweeps` also removes the networks if no decky is left. Workers that `on` does not select are not
    reported.
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
        """Whether the pass changes nothing anywhere."""
        return self.dry_run or self.check

    @property
    def asks(self) -> bool:
        """Whether the operator decides, after seeing the plan."""
        return self.confirm and not self.looks

    @property
    def replaces(self) -> bool:
        """Whether the pass replaces older agents: not if it leaves the workers unchanged."""
        return not (self.looks or self.record_only)
