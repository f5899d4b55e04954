"""Commands that repeat report failures in each round, and respect --quiet."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from filelock import FileLock

from decnet import catalog
from decnet.cli.loops import reconcile_forever
from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.store.home_check import open_home
from decnet.store.paths import Home


@pytest.mark.parametrize(("quiet", "reported"), [(True, False), (False, True)])
def test_a_quiet_loop_is_silent_about_a_held_lock_as_a_quiet_pass_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], quiet: bool, reported: bool
) -> None:
    home = Home(tmp_path / "home")
    open_home(home)
    ctx = Context(home=home, catalog=catalog.load(), emit=lambda event: None, lock_timeout=0.0)
    options = PassOptions(quiet=quiet)

    async def rounds() -> None:
        async with asyncio.timeout(0.3):
            await reconcile_forever(ctx, options, 0.05, 0.0, "table")

    with FileLock(home.lock), pytest.raises(TimeoutError):
        asyncio.run(rounds())
    assert ("error: the lock is held by " in capsys.readouterr().err) is reported
