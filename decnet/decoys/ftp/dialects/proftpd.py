# ruff: noqa: E501 (what real servers say is not broken into shorter lines)
"""ProFTPD as Debian configures it, with active mode refused.

Source: ProFTPD 1.3.8 of Debian 12, given the same requests and compared byte by byte.
"""

import time

from ...persona import Persona
from ..tree import Node
from .dialect import COMMON, Dialect, permissions, shown_name

HALF_A_YEAR = 182 * 86400
UNIMPLEMENTED = frozenset(("ACCT", "REIN", "SMNT"))
ARGUMENT = frozenset(
    [
        "USER",
        "CWD",
        "XCWD",
        "SIZE",
        "MDTM",
        "OPTS",
        "PORT",
        "EPRT",
        "TYPE",
        "REST",
        "RETR",
        "STOR",
        "APPE",
        "STRU",
        "MODE",
        "SITE",
        "DELE",
        "RMD",
        "XRMD",
        "MKD",
        "XMKD",
        "RNFR",
        "RNTO",
    ]
)
"""Commands that are refused without a login."""
HELP = (
    "214-The following commands are recognized (* =>'s unimplemented):\r\n"
    " CWD     XCWD    CDUP    XCUP    SMNT*   QUIT    PORT    PASV    \r\n"
    " EPRT    EPSV    ALLO    RNFR    RNTO    DELE    MDTM    RMD     \r\n"
    " XRMD    MKD     XMKD    PWD     XPWD    SIZE    SYST    HELP    \r\n"
    " NOOP    FEAT    OPTS    HOST    CLNT    AUTH*   CCC*    CONF*   \r\n"
    " ENC*    MIC*    PBSZ*   PROT*   TYPE    STRU    MODE    RETR    \r\n"
    " STOR    STOU    APPE    REST    ABOR    RANG    USER    PASS    \r\n"
    " ACCT*   REIN*   LIST    NLST    STAT    SITE    MLSD    MLST    \r\n"
    "214 Direct comments to root@{address}"
)

TEXTS = {
    "need_login": "530 Please login with USER and PASS",
    "unknown": "500 {verb} not understood",
    "blank": "500 Invalid command: try being more creative",
    "unimplemented": "502 {verb} command not implemented",
    "no_argument": "501 Invalid number of parameters",
    "no_argument TYPE": "500 'TYPE' not understood",
    "no_argument REST": "500 'REST' not understood",
    "no_argument RETR": "500 'RETR' not understood",
    "no_argument STOR": "500 'STOR' not understood",
    "no_argument APPE": "500 'APPE' not understood",
    "no_argument STRU": "501 'STRU' not understood",
    "no_argument MODE": "501 'MODE' not understood",
    "no_argument SITE": "500 'SITE' requires parameters",
    "no_argument USER": "500 USER: command requires a parameter",
    "user": "331 Password required for {user}",
    "user guest": "331 Anonymous login ok, send your complete email address as your password",
    "no_guests": "331 Password required for {user}",
    "pass_first": "503 Login with USER first",
    "wrong": "530 Login incorrect.",
    "welcome": "230 User {user} logged in",
    "welcome guest": "230 Anonymous access granted, restrictions apply",
    "same_user": "230 User {user} logged in",
    "other_user": "501 Reauthentication not supported",
    "already_in": "503 You are already logged in",
    "quit": "221 Goodbye.",
    "syst": "215 UNIX Type: L8",
    "feat": (
        "211-Features:\r\n CLNT\r\n CSID\r\n EPRT\r\n EPSV\r\n HOST\r\n LANG C.UTF-8*\r\n MDTM\r\n"
        " MFF modify;UNIX.group;UNIX.mode;\r\n MFMT\r\n MLST modify*;perm*;size*;type*;unique*;UNIX.group*;"
        "UNIX.groupname*;UNIX.mode*;UNIX.owner*;UNIX.ownername*;\r\n RANG STREAM\r\n REST STREAM\r\n SIZE\r\n TVFS\r\n"
        " UTF8\r\n211 End"
    ),
    "help": HELP,
    "noop": "200 NOOP command successful",
    "type A": "200 Type set to A",
    "type I": "200 Type set to I",
    "type L 8": "200 Type set to L",
    "type": "504 TYPE not implemented for '{argument}' parameter",
    "mode S": "200 Mode set to S",
    "mode": "504 'MODE {argument}' unsupported transfer mode",
    "stru F": "200 Structure set to F",
    "stru": "504 'STRU {argument}' unsupported structure type",
    "pwd": '257 "{path}" is the current directory',
    "went": "250 {verb} command successful",
    "went XCWD": "250 CWD command successful",
    "no_folder": "550 {name}: No such file or directory",
    "pasv": "227 Entering Passive Mode ({numbers}).",
    "epsv": "229 Entering Extended Passive Mode (|||{port}|)",
    "epsv_all": "200 EPSV ALL command successful",
    "epsv_bad": "522 Network protocol not supported, use (1,2)",
    "after_all": "500 Illegal {verb} command, EPSV ALL in effect",
    "active": "500 Illegal {verb} command",
    "no_data": "425 Unable to build data connection: Connection refused",
    "no_connection": "425 Unable to build data connection: Connection timed out",
    "broken": "426 Transfer aborted. Data connection closed",
    "list": "150 Opening ASCII mode data connection for file list",
    "list MLSD": "150 Opening ASCII mode data connection for MLSD",
    "listed": "226 Transfer complete",
    "list_missing": "450 {name}: No such file or directory",
    "retr": "150 Opening {type} mode data connection for {name} ({left} bytes)",
    "stor": "150 Opening {type} mode data connection for {name}",
    "done": "226 Transfer complete",
    "no_file": "550 {name}: No such file or directory",
    "not_plain": "550 {name}: Not a regular file",
    "not_plain SIZE": "550 {name}: not a regular file",
    "not_plain MDTM": "550 {name}: not a plain file",
    "size": "213 {size}",
    "size_ascii": "550 SIZE not allowed in ASCII mode",
    "mdtm": "213 {stamp}",
    "mlst": "250-Start of list for {path}\r\n {facts} {path}\r\n250 End of list",
    "denied": "550 {name}: {reason}",
    "is a folder": "Not a regular file",
    "restart": "451 {name}: Append/Restart not permitted, try again",
    "stor STOU": "150 FILE: {made}",
    "chmod": "200 SITE CHMOD command successful",
    "denied STOU": "450 STOU: unable to generate unique filename",
    "denied guest": "550 {name}: Operation not permitted",
    "rename_first": "503 Bad sequence of commands",
    "failed": "550 {name}: {reason}",
    "made": '257 "{at}" - Directory successfully created',
    "removed": "250 {verb} command successful",
    "rename": "350 File or directory exists, ready for destination name",
    "renamed": "250 Rename successful",
    "rest": "350 Restarting at {at}. Send STORE or RETRIEVE to initiate transfer",
    "rest_bad": "501 REST requires a value greater than or equal to 0",
    "abor": "226 Abort successful",
    "stat": (
        "211-Status of 'Debian'\r\n Connected from {source} ({source})\r\n Logged in as {user}\r\n"
        " TYPE: {type}, STRUcture: File, Mode: Stream\r\n No data connection\r\n211 End of status"
    ),
    "stat_path": "212-Status of {name}:\r\n{indented}212 End of status",
    "site": "500 'SITE {argument}' not understood",
    "site HELP": (
        "214-The following SITE commands are recognized (* =>'s unimplemented)\r\n HELP\r\n CHGRP\r\n CHMOD\r\n"
        "214 Direct comments to root@{address}"
    ),
    "site CHMOD": "550 {name}: No such file or directory",
    "site CHGRP": "550 {name}: No such file or directory",
    "allo": "200 ALLO command successful",
    "opts": "501 'OPTS {argument}' not understood",
    "opts UTF8 ON": "200 UTF8 set to on",
    "opts MLST": "200 MLST OPTS",
    "clnt": "200 OK",
    "too_long": "",
    "timeout": "421 Idle timeout (1200 seconds): closing control connection",
}  # fmt: skip


def make(persona: Persona) -> Dialect:
    """The dialect of this machine."""
    more = frozenset(("FEAT", "OPTS", "CLNT", "MLSD", "MLST"))
    texts = TEXTS | {"stat": TEXTS["stat"].replace("Debian", _server(persona))}
    return Dialect(
        texts,
        listing,
        known=COMMON | UNIMPLEMENTED | more,
        free=frozenset(("USER", "PASS", "QUIT", "FEAT", "OPTS", "CLNT", "NOOP", "HELP", "SYST"))
        | UNIMPLEMENTED,
        unimplemented=UNIMPLEMENTED,
        argument=ARGUMENT,
        blank="blank",
        delay=(1.6, 3.0),
        idle=1200.0,
        ports=(1024, 65535),
        denies_root=True,
        facts=facts,
        bare=frozenset(("FEAT",)),
        guest_owner="ftp",
        stores_files=True,
        unique="ftp",
    )


def _server(persona: Persona) -> str:
    inside = persona.banner.partition("(")[2].partition(")")[0]
    return inside if "ProFTPD Server" in persona.banner and inside else "ProFTPD"


def listing(entries: list[tuple[str, Node]], now: float) -> str:
    """A listing as ProFTPD prints it: the names of owners."""
    return "".join(
        f"{permissions(node)} {2 if node.folder else 1:>3} {node.owner:<8} {node.owner:<8} {node.bytes:>8} "
        f"{when(node.changed, now)} {shown_name(name, node)}\r\n"
        for name, node in entries
    )


def when(changed: int, now: float) -> str:
    """A time as `ls` shows it."""
    recent = now - HALF_A_YEAR < changed <= now
    return time.strftime("%b %e %H:%M" if recent else "%b %e  %Y", time.gmtime(changed))


def facts(node: Node, kind: str, unique: str) -> str:
    """The facts of one entry in MLSD (RFC 3659)."""
    number = 0 if node.owner == "root" else 1000
    kept = [f"modify={time.strftime('%Y%m%d%H%M%S', time.gmtime(node.changed))}"]
    kept += [f"perm={'fle' if node.folder else 'adfr'}"]
    kept += [] if node.folder else [f"size={node.bytes}"]
    kept += [f"type={kind}", f"unique={unique}", f"UNIX.group={number}", f"UNIX.groupname={node.owner}"]
    kept += [f"UNIX.mode=0{node.mode & 0o777:o}", f"UNIX.owner={number}", f"UNIX.ownername={node.owner}"]
    return ";".join(kept) + ";"
