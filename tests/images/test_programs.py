"""Programs that make an image end when the command is interrupted."""

from __future__ import annotations

import subprocess
import time

from decnet.images.programs import end_programs, program


def test_a_running_program_is_ended_and_one_that_is_over_is_left_alone() -> None:
    with program(["true"], stderr=subprocess.DEVNULL) as over:
        over.wait(10)
    start = time.monotonic()
    with program(["sleep", "60"], stderr=subprocess.DEVNULL) as running:
        end_programs()
        assert running.wait(10) != 0
        assert running.stdout is not None
        running.stdout.close()
    assert over.stdout is not None
    over.stdout.close()
    assert time.monotonic() - start < 5
