"""Which Compose crashes with which engine: one rule for the agent, `worker add` and `doctor`."""

from __future__ import annotations

import pytest

from decnet.wire import compose_breaks


@pytest.mark.parametrize(
    ("compose", "engine", "breaks"),
    [
        ("1.29.2", "25.0.0", True),
        ("v1.29.2", "28.1.1", True),
        ("1.29.2\n", "25", True),
        ("1.29.2", "24.0.9", False),
        ("1.29.2", "20.10.24+dfsg1", False),
        ("v2.24.5", "25.0.0", False),
        ("2.0.0-beta.6", "27.0.0", False),
        ("10.0.0", "27.0.0", False),
        ("dev", "27.0.0", False),
        ("1.29.2", "", False),
        ("1.29.2", "dev", False),
        ("1.29.2", "9" * 5000, False),
        ("1.29.2", "٢٥.0", False),
    ],
)
def test_compose_1_crashes_with_engine_25_and_newer(compose: str, engine: str, breaks: bool) -> None:
    assert compose_breaks(compose, engine) is breaks
