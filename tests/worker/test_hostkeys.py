"""One pinned key for each worker, in a file that OpenSSH reads too."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from decnet.errors import HostKeyRefused, StateBroken
from decnet.model.worker import Worker
from decnet.worker.hostkeys import HostKey, load_pins, pin, pinned, unpin
from decnet.worker.ssh_library import asyncssh


def made(kind: str = "ssh-ed25519") -> HostKey:
    return HostKey.parse(asyncssh().generate_private_key(kind).export_public_key("openssh").decode())


def worker(name: str, port: int = 22) -> Worker:
    return Worker(name=name, worker_id=f"id-{name}", host="192.0.2.7", port=port, user="root")


class Writer:
    """Writes files, and counts."""

    def __init__(self) -> None:
        self.writes = 0

    def __call__(self, path: Path, content: bytes) -> None:
        self.writes += 1
        path.write_bytes(content)


def test_a_pin_is_found_again_and_the_same_pin_writes_nothing(tmp_path: Path) -> None:
    place, write, key = tmp_path / "known_hosts", Writer(), made()
    assert [pin(place, worker("w1"), key, write), pin(place, worker("w1"), key, write)] == [True, False]
    assert (pinned(place, worker("w1")), write.writes) == (key, 1)


def test_a_new_pin_takes_the_old_ones_place_and_touches_no_other(tmp_path: Path) -> None:
    place, write, old, new, other = (
        tmp_path / "known_hosts",
        Writer(),
        made(),
        made("ecdsa-sha2-nistp256"),
        made(),
    )
    pin(place, worker("w1"), old, write)
    pin(place, worker("w2", 2222), other, write)
    pin(place, worker("w1"), new, write)
    assert load_pins(place) == {"id-w1": new, "id-w2": other}
    unpin(place, "id-w1", write)
    assert load_pins(place) == {"id-w2": other}


def test_a_worker_without_a_pin_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HostKeyRefused):
        pinned(tmp_path / "known_hosts", worker("w1"))


@pytest.mark.parametrize(
    "line",
    ["id-w1,h ssh-ed25519 %%%", "id-w1,h ssh-ed25519", "garbage", "id-w1,h ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA"],
)
def test_a_damaged_file_is_refused_with_its_line_and_not_read_as_empty(tmp_path: Path, line: str) -> None:
    place = tmp_path / "known_hosts"
    place.write_text(line + "\n")
    with pytest.raises(StateBroken, match="known_hosts:1"):
        load_pins(place)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")
def test_openssh_finds_the_pin_and_shows_the_same_fingerprint(tmp_path: Path) -> None:
    place, key = tmp_path / "known_hosts", made()
    pin(place, worker("w1", 2222), key, Writer())
    command = ["ssh-keygen", "-l", "-F", "[192.0.2.7]:2222", "-f", str(place)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert key.fingerprint in found.stdout
