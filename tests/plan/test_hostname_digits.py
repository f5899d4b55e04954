"""The digits of hostnames are those that earlier versions chose with the same seed."""

from __future__ import annotations

import random
import re
import string

from decnet.plan.identity import _filler


def test_a_digit_is_what_choice_gives() -> None:
    fill, reference = _filler(random.Random(7), ("word",), ""), random.Random(7)
    placeholder = re.match("N", "N")
    assert placeholder is not None
    found = [fill(placeholder) for _ in range(500)]
    assert found == [reference.choice(string.digits) for _ in range(500)]
    assert set(found) == set(string.digits)
