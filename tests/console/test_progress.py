"""Progress output: in a log, one line per action."""

from __future__ import annotations

import pytest

from decnet.console.progress import Lines, Warnings
from decnet.engine.progress import Event, ImagesSent, ImageStep

TWO_WORKERS: list[Event] = [
    ImageStep("decoys: packing", 1, 3),
    ImagesSent("w1", 0, 40),
    ImagesSent("w2", 0, 40),
    *(ImagesSent(worker, done, 40) for done in (1, 2, 39) for worker in ("w1", "w2")),
    ImagesSent("w2", 40, 40),
    ImagesSent("w1", 40, 40),
]


def test_a_log_gets_two_lines_for_a_workers_images(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    for event in TWO_WORKERS:
        lines(event)
    assert capsys.readouterr().err.splitlines() == [
        "decoys: packing",
        "w1: about 40 MiB of images are sent",
        "w2: about 40 MiB of images are sent",
        "w2: its images have arrived",
        "w1: its images have arrived",
    ]


def test_cron_gets_no_output_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    for event in TWO_WORKERS:
        Warnings()(event)
    assert capsys.readouterr().err == ""
