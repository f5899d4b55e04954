"""A worker's name that cannot be one, or is taken, is bad usage: nothing is contacted, nothing changed."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from decnet import catalog
from decnet.commands.enrolment import add
from decnet.commands.own_login import Credentials
from decnet.commands.worker import rename
from decnet.engine.context import Context
from decnet.errors import UsageError
from decnet.model.worker import Worker
from decnet.store.atomic import write_whole
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home
from decnet.worker.hostkeys import HostKey, pin

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPkcDhVvqoCWMnfKCNYXXNLqXAVVaPZbXJp7+HYJtXyO"


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    home = Home(tmp_path / "home")
    open_home(home)
    worker = Worker(name="good", worker_id="id-good", host="192.0.2.9", user="root")
    FleetTable(home).put_worker(worker)
    pin(home.known_hosts, worker, HostKey.parse(KEY), write_whole)
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


def refused(ctx: Context, name: str, address: str, **credentials: str) -> UsageError:
    before = ctx.home.fleet.read_bytes(), ctx.home.known_hosts.read_bytes()
    with pytest.raises(UsageError) as caught:
        asyncio.run(add(ctx, name, address, Credentials(**credentials)))  # type: ignore[arg-type]
    assert (ctx.home.fleet.read_bytes(), ctx.home.known_hosts.read_bytes()) == before
    assert not ctx.home.state.exists() and not ctx.home.audit.exists()
    return caught.value


@pytest.mark.parametrize("key", [{}, {"host_key": "SHA256:other"}])
def test_a_name_that_is_taken_says_where_its_worker_is(ctx: Context, key: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as machine:
        address = f"root@127.0.0.1:{machine.getsockname()[1]}"
        error = refused(ctx, "good", address, **key)
        machine.setblocking(False)
        with pytest.raises(BlockingIOError):
            machine.accept()
    assert (error.exit_code, error.message, error.hint) == (
        2,
        "good is already enrolled at root@192.0.2.9:22",
        f"choose another name; or, if good itself has moved there: decnet worker set good {address}; "
        "or, if it is gone: decnet worker remove good --force",
    )


@pytest.mark.parametrize("address", ["root@192.0.2.9:2222", "root@192.0.2.10"])
def test_another_port_is_another_place(ctx: Context, address: str) -> None:
    assert refused(ctx, "good", address).message == "good is already enrolled at root@192.0.2.9:22"


@pytest.mark.parametrize("address", ["root@192.0.2.9", "admin@192.0.2.9:22"])
def test_a_machine_is_not_enrolled_under_a_second_name(ctx: Context, address: str) -> None:
    error = refused(ctx, "better", address)
    assert (error.exit_code, error.message, error.hint) == (
        2,
        "192.0.2.9:22 is already enrolled, as good",
        "to rename it: decnet worker rename good better; "
        "if it is another machine now: decnet worker remove good --force",
    )
