# ruff: noqa: E501 (answers are compared as they are)
"""The Redis decoy against what the real server said, and against those who do not mean well."""

from __future__ import annotations

import ast
import hashlib
import random
import re
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPLIES = Path(__file__).with_name("replies") / "redis-7.0.15.txt"
EMPTY = {"content": "empty"}
FORBIDDEN = (
    b"decnet",
    b"decky",
    b"deckies",
    b"decoy",
    b"honeypot",
    b"canary",
    b"python",
    b"asyncio",
    b"traceback",
)


def cli(port: int, *words: str, given: str = "") -> str:
    done = subprocess.run(
        ["redis-cli", "-p", str(port), *words], input=given, capture_output=True, text=True, timeout=60
    )
    return done.stdout


def info(port: int) -> dict[str, str]:
    return dict(line.split(":", 1) for line in cli(port, "info", "everything").splitlines() if ":" in line)


def test_every_recorded_answer_of_the_real_server_is_given(decoy: Callable[..., Any]) -> None:
    server = decoy("redis", banner="7.0.15", settings=EMPTY)
    lines = REPLIES.read_text().splitlines()

    for asked, answered in zip(
        map(ast.literal_eval, lines[::2]), map(ast.literal_eval, lines[1::2]), strict=True
    ):
        server.ask(b"flushall\r\n")
        assert (asked, server.ask(asked)) == (asked, answered)

    assert server.stop() == 0 and server.complaints() == b""


def test_redis_cli_works_and_its_commands_are_recorded(decoy: Callable[..., Any]) -> None:
    server = decoy("redis", banner="7.0.15", settings=EMPTY)

    said = cli(server.port, given='set "my key" 1\nincr "my key"\nhset h a 1\nhgetall h\ndbsize\n')

    assert said.splitlines() == ["OK", "2", "1", "a", "1", "2"]
    inputs = [event["fields"]["input"] for event in server.events("command", 5)]
    assert inputs[-5:] == ['set "my key" 1', 'incr "my key"', "hset h a 1", "hgetall h", "dbsize"]
    assert server.events("disconnect")[-1]["fields"]["commands"] >= 5


def test_info_is_of_one_machine_and_the_same_after_a_restart(decoy: Callable[..., Any]) -> None:
    persona = {"banner": "7.0.15", "machine": "cd" * 16}
    first = decoy("redis", **persona)
    before, keys = info(first.port), cli(first.port, "keys", "*")
    first.stop()
    again, other = decoy("redis", **persona), decoy("redis", **persona, seed="ff" * 16)
    after = info(again.port)

    assert (before["redis_version"], before["os"]) == ("7.0.15", "Linux 6.1.0-23-amd64 x86_64")
    assert int(before["uptime_in_seconds"]) > 60
    stable = ("run_id", "process_id", "redis_build_id", "total_system_memory", "maxmemory", "executable")
    assert [before[name] for name in stable] == [after[name] for name in stable]
    assert sorted(keys.split()) == sorted(cli(again.port, "keys", "*").split()) != []
    assert info(other.port)["run_id"] != before["run_id"]
    assert info(other.port)["total_system_memory"] == before["total_system_memory"]


@pytest.mark.parametrize(
    ("version", "asked", "answered"),
    [
        ("5.0.7", b"hello 3\r\n", b"-ERR unknown command `hello`, with args beginning with: `3`, \r\n"),
        ("5.0.7", b"xadd s * a 1\r\n", b"-ERR unknown command `xadd`, with args beginning with: `s`, `*`, `a`, `1`, \r\n"),
        ("5.0.7", b"auth x\r\n", b"-ERR Client sent AUTH, but no password is set\r\n"),
        ("6.0.16", b"config foo\r\n", b"-ERR Unknown subcommand or wrong number of arguments for 'foo'. Try CONFIG HELP.\r\n"),
        ("6.0.16", b"config set dir /root/.ssh\r\n", b"-ERR Changing directory: Permission denied\r\n"),
        ("6.0.16", b"config set dir /etc\r\nsave\r\nconfig set dir /tmp\r\nsave\r\n", b"+OK\r\n-ERR\r\n+OK\r\n+OK\r\n"),
        ("6.0.16", b"module load /tmp/x.so\r\n", b"-ERR Error loading the extension. Please check the server logs.\r\n"),
        ("6.2.7", b"geoadd g 1 1 a\r\n", b"-NOPERM this user has no permissions to run the 'geoadd' command or its subcommand\r\n"),
        ("7.2.4", b"slaveof 192.0.2.1 6379\r\nset a 1\r\nrole\r\nslaveof no one\r\n",
         b"+OK\r\n-READONLY You can't write against a read only replica.\r\n"
         b"*5\r\n$5\r\nslave\r\n$9\r\n192.0.2.1\r\n:6379\r\n$7\r\nconnect\r\n:-1\r\n+OK\r\n"),
    ],
)  # fmt: skip
def test_each_version_speaks_as_it_did(
    decoy: Callable[..., Any], version: str, asked: bytes, answered: bytes
) -> None:
    assert decoy("redis", banner=version, settings=EMPTY).ask(asked) == answered


def test_a_password_is_required_and_every_guess_is_recorded(decoy: Callable[..., Any]) -> None:
    server = decoy("redis", banner="6.2.7", settings={"password": "s3cret", **EMPTY})

    said = server.ask(
        b"get a\r\nauth 123456\r\nhello 3 auth admin admin\r\nauth default s3cret\r\nget a\r\nacl list\r\n"
    )

    assert said.splitlines()[:6] == [
        b"-NOAUTH Authentication required.",
        b"-WRONGPASS invalid username-password pair or user is disabled.",
        b"-WRONGPASS invalid username-password pair or user is disabled.",
        b"+OK", b"$-1", b"*1",
    ]  # fmt: skip
    assert b"s3cret" not in said and hashlib.sha256(b"s3cret").hexdigest().encode() in said
    logins = [tuple(event["fields"].values()) for event in server.events("login", 3)]
    assert logins == [
        ("default", "123456", False, "auth"), ("admin", "admin", False, "auth"), ("default", "s3cret", True, "auth")
    ]  # fmt: skip


def test_a_client_without_the_password_can_send_little(decoy: Callable[..., Any]) -> None:
    server = decoy("redis", banner="7.0.15", settings={"password": "x"})

    assert server.ask(b"*11\r\n") == b"-ERR Protocol error: unauthenticated multibulk length\r\n"
    assert server.ask(b"*1\r\n$20000\r\n") == b"-ERR Protocol error: unauthenticated bulk length\r\n"


def test_a_full_server_reports_it_and_stays_small(decoy: Callable[..., Any]) -> None:
    server = decoy("redis", banner="7.0.15", settings=EMPTY)
    value = b"$500000\r\n" + b"x" * 500_000 + b"\r\n"

    said = b""
    for number in range(24):
        said += server.ask(b"*3\r\n$3\r\nSET\r\n$3\r\nk%02d\r\n" % number + value)
    many = b"".join(b"*3\r\n$4\r\nSADD\r\n$1\r\ns\r\n$5\r\n%05d\r\n" % number for number in range(20_000))
    said += server.ask(b"flushall\r\n" + many)

    assert said.count(b"+OK\r\n") in range(10, 18)
    assert b"-OOM command not allowed when used memory > 'maxmemory'.\r\n" in said
    assert said.endswith(b":1\r\n") and resident_mib(server.process.pid) < 48


def test_who_does_not_read_the_answers_is_left(decoy: Callable[..., Any]) -> None:
    server = decoy("redis", banner="7.0.15", settings=EMPTY)
    server.ask(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$900000\r\n" + b"x" * 900_000 + b"\r\n")

    lines = [socket.create_connection(("127.0.0.1", server.port), 30) for _ in range(20)]
    for line in lines:
        line.sendall(b"get a\r\n" * 50)
    time.sleep(0.5)

    assert cli(server.port, "ping") == "PONG\n" and resident_mib(server.process.pid) < 48
    for line in lines:
        line.close()


def test_what_connects_out_or_stops_is_recorded_and_not_executed(decoy: Callable[..., Any]) -> None:
    server = decoy("redis", banner="7.0.15")
    script = b"eval \"return package.loadlib('/lib/liblua5.1.so.0','luaopen_io')\" 0\r\n"

    said = server.ask(
        b"slaveof 192.0.2.9 21000\r\nmodule load /tmp/exp.so\r\n" + script + b"debug sleep 9\r\n"
    )
    server.ask(b"shutdown nosave\r\n")

    assert b"nonexistent global variable 'package'" in said and b"MODULE command not allowed" in said
    inputs = [event["fields"]["input"] for event in server.events("command", 5)]
    assert (
        "slaveof 192.0.2.9 21000" in inputs
        and "module load /tmp/exp.so" in inputs
        and "shutdown nosave" in inputs
    )
    assert info(server.port)["role"] == "master" and int(info(server.port)["uptime_in_seconds"]) < 30


def test_subscribers_hear_and_watchers_see_their_own(decoy: Callable[..., Any]) -> None:
    server = decoy("redis", banner="7.0.15", settings=EMPTY)

    with socket.create_connection(("127.0.0.1", server.port), 30) as line:
        line.sendall(b"subscribe news\r\npsubscribe n*\r\n")
        heard = b""
        while heard.count(b":") < 2:
            heard += line.recv(4096)
        assert cli(server.port, "publish", "news", "hi") == "2\n"
        while b"pmessage" not in heard or not heard.endswith(b"hi\r\n"):
            heard += line.recv(4096)

    assert b"*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n" in heard


def test_noise_breaks_nothing_and_does_not_identify_the_decoy(decoy: Callable[..., Any]) -> None:
    server = decoy("redis", banner="7.0.15")
    dice = random.Random(5)
    lines = REPLIES.read_text().splitlines()
    asked = [ast.literal_eval(line) for line in lines[::2]]
    names = [
        line.split()[0]
        for line in (Path(__file__).parents[2] / "decnet/decoys/redis/commands.txt").read_text().splitlines()
    ]
    said = b""

    for _ in range(80):
        noise = bytearray(dice.choice(asked))
        for _ in range(dice.randint(0, 6)):
            noise[dice.randrange(len(noise))] = dice.randrange(256)
        said += server.ask(bytes(noise) + b"\r\n")
    words = (
        "a",
        "0",
        "-1",
        "l",
        "1",
        "x",
        "*",
        "9223372036854775807",
        "nan",
        "(1",
        "withscores",
        "limit",
        '""',
    )
    for name in names:
        if name.split("|")[0] in (
            "shutdown",
            "monitor",
            "psync",
            "sync",
            "blpop",
            "brpop",
            "brpoplpush",
            "blmove",
            "quit",
        ):
            continue
        asks = (
            f"{name.replace('|', ' ')} {' '.join(dice.choices(words, k=count))}\r\n" for count in range(6)
        )
        said += server.ask("".join(asks).encode())

    assert [word for word in FORBIDDEN if word in said.lower()] == []
    assert not re.search(rb"Error\(|object at 0x|0x[0-9a-f]{9,}", said)
    assert cli(server.port, "ping") == "PONG\n" and server.stop() == 0 and server.complaints() == b""


def resident_mib(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024  # type: ignore[union-attr]


def test_many_commands_are_counted_and_few_recorded(decoy: Callable[..., Any]) -> None:
    server = decoy("redis", banner="7.0.15", settings=EMPTY)

    server.ask(b"ping\r\n" * 2000 + b"config set dir /tmp\r\n")

    assert server.events("disconnect")[-1]["fields"]["commands"] == 2001
    inputs = [event["fields"]["input"] for event in server.events("command")]
    assert len(inputs) == 501 and inputs[-1] == "config set dir /tmp"
