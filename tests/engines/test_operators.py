"""A fleet lives with an operator on each Python, warnings as errors, and on a worker with Python 3.13."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from newest import environment_of
from whole_life import Site, live

from decnet.lab.trees import Unavailable

pytestmark = [pytest.mark.lab, pytest.mark.engines]


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_a_fleet_lives_with_an_operator_on_a_python(
    site: Callable[..., Site], record_property: Callable[[str, Any], None], version: str
) -> None:
    try:
        python = environment_of(version)
    except Unavailable as reason:
        pytest.skip(str(reason))
    record_property("operator", python.run("python", "--version").stdout.strip())
    program = ("env", "PYTHONWARNINGS=error", *python.argv("decnet"))
    live(replace(site("trixie"), program=program))
