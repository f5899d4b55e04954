"""The options of a pass, the same for every verb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decnet.model.rollout import Policy


@dataclass(frozen=True)
class PassOptions:
    """`confirm` asks before anything is done. `dry_run` also lets the workers check the plan; `check` exits
    with 3 if there is drift. `facts` also reads the facts of the machines.

    `rollout` is the policy by which the change goes out; None: at once. `supersede` ends an open rollout
    where it is; `again` deploys what one has taken back; `advances` moves an open one by what is observed;
    with `no_confirm` no worker takes a change back by itself. `force` changes services of units in flight.
    `sessions` also asks who is logged in to which decky.

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
    rollout: Policy | None = None
    supersede: bool = False
    again: bool = False
    advances: bool = False
    no_confirm: bool = False
    force: bool = False
    sessions: bool = False

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
