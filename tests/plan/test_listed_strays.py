"""A worker can report any number of deckies: a few are shown by name, the others are counted."""

from __future__ import annotations

from decnet.console.plans import plan_lines
from decnet.model.plan import MAX_LISTED_STRAYS, Plan, Step


def make_strays(worker: str, count: int) -> list[Step]:
    return [
        Step(worker=worker, decky=f"evil-{n}", bucket="stray", reason="it is not ours") for n in range(count)
    ]


def test_the_strays_of_one_worker_do_not_hide_those_of_another() -> None:
    plan = Plan(strays=(*make_strays("bad", 9_000), *make_strays("good", 2)))
    listed, more = plan.listed_strays
    assert [step.worker for step in listed] == ["bad"] * MAX_LISTED_STRAYS + ["good"] * 2
    assert more == {"bad": 9_000 - MAX_LISTED_STRAYS}


def test_a_plan_shows_ten_thousand_strays_in_a_few_lines() -> None:
    lines = plan_lines(Plan(strays=tuple(make_strays("bad", 10_000))))
    assert len(lines) == MAX_LISTED_STRAYS + 2
    assert lines[-2] == f"? {10_000 - MAX_LISTED_STRAYS} more strays on bad"
