# ruff: noqa: E501 (one row of the table stands on one line)
"""FTP: names, passwords and accounts in any order."""

from __future__ import annotations

from .base import Target, Try, accepted, login, refused

PAIR = {"username": "admin", "password": "hunter2"}
LATE = b"USER a\r\nPASS 1\r\nQUIT\r\nUSER b\r\nPASS 2\r\n"
TRIES = (
    Try("a wrong password", b"USER admin\r\nPASS hunter2\r\n", refused("password", **PAIR)),
    Try("an account", b"USER bob\r\nPASS pw\r\n", accepted("password", "bob", password="pw")),
    Try("a password first", b"PASS hunter2\r\n", refused("password", "", password="hunter2")),
    Try("a password once more", b"USER admin\r\nPASS hunter2\r\nPASS again\r\n",
        (*refused("password", **PAIR), *refused("password", "admin", password="again"))),
    Try("two names", b"USER nobody\r\nUSER admin\r\nPASS hunter2\r\n",
        (*refused("none", "nobody"), *refused("password", **PAIR))),
    Try("a name alone", b"USER admin\r\nQUIT\r\n", refused("none", "admin")),
    Try("after a login", b"USER bob\r\nPASS pw\r\nUSER admin\r\nPASS hunter2\r\n",
        (*accepted("password", "bob", password="pw"), *refused("password", **PAIR))),
    Try("an account's password", b"USER admin\r\nACCT hunter2\r\n", refused("account", **PAIR)),
    Try("GSSAPI", b"ADAT YIIB\r\n", refused("adat", "", password="YIIB")),
    Try("an empty password", b"USER admin\r\nPASS \r\n", refused("password", "admin", password="")),
    Try("small letters", b"user admin\r\npass hunter2\r\n", refused("password", **PAIR)),
    Try("a tab", b"USER\tadmin\r\nPASS\thunter2\r\n", refused("password", **PAIR)),
    Try("Telnet's noise", b"\xff\xfb\x18USER admin\r\nPASS hun\xff\xf4ter2\r\n", refused("password", **PAIR)),
    Try("bytes", b"USER \xe4\x01\r\nPASS p\xe4\xe2\x82\xac\r\n", refused("password", "\\xe4\x01", password="p\\xe4€")),
    Try("too long", b"USER admin\r\nPASS " + b"p" * 9_000 + b"\r\n", refused("password", "admin", password="p" * 1000)),
    Try("far too long", b"USER admin\r\nPASS " + b"p" * 90_000 + b"\r\n",
        refused("password", "admin", password="p" * 1000)),
    Try("a line that does not end", b"USER admin\r\nPASS hunter2", refused("password", **PAIR)),
    Try("behind the last word", LATE, (*refused("password", "a", password="1"), *refused("password", "b", password="2"))),
    Try("the password of a site", b"USER admin\r\nSITE PSWD hunter2 x\r\n",
        refused("site pswd", "admin", password="hunter2 x")),
    Try("curl", ("curl", "-s", "-m", "20", "ftp://admin:hunter2@127.0.0.1:{port}/"), refused("password", **PAIR)),
)  # fmt: skip
PRINTER = (
    Try("anybody", b"USER admin\r\nPASS hunter2\r\n", accepted("password", **PAIR)),
    Try(
        "once more",
        b"PASS a\r\nPASS b\r\n",
        (login("password", True, "", password="a"), *refused("password", "", password="b")),
    ),
)
GUESTS = (
    Try("a guest", b"USER anonymous\r\nPASS a@b\r\n", accepted("anonymous", "anonymous", password="a@b")),
    Try("a guest's second name", b"USER ftp\r\nPASS x\r\nUSER root\r\n",
        (*accepted("anonymous", "ftp", password="x"), *refused("none", "root"))),
)  # fmt: skip
KNOWN = {"credentials": "bob:pw", "anonymous": False}

TARGETS = (
    Target("ftp", "debian-12", TRIES, KNOWN, "220 (vsFTPd 3.0.3)", label="vsftpd"),
    Target(
        "ftp", "debian-12", TRIES, KNOWN, "220 ProFTPD Server (Debian) [::ffff:127.0.0.1]", label="proftpd"
    ),
    Target("ftp", "windows-server-2019", TRIES, KNOWN),
    Target("ftp", "freebsd-14.0", TRIES, KNOWN),
    Target("ftp", "schneider-m340", TRIES, KNOWN),
    Target("ftp", "hp-laserjet-m404", PRINTER),
    Target("ftp", "debian-12", GUESTS, {"anonymous": True}, "220 (vsFTPd 3.0.3)", label="for guests"),
)
