"""Ctrl-C and SIGTERM at every place of a command."""

from __future__ import annotations

import pytest
from places import EVERY, TEARDOWN, Verb, walk
from theatre import Stage


@pytest.mark.slow
@pytest.mark.parametrize("signal", ["int", "term"])
def test_a_command_that_is_interrupted_anywhere_reports_it_and_the_next_one_converges(
    stage: Stage, deploy: Verb, signal: str
) -> None:
    stage.decnet(*deploy.argv)
    assert walk(stage, TEARDOWN, deploy, fault=signal) > 50 // EVERY
