"""A command that finds its work done already says so, and is no error."""

from __future__ import annotations

from fakefleet import FakeFleet


def test_a_second_teardown_reports_that_the_deckies_are_gone(fleet: FakeFleet) -> None:
    gone = "not in the fleet any more"
    wanted = [["web-01"], ["web-01", "web-02"], ["web-01", "web-02"]]
    ended = [fleet.teardown(*names) for names in wanted]
    notes = [[text for text in ran.messages if gone in text] for ran in ended]
    assert [ran.code for ran in ended] == [0, 0, 0]
    assert notes == [[], [f"web-01: {gone}"], [f"web-01, web-02: {gone}"]]


def test_a_teardown_of_what_never_was_is_refused(fleet: FakeFleet) -> None:
    ran = fleet.teardown("wbe-01")
    assert (ran.code, str(ran.error)) == (2, "no decky is named 'wbe-01'")
