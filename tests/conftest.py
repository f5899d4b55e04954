"""Which tests need a practice network: they get the mark `lab`, and are skipped where it cannot be had."""

from __future__ import annotations

import os

import pytest

STARTS_A_LAB = {"lab", "shared_lab", "company", "empty", "running"}
"""Fixtures that start a network, in one folder or another."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if STARTS_A_LAB & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.lab)
        if item.get_closest_marker("lab") and os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="a lab needs root"))
