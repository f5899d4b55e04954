"""Which policy a rollout has: that of the flags, over a named one, over the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from decnet.commands.userfile import read_bytes
from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.engine.rollouts import ALL_AT_ONCE
from decnet.errors import UsageError
from decnet.model import rolloutfile
from decnet.model.fleet import Fleet
from decnet.model.fleetkeys import ROLLOUT
from decnet.model.rollout_policy import DEFAULT, Policy, policies_of, policy_of
from decnet.model.rollout_values import NEVER, seconds_of
from decnet.model.suggest import suggest
from decnet.store.desired import load_fleet
from decnet.wire import clean

Tables = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class PolicyFlags:
    """The flags of a command that describe a rollout: the policy's name, and values by the keys of
    `[rollout.NAME]`, as a file has them."""

    name: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    again: bool = False
    """Whether what a rollout has taken back may be deployed."""

    @property
    def ask_for_a_rollout(self) -> bool:
        """Whether the command is to release its change by a rollout. To do without confirmations is no such
        wish."""
        others = {key for key, value in self.values.items() if (key, value) != ("confirm_within", NEVER)}
        return self.name is not None or bool(others)


def chosen_policy(ctx: Context, flags: PolicyFlags, tables: Tables | None = None) -> Policy | None:
    """The policy that a command releases its change by; None if its flags ask for no rollout. `tables` are
    the policies of the fleet file that it is given.

    Raises UsageError for an unknown name or a wrong value of a flag, SpecError for a wrong `rollouts.toml`.
    """
    _check(flags)
    if not flags.ask_for_a_rollout:
        return None
    if flags.name is None and set(flags.values) == {"confirm_within"}:
        # A confirmation needs no waves.
        return ALL_AT_ONCE.model_copy(update={"confirm_within": seconds_of(flags.values["confirm_within"])})
    known, name = known_policies(ctx, load_fleet(ctx.home), tables), flags.name or DEFAULT
    if name not in known:
        near = suggest(name, known)
        hint = f"did you mean {near!r}?" if near else f"known: {', '.join(sorted(known))}"
        raise UsageError(f"no rollout policy is named {clean(name, 60)!r}", hint=hint)
    given = policy_of(name, flags.values)
    return known[name].model_copy(update={key: getattr(given, key) for key in flags.values})


def with_rollout(
    ctx: Context, options: PassOptions, flags: PolicyFlags, tables: Tables | None = None
) -> PassOptions:
    """The options of a pass whose change is released as the flags ask for."""
    policy = chosen_policy(ctx, flags, tables)
    never = flags.values.get("confirm_within") == NEVER or (policy and policy.confirm_within == 0)
    if policy is not None and not policy.confirm_within:
        policy = policy.model_copy(update={"confirm_within": None})
    return replace(options, rollout=policy, no_confirm=bool(never), again=flags.again)


def default_policy(ctx: Context, fleet: Fleet) -> Policy:
    """The policy `default` of a fleet."""
    return known_policies(ctx, fleet)[DEFAULT]


def known_policies(ctx: Context, fleet: Fleet | None, tables: Tables | None = None) -> dict[str, Policy]:
    """All policies by name. Those of the fleet file come before those of `rollouts.toml`, and those before
    the built-in one."""
    own = policies_of(_own_tables(ctx))
    stored = fleet.rollouts if fleet else {}
    return {DEFAULT: Policy(), **own, **stored, **policies_of(tables or {})}


def _own_tables(ctx: Context) -> Tables:
    path = ctx.home.rollout_policies
    return rolloutfile.parse_bytes(read_bytes(path), str(path)) if path.exists() else {}


def _check(flags: PolicyFlags) -> None:
    for key, value in flags.values.items():
        check = ROLLOUT[key].check
        if check and (complaint := check(value)):
            raise UsageError(f"--{key.replace('_', '-')} {complaint}")
