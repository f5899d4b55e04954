"""What is broken in the operator's own state is no worker's failure."""

from __future__ import annotations

import asyncio

import pytest

from decnet.commands.doctor import doctor
from decnet.commands.status import status
from decnet.commands.worker import show
from decnet.engine.context import Context
from decnet.errors import StateBroken

from .test_unenrolled import ctx, enrol_one_that_is_away  # noqa: F401 - ctx is a fixture


@pytest.fixture
def broken(ctx: Context) -> Context:  # noqa: F811
    """Pinned host keys that cannot be read, with a worker that is away."""
    enrol_one_that_is_away(ctx.home)
    ctx.home.known_hosts.write_text("no key\n")
    return ctx


def test_broken_pins_end_a_status_and_name_no_worker(broken: Context) -> None:
    for verb in (status(broken), show(broken, "w2")):
        with pytest.raises(StateBroken, match="known_hosts") as caught:
            asyncio.run(verb)
        assert caught.value.worker is None


def test_doctor_finds_broken_pins_on_this_machine(broken: Context) -> None:
    rows = asyncio.run(doctor(broken)).rows
    assert [(what, state) for what, state, finding, _ in rows if "known_hosts" in finding] == [
        ("this machine", "wrong")
    ]
