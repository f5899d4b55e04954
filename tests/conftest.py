"""Which tests need a practice network: they get the mark `lab`, and are skipped where it cannot be had."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# No test asserts a wall time: a busy machine takes as long as it takes.
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")

STARTS_A_LAB = {
    "agent": "lab",
    "faults": "lab",
    "fleet": "company",
    "lab": "lab",
    "scenarios": "empty",
    "upgrades": "running",
    "worker": "shared_lab",
}
"""By folder, the fixture that starts a network."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if STARTS_A_LAB.get(item.path.parent.name) in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.lab)
        if item.get_closest_marker("lab") and os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="a lab needs root"))
