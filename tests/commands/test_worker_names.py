"""A worker's name that cannot be one is bad usage, and nothing is changed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from decnet import catalog
from decnet.commands.enrolment import Credentials, add
from decnet.commands.worker import rename
from decnet.engine.context import Context
from decnet.errors import UsageError
from decnet.model.worker import Worker
from decnet.store.fleet_table import FleetTable
from decnet.store.opening import open_home
from decnet.store.paths import Home


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    home = Home(tmp_path / "home")
    open_home(home)
    FleetTable(home).put_worker(Worker(name="good", worker_id="id-good", host="192.0.2.9"))
    return Context(home, catalog.load(), lambda event: None)


@pytest.mark.parametrize("name", ["EVIL", "x_", "", "a" * 41, "a\x1b[2J"])
def test_a_name_that_cannot_be_one_is_refused(ctx: Context, name: str) -> None:
    before = ctx.home.fleet.read_bytes()
    with pytest.raises(UsageError, match="a worker's name must be") as refused:
        rename(ctx, "good", name)
    assert "\x1b" not in refused.value.message
    with pytest.raises(UsageError, match="a worker's name must be"):
        asyncio.run(add(ctx, name, "root@192.0.2.9", Credentials()))
    assert ctx.home.fleet.read_bytes() == before
    assert not ctx.home.state.exists()
