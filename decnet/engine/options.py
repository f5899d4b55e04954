"""The options of a pass, the same for every verb."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PassOptions:
    """`confirm` asks before anything is done. `dry_run` also lets the workers check the plan; `check` exits
    with 3 if there is drift. `facts` also reads the facts of the machines.

    `selector` chooses the workers; the others are not reported. `remove_networks` also removes the networks
    if no decky is left. `adopt_agent` takes over this machine's agent from another fleet.
    """

    dry_run: bool = False
    check: bool = False
    record_only: bool = False
    prune: bool = False
    detach: bool = False
    quiet: bool = False
    remove_networks: bool = False
    facts: bool = False
    adopt_agent: bool = False
    selector: str | None = None
    max_remove: int | None = None
    confirm: bool = False
    no_cache: bool = False

    @property
    def read_only(self) -> bool:
        """Whether the pass changes nothing anywhere."""
        return self.dry_run or self.check

    @property
    def needs_confirmation(self) -> bool:
        """Whether the operator decides, after seeing the plan."""
        return self.confirm and not self.read_only

    @property
    def may_replace_agents(self) -> bool:
        """Whether the pass replaces older agents: not if it leaves the workers unchanged."""
        return not (self.read_only or self.record_only)
