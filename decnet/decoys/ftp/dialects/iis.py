# ruff: noqa: E501 (what real servers say is not broken into shorter lines)
"""Microsoft's FTP service (IIS 7 and newer), without a certificate.

Source: transcripts of the service in Microsoft's documentation and in nmap's service probes.
"""

import time

from ...persona import Persona
from ..tree import Node
from .dialect import COMMON, Dialect

HELP = (
    "214-The following commands are recognized (* ==>'s unimplemented).\r\n"
    " ABOR\r\n ACCT\r\n ADAT *\r\n ALLO\r\n APPE\r\n AUTH\r\n CCC\r\n CDUP\r\n CWD\r\n DELE\r\n ENC *\r\n EPRT\r\n"
    " EPSV\r\n FEAT\r\n HELP\r\n HOST\r\n LANG\r\n LIST\r\n MDTM\r\n MIC *\r\n MKD\r\n MODE\r\n NLST\r\n NOOP\r\n"
    " OPTS\r\n PASS\r\n PASV\r\n PBSZ\r\n PORT\r\n PROT\r\n PWD\r\n QUIT\r\n REIN\r\n REST\r\n RETR\r\n RMD\r\n RNFR\r\n"
    " RNTO\r\n SITE\r\n SIZE\r\n SMNT\r\n STAT\r\n STOR\r\n STOU\r\n STRU\r\n SYST\r\n TYPE\r\n USER\r\n XCUP\r\n XCWD\r\n"
    " XMKD\r\n XPWD\r\n XRMD\r\n214 HELP command successful."
)

TEXTS = {
    "need_login": "530 Please login with USER and PASS.",
    "unknown": "500 Command not understood.",
    "unimplemented": "502 Command not implemented.",
    "no_argument": "501 Syntax error in parameters or arguments.",
    "user": "331 Password required",
    "user guest": "331 Anonymous access allowed, send identity (e-mail name) as password.",
    "no_guests": "331 Password required",
    "pass_first": "503 Login with USER first.",
    "wrong": "530 User cannot log in.",
    "welcome": "230 User logged in.",
    "same_user": "331 Password required",
    "other_user": "331 Password required",
    "already_in": "230 User logged in.",
    "quit": "221 Goodbye.",
    "syst": "215 Windows_NT",
    "feat": (
        "211-Extended features supported:\r\n LANG EN*\r\n UTF8\r\n AUTH TLS;TLS-C;SSL;TLS-P;\r\n PBSZ\r\n PROT C;P;\r\n"
        " CCC\r\n HOST\r\n SIZE\r\n MDTM\r\n REST STREAM\r\n211 END"
    ),
    "help": HELP,
    "noop": "200 noop command successful.",
    "type A": "200 Type set to A.",
    "type I": "200 Type set to I.",
    "type": "504 Command not implemented for that parameter.",
    "mode S": "200 Mode S ok.",
    "mode": "504 Command not implemented for that parameter.",
    "stru F": "200 STRU F ok.",
    "stru": "504 Command not implemented for that parameter.",
    "pwd": '257 "{path}" is current directory.',
    "went": "250 {verb} command successful.",
    "no_folder": "550 The system cannot find the file specified. ",
    "pasv": "227 Entering Passive Mode ({numbers}).",
    "epsv": "229 Entering Extended Passive Mode (|||{port}|)",
    "epsv_all": "200 EPSV ALL command successful.",
    "epsv_bad": "522 Network protocol not supported.",
    "after_all": "501 Server cannot accept argument.",
    "active": "501 Server cannot accept argument.",
    "no_data": "425 Cannot open data connection.",
    "no_connection": "425 Cannot open data connection.",
    "broken": "426 Connection closed; transfer aborted.",
    "list": "125 Data connection already open; Transfer starting.",
    "listed": "226 Transfer complete.",
    "retr": "125 Data connection already open; Transfer starting.",
    "done": "226 Transfer complete.",
    "no_file": "550 The system cannot find the file specified. ",
    "size": "213 {size}",
    "mdtm": "213 {stamp}",
    "denied": "550 Access is denied. ",
    "rename_first": "503 Bad sequence of commands.",
    "rest": "350 Restarting at {at}.",
    "rest_bad": "501 Syntax error in parameters or arguments.",
    "abor": "226 ABOR command successful.",
    "stat": (
        "211-Microsoft FTP Service status:\r\n Connected from {source}\r\n Logged in as {user}\r\n TYPE: {type}\r\n"
        "211 End of status."
    ),
    "stat_path": "212-Status of {name}:\r\n{listing}212 End of status.",
    "site": "500 Command not understood.",
    "allo": "200 ALLO command successful.",
    "opts": "501 Syntax error in parameters or arguments.",
    "opts UTF8 ON": "200 OPTS UTF8 command successful - UTF8 encoding now ON.",
    "clnt": "500 Command not understood.",
    "secure": "534 Local policy on server does not allow TLS secure connections.",
    "too_long": "500 Command line too long.",
    "timeout": "421 Timeout (120 seconds): closing control connection.",
}  # fmt: skip


def make(persona: Persona) -> Dialect:
    """The dialect of this machine."""
    unimplemented = frozenset(("ACCT", "REIN", "SMNT"))
    free = frozenset(("USER", "PASS", "QUIT", "FEAT", "OPTS", "NOOP", "HELP", "SYST", "AUTH", "PBSZ", "PROT"))
    argument = frozenset(
        (
            "USER",
            "CWD",
            "XCWD",
            "SIZE",
            "MDTM",
            "TYPE",
            "REST",
            "RETR",
            "STOR",
            "APPE",
            "STRU",
            "MODE",
            "DELE",
            "RMD",
            "MKD",
            "RNFR",
            "RNTO",
        )
    )
    return Dialect(
        TEXTS, listing, known=COMMON | unimplemented | {"FEAT", "OPTS", "AUTH", "PBSZ", "PROT"}, free=free,
        unimplemented=unimplemented, argument=argument, tries=10, delay=(0.1, 0.3), idle=120.0,
    )  # fmt: skip


def listing(entries: list[tuple[str, Node]], now: float) -> str:
    """A listing in DOS format."""
    return "".join(
        f"{time.strftime('%m-%d-%y  %I:%M%p', time.gmtime(node.changed))} "
        + (f"{'<DIR>':>12}         " if node.folder else f"{node.bytes:>20}")
        + f" {name}\r\n"
        for name, node in entries
        if name not in (".", "..")
    )
