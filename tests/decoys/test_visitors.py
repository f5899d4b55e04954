"""What a visitor changes is there again for his address, on every service, for a day, and for no one else."""

from __future__ import annotations

import base64
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from decnet.decoys import visitors as registry
from decnet.decoys.host.node import Node
from decnet.decoys.ssh.signatures import fits, verifies
from decnet.decoys.ssh.wire import mpint, string
from decnet.decoys.visitors import (
    KEEP_SECONDS,
    MOST_CHANGES,
    MOST_OF_SOURCE,
    MOST_REMOVED,
    MOST_SOURCES,
    VisitorFiles,
    Visitors,
)

MIB = 1024 * 1024


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test may change."""
    now = [time.time()]
    monkeypatch.setattr(registry.time, "time", lambda: now[0])
    monkeypatch.setattr(registry.time, "time_ns", lambda: int(now[0] * 1e9))
    return now


def put(visitors: Visitors, source: str, path: str = "/tmp/x", content: bytes = b"x") -> bool:
    with visitors.visit(source) as files:
        return files.put(path, Node(content=content), hides=False)


def known(visitors: Visitors) -> list[str]:
    return [files.source for files in visitors.all()]


def test_no_source_sees_the_files_of_another_one() -> None:
    visitors = Visitors()
    put(visitors, "192.0.2.1")
    with visitors.visit("192.0.2.2") as files:
        assert files.changes == {}
    with visitors.visit("192.0.2.1") as files:
        assert list(files.changes) == ["/tmp/x"]


def test_a_source_that_changed_nothing_takes_no_memory() -> None:
    visitors = Visitors()
    with visitors.visit("192.0.2.1"):
        pass
    assert (known(visitors), visitors.kept) == ([], 0)


def test_changes_are_kept_for_a_day_after_the_last_visit(clock: list[float]) -> None:
    visitors = Visitors()
    put(visitors, "192.0.2.1")
    clock[0] += KEEP_SECONDS - 1
    assert visitors.find("192.0.2.1") is not None
    put(visitors, "192.0.2.1", "/tmp/y")
    clock[0] += KEEP_SECONDS + 1
    assert (visitors.find("192.0.2.1"), visitors.kept) == (None, 0)


def test_a_visitor_who_stays_longer_than_a_day_keeps_his_files(clock: list[float]) -> None:
    visitors = Visitors()
    with visitors.visit("192.0.2.1") as files:
        files.put("/tmp/x", Node())
        clock[0] += 3 * KEEP_SECONDS
        assert visitors.find("192.0.2.1") is files and files.changes


def test_sources_and_their_memory_are_bounded() -> None:
    visitors = Visitors()
    for number in range(MOST_SOURCES + 20):
        put(visitors, f"10.0.{number // 256}.{number % 256}")
    assert len(known(visitors)) == MOST_SOURCES and known(visitors)[0] == "10.0.0.20"


def test_the_least_recent_source_gives_way_but_never_a_connected_one() -> None:
    visitors = Visitors(most=6 * MIB)
    with visitors.visit("192.0.2.1") as connected:
        connected.put("/tmp/x", Node(content=bytes(2 * MIB)))
        put(visitors, "192.0.2.2", content=bytes(2 * MIB - 1000))
        put(visitors, "192.0.2.3", content=bytes(2 * MIB - 2000))
        put(visitors, "192.0.2.4", content=bytes(2 * MIB - 3000))
        assert known(visitors) == ["192.0.2.1", "192.0.2.3", "192.0.2.4"] and visitors.kept < 6 * MIB
        with visitors.visit("192.0.2.5") as greedy:
            assert greedy.put("/tmp/1", Node(content=bytes(2 * MIB)))
            assert not greedy.put("/tmp/2", Node(content=bytes(3 * MIB)))
        assert connected.changes


def test_one_source_cannot_keep_more_than_its_share() -> None:
    files = VisitorFiles()
    assert files.put("/tmp/1", Node(content=bytes(MOST_OF_SOURCE - 1000)))
    assert not files.put("/tmp/2", Node(content=bytes(1000)))
    assert files.put("/tmp/1", None) and files.put("/tmp/2", Node(content=bytes(1000)))
    few = [files.put(f"/t/{number}", Node()) for number in range(MOST_CHANGES + 10)]
    assert few.count(True) == MOST_CHANGES - 2


def test_all_that_is_remembered_of_a_source_counts() -> None:
    visitors = Visitors(64 * 1024)
    for n in range(100):
        with visitors.visit(f"192.0.2.{n}") as files:
            for user in range(20):
                files.set_password(f"u{user}", "x" * 1024)
            for name in range(80):
                files.put(f"/tmp/{name}/x", None, hides=False)
    assert visitors.kept <= 128 * 1024 and len(visitors.all()) < 20
    for files in visitors.all():
        files.clear()
    assert visitors.kept == 0


def test_temporary_files_come_and_go_without_end() -> None:
    files = VisitorFiles()
    for number in range(3 * MOST_CHANGES):
        assert files.put(f"/tmp/{number}", Node(), hides=False) and files.put(
            f"/tmp/{number}", None, hides=False
        )
    assert files.changes == {} and files.kept < 64 * 1024 and len(files.known()) == MOST_REMOVED
    for number in range(3 * MOST_REMOVED):
        folder = f"/tmp/{number}/{'x' * 200}"
        assert files.put(f"{folder}/a", Node(), hides=False) and files.put(f"{folder}/a", None, hides=False)
        assert files.put(f"{folder * 2}/a", Node(), hides=False)
        assert files.put(f"{folder * 2}/a", None, hides=False)
    assert len(files.folders) == len(files.known()) == MOST_REMOVED
    assert max(map(len, files.folders)) < 256


def test_the_latest_of_two_changes_holds_in_any_order() -> None:
    one, two, three = Visitors(), Visitors(), Visitors()
    put(one, "192.0.2.1", content=b"first")
    put(two, "192.0.2.1", content=b"second")
    changes = [each.find("192.0.2.1").change("/tmp/x") for each in (one, two)]  # type: ignore[union-attr]
    for change in [*changes, *reversed(changes)]:
        assert change is not None
        three.take(change)
        one.take(change)
    for visitors in (one, three):
        files = visitors.find("192.0.2.1")
        assert files is not None
        node = files.changes["/tmp/x"]
        assert node is not None and node.content == b"second"


def test_a_removed_file_does_not_come_back_from_another_service() -> None:
    one, two = Visitors(), Visitors()
    with one.visit("192.0.2.1") as files:
        files.put("/tmp/x", Node(), hides=False)
        files.put("/tmp/y", Node(), hides=False)
        old = files.change("/tmp/x")
        files.put("/tmp/x", None, hides=False)
        for key in files.known():
            change = files.change(key)
            assert change is not None
            two.take(change)
        assert old is not None
        two.take(old)
    other = two.find("192.0.2.1")
    assert other is not None and list(other.changes) == ["/tmp/y"]


# The real programs


def key_login(port: int, key: Path, *words: str, user: str = "root") -> subprocess.CompletedProcess[str]:
    options = (
        "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "IdentitiesOnly=yes",
        "PasswordAuthentication=no", "KbdInteractiveAuthentication=no",
    )  # fmt: skip
    argv = [
        "ssh",
        "-F",
        "/dev/null",
        "-i",
        str(key),
        "-p",
        str(port),
        *(each for one in options for each in ("-o", one)),
    ]
    return subprocess.run([*argv, f"{user}@127.0.0.1", *words], capture_output=True, text=True, timeout=30)


def made_key(folder: Path, *words: str) -> tuple[Path, str]:
    path = folder / "-".join(["key", *words])
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-C", "me@laptop", "-f", path, "-t", *words], check=True)
    return path, path.with_name(path.name + ".pub").read_text().strip()


@pytest.mark.parametrize(
    "banner", ["OpenSSH_9.2p1 Debian-2+deb12u3", "OpenSSH_8.4p1 Debian-5+deb11u3", "dropbear_2022.83"]
)
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "ecdsa -b 521", "rsa -b 2048"])
def test_a_key_that_a_visitor_has_added_logs_him_in(
    inside: Callable[..., Any], ssh: Any, tmp_path: Path, kind: str, banner: str
) -> None:
    decoy = inside("ssh", banner=banner, settings={"credentials": "root:123456"})
    key, line = made_key(tmp_path, *kind.split())
    assert key_login(decoy.port, key, "id -un").returncode == 255
    added = ssh(decoy.port, f"mkdir -p ~/.ssh; echo '{line}' >> ~/.ssh/authorized_keys; chmod 600 .ssh/*")
    assert added.returncode == 0, added.stderr
    assert key_login(decoy.port, key, "id -un; echo b > /tmp/b").stdout == "root\n"
    logins = [event["fields"] for event in decoy.events("login", 3)]
    assert [(each["method"], each["success"]) for each in logins if "key" in each] == [
        ("publickey", False), ("publickey", True)]  # fmt: skip
    sum_ = subprocess.run(
        ["ssh-keygen", "-l", "-f", key], capture_output=True, text=True, check=True
    ).stdout.split()[1]
    assert logins[-1]["key"].endswith(sum_)


def test_a_password_that_a_visitor_sets_is_the_one_that_logs_him_in(
    inside: Callable[..., Any], ssh: Any
) -> None:
    decoy = inside("ssh", settings={"credentials": "root:123456"})
    assert ssh(decoy.port, "echo root:other | chpasswd").returncode == 0
    assert ssh(decoy.port, "id -un").returncode == 255
    assert ssh(decoy.port, "id -un", password="other").stdout == "root\n"


@pytest.mark.parametrize(
    ("before", "after", "answer"),
    [
        ("", "chmod 666 ~/.ssh/authorized_keys", None),
        ("", "chmod 777 ~/.ssh", None),
        ("", "chown www-data ~/.ssh/authorized_keys", None),
        ("", "mv ~/.ssh ~/old; ln -s old ~/.ssh", "asked\n"),
        ('from="192.0.2.0/24,10.*"', "", None),
        ('from="!127.0.0.1,*"', "", None),
        ('from="127.0.0.?,192.0.2.1"', "", "asked\n"),
        ('command="echo \\"forced\\"",no-port-forwarding', "", "forced\n"),
        ('expiry-time="20200101"', "", None),
        ("cert-authority", "", None),
        ("no-such-option", "", None),
        ("#", "", None),
    ],
)
def test_a_key_logs_in_as_its_line_and_the_modes_of_its_files_allow(
    inside: Callable[..., Any], ssh: Any, tmp_path: Path, before: str, after: str, answer: str | None
) -> None:
    decoy = inside("ssh", settings={"credentials": "root:123456"})
    key, line = made_key(tmp_path, "ed25519")
    ssh(
        decoy.port,
        f"mkdir -p ~/.ssh; cat > ~/.ssh/authorized_keys; {after}",
        given=f"{before} {line}\n".lstrip(),
    )
    done = key_login(decoy.port, key, "echo asked")
    assert (done.returncode, done.stdout) == ((0, answer) if answer else (255, ""))


def test_a_signature_of_another_key_or_session_does_not_log_in(tmp_path: Path) -> None:
    for kind in ("ed25519", "ecdsa", "rsa"):
        key, _ = made_key(tmp_path, kind)
        private = serialization.load_ssh_private_key(key.read_bytes(), None)
        blob = base64.b64decode(key.with_name(key.name + ".pub").read_text().split()[1])
        algorithm = {"ed25519": "ssh-ed25519", "ecdsa": "ecdsa-sha2-nistp256", "rsa": "rsa-sha2-256"}[kind]
        signature = signed(private, algorithm, b"data")
        assert fits(algorithm, blob) and verifies(algorithm, blob, signature, b"data")
        assert not verifies(algorithm, blob, signature, b"other")
        assert not verifies(algorithm, blob, signature[:-1] + bytes([signature[-1] ^ 1]), b"data")
        assert not fits("ssh-dss", blob) and not fits(algorithm, blob[:-1])
        for size in range(len(signature)):
            assert not verifies(algorithm, blob, signature[:size], b"data")


def signed(private: Any, algorithm: str, data: bytes) -> bytes:
    if algorithm == "ssh-ed25519":
        return string(algorithm) + string(private.sign(data))
    if algorithm.startswith("ecdsa"):
        r, s = decode_dss_signature(private.sign(data, ec.ECDSA(hashes.SHA256())))
        return string(algorithm) + string(mpint(r) + mpint(s))
    return string(algorithm) + string(private.sign(data, padding.PKCS1v15(), hashes.SHA256()))


def test_a_folder_has_the_time_of_its_last_entry(clock: list[float]) -> None:
    files = VisitorFiles()
    times = []
    for path, node in (
        ("/tmp/x", Node(content=b"1")),
        ("/tmp/x", Node(content=b"2")),
        ("/tmp/x", None),
        ("/tmp/x", None),
    ):
        clock[0] += 100
        assert files.put(path, node, hides=False)
        times.append(clock[0] - files.folders["/tmp"])
    # Neither a new content nor a second removal changes the folder.
    assert [round(each, -1) for each in times] == [0, 100, 0, 100]


def test_a_user_changes_his_own_password_if_he_knows_it(inside: Callable[..., Any], ssh: Any) -> None:
    decoy = inside("ssh", settings={"credentials": "bob:test"})

    def changes(current: str) -> int:
        given = f"{current}\nlonger-one\nlonger-one\n"
        return int(ssh(decoy.port, "passwd", user="bob", password="test", given=given).returncode)

    assert (changes("guess"), changes("test")) == (10, 0)
    assert ssh(decoy.port, "id -un", user="bob", password="test").returncode == 255
    assert ssh(decoy.port, "id -un; pwd", user="bob", password="longer-one").stdout == "bob\n/home/bob\n"
