"""Policies of rollouts: where they are defined, and which one a command takes."""

from __future__ import annotations

import pytest
from fakefleet import FakeFleet

from decnet.commands.rollouts.policies import (
    PolicyFlags,
    chosen_policy,
    default_policy,
    with_rollout,
)
from decnet.engine.options import PassOptions
from decnet.engine.rollouts import ALL_AT_ONCE
from decnet.errors import SpecError, UsageError
from decnet.model.rollout_policy import Policy

from .conftest import FOUR
from .test_event_settings import state

CAREFUL = '\n[rollout.careful]\nsoak = "1h"\nwaves = ["50%", "100%"]\n'
POLICY = Policy(name="careful", soak=3600, waves=("50%", "100%"))


def chosen(fleet: FakeFleet, name: str | None = None, **values: object) -> Policy | None:
    return chosen_policy(fleet.context(), PolicyFlags(name, values))


def test_policies_change_no_decky_plan_or_container(fleet: FakeFleet) -> None:
    before = state(fleet)
    ran = fleet.deploy(FOUR + CAREFUL)
    assert (ran.code, ran.outcome.plan.is_empty, ran.outcome.plan.edits) == (0, True, {})
    assert state(fleet) == before
    assert fleet.desired.rollouts == {"careful": POLICY}
    assert "the policies of rollouts change, which alone changes no decky" in ran.messages
    assert fleet.deploy(FOUR + CAREFUL).messages == []
    fleet.deploy(FOUR)
    assert fleet.desired.rollouts == {}


def test_added_deckies_keep_the_policies_of_the_last_file(fleet: FakeFleet) -> None:
    fleet.deploy(FOUR + CAREFUL)
    assert fleet.deploy('[decky.db]\nservices = ["mysql"]\n', add=True).code == 0
    assert fleet.desired.rollouts == {"careful": POLICY}


def test_a_command_without_flags_of_rollouts_has_no_rollout(fleet: FakeFleet) -> None:
    assert chosen(fleet) is None
    assert chosen(fleet, confirm_within="never") is None


def test_flags_come_before_the_named_policy_and_that_before_the_defaults(fleet: FakeFleet) -> None:
    fleet.deploy(FOUR + CAREFUL)
    assert chosen(fleet, "careful") == POLICY
    assert chosen(fleet, "careful", soak="30s") == POLICY.model_copy(update={"soak": 30.0})
    assert chosen(fleet, soak="30s") == Policy(soak=30)
    assert chosen(fleet, "default", waves=["1", "@edge"], confirm_within="never") == Policy(
        waves=("1", "@edge"), confirm_within=0
    )


def test_a_confirmation_alone_needs_no_waves(fleet: FakeFleet) -> None:
    assert chosen(fleet, confirm_within="10m") == ALL_AT_ONCE.model_copy(update={"confirm_within": 600.0})
    both = chosen(fleet, confirm_within="10m", soak="1m")
    assert both == Policy(soak=60, confirm_within=600)


def test_a_policy_that_never_waits_for_confirmations_is_one_of_the_pass(fleet: FakeFleet) -> None:
    def options(name: str | None, **values: object) -> PassOptions:
        return with_rollout(fleet.context(), PassOptions(), PolicyFlags(name, values))

    fleet.deploy(FOUR + '\n[rollout.bold]\nconfirm_within = "never"\n')
    assert options("bold") == PassOptions(rollout=Policy(name="bold"), no_confirm=True)
    assert options(None, confirm_within="never") == PassOptions(no_confirm=True)
    with_limit = Policy(name="bold", confirm_within=60)
    assert options("bold", confirm_within="1m") == PassOptions(rollout=with_limit)
    assert options(None) == PassOptions()


def test_the_file_of_the_command_comes_before_the_stored_one_and_the_state_directory_last(
    fleet: FakeFleet,
) -> None:
    (fleet.home.root / "rollouts.toml").write_text(
        '[rollout.default]\nsoak = "1m"\n[rollout.careful]\nsoak = "2m"\n[rollout.own]\nsoak = "3m"\n'
    )
    fleet.deploy(FOUR + CAREFUL)
    assert chosen(fleet, "default") == Policy(soak=60)
    assert chosen(fleet, "own") == Policy(name="own", soak=180)
    assert chosen(fleet, "careful") == POLICY
    tables = {"careful": {"soak": "5m"}}
    flags = PolicyFlags("careful")
    assert chosen_policy(fleet.context(), flags, tables) == Policy(name="careful", soak=300)
    assert default_policy(fleet.context(), fleet.desired).soak == 60


def test_an_unknown_policy_is_refused_with_the_nearest_name(fleet: FakeFleet) -> None:
    fleet.deploy(FOUR + CAREFUL)
    with pytest.raises(UsageError) as caught:
        chosen(fleet, "carefull")
    assert (caught.value.message, caught.value.hint) == (
        "no rollout policy is named 'carefull'",
        "did you mean 'careful'?",
    )
    with pytest.raises(UsageError) as caught:
        chosen(fleet, "x")
    assert caught.value.hint == "known: careful, default"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("soak", "10", '--soak must be a duration like "90s", "10m" or "1h30m", not "10"'),
        ("max_in_flight", "0", "--max-in-flight must be at least 1, or at least 1%"),
        ("waves", ["1", ""], '--waves has the wave "", which selects nothing'),
        ("confirm_within", "2d", '--confirm-within must be "never", or from 10s to 1d'),
    ],
)
def test_a_wrong_flag_is_named(fleet: FakeFleet, key: str, value: object, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(fleet, **{key: value})
    assert caught.value.message == message


def test_a_wrong_file_of_the_state_directory_is_refused_with_its_line(fleet: FakeFleet) -> None:
    (fleet.home.root / "rollouts.toml").write_text('[rollout.own]\nsoak = "soon"\n')
    with pytest.raises(SpecError) as caught:
        chosen(fleet, "own")
    assert caught.value.message.startswith(
        f"{fleet.home.root}/rollouts.toml:2: `soak` in [rollout.own] must be"
    )
