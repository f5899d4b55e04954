# ruff: noqa: E501 (what real servers say is not broken into shorter lines)
"""vsftpd as Debian configures it, with active mode and writing switched off.

Source: vsftpd 3.0.3 of Debian 12, given the same requests and compared byte by byte
(tests/decoys/test_ftp.py).
"""

import time

from ...persona import Persona
from ..tree import Node
from .dialect import COMMON, Dialect, permissions, shown_name

HALF_A_YEAR = 182 * 86400

TEXTS = {
    "need_login": "530 Please login with USER and PASS.",
    "unknown": "500 Unknown command.",
    "unimplemented": "502 {verb} not implemented.",
    "user": "331 Please specify the password.",
    "no_guests": "331 Please specify the password.",
    "pass_first": "503 Login with USER first.",
    "wrong": "530 Login incorrect.",
    "welcome": "230 Login successful.",
    "same_user": "331 Any password will do.",
    "other_user": "530 Can't change to another user.",
    "other_user guest": "530 Can't change from guest user.",
    "already_in": "230 Already logged in.",
    "quit": "221 Goodbye.",
    "syst": "215 UNIX Type: L8",
    "feat": "211-Features:\r\n EPSV\r\n MDTM\r\n PASV\r\n REST STREAM\r\n SIZE\r\n TVFS\r\n211 End",
    "help": (
        "214-The following commands are recognized.\r\n"
        " ABOR ACCT ALLO APPE CDUP CWD  DELE EPRT EPSV FEAT HELP LIST MDTM MKD\r\n"
        " MODE NLST NOOP OPTS PASS PASV PORT PWD  QUIT REIN REST RETR RMD  RNFR\r\n"
        " RNTO SITE SIZE SMNT STAT STOR STOU STRU SYST TYPE USER XCUP XCWD XMKD\r\n"
        " XPWD XRMD\r\n214 Help OK."
    ),
    "noop": "200 NOOP ok.",
    "type A": "200 Switching to ASCII mode.",
    "type I": "200 Switching to Binary mode.",
    "type L8": "200 Switching to Binary mode.",
    "type L 8": "200 Switching to Binary mode.",
    "type": "500 Unrecognised TYPE command.",
    "mode S": "200 Mode set to S.",
    "mode": "504 Bad MODE command.",
    "stru F": "200 Structure set to F.",
    "stru": "504 Bad STRU command.",
    "pwd": '257 "{path}" is the current directory',
    "went": "250 Directory successfully changed.",
    "no_folder": "550 Failed to change directory.",
    "pasv": "227 Entering Passive Mode ({numbers}).",
    "epsv": "229 Entering Extended Passive Mode (|||{port}|)",
    "epsv_all": "200 EPSV ALL ok.",
    "epsv_bad": "522 Bad network protocol.",
    "after_all": "550 Permission denied.",
    "active": "550 Permission denied.",
    "no_data": "425 Use PORT or PASV first.",
    "no_connection": "425 Failed to establish connection.",
    "broken": "426 Failure writing network stream.",
    "list": "150 Here comes the directory listing.",
    "listed": "226 Directory send OK.",
    "retr": "150 Opening BINARY mode data connection for {name} ({size} bytes).",
    "done": "226 Transfer complete.",
    "no_file": "550 Failed to open file.",
    "size": "213 {size}",
    "no_file SIZE": "550 Could not get file size.",
    "mdtm": "213 {stamp}",
    "no_file MDTM": "550 Could not get file modification time.",
    "denied": "550 Permission denied.",
    "rest": "350 Restart position accepted ({at}).",
    "rest_bad": "350 Restart position accepted (0).",
    "abor": "225 No transfer to ABOR.",
    "stat": (
        "211-FTP server status:\r\n     Connected to {source}\r\n     Logged in as {user}\r\n     TYPE: {type}\r\n"
        "     No session bandwidth limit\r\n     Session timeout in seconds is 300\r\n"
        "     Control connection is plain text\r\n     Data connections will be plain text\r\n"
        "     At session startup, client count was {clients}\r\n     vsFTPd {version} - secure, fast, stable\r\n"
        "211 End of status"
    ),
    "stat_path": "213-Status follows:\r\n{listing}213 End of status",
    "site": "500 Unknown SITE command.",
    "site HELP": "214 UMASK HELP",
    "site UMASK": "200 Your current UMASK is 077",
    "site guest": "550 Permission denied.",
    "allo": "202 ALLO command ignored.",
    "opts": "501 Option not understood.",
    "opts UTF8 ON": "200 Always in UTF8 mode.",
    "secure": "550 Permission denied.",
    "too_long": "500 Input line too long.",
    "timeout": "421 Timeout.",
}  # fmt: skip

WRITING = {
    "stor": "150 Ok to send data.",
    "denied STOR": "553 Could not create file.",
    "denied APPE": "553 Could not create file.",
    "denied STOU": "553 Could not create file.",
    "failed MKD": "550 Create directory operation failed.",
    "failed XMKD": "550 Create directory operation failed.",
    "failed RMD": "550 Remove directory operation failed.",
    "failed XRMD": "550 Remove directory operation failed.",
    "failed DELE": "550 Delete operation failed.",
    "failed RNFR": "550 RNFR command failed.",
    "failed RNTO": "550 Rename failed.",
    "failed": "550 Permission denied.",
    "made": '257 "{at}" created',
    "removed DELE": "250 Delete operation successful.",
    "removed": "250 Remove directory operation successful.",
    "rename": "350 Ready for RNTO.",
    "renamed": "250 Rename successful.",
    "rename_first": "503 RNFR required first.",
    "stor STOU": "150 FILE: {made}",
    "chmod": "200 SITE CHMOD command ok.",
    "failed SITE": "550 SITE CHMOD command failed.",
}
"""With write_enable, which Rocky's package sets, and Debian's does not."""


def make(persona: Persona) -> Dialect:
    """The dialect of this machine."""
    unimplemented = frozenset(("ACCT", "REIN", "SMNT"))
    writes = persona.release.startswith("rocky")
    return Dialect(
        TEXTS | (WRITING if writes else {}),
        listing,
        known=COMMON | unimplemented | {"FEAT", "OPTS", "PBSZ", "PROT"},
        free=frozenset(("USER", "PASS", "QUIT", "FEAT", "OPTS")),
        unimplemented=unimplemented,
        hides_unknown=True,
        blank="",
        delay=(2.4, 4.2),
        ports=(5001, 65535),
        ascii=False,
        denies_root=True,
        stores_files=writes,
    )


def listing(entries: list[tuple[str, Node]], now: float) -> str:
    """A listing as vsftpd prints it: numbers instead of names."""
    return "".join(
        f"{permissions(node)} {_links(node):>4} {_id(node):<8} {_id(node):<8} {node.bytes:>8} "
        f"{_when(node.changed, now)} {shown_name(name, node)}\r\n"
        for name, node in entries
    )


def _links(node: Node) -> int:
    return 2 if node.folder else 1


def _id(node: Node) -> int:
    return 0 if node.owner == "root" else 1000


def _when(changed: int, now: float) -> str:
    recent = now - HALF_A_YEAR < changed <= now
    return time.strftime("%b %d %H:%M" if recent else "%b %d  %Y", time.gmtime(changed))
