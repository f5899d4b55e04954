"""The agent takes uploads from the memory of a real process with a root and a mount of its own."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from decnet.agent import limits, uploads
from decnet.agent.containers import Container, start_tick
from decnet.agent.request import Refusal

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can read another process's root")

PROGRAM = b"\x7fELF" + bytes(range(256)) * 100
INVERTED = bytes(255 - value for value in range(256))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Decoy:
    """A process in a root of its own, with a file system in memory at the place of the uploads."""

    def __init__(self, folder: Path, *, mounted: bool = True) -> None:
        place = folder / "root" / "var" / "uploads"
        place.mkdir(parents=True)
        (folder / "root" / "usr").mkdir()
        for name in ("bin", "lib", "lib64"):
            (folder / "root" / name).symlink_to(f"usr/{name}")
        mount = f"mount -t tmpfs -o size=8m,noexec,nosuid,nodev tmpfs {place}; " if mounted else ""
        inside = f"exec chroot {folder}/root /bin/sh -c 'echo up; read x'"
        argv = ["unshare", "-m", "sh", "-ec", f"mount --bind /usr {folder}/root/usr; {mount}{inside}"]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"up\n"
        self.inside = Path(f"/proc/{self.process.pid}/root/var/uploads")

    def container(self, **changes: Any) -> Container:
        row = {
            "Id": "c" * 64,
            "Labels": {"decnet.decky": "web", "decnet.service": "ssh"},
            "Names": ["/web-ssh"],
        }
        found = Container(row)
        found.pid, found.started = self.process.pid, start_tick(self.process.pid)
        for name, value in changes.items():
            setattr(found, name, value)
        return found

    def upload(self, content: bytes, name: str = "") -> str:
        name = name or sha256(content)
        (self.inside / name).write_bytes(content)
        return name

    def stop(self) -> None:
        self.process.communicate(b"\n", timeout=30)


@pytest.fixture
def decoy(tmp_path: Path) -> Iterator[Decoy]:
    made = Decoy(tmp_path / "decoy")
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DECNET_AGENT_HOME", str(tmp_path / "agent"))
    return tmp_path / "agent"


def names() -> list[str]:
    return [name for name, _, _ in uploads.held()]


def fetched(name: str) -> bytes:
    content = b""
    while True:
        piece = uploads.file_verb({"sha256": name, "offset": len(content)})
        content += base64.b64decode(piece["content"]).translate(INVERTED)
        if len(content) >= piece["size"]:
            return content


def test_a_file_is_moved_into_the_store_encoded_private_and_once(decoy: Decoy, home: Path) -> None:
    name = decoy.upload(PROGRAM)
    uploads.collect([decoy.container()])
    left = list(decoy.inside.iterdir())
    decoy.upload(PROGRAM)
    uploads.collect([decoy.container()])

    stored = home / "uploads" / name
    assert left == list(decoy.inside.iterdir()) == []
    assert names() == [name] and fetched(name) == PROGRAM
    assert PROGRAM[:4] not in stored.read_bytes() and stored.stat().st_mode & 0o777 == 0o600


def test_a_file_larger_than_a_piece_is_fetched_whole(decoy: Decoy) -> None:
    content = os.urandom(limits.UPLOAD_PIECE * 2 + 1)
    name = decoy.upload(content)
    uploads.collect([decoy.container()])

    assert fetched(name) == content


def test_what_a_program_in_a_decoy_puts_there_is_not_followed_or_kept(decoy: Decoy, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"of the worker")
    decoy.upload(b"another content", sha256(b"its content"))
    (decoy.inside / sha256(b"of the worker")).symlink_to(secret)
    os.mkfifo(decoy.inside / sha256(b"a pipe"))
    (decoy.inside / sha256(b"a folder")).mkdir()
    decoy.upload(b"a draft", "0123456789abcdef.part")
    decoy.upload(b"x", "f" * 63)
    whole = decoy.upload(b"whole")

    for _ in range(2):
        uploads.collect([decoy.container()])

    assert names() == [whole] and secret.read_bytes() == b"of the worker"


def test_a_process_that_is_another_one_now_or_has_no_such_mount_is_not_read(
    decoy: Decoy, tmp_path: Path
) -> None:
    plain = Decoy(tmp_path / "plain", mounted=False)
    try:
        decoy.upload(b"one")
        plain.upload(b"two")
        uploads.collect([decoy.container(started=1), decoy.container(pid=0), plain.container()])
        assert names() == []
    finally:
        plain.stop()


def test_a_full_store_drops_its_oldest_files_and_counts_them(
    decoy: Decoy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UPLOADS_KEPT", 3)
    monkeypatch.setattr(limits, "UPLOADS_BYTES", 2500)
    uploaded = []
    for number in range(5):
        uploaded.append(decoy.upload(bytes([number]) * 1000))
        uploads.collect([decoy.container()])

    assert names() == uploaded[3:]
    assert uploads._dropped() == {"files": 3, "bytes": 3000}


def test_a_full_disk_leaves_the_file_where_it_is(
    decoy: Decoy, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("decnet.agent.home._failed_writes", [])
    home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(home)], check=True)
    try:
        name = decoy.upload(os.urandom(100_000))
        uploads.collect([decoy.container()])
        assert [each.name for each in decoy.inside.iterdir()] == [name] and names() == []
    finally:
        subprocess.run(["umount", str(home)], check=True)
    uploads.collect([decoy.container()])
    assert names() == [name]


def test_a_file_is_gone_if_it_is_neither_in_the_store_nor_in_the_decoy(
    decoy: Decoy, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    container, name, other = decoy.container(), decoy.upload(b"x"), sha256(b"y")
    assert not uploads.is_gone(container, name)
    assert uploads.is_gone(container, other)
    uploads.collect([container])
    assert not uploads.is_gone(container, name)
    (home / "uploads" / name).unlink()
    assert uploads.is_gone(container, name)
    for odd in (None, 1, "", "../x", name.upper()):
        assert not uploads.is_gone(container, odd)
    decoy.upload(b"y")
    assert uploads.is_gone(decoy.container(pid=0), other)
    monkeypatch.setattr(uploads, "_is_root", lambda: False)
    assert not uploads.is_gone(decoy.container(pid=0), other)


@pytest.mark.parametrize("name", ["../identity.json", "F" * 64, "dropped.json", "a" * 63])
def test_only_a_hash_names_a_file(name: str, home: Path) -> None:
    with pytest.raises(Refusal) as caught:
        uploads.file_verb({"sha256": name, "offset": 0})
    assert caught.value.code == "usage"
