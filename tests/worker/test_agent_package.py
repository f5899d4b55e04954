"""How a worker's agent compares with ours: by its version, its hash, and what was installed from here."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from decnet.errors import HashRefused
from decnet.model.worker import Hello
from decnet.worker.agent_package import AgentPackage, agent_file

OURS, EARLIER, FOREIGN = (
    hashlib.sha256(content).hexdigest() for content in (b"ours", b"earlier", b"foreign")
)


@pytest.fixture
def own(tmp_path: Path) -> AgentPackage:
    for content in (b"ours", b"earlier"):
        (tmp_path / f"{hashlib.sha256(content).hexdigest()}.pyz").write_bytes(content)
    return AgentPackage(b"ours", OURS, tmp_path, version=5)


def hello(agent: str, version: int) -> Hello:
    return Hello(
        protocol=1, agent=agent, version=version, worker_id="w", fleet_id="f", engine_id=None, boot_id="b",
        clock=1.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("agent", "version", "standing"),
    [
        (OURS, 5, "current"), (EARLIER, 5, "older"), (EARLIER, 4, "older"), (FOREIGN, 4, "older"),
        (FOREIGN, 0, "older"), (FOREIGN, 6, "newer"), (EARLIER, 6, "newer"),
    ],
)  # fmt: skip
def test_the_version_decides_and_among_equals_who_put_it_there(
    own: AgentPackage, agent: str, version: int, standing: str
) -> None:
    assert own.compatibility(hello(agent, version), "w1") == standing


@pytest.mark.parametrize(
    ("agent", "version"),
    [(FOREIGN, 5), (OURS, 4), (OURS, 6), ("", 5), ("../" * 20 + "abcd", 5), ("\x1b[2J", 5)],
)
def test_an_agent_of_our_version_that_was_not_installed_from_here_is_refused(
    own: AgentPackage, agent: str, version: int
) -> None:
    with pytest.raises(HashRefused) as caught:
        own.compatibility(hello(agent, version), "w1")
    assert (caught.value.exit_code, caught.value.worker, "\x1b" in caught.value.message) == (6, "w1", False)


def test_a_file_under_that_name_with_other_content_vouches_for_nothing(own: AgentPackage) -> None:
    (own.folder / f"{FOREIGN}.pyz").write_bytes(b"something else")
    with pytest.raises(HashRefused):
        own.compatibility(hello(FOREIGN, 5), "w1")


def test_what_is_sent_is_kept_first(tmp_path: Path) -> None:
    own = AgentPackage.of(tmp_path / "agents")
    assert (tmp_path / "agents" / f"{own.sha256}.pyz").read_bytes() == own.content


def test_workers_can_be_asked_when_the_folder_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "agents").write_text("a file")
    assert AgentPackage.of(tmp_path / "agents").sha256 == agent_file(tmp_path / "other").stem
