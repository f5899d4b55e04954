"""A rollout in which nothing goes wrong, from its opening to its end."""

from __future__ import annotations

from plan.rollout.trial import Trial, key, opened

from decnet.plan.rollout import effective_fleet, preview, request_id, request_prefix


def test_a_change_goes_through_its_waves_and_is_done() -> None:
    trial = Trial(opened(12, waves=("1", "25%", "100%"), max_in_flight="50%"))
    seen = []
    for _ in range(40):
        trial.step(60)
        head = trial.rollout.state
        in_flight = sum(status in ("sent", "checking", "soaking") for status in trial.units().values())
        seen.append((head.wave, in_flight))
        assert in_flight <= 6
    assert trial.status == "done"
    assert set(trial.units().values()) == {"passed"}
    assert [wave for wave, _ in seen] == sorted(wave for wave, _ in seen)
    assert max(in_flight for wave, in_flight in seen if wave == 0) == 1
    assert max(in_flight for wave, in_flight in seen if wave == 1) == 2


def test_desired_is_former_before_the_release_and_to_after_it() -> None:
    trial = Trial(opened(3, waves=("1", "100%")))
    first = trial.rollout.frozen.waves[0][0]
    stored = effective_fleet(trial.rollout, trial.rollout.to)
    assert stored == trial.rollout.former
    trial.step()
    stored = effective_fleet(trial.rollout, stored)
    changed = {name for name in stored.deckies if stored.deckies[name] == trial.rollout.to.deckies[name]}
    assert changed == {f"d{first}"}
    assert effective_fleet(trial.rollout, stored) is stored


def test_a_pass_in_which_nothing_moves_has_no_events_and_the_same_rollout() -> None:
    trial = Trial(opened(3))
    trial.step()
    trial.step()
    before = trial.rollout
    assert trial.step(1) == []
    assert trial.rollout is before


def test_the_preview_has_every_number_with_its_base() -> None:
    shown = preview(opened(12, waves=("1", "10%", "100%"), max_in_flight="25%", max_failures="10%"))
    assert [(wave.number, len(wave.units), wave.base) for wave in shown.waves] == [
        (1, 1, "1 of 12 units"),
        (2, 1, "10% of 12 units: 2"),
        (3, 10, "100% of 12 units: 12"),
    ]
    assert shown.in_flight == (3, "25% of 12 units: 3")
    assert shown.failures == (1, "10% of 12 units: 1")
    assert shown.earliest_end == 100 + 100 + 4 * 100


def test_a_request_has_one_id_for_as_long_as_the_attempt_is_the_same() -> None:
    trial = Trial(opened(1))
    trial.step()
    first = request_id(trial.rollout, "w1", key("w1"), 0)
    assert first.startswith(request_prefix(trial.rollout, "w1", key("w1")))
    assert (
        first
        == request_id(trial.rollout, "w1", key("w1"), 0)
        != request_id(trial.rollout, "w1", key("w1"), 1)
    )
    trial.answer("w1", job="lost", at_to=False)
    trial.step()
    assert trial.units() == {"w1": "sent"}
    assert request_id(trial.rollout, "w1", key("w1"), 0) != first
