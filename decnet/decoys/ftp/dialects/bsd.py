# ruff: noqa: E501 (what real servers say is not broken into shorter lines)
"""FreeBSD's ftpd, and the servers in devices that derive from it.

Source: ftpd.c and ftpcmd.y of FreeBSD; the devices' greetings and refusals in nmap's service probes.
"""

from ...persona import Persona
from ..tree import Node
from .dialect import COMMON, Dialect, permissions, shown_name
from .proftpd import when

HELP = (
    "214- The following commands are recognized (* =>'s unimplemented).\r\n"
    "   USER    PORT    STOR    MSAM*   RNTO    NLST    MKD     CDUP    \r\n"
    "   PASS    PASV    APPE    MRSQ*   ABOR    SITE    XMKD    XCUP    \r\n"
    "   ACCT*   LPRT    MLFL*   MRCP*   DELE    SYST    RMD     STOU    \r\n"
    "   SMNT*   LPSV    MAIL*   ALLO    CWD     STAT    XRMD    SIZE    \r\n"
    "   REIN*   TYPE    MSND*   REST    XCWD    HELP    PWD     MDTM    \r\n"
    "   QUIT    STRU    MSOM*   RNFR    LIST    NOOP    XPWD    \r\n"
    "   EPSV    RETR    MODE    EPRT    \r\n"
    "214 Direct comments to ftp-bugs@{hostname}."
)

TEXTS = {
    "need_login": "530 Please login with USER and PASS.",
    "unknown": "500 '{line}': command not understood.",
    "unimplemented": "502 {verb} command not implemented.",
    "no_argument": "500 '{line}': command not understood.",
    "user": "331 Password required for {user}.",
    "user guest": "331 Guest login ok, send your email address as password.",
    "no_guests": "530 User {user} access denied.",
    "pass_first": "503 Login with USER first.",
    "wrong": "530 Login incorrect.",
    "welcome": "230 User {user} logged in.",
    "welcome guest": "230 Guest login ok, access restrictions apply.",
    "same_user": "331 Password required for {user}.",
    "other_user": "331 Password required for {user}.",
    "other_user guest": "530 Can't change user from guest login.",
    "already_in": "503 Login with USER first.",
    "quit": "221 Goodbye.",
    "syst": "215 UNIX Type: L8 Version: BSD-199506",
    "help": HELP,
    "noop": "200 NOOP command successful.",
    "type A": "200 Type set to A.",
    "type I": "200 Type set to I.",
    "type L 8": "200 Type set to L (byte size 8).",
    "type": "504 Type {argument} not implemented.",
    "mode S": "200 MODE S accepted.",
    "mode": "502 Unimplemented MODE type.",
    "stru F": "200 STRU F accepted.",
    "stru": "504 Unimplemented STRU type.",
    "pwd": '257 "{path}" is current directory.',
    "went": "250 CWD command successful.",
    "no_folder": "550 {name}: No such file or directory.",
    "pasv": "227 Entering Passive Mode ({numbers})",
    "epsv": "229 Entering Extended Passive Mode (|||{port}|)",
    "epsv_all": "200 EPSV ALL command successful.",
    "epsv_bad": "522 Network protocol mismatch, use (1)",
    "after_all": "501 {verb} is not allowed after EPSV ALL",
    "active": "500 Illegal {verb} command.",
    "active EPRT": "500 Illegal EPRT command.",
    "no_data": "425 Can't build data connection: Connection refused.",
    "no_connection": "425 Can't open passive connection: Operation timed out.",
    "broken": "426 Data connection: Broken pipe.",
    "list": "150 Opening ASCII mode data connection for '/bin/ls'.",
    "list NLST": "150 Opening ASCII mode data connection for 'file list'.",
    "listed": "226 Transfer complete.",
    "retr": "150 Opening {type} mode data connection for '{name}' ({left} bytes).",
    "stor": "150 Opening {type} mode data connection for '{name}'.",
    "done": "226 Transfer complete.",
    "no_file": "550 {name}: No such file or directory.",
    "not_plain": "550 {name}: not a plain file.",
    "size": "213 {size}",
    "mdtm": "213 {stamp}",
    "denied": "550 {name}: Permission denied.",
    "denied STOR": "553 {name}: {reason}.",
    "denied APPE": "553 {name}: {reason}.",
    "denied STOU": "553 {name}: {reason}.",
    "rename_first": "503 Bad sequence of commands.",
    "failed": "550 {name}: {reason}.",
    "failed RNTO": "550 rename: {reason}.",
    "made": '257 "{at}" directory created.',
    "removed": "250 {verb} command successful.",
    "rename": "350 File exists, ready for destination name.",
    "renamed": "250 RNTO command successful.",
    "chmod": "200 CHMOD command successful.",
    "stor STOU": "150 Opening {type} mode data connection for '{made}'.",
    "rest": "350 Restarting at {at}. Send STORE or RETRIEVE to initiate transfer.",
    "rest_bad": "500 '{line}': command not understood.",
    "abor": "225 ABOR command successful.",
    "stat": (
        "211- {hostname} FTP server status:\r\n     Version 6.00LS\r\n     Connected to {source}\r\n"
        "     Logged in as {user}\r\n     TYPE: {type}, FORM: Nonprint; STRUcture: File; transfer MODE: Stream\r\n"
        "     No data connection\r\n211 End of status."
    ),
    "stat_path": "213- Status of {name}:\r\n{listing}213 End of Status.",
    "site": "500 '{line}': command not understood.",
    "site HELP": "214- The following SITE commands are recognized (* =>'s unimplemented).\r\n   UMASK   IDLE    CHMOD   "
    "HELP    MD5     \r\n214 Direct comments to ftp-bugs@{hostname}.",
    "site UMASK": "200 Current UMASK is 027.",
    "allo": "202 ALLO command ignored.",
    "too_long": "500 Command line too long.",
    "timeout": "421 Timeout (900 seconds): closing control connection.",
}  # fmt: skip

DEVICE = {
    "need_login": "530 Not logged in.",
    "unknown": "500 Command not understood.",
    "no_argument": "501 Syntax error in parameters.",
    "no_guests": "331 Password required for {user}.",
    "syst": "215 UNIX Type: L8",
}
PRINTER = {
    "need_login": "530 Authentication required.",
    "unknown": "500 Command not recognized.",
    "user": "331 Username OK, send identity (e-mail name) as password.",
    "welcome": "230 User logged in, proceed.",
    "syst": "215 UNIX Type: L8",
    "stor": "150 Opening data connection for {name}.",
    "no_file": "550 File not found.",
    "denied": "550 Permission denied.",
}
VXWORKS = {
    "need_login": "530 USER and PASS required",
    "unknown": "500 Command not recognized",
    "no_argument": "501 Parameter not accepted",
    "user": "331 Password required",
    "user guest": "331 Password required",
    "no_guests": "331 Password required",
    "pass_first": "530 USER and PASS required",
    "wrong": "530 Login failed",
    "welcome": "230 User logged in",
    "welcome guest": "230 User logged in",
    "quit": "221 Bye...see you later",
    "syst": "215 UNIX Type: L8 Version: VxWorks",
    "noop": "200 NOOP -- did nothing as requested...hah!",
    "type A": "200 Type set to A, ASCII mode",
    "type I": "200 Type set to I, binary mode",
    "type": "501 Parameter not accepted",
    "mode S": "200 MODE command accepted",
    "mode": "501 Parameter not accepted",
    "stru F": "200 STRU command accepted",
    "stru": "501 Parameter not accepted",
    "pwd": '257 Current directory is "{path}"',
    "went": '250 Changed directory to "{path}"',
    "no_folder": "501 Directory non existent or syntax error",
    "active": "501 Parameter not accepted",
    "no_data": "426 Data connection error",
    "no_connection": "426 Data connection error",
    "list": "150 Opening ASCII mode data connection",
    "list NLST": "150 Opening ASCII mode data connection",
    "listed": "226 Transfer complete",
    "retr": "150 Opening {type} mode data connection",
    "done": "226 Transfer complete",
    "no_file": '550 File "{name}" not found or permission problem',
    "denied": '553 Cannot create file "{name}" or permission problem',
    "denied STOR": '553 Cannot create file "{name}" or permission problem',
    "denied DELE": '550 File "{name}" not found or permission problem',
    "site": "500 Command not recognized",
}
STORAGE = ("synology", "qnap")
UNIMPLEMENTED = frozenset(("ACCT", "REIN", "SMNT"))
ARGUMENT = frozenset(
    (
        "USER",
        "PASS",
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


def make(persona: Persona) -> Dialect:
    """FreeBSD's own."""
    return Dialect(
        TEXTS, listing, known=COMMON | UNIMPLEMENTED, free=frozenset(("USER", "PASS", "QUIT", "HELP", "SYST", "NOOP")),
        unimplemented=UNIMPLEMENTED, argument=ARGUMENT, tries=5, delay=(0.2, 1.0), idle=900.0, denies_root=True,
        stores_files=True,
    )  # fmt: skip


def device(persona: Persona) -> Dialect:
    """Of a switch or a NAS."""
    texts = TEXTS | DEVICE
    return Dialect(
        texts, listing, known=COMMON - {"EPRT", "MDTM", "SIZE"}, argument=ARGUMENT, delay=(0.2, 0.6), ports=(1024, 5000),
        stores_files=persona.release.startswith(STORAGE),
    )  # fmt: skip


def vxworks(persona: Persona) -> Dialect:
    """Of a controller with VxWorks."""
    return Dialect(
        TEXTS | VXWORKS, listing, known=COMMON - {"EPRT", "MDTM", "STAT"}, argument=ARGUMENT, delay=(0.2, 0.6),
        ports=(1024, 5000),
    )  # fmt: skip


def printer(persona: Persona) -> Dialect:
    """A printer's server: it prints every file that it receives."""
    return Dialect(
        TEXTS | PRINTER, listing, known=COMMON - {"EPRT", "MDTM", "SITE"}, hides_unknown=True, blank="need_login",
        open_door=True, takes_files=True, guests="always", delay=(0.1, 0.2), idle=270.0, ports=(1024, 5000),
    )  # fmt: skip


def listing(entries: list[tuple[str, Node]], now: float) -> str:
    """As `ls -lg` lists."""
    blocks = sum(1 + node.bytes // 1024 for _, node in entries)
    lines = (
        f"{permissions(node)}  {2 if node.folder else 1} {node.owner}  {'wheel' if node.owner == 'root' else node.owner}"
        f"  {node.bytes} {when(node.changed, now)} {shown_name(name, node)}\r\n"
        for name, node in entries
    )
    return f"total {blocks}\r\n" + "".join(lines) if entries else ""
