# ruff: noqa: E501 (one row of the table stands on one line)
"""Redis: AUTH, HELLO, and the commands that carry passwords."""

from __future__ import annotations

from .base import Target, Try, accepted, login, refused

LONG = b"p" * 2_000_000


def resp(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


OPEN = (
    Try("a password where none is set", b"AUTH x\r\n", refused("auth", "default", password="x")),
    Try("the default user", b"AUTH default any\r\n", accepted("auth", "default", password="any")),
    Try("another user", b"AUTH admin admin\r\n", refused("auth", "admin", password="admin")),
    Try("too many words", b"AUTH admin two words\r\n", refused("auth", "admin", password="two words")),
    Try("HELLO", b"HELLO 3 AUTH u p\r\n", refused("auth", "u", password="p")),
    Try(
        "HELLO with a name",
        b"HELLO 3 AUTH default p SETNAME n\r\n",
        accepted("auth", "default", password="p"),
    ),
    Try("HELLO of no protocol", b"HELLO 9 AUTH u p\r\n", refused("auth", "u", password="p")),
    Try("HELLO without a protocol", b"HELLO AUTH u p\r\n", refused("auth", "u", password="p")),
    Try("HELLO without a password", b"HELLO 3 AUTH u\r\n", refused("auth", "u")),
    Try(
        "HELLO that goes on after a refusal", b"HELLO 3 AUTH u p AUTH default q\r\n",
        (*refused("auth", "u", password="p"), *refused("auth", "default", password="q")),
    ),
    Try("a transaction", b"MULTI\r\nAUTH default a\r\nEXEC\r\n", accepted("auth", "default", password="a")),
    Try("a discarded transaction", b"MULTI\r\nAUTH u a\r\nDISCARD\r\n", refused("auth", "u", password="a")),
    Try("a broken transaction", b"MULTI\r\nNO\r\nAUTH u a\r\nEXEC\r\n", refused("auth", "u", password="a")),
    Try("a transaction that is reset", b"MULTI\r\nAUTH u a\r\nRESET\r\n", refused("auth", "u", password="a")),
    Try("a transaction without end", b"MULTI\r\nAUTH u a\r\n", refused("auth", "u", password="a")),
    Try("while subscribed", b"SUBSCRIBE c\r\nAUTH u a\r\n", refused("auth", "u", password="a")),
    Try("odd bytes", resp(b"AUTH", b"\xff\x00\x01\xe2\x82\xac\r\n"),
        refused("auth", "default", password="\\xff\x00\x01€\r\n")),
    Try("a word that does not end", b"*2\r\n$4\r\nAUTH\r\n$9\r\nsecr", refused("auth", "default", password="secr")),
    Try("a line that does not end", b"AUTH u sec", refused("auth", "u", password="sec")),
    Try("quotes that do not end", b'AUTH "sec\r\nAUTH u b\r\n',
        (*refused("auth", "default", password='"sec'), *refused("auth", "u", password="b"))),
    Try("no bulk", b"*2\r\nAUTH\r\nsecret\r\n", refused("auth", "default", password="secret")),
    Try("far too long", b"*2\r\n$4\r\nAUTH\r\n$%d\r\n" % len(LONG) + LONG,
        refused("auth", "default", password="p" * 1000)),
    Try("behind a QUIT", b"QUIT\r\nAUTH u late\r\n", refused("auth", "u", password="late")),
    Try("MIGRATE", b"MIGRATE h 1 k 0 9 AUTH p\r\n", refused("migrate", "default", password="p")),
    Try("MIGRATE of a user", b"MIGRATE h 1 k 0 9 COPY AUTH2 u p\r\n", refused("migrate", "u", password="p")),
    Try(
        "ACL SETUSER", b"ACL SETUSER eve on >pw1 <pw0 #" + b"ab" * 32 + b" +@all\r\n",
        tuple(
            login("acl setuser", True, "eve", **said)
            for said in ({"password": "pw1"}, {"password": "pw0"}, {"hash": "ab" * 32})
        ),
    ),
    Try("masterauth", b"CONFIG SET masterauth m\r\n", accepted("config set masterauth", "", password="m")),
    Try("no such setting", b"CONFIG SET requirepass r maxmemory x\r\n",
        refused("config set requirepass", "default", password="r")),
    Try("redis-cli with a password", ("redis-cli", "-p", "{port}", "-a", "hunter2", "ping"),
        refused("auth", "default", password="hunter2")),
    Try("redis-cli with a user", ("redis-cli", "-p", "{port}", "--user", "u", "--pass", "p", "ping"),
        refused("auth", "u", password="p")),
    Try("redis-cli in RESP3", ("redis-cli", "-3", "-p", "{port}", "-a", "hunter2", "ping"),
        (*refused("auth", "default", password="hunter2"),)),
    Try("requirepass", b"CONFIG SET requirepass r\r\n",
        accepted("config set requirepass", "default", password="r")),
    Try("the new password", b"AUTH r\r\n", accepted("auth", "default", password="r")),
)  # fmt: skip
OLD = (
    Try("a password where none is set", b"AUTH x\r\n", refused("auth", "default", password="x")),
    Try("two words", b"AUTH u p\r\n", refused("auth", "u", password="p")),
    Try("HELLO", b"HELLO 3 AUTH u p\r\n", refused("auth", "u", password="p")),
    Try("ACL", b"ACL SETUSER eve >pw\r\n", refused("acl setuser", "eve", password="pw")),
)
CLOSED = (
    Try(
        "wrong, then right", b"AUTH no\r\nAUTH s3cret\r\n",
        (*refused("auth", "default", password="no"), *accepted("auth", "default", password="s3cret")),
    ),
    Try("HELLO", b"HELLO 3 AUTH default s3cret\r\n", accepted("auth", "default", password="s3cret")),
    Try("too long for a stranger", resp(b"AUTH", b"q" * 20_000), refused("auth", "default", password="q" * 1000)),
    Try("too many words for a stranger", resp(b"AUTH", b"u", b"p", *[b"x"] * 9),
        refused("auth", "u", password="p" + " x" * 9)),
    Try("a setting before a login", b"CONFIG SET requirepass e\r\n",
        refused("config set requirepass", "default", password="e")),
)  # fmt: skip

TARGETS = (
    Target("redis", "debian-12", OPEN, banner="7.0.15"),
    Target("redis", "debian-11", OLD, banner="5.0.14"),
    Target("redis", "debian-12", CLOSED, {"password": "s3cret"}, "6.2.7", label="with a password"),
)
