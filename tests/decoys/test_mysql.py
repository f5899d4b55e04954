# ruff: noqa: E501 (answers are compared as they are)
"""The MySQL and MariaDB decoy: to real clients, to scanners, and to those who do not mean well."""

from __future__ import annotations

import hashlib
import random
import ssl
import struct
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mysql_wire import PLAIN, Wire, native

MARIA = "5.5.5-10.11.6-MariaDB-0+deb12u1"
EIGHT = "8.0.39-0ubuntu0.22.04.1"
OPEN = {"credentials": "app:app"}
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
DENIED = "Access denied for user '{}'@'127.0.0.1' (using password: {})"


@pytest.fixture
def dial() -> Iterator[Callable[[int], Wire]]:
    opened: list[Wire] = []

    def connect(port: int) -> Wire:
        opened.append(Wire(port))
        return opened[-1]

    yield connect
    for wire in opened:
        wire.line.close()


def client(port: int, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", str(port), *words],
        input=given, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def said(packet: bytes) -> str:
    assert packet[:1] == b"\xff"
    return packet[3:].decode()


def test_a_greeting_is_that_of_its_release(decoy: Callable[..., Any], dial: Callable[[int], Wire]) -> None:
    maria = dial(decoy("mysql", banner=MARIA).port).greeting
    eight = dial(decoy("mysql", banner=EIGHT).port).greeting

    assert maria.startswith(b"\x0a" + MARIA.encode() + b"\0") and eight.startswith(
        b"\x0a" + EIGHT.encode() + b"\0"
    )
    rest = maria[len(MARIA) + 14 :]
    assert rest[:19] == bytes.fromhex("00fef72d0200ff81150000000000001d000000") and rest.endswith(
        b"\0mysql_native_password\0"
    )
    rest = eight[len(EIGHT) + 14 :]
    assert rest[:19] == bytes.fromhex("00ffffff0200ffdf1500000000000000000000") and rest.endswith(
        b"\0caching_sha2_password\0"
    )


def test_a_wrong_password_is_refused_and_recorded(decoy: Callable[..., Any]) -> None:
    server = decoy("mysql", banner=MARIA)

    common, rare = client(server.port, "-uroot", "-p123456"), client(server.port, "-uadmin", "-pS7.x!")

    assert common.stderr == f"ERROR 1045 (28000): {DENIED.format('root', 'YES')}\n" and rare.returncode == 1
    logins = [event["fields"] for event in server.events("login", 2)]
    assert (logins[0]["username"], logins[0]["password"], logins[0]["success"]) == ("root", "123456", False)
    mark, salt, proof = logins[1]["hash"].replace("*", "$").split("$")[1:]
    assert (mark, proof) == ("mysqlna", native("S7.x!", bytes.fromhex(salt)).hex())


def test_the_real_client_finds_a_small_database_behind_a_weak_password(decoy: Callable[..., Any]) -> None:
    server = decoy("mysql", banner=MARIA, settings=OPEN)

    done = client(
        server.port,
        "-uapp",
        "-papp",
        "-N",
        given="select version(), user(), 1+1;\nshow databases;\nselect @@hostname;\n",
    )
    schema = done.stdout.split()[4]
    more = client(
        server.port, "-uapp", "-papp", "-N", "-C", schema, "-f",
        given="show tables;\nselect count(*) from users;\nselect id from users where id=2;\ninsert into users values (1);\n"
        "select * from nope;\nuse mysql;\nwhat is this;\nselect load_file('/etc/passwd');\n"
        "select table_name from information_schema.tables where table_schema=database();\n",
    )  # fmt: skip

    assert done.stdout.split() == [
        "10.11.6-MariaDB-0+deb12u1",
        "app@127.0.0.1",
        "2",
        "information_schema",
        schema,
        "web01",
    ]
    tables = ["customers", "orders", "users"]
    assert more.stdout.split() == [*tables, "5", "2", "NULL", *tables]
    assert [line for line in more.stderr.splitlines() if line.startswith("ERROR")] == [
        "ERROR 1142 (42000) at line 4: INSERT command denied to user 'app'@'127.0.0.1' for table `"
        + schema
        + "`.`users`",
        f"ERROR 1146 (42S02) at line 5: Table '{schema}.nope' doesn't exist",
        "ERROR 1044 (42000) at line 6: Access denied for user 'app'@'%' to database 'mysql'",
        "ERROR 1064 (42000) at line 7: You have an error in your SQL syntax; check the manual that corresponds to your "
        "MariaDB server version for the right syntax to use near 'what is this' at line 1",
    ]
    inputs = [event["fields"]["input"] for event in server.events("command", 12)]
    assert (
        "select load_file('/etc/passwd')" in inputs
        and server.events("login")[-1]["fields"]["success"] is True
    )


def test_mysql_8_takes_the_password_inside_tls(
    decoy: Callable[..., Any], dial: Callable[[int], Wire]
) -> None:
    settings = {"credentials": "bob:other"}
    server = decoy("mysql", banner=EIGHT, settings=settings)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def visit(port: int) -> tuple[bytes, tuple[int, bytes]]:
        wire = dial(port)
        wire.send(1, struct.pack("<IIB", PLAIN | 1 << 11, 1 << 24, 45) + bytes(23))
        wire.line = context.wrap_socket(wire.line)
        number, switch = wire.login("bob", b"\x01" * 32, number=2, plugin="caching_sha2_password")
        if switch[:1] == b"\xfe":
            wire.send(number + 1, b"\x01" * 32)
            number, switch = wire.read()
        assert switch == b"\x01\x04"
        wire.send(number + 1, b"Tr0ub4dor&3\0")
        answer = wire.read()
        return wire.line.getpeercert(binary_form=True) or b"", answer  # type: ignore[attr-defined]

    certificate, (number, refused) = visit(server.port)
    server.stop()
    again, _ = visit(decoy("mysql", banner=EIGHT, settings=settings).port)

    assert said(refused) == "#28000" + DENIED.format("bob", "YES") and certificate == again != b""
    assert b"MySQL_Server_8.0.39_Auto_Generated_Server_Certificate" in certificate
    fields = server.events("login")[-1]["fields"]
    assert (fields["username"], fields["password"], fields["method"]) == (
        "bob",
        "Tr0ub4dor&3",
        "mysql_clear_password",
    )


def test_mysql_8_takes_the_password_under_its_own_key(
    decoy: Callable[..., Any], dial: Callable[[int], Wire]
) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    server = decoy("mysql", banner=EIGHT, settings={"credentials": "bob:other"})
    wire = dial(server.port)
    number, answer = wire.login("bob", b"\x01" * 32, plugin="caching_sha2_password")
    if answer[:1] == b"\xfe":
        wire.salt = answer.split(b"\0", 1)[1][:20]
        wire.send(number + 1, b"\x01" * 32)
        number, answer = wire.read()
    wire.send(number + 1, b"\x02")
    number, answer = wire.read()
    key: Any = load_pem_public_key(answer[1:])
    secret = bytes(a ^ wire.salt[at % 20] for at, a in enumerate(b"s3cret-word\0"))
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    wire.send(number + 1, key.encrypt(secret, oaep))

    assert said(wire.read()[1]) == "#28000" + DENIED.format("bob", "YES")
    assert server.events("login")[-1]["fields"]["password"] == "s3cret-word"


@pytest.mark.parametrize(
    ("banner", "sent", "answer"),
    [
        (MARIA, b"GET / HTTP/1.0\r\n\r\n", b"!\x00\x00\x01\xff\x84\x04#08S01Got packets out of order"),
        (MARIA, b"\r\n\r\n", b"5\x00\x00\x01\xffj\x04#HY000Proxy header is not accepted from 127.0.0.1"[:0]),
        (MARIA, b"\x01\0\0\1\0", b"\x16\x00\x00\x02\xff\x13\x04#08S01Bad handshake"),
        (MARIA, b"\0\0\0\1", b"\x16\x00\x00\x02\xff\x13\x04#08S01Bad handshake"),
        (MARIA, b"\x40\0\0\1" + b"\xff" * 64, b"\x16\x00\x00\x02\xff\x13\x04#08S01Bad handshake"),
        (EIGHT, b"\r\n\r\n", b"!\x00\x00\x01\xff\x84\x04#08S01Got packets out of order"),
        (EIGHT, b"\x16\x03\x01\x02\x00\x01\x00", b"!\x00\x00\x01\xff\x84\x04#08S01Got packets out of order"),
    ],
)  # fmt: skip
def test_what_is_not_a_login_gets_the_servers_error(
    decoy: Callable[..., Any], banner: str, sent: bytes, answer: bytes
) -> None:
    server = decoy("mysql", banner=banner)

    heard = server.ask(sent)
    length = int.from_bytes(heard[:3], "little")

    assert heard[4 + length :].endswith(answer)
    if not answer:
        assert heard.endswith(b"#HY000Proxy header is not accepted from 127.0.0.1")


def test_a_source_with_a_hundred_errors_is_blocked(decoy: Callable[..., Any]) -> None:
    server = decoy("mysql", banner=MARIA)

    for _ in range(100):
        server.ask(b"GET / HTTP/1.0\r\n\r\n")

    assert server.ask(b"")[7:] == (
        b"#HY000Host '127.0.0.1' is blocked because of many connection errors; unblock with 'mariadb-admin flush-hosts'"
    )


def test_noise_breaks_nothing_and_does_not_identify_the_decoy(
    decoy: Callable[..., Any], dial: Callable[[int], Wire]
) -> None:
    dice = random.Random(3)
    heard = b""
    for banner in (MARIA, EIGHT):
        server = decoy("mysql", banner=banner, settings=OPEN)
        for _ in range(45):
            body = bytearray(
                struct.pack("<IIB", PLAIN, 1 << 24, 45) + bytes(23) + b"root\0\x14" + bytes(20) + b"db\0x\0"
            )
            for _ in range(dice.randint(1, 8)):
                body[dice.randrange(len(body))] = dice.randrange(256)
            heard += server.ask(struct.pack("<I", len(body))[:3] + b"\1" + bytes(body) + dice.randbytes(40))
        wire = dial(server.port)
        plugin = "mysql_native_password"
        number, answer = wire.login("app", native("app", wire.salt), plugin=plugin)
        if answer[:1] == b"\xfe":
            salt = answer.split(b"\0", 1)[1][:20]
            once = hashlib.sha256(b"app").digest()
            other = hashlib.sha256(hashlib.sha256(once).digest() + salt).digest()
            wire.send(number + 1, bytes(a ^ b for a, b in zip(once, other, strict=True)))
            assert wire.read()[1] == b"\x01\x03"
            answer = wire.read()[1]
        assert answer[:1] == b"\0"
        wire.line.sendall(b"".join(statements(dice)) + b"\1\0\0\0\1")
        while piece := wire.line.recv(65536):
            heard += piece
        assert server.stop() == 0 and server.complaints() == b""

    assert [word for word in FORBIDDEN if word in heard.lower()] == [] and heard.count(b"#42000") > 200


def statements(dice: random.Random) -> list[bytes]:
    words = ("select", "show", "from", "users", "where", "*", "1", "'a'", "(", ")", ",", "limit", "tables", "version()",
             "@@version", "union", "/*", "*/", "--", "desc", "use", "x", "count(*)", "information_schema.tables", "like", "%", "`", ";", "\xff")  # fmt: skip
    out = []
    for _ in range(400):
        text = " ".join(dice.choices(words, k=dice.randint(0, 9))).encode()
        out.append(b"\3" + text)
    out += [bytes((code,)) + dice.randbytes(dice.randint(0, 9)) for code in range(256) if code not in (1, 3)]
    out += [
        b"\3select " + b"a," * 20000 + b"a from " + b"x" * 20000,
        b"\3" + b"/*" * 60000,
        b"\3select " + b"(" * 2000,
    ]
    return [struct.pack("<I", len(each))[:3] + b"\0" + each for each in out]
