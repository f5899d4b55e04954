"""The grammar of --on."""

from __future__ import annotations

import pytest

from decnet.errors import UsageError
from decnet.model.worker import Worker
from decnet.plan.select import select

WORKERS = {
    name: Worker(name=name, worker_id=name, tags=tags)
    for name, tags in (("edge-1", ("dmz",)), ("edge-2", ()), ("w3", ("dmz", "old")), ("w4", ()))
}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (None, ["edge-1", "edge-2", "w3", "w4"]),
        ("w4", ["w4"]),
        ("edge-*", ["edge-1", "edge-2"]),
        ("@dmz", ["edge-1", "w3"]),
        ("edge-*,@dmz,!w3", ["edge-1", "edge-2"]),
        ("!@dmz", ["edge-2", "w4"]),
        (" w3 , w4 ", ["w3", "w4"]),
    ],
)
def test_a_selector_means_these_workers(text: str | None, names: list[str]) -> None:
    assert list(select(WORKERS, text)) == names


@pytest.mark.parametrize("text", ["", ",", "nobody", "@nothing", "w3,!w3", "edge-1,!nobody"])
def test_a_selector_that_matches_no_worker_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        select(WORKERS, text)
