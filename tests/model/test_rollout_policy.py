"""`[rollout.NAME]`: what a policy may say, and what it then means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.errors import SpecError
from decnet.model import fleetfile, fleetkeys, rolloutfile
from decnet.model.fleet import Fleet
from decnet.model.fleetwriter import to_toml
from decnet.model.rollout_policy import Policy, policies_of, spelled
from decnet.model.rollout_values import duration, duration_text, seconds_of

DECKY = '[decky.web]\nservices = ["ssh"]\n'
WHOLE = """\
[rollout.careful]
waves = [1, "@canary", "50%", "100%"]
max_in_flight = 3
max_per_lan = 2
soak = "1h30m"
healthy_deadline = "90s"
progress_deadline = "2d"
max_failures = "5%"
max_restarts = 0
on_failure = "rollback"
offline = "skip"
offline_after = "0s"
busy = "go"
busy_deadline = "1h"
promote = "manual"
confirm_within = "10m"
"""
CAREFUL = Policy(
    name="careful",
    waves=("1", "@canary", "50%", "100%"),
    max_in_flight="3",
    max_per_lan=2,
    soak=5400,
    healthy_deadline=90,
    progress_deadline=172_800,
    max_failures="5%",
    max_restarts=0,
    on_failure="rollback",
    offline="skip",
    offline_after=0,
    busy="go",
    busy_deadline=3600,
    promote="manual",
    confirm_within=600,
)


def read(table: str) -> dict[str, Policy]:
    return policies_of(fleetfile.parse(DECKY + table, "fleet.toml").rollouts or {})


def mistakes(line: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        read(f"[rollout.careful]\n{line}\n")
    return caught.value.message.split("\n")


def test_every_key_of_a_policy_is_read_and_none_is_missing_in_the_table() -> None:
    assert read(WHOLE) == {"careful": CAREFUL}
    assert set(fleetkeys.ROLLOUT) == set(Policy.model_fields) - {"name"}


def test_what_a_policy_omits_has_its_default() -> None:
    assert read("[rollout.careful]\n") == {"careful": Policy(name="careful")}


def test_a_policy_is_spelled_as_a_file_has_it() -> None:
    shown = spelled(CAREFUL)
    assert (shown["waves"], shown["soak"], shown["progress_deadline"]) == (
        "1, @canary, 50%, 100%",
        "1h30m",
        "2d",
    )
    assert shown["confirm_within"] == "10m"
    assert spelled(Policy(confirm_within=0))["confirm_within"] == "never"
    assert spelled(Policy())["confirm_within"] == ""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("soak = 10", "`soak` in [rollout.careful] must be text, not 10"),
        (
            'soak = "10 minutes"',
            '`soak` in [rollout.careful] must be a duration like "90s", "10m" or "1h30m", not "10 minutes"',
        ),
        ('soak = ""', '`soak` in [rollout.careful] must be a duration like "90s", "10m" or "1h30m", not ""'),
        ('soak = "367d"', "`soak` in [rollout.careful] must be at most 366 days"),
        ('healthy_deadline = "0s"', "`healthy_deadline` in [rollout.careful] must be longer than 0s"),
        ("max_in_flight = 0", "`max_in_flight` in [rollout.careful] must be at least 1, or at least 1%"),
        ('max_in_flight = "101%"', "`max_in_flight` in [rollout.careful] must be at most 100%"),
        (
            "max_failures = true",
            "`max_failures` in [rollout.careful] must be a number or a percentage, not true",
        ),
        (
            "max_failures = -1",
            '`max_failures` in [rollout.careful] must be a number like 2, or a percentage like "10%", not -1',
        ),
        ("waves = []", "`waves` in [rollout.careful] must be a list of 1 to 64 waves"),
        ('waves = "1"', '`waves` in [rollout.careful] must be a list, not "1"'),
        (
            "waves = [0, 1]",
            "`waves` in [rollout.careful] has the wave 0, which must be at least 1, or at least 1%",
        ),
        ('waves = [" "]', '`waves` in [rollout.careful] has the wave " ", which selects nothing'),
        (
            "waves = [1.5]",
            "`waves` in [rollout.careful] must be a list of numbers, percentages and selectors, and 1.5 is "
            "none",
        ),
        (
            'confirm_within = "5s"',
            '`confirm_within` in [rollout.careful] must be "never", or from 10s to 1d',
        ),
        (
            'on_failure = "rolback"',
            "`on_failure` in [rollout.careful] must be one of halt, rollback, continue, not "
            '"rolback" (rollback?)',
        ),
        ('soack = "1m"', "unknown key `soack` in [rollout.careful]"),
    ],
)
def test_a_wrong_value_has_its_line_and_what_is_expected(line: str, message: str) -> None:
    assert mistakes(line) == [f"fleet.toml:4: {message}"]


def test_a_key_in_the_place_of_a_policy_is_explained() -> None:
    with pytest.raises(SpecError) as caught:
        read('[rollout]\nsoak = "1m"\n')
    assert caught.value.message == "fleet.toml:4: unknown key `soak` in [rollout]"
    assert caught.value.hint == "a policy is a table: [rollout.NAME], then `soak = ...` below it"


def test_policies_survive_the_way_to_a_file_and_back() -> None:
    spec = fleetfile.parse(DECKY + WHOLE, "fleet.toml")
    again = fleetfile.parse(to_toml(spec), "fleet.toml")
    assert again.rollouts == spec.rollouts


def test_a_fleet_without_policies_is_written_as_before_there_were_any() -> None:
    fleet = Fleet(fleet_id="f")
    assert "rollouts" not in fleet.model_dump()
    stored = fleet.model_copy(update={"rollouts": {"careful": CAREFUL}})
    assert Fleet.model_validate_json(stored.model_dump_json()) == stored


def test_the_file_of_a_state_directory_has_policies_and_nothing_else() -> None:
    assert policies_of(rolloutfile.parse_bytes(WHOLE.encode(), "rollouts.toml")) == {"careful": CAREFUL}
    with pytest.raises(SpecError) as caught:
        rolloutfile.parse_bytes(b'[rollout.a]\nsoak = "1x"\n[decky.web]\n', "rollouts.toml")
    assert caught.value.message.split("\n") == [
        'rollouts.toml:2: `soak` in [rollout.a] must be a duration like "90s", "10m" or "1h30m", not "1x"',
        "rollouts.toml:3: unknown key `decky` (known: rollout)",
    ]


@given(st.integers(min_value=0, max_value=366 * 86_400))
def test_a_duration_means_what_it_spells(seconds: int) -> None:
    text = duration_text(seconds)
    assert duration(text) is None
    assert seconds_of(text) == seconds
