"""Sizes and selectors of waves, and the numbers of a policy."""

from __future__ import annotations

import pytest
from plan.rollout.trial import START, Trial, opened, policy
from plan.world import decky, fleet

from decnet.errors import UsageError
from decnet.model.rollout import Rollout
from decnet.plan.rollout import effective, open_rollout, preview, waiting_reasons
from decnet.plan.rollout.waves import failures, in_flight


def named(*workers: str, waves: tuple[str, ...]) -> Rollout:
    """A rollout over workers of these names."""
    former, to = (
        fleet(*(decky(f"d{n}", name, 10 + n, services) for n, name in enumerate(workers)), workers="")
        for services in ("ssh", "http")
    )
    made, _ = open_rollout(
        former, to, policy(waves=waves), tags={}, opened_at=START, opened_by="", command="", seed=1
    )
    return made


@pytest.mark.parametrize(
    ("count", "waves", "sizes"),
    [
        (12, ("1", "10%", "100%"), [1, 1, 10]),
        (100, ("1", "10%", "100%"), [1, 9, 90]),
        (1, ("1", "10%", "100%"), [1]),
        (5, ("1", "10%", "100%"), [1, 4]),
        (5, ("1",), [1, 4]),
        (5, ("99",), [5]),
        (3, ("34%", "100%"), [2, 1]),
        (4, ("2", "100%"), [2, 2]),
    ],
)
def test_sizes_are_cumulative_and_rounded_up(count: int, waves: tuple[str, ...], sizes: list[int]) -> None:
    frozen = opened(count, waves=waves).frozen
    assert [len(wave) for wave in frozen.waves] == sizes
    assert sorted(name for wave in frozen.waves for name in wave) == sorted(frozen.units)
    assert len(frozen.bases) == len(frozen.waves)


@pytest.mark.parametrize(
    "waves",
    [
        ("0",), ("0%",), ("150%",), ("-1",), ("1e9",), ("1.5",), ("10.5%",), ("%",), ("-5%",), ("+1",),
        ("9" * 30,), ("",), (",",), ("w9",), ("@canary",), ("1", "1"), ("2", "1"), ("20%", "10%"), ("nan%",),
        ("!w1,!w2,!w3",), ("1_0",), ("٣",), ("infinity%",),
    ],
)  # fmt: skip
def test_waves_that_are_not_valid_are_refused(waves: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        opened(3, waves=waves)


def test_a_selector_is_one_of_workers_by_name_pattern_and_tag() -> None:
    tags = {"w1": ("canary",), "w2": (), "w3": ("edge",), "w4": ("edge",), "w9": ("spare",)}
    waves = opened(4, waves=("@canary", "@edge,!w4", "*"), tags=tags).frozen.waves
    assert [set(wave) for wave in waves] == [{"w1"}, {"w3"}, {"w2", "w4"}]


def test_a_worker_whose_name_looks_like_a_size_can_be_selected() -> None:
    frozen = named("1-2", "1e3", waves=("1-2", "*")).frozen
    assert frozen.waves == (("1-2",), ("1e3",))


def test_a_selector_of_workers_that_do_not_change_is_refused_with_a_hint() -> None:
    with pytest.raises(UsageError, match="'@spare' selects none of the 3 units that change") as caught:
        opened(3, waves=("@spare", "*"), tags={"w9": ("spare",)})
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "units", "wanted"),
    [("25%", 12, 3), ("25%", 3, 1), ("1", 9, 1), ("50", 9, 9), ("100%", 9, 9), ("33%", 9, 2)],
)
def test_the_budget_is_rounded_down_and_at_least_one(text: str, units: int, wanted: int) -> None:
    assert in_flight(policy(max_in_flight=text), units).units == wanted


@pytest.mark.parametrize(
    ("text", "units", "wanted"), [("0", 9, 0), ("0%", 9, 0), ("10%", 9, 0), ("10%", 10, 1), ("3", 9, 3)]
)
def test_allowed_failures_are_rounded_down(text: str, units: int, wanted: int) -> None:
    assert failures(policy(max_failures=text), units).units == wanted


@pytest.mark.parametrize("text", ["0", "0%", "101%", "-1", "1e9", "", "all", "1 0", "½"])
def test_a_budget_that_is_no_number_of_units_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="max_in_flight"):
        opened(3, max_in_flight=text)


@pytest.mark.parametrize("text", ["101%", "-1", "1e9", "", "none"])
def test_allowed_failures_that_are_no_number_of_units_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="max_failures"):
        opened(3, max_failures=text)


@pytest.mark.parametrize("seconds", [0.0, 9.0, 86_401.0])
def test_a_confirmation_has_bounds(seconds: float) -> None:
    with pytest.raises(UsageError, match="confirm_within"):
        opened(1, confirm_within=seconds)


def test_a_wave_of_units_that_have_the_content_already_passes_with_a_note() -> None:
    trial = Trial(opened(2, waves=("1", "100%")))
    first = trial.rollout.frozen.waves[0][0]
    trial.answer(first, at_to=True, healthy=True)
    events = trial.step()
    passed = [event for event in events if event.kind == "wave" and event.after == "passed"]
    assert [event.reason for event in passed] == ["no unit of it had to change"]
    assert trial.unit(first).is_noop


def test_a_wave_begins_only_when_all_units_of_the_one_before_have_ended() -> None:
    trial = Trial(opened(4, waves=("2", "100%")))
    one, two = trial.rollout.frozen.waves[0]
    trial.step()
    trial.answer(two, job="open", at_to=False)
    for _ in range(3):
        trial.step(100)
    assert (trial.units()[one], trial.rollout.state.wave) == ("passed", 0)
    late = trial.rollout.frozen.waves[1][0]
    reasons = waiting_reasons(trial.rollout, trial.observation(), trial.now)
    assert reasons[late] == "wave: it is in wave 2; wave 1 has not passed"


def test_a_wave_in_which_no_unit_passed_is_held_even_within_the_limit() -> None:
    trial = Trial(opened(3, waves=("1", "100%"), max_failures="1"))
    first = trial.rollout.frozen.waves[0][0]
    trial.answer(first, job="failed", at_to=False)
    trial.step()
    trial.step()
    assert (trial.status, trial.rollout.state.wave_status) == ("running", "held")


def test_a_rollout_that_continues_past_failures_ends_and_leaves_alone_what_was_taken_back() -> None:
    trial = Trial(opened(2, waves=("100%",), max_in_flight="2", max_failures="2", on_failure="continue"))
    trial.step()
    trial.answer("w1 w2", reverted="it was not confirmed in time", at_to=False, at_former=True)
    trial.step()
    assert (trial.status, trial.units()) == ("done", {"w1": "reverted", "w2": "reverted"})
    assert {effective(trial.rollout, name) for name in ("w1", "w2")} == {"former"}


def test_units_that_had_the_content_already_do_not_vouch_for_the_one_that_failed() -> None:
    trial = Trial(opened(3, waves=("2", "100%"), max_failures="1"))
    same, new = trial.rollout.frozen.waves[0]
    trial.answer(same, at_to=True, healthy=True)
    trial.answer(new, job="failed", at_to=False)
    trial.step()
    trial.step()
    assert trial.units()[same] == "passed" and trial.units()[new] == "failed"
    assert trial.rollout.state.wave_status == "held"


def test_a_failure_within_the_limit_does_not_stop_its_wave() -> None:
    trial = Trial(opened(4, waves=("2", "100%"), max_failures="1"))
    first = trial.rollout.frozen.waves[0][0]
    trial.answer(first, job="failed", at_to=False)
    trial.step()
    trial.step()
    trial.step(100)
    assert trial.rollout.state.wave == 1


def test_a_different_catalog_releases_nothing_and_is_the_reason() -> None:
    trial = Trial(opened(1, catalog="one"))
    assert trial.step() == []
    reasons = waiting_reasons(trial.rollout, trial.observation(), trial.now)
    assert reasons["w1"].startswith("catalog: ")


def test_the_waves_of_five_hundred_units_name_each_one_once() -> None:
    shown = preview(opened(500, waves=("1", "5%", "25%", "100%")))
    names = [name for wave in shown.waves for name in wave.units]
    assert len(names) == len(set(names)) == 500


def test_nothing_is_released_while_any_workers_state_is_newer_than_ours() -> None:
    trial = Trial(opened(3, waves=("100%",), max_in_flight="3"))
    trial.answer("w2", ahead="w2: generation 7 is newer than 5")
    trial.step()
    assert trial.units() == dict.fromkeys(("w1", "w2", "w3"), "waiting")
    reasons = waiting_reasons(trial.rollout, trial.observation(), trial.now)
    assert reasons == dict.fromkeys(trial.units(), "ahead: w2: generation 7 is newer than 5")
    trial.answer("w2")
    trial.step()
    assert trial.units() == dict.fromkeys(("w1", "w2", "w3"), "sent")
