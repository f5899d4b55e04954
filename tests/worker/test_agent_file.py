"""The agent's file on this machine, and the real agent behind it."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from decnet.errors import DecnetError, StateBroken
from decnet.model.worker import Worker
from decnet.worker.agent_package import agent_file
from decnet.worker.client import AgentClient
from decnet.worker.session import open_session

LOCAL = Worker(name="local", worker_id="w-local")


def test_the_agent_is_kept_under_the_hash_of_its_content(tmp_path: Path) -> None:
    path = agent_file(tmp_path)
    assert path.name == f"{hashlib.sha256(path.read_bytes()).hexdigest()}.pyz"


def test_a_second_command_writes_nothing(tmp_path: Path) -> None:
    before = (agent_file(tmp_path), {file: file.stat().st_ino for file in tmp_path.iterdir()})
    assert (agent_file(tmp_path), {file: file.stat().st_ino for file in tmp_path.iterdir()}) == before


def test_a_damaged_agent_is_not_run_but_written_again(tmp_path: Path) -> None:
    path = agent_file(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert agent_file(tmp_path).read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "agents").write_text("a file")
    with pytest.raises(StateBroken):
        agent_file(tmp_path / "agents")


def test_the_real_agent_answers_hello_through_a_local_session(tmp_path: Path) -> None:
    session = open_session(
        LOCAL,
        agents=tmp_path / "agents",
        known_hosts=tmp_path / "k",
        key=tmp_path / "f",
        agent_home=tmp_path / "a",
    )
    hello = asyncio.run(AgentClient(session).hello())
    assert (hello.worker_id, hello.agent) == (None, agent_file(tmp_path / "agents").stem)


def test_a_verb_of_a_worker_that_is_not_enrolled_is_refused_by_the_real_agent(tmp_path: Path) -> None:
    session = open_session(
        LOCAL,
        agents=tmp_path / "agents",
        known_hosts=tmp_path / "k",
        key=tmp_path / "f",
        agent_home=tmp_path / "a",
    )
    with pytest.raises(DecnetError) as caught:
        asyncio.run(AgentClient(session, worker_id="w-local", fleet_id="f").slices())
    assert (caught.value.exit_code, caught.value.worker) == (6, "local")
