"""How many commands of the pages were typed."""

from __future__ import annotations

import pytest
from docs.reader import Count

COUNT = pytest.StashKey[Count]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COUNT] = Count()


@pytest.fixture
def count(request: pytest.FixtureRequest) -> Count:
    return request.config.stash[COUNT]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    count = config.stash.get(COUNT, Count())
    if count.found:
        listed = f"{count.not_run} skipped (tests/docs/not_run.toml)"
        terminalreporter.write_line(f"commands of pages: {count.found} found, {count.run} run, {listed}")
