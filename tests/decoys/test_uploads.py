# ruff: noqa: E501 (answers and lists of names are compared as they are)
"""What visitors upload to decoys is kept by its hash, within bounds, and recorded."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telnet_client import Client

from decnet.catalog import load
from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.http.messages import Request
from decnet.decoys.http.uploads import carries_files
from decnet.decoys.persona import Persona
from decnet.decoys.shell.engine import Engine
from decnet.decoys.shell.evaluator import Evaluator
from decnet.decoys.shell.state import Shell
from decnet.decoys.shell.tasks import Readable
from decnet.decoys.shell.typed_input import TypedInput

OPENSSH = "OpenSSH_9.2p1 Debian-2+deb12u3"
PROGRAM = b"\x7fELF\x02\x01\x01\x00\xff\xfe\r\n\x1b[31m" + bytes(range(256)) * 40


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def kept(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "uploads"
    made.mkdir()
    return made


@pytest.fixture
def small(folder: Path) -> Iterator[Path]:
    """A file system of 64 KiB, as that of a decoy is one of 8 MiB."""
    if os.geteuid():
        pytest.skip("only root can mount a file system")
    options = "size=64k,mode=0777,noexec,nosuid,nodev"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_program_through_the_shell_is_kept_byte_by_byte(
    decoy: Callable[..., Any], ssh: Any, folder: Path, tmp_path: Path
) -> None:
    server = decoy("ssh", banner=OPENSSH, settings={"credentials": "root:123456"}, uploads=folder)
    source = tmp_path / "program"
    source.write_bytes(PROGRAM)

    with source.open() as stream:
        argv = ["ssh", "-F", "/dev/null", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null"]
        ssh.askpass.write_text("#!/bin/sh\necho 123456\n")
        ssh.askpass.chmod(0o700)
        environment = {
            "PATH": os.environ["PATH"],
            "SSH_ASKPASS": str(ssh.askpass),
            "SSH_ASKPASS_REQUIRE": "force",
        }
        words = [*argv, "-p", str(server.port), "root@127.0.0.1", "cat > /tmp/x; cat /tmp/x > /tmp/y"]
        subprocess.run(words, stdin=stream, env=environment, check=True, timeout=60, capture_output=True)

    fields = [event["fields"] for event in server.events("file", 2)]
    about = {"size": len(PROGRAM), "sha256": sha256(PROGRAM), "whole": True, "kept": True}
    assert fields == [{"path": "/tmp/x", **about}, {"path": "/tmp/y", **about}]
    assert kept(folder) == {sha256(PROGRAM): PROGRAM}


def about(path: str, content: bytes, *, whole: bool = True) -> dict[str, Any]:
    return {"path": path, "size": len(content), "sha256": sha256(content), "whole": whole, "kept": True}


def test_what_is_typed_into_cat_at_a_prompt_is_kept(
    decoy: Callable[..., Any], ssh: Any, folder: Path
) -> None:
    server = decoy("ssh", banner=OPENSSH, settings={"credentials": "root:123456"}, uploads=folder)
    typed = "cat > /tmp/x\r#!/bin/sx\x7fh\recho hi\r\x04cat /tmp/x; sh /tmp/x\rexit\r"
    shown = ssh(server.port, "-tt", given=typed).stdout

    script = b"#!/bin/sh\necho hi\n"
    assert [event["fields"] for event in server.events("file")] == [about("/tmp/x", script)]
    assert kept(folder) == {sha256(script): script}
    assert "cat > /tmp/x\n#!/bin/sx\b \bh\necho hi\nroot@" in shown
    assert "#!/bin/sh\necho hi\nhi\n" in shown
    inputs = [event["fields"]["input"] for event in server.events("command", 3)]
    assert inputs == ["cat > /tmp/x", "cat /tmp/x; sh /tmp/x", "exit"]


def test_what_is_typed_into_cat_over_telnet_is_kept_also_if_the_visitor_leaves(
    decoy: Callable[..., Any], folder: Path
) -> None:
    banner = load().banner("debian-12", "telnet", hostname="web01", address="127.0.0.1")
    server = decoy(
        "telnet", release="debian-12", banner=banner, settings={"credentials": "root:123456"}, uploads=folder
    )
    with Client(server.port) as client:
        for awaited, text in ((b"login: ", b"root"), (b"assword: ", b"123456"), (b"# ", b"tee -a /tmp/y")):
            client.until(awaited)
            client.type(text)
        client.until(b"/tmp/y\r\n")
        client.type(b"first")
        assert client.until(b"first\r\nfirst\r\n")
        client.line.sendall(b"\x04cat > /tmp/z\r\0second\r\0broken off")
        client.until(b"broken off")
        client.line.sendall(b"\x03")
        client.until(b"^C\r\n")
        client.until(b"# ")
        client.line.sendall(b"cat > /tmp/w\r\0third")
        client.until(b"third")
    assert [event["fields"] for event in server.events("file", 3)] == [
        about("/tmp/y", b"first\n"),
        about("/tmp/z", b"second\n", whole=False),
        about("/tmp/w", b"third", whole=False),
    ]
    assert server.events("disconnect", 1)


def test_a_shell_without_a_terminal_gives_the_rest_of_its_input_to_cat(
    decoy: Callable[..., Any], ssh: Any, folder: Path
) -> None:
    server = decoy("ssh", banner=OPENSSH, settings={"credentials": "root:123456"}, uploads=folder)
    ssh(server.port, "-T", given="id\ncat > /tmp/x\none\ntwo")
    assert [event["fields"] for event in server.events("file")] == [about("/tmp/x", b"one\ntwo")]
    assert [event["fields"]["input"] for event in server.events("command")] == ["id", "cat > /tmp/x"]


@pytest.mark.parametrize(
    ("line", "waits"),
    [
        ("cat", True),
        ("cat -", True),
        ("cat -n > x", True),
        ("cd /tmp && /bin/cat >> x; ls", True),
        ("cat | sh", True),
        ("tee x", True),
        ("base64 -d > x", True),
        ("read x", True),
        ("while read x; do echo $x; done", True),
        ("cat /etc/passwd", False),
        ("cat < /etc/passwd", False),
        ("echo x | cat > y", False),
        ("ls", False),
        ("cat > ", False),
        ("> x", False),
    ],
)
def test_only_a_command_that_would_wait_reads_the_terminal(line: str, waits: bool) -> None:
    persona = Persona(
        "ssh",
        "web01",
        "linux",
        "debian-12",
        "",
        "ab" * 16,
        ((22, "tcp"),),
        {},
        "192.0.2.7",
        "00:50:56:01:02:03",
    )
    out = os.open(os.devnull, os.O_WRONLY)
    shell, engine = (
        Shell(World(persona), "root", Recorder(out).session("192.0.2.9", 4000)),
        Engine(strict=True),
    )
    fds = {0: engine.input, 1: engine.screen(1), 2: engine.screen(2)}
    engine.main = engine.spawn(shell, Evaluator(engine, shell, fds).script(line), fds)
    while engine.can_run:
        engine.step(0.05)
    reading = [task for task in engine.tasks if isinstance(task.waits, Readable)]
    assert bool(reading) is waits is not engine.main.done
    engine.close()
    os.close(out)


@given(st.text(alphabet="ab\r\n\x03\x04\x7f\x15\x1b\té", max_size=40), st.integers(1, 10))
def test_typed_input_is_bounded_and_has_only_what_was_typed(keys: str, most: int) -> None:
    typed, pending, lines = TypedInput(most), deque(keys), b""
    while pending and not typed.end:
        typed.take(pending)
        piece = typed.passed_on()
        assert len(piece.decode()) <= most + 1
        lines += piece
    text = (lines + typed.unfinished()).decode()
    assert len(typed.unfinished().decode()) <= most
    assert typed.end in ("", "\x03", "\x04") and (typed.end or not pending)
    assert set(text) <= {*keys, "\n"} - {"\r", "\x03", "\x04", "\x7f", "\x15"}


def test_a_printers_file_is_kept(decoy: Callable[..., Any], folder: Path, tmp_path: Path) -> None:
    banner = load().banner("brother-hl-l6400", "ftp", hostname="web01", address="127.0.0.1")
    server = decoy("ftp", os="embedded", release="brother-hl-l6400", banner=banner, uploads=folder)
    source = tmp_path / "job.prn"
    source.write_bytes(PROGRAM)

    url = f"ftp://127.0.0.1:{server.port}/job.prn"
    subprocess.run(["curl", "-sS", "-u", "a:b", "-T", str(source), url], check=True, timeout=60)

    assert server.events("file")[0]["fields"] == {
        "path": "/job.prn", "size": len(PROGRAM), "sha256": sha256(PROGRAM), "whole": True, "kept": True,
    }  # fmt: skip
    assert kept(folder) == {sha256(PROGRAM): PROGRAM}


def test_what_curl_uploads_to_a_web_server_is_kept(
    decoy: Callable[..., Any], folder: Path, tmp_path: Path
) -> None:
    server = decoy("http", banner="nginx/1.22.1", uploads=folder)
    source, other = tmp_path / "shell.php", tmp_path / "small.txt"
    source.write_bytes(PROGRAM)
    other.write_bytes(b"text\r\n\r\nmore\r\n")
    url = f"http://127.0.0.1:{server.port}/up/shell.php"

    subprocess.run(["curl", "-s", "-T", str(source), url], timeout=60, capture_output=True)
    forms = ["-F", f"a=@{source};filename=../x.php", "-F", "field=value", "-F", f"b=@{other}"]
    subprocess.run(["curl", "-s", *forms, url], timeout=60, capture_output=True)
    subprocess.run(["curl", "-s", "-d", "a=b", url], timeout=60, capture_output=True)

    found = [(event["fields"]["path"], event["fields"]["sha256"]) for event in server.events("file", 3)]
    server.events("request", 3)
    assert found == [
        ("/up/shell.php", sha256(PROGRAM)), ("../x.php", sha256(PROGRAM)),
        ("small.txt", sha256(other.read_bytes())),
    ]  # fmt: skip
    assert kept(folder) == {sha256(PROGRAM): PROGRAM, sha256(other.read_bytes()): other.read_bytes()}
    assert all(event["fields"]["kept"] and event["fields"]["whole"] for event in server.events("file"))


def test_a_body_that_breaks_off_is_kept_as_far_as_it_came(decoy: Callable[..., Any], folder: Path) -> None:
    server = decoy("http", banner="nginx/1.22.1", uploads=folder)

    server.ask(b"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n" + b"half")

    fields = server.events("file")[0]["fields"]
    assert fields == {"path": "/x", "size": 4, "sha256": sha256(b"half"), "whole": False, "kept": True}
    assert kept(folder) == {sha256(b"half"): b"half"}


def test_a_file_that_does_not_fit_is_recorded_and_the_next_one_fits(
    decoy: Callable[..., Any], small: Path
) -> None:
    server = decoy("http", banner="nginx/1.22.1", uploads=small)

    def put(content: bytes) -> None:
        head = f"PUT /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {len(content)}\r\n\r\n"
        server.ask(head.encode() + content)

    put(b"x" * 100_000)
    put(b"y" * 1000)

    found = [(event["fields"]["size"], event["fields"]["kept"]) for event in server.events("file", 2)]
    assert found == [(100_000, False), (1000, True)]
    assert kept(small) == {sha256(b"y" * 1000): b"y" * 1000}


def test_a_thousand_small_files_take_no_more_than_their_places(
    decoy: Callable[..., Any], folder: Path
) -> None:
    server = decoy("http", banner="nginx/1.22.1", uploads=folder)

    for _ in range(3):
        requests = (
            b"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n" + os.urandom(8) for _ in range(90)
        )
        server.ask(b"".join(requests))

    server.events("disconnect", 3)
    assert len(kept(folder)) == 200


@pytest.mark.parametrize(
    ("method", "kind", "carries"),
    [
        ("PUT", "", True),
        ("POST", "application/octet-stream", True),
        ("POST", "multipart/form-data; boundary=x", True),
        ("POST", "application/x-www-form-urlencoded", False),
        ("POST", "application/json; charset=utf-8", False),
        ("POST", "", False),
    ],
)
def test_which_bodies_are_files(method: str, kind: str, carries: bool) -> None:
    assert carries_files(Request(method, "/", (1, 1), [("content-type", kind)])) is carries
