# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Small programs: getopt, rename.ul, hardlink, lslogins, utmpdump, wdctl, pivot_root, ctrlaltdel and others."""

from __future__ import annotations

import time

from ..process import Command, Process, Running
from ..text.common import Failure, parse, why_not
from ..text.packaged import packaged
from .databases import accounts_of
from .tables import shown


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


@packaged(refuses=False)
def getopt(process: Process) -> Running:
    """Arguments in their order, for scripts."""
    words = list(process.args)
    short, long, name, plain = "", "", "getopt", False
    yield 0.0
    if process.applet and not words:
        process.err("getopt: missing optstring argument\n")
        return 1
    if words and not words[0].startswith("-"):
        short, plain = words.pop(0), True
    while words and not plain:
        word = words.pop(0)
        if word == "--":
            break
        if word in ("-T", "--test"):
            return 4
        if word in ("-o", "--options") and words:
            short = words.pop(0)
        elif word in ("-l", "--longoptions", "--long") and words:
            long += "," + words.pop(0)
        elif word in ("-n", "--name") and words:
            name = words.pop(0)
        elif word in ("-u", "-q", "-Q", "-a", "--unquoted", "--quiet"):
            plain = plain or word in ("-u", "--unquoted")
        elif not word.startswith("-"):
            words.insert(0, word)
            break
    inner = Process(process.shell, name, words)
    options: list[str] = []
    rest: list[str] = []
    status = 0
    try:
        parsed = parse(inner, short.lstrip("+-"), long.replace(",", " "), stop=short.startswith("+"))
    except Failure as failure:
        process.err(f"{name}: {failure.message}\n")
        status = 1
    else:
        for option, value in parsed.given:
            has_value = f"{option}:" in short or f"{option}:" in long
            options.append(f"-{option}" if len(option) == 1 else f"--{option}")
            if has_value:
                options.append(value if plain else _quoted(value))
        rest = parsed.operands
    shown_rest = [word if plain else _quoted(word) for word in rest]
    process.out("".join(f" {each}" for each in [*options, "--", *shown_rest]) + "\n")
    return status


@packaged()
def rename(process: Process) -> Running:
    """Replace a text in the names of files."""
    options = parse(
        process,
        "vsnoailhV",
        "verbose=v symlink=s no-act=n no-overwrite=o all=a last=l interactive=i help=h version=V",
    )
    words = options.operands
    yield 0.0
    if len(words) < 3:
        raise Failure("not enough arguments", hint=True)
    before, after, shell, status = words[0], words[1], process.shell, 4
    for path in words[2:]:
        node = shell.lstat(shell.absolute(path))
        if node is None:
            process.err(f"rename.ul: {path}: not accessible: No such file or directory\n")
            status = 1
            continue
        folder, slash, base = path.rpartition("/")
        fresh = base.replace(before, after) if "a" in options else base.replace(before, after, 1)
        if fresh == base:
            continue
        target = f"{folder}{slash}{fresh}"
        if "v" in options or "n" in options:
            process.out(f"`{path}' -> `{target}'\n")
        if "n" not in options and (yield from process.call(["mv", path, target])):
            status = 1
        elif status == 4:
            status = 0
    return status


@packaged()
def hardlink(process: Process) -> Running:
    """Link files with the same content to each other."""
    options = parse(
        process,
        "qvnfpotXmMOcx:i:r:s:S:y:b:hV",
        "quiet=q verbose=v dry-run=n respect-name=f ignore-mode=p ignore-owner=o ignore-time=t respect-xattrs=X method:=y maximize=m minimize=M keep-oldest=O content=c exclude:=x include:=i minimum-size:=s maximum-size:=S reflink:: help=h version=V",
    )
    shell, began = process.shell, time.perf_counter()
    found: dict[bytes, str] = {}
    files = linked = saved = compared = 0
    for path in options.operands:
        if shell.node(shell.absolute(path)) is None:
            process.err(f"hardlink: cannot get realpath: {path}: No such file or directory\n")
            continue
        for where in _files(process, path):
            files += 1
            data = shell.content(where) or b""
            compared += bool(found)
            if data in found and found[data] != where and data:
                linked += 1
                saved += len(data)
                if "n" not in options:
                    yield from process.call(["ln", "-f", found[data], where])
            else:
                found[data] = where
            if process.tired:
                yield 0.0
    yield 0.0
    if "q" not in options:
        process.out(
            f"{'Mode:':<25} {'dry-run' if 'n' in options else 'real'}\n{'Method:':<25} {options.value('y', 'memcmp')}\n{'Files:':<25} {files}\n{'Linked:':<25} {linked} files\n"
            f"{'Compared:':<25} 0 xattrs\n{'Compared:':<25} {compared} files\n{'Saved:':<25} {saved} B\n{'Duration:':<25} {time.perf_counter() - began:.6f} seconds\n"
        )
    return 0


MOST_FILES = 300


def _files(process: Process, path: str) -> list[str]:
    from ..text.common import walk

    shell = process.shell
    found = [
        shell.absolute(name)
        for name, node in walk(process, path)
        if node is not None and not node.folder and not node.kind
    ]
    return found[:MOST_FILES]


LOGINS = "noheadings=n output:=o colon-separate=c export=e newline user-accs=u system-accs=s groups:=g logins:=l acc-expiration=a failed=f supp-groups=G last=L pwd=p raw=r print0=z context=Z output-all time-format: notruncate wtmp-file: btmp-file: lastlog: shell help=h version=V"


@packaged(bare=True)
def lslogins(process: Process) -> Running:
    """The accounts."""
    options = parse(process, "acefGg:hLl:no:prsuVzZ", LOGINS)
    accounts = accounts_of(process.shell)
    entries = process.shell.processes(time.time())
    yield 0.0
    if options.operands:
        account = accounts.user(options.operands[0])
        if account is None:
            raise Failure(f"cannot found '{options.operands[0]}'")
        group = accounts.group_of(account.gid)
        rows = [("Username:", account.name), ("UID:", str(account.uid)), ("Gecos field:", account.comment.partition(",")[0]), ("Home directory:", account.home), ("Shell:", account.shell),
                ("No login:", "yes" if account.shell.endswith(("nologin", "false")) else "no"), ("Primary group:", group.name if group else ""), ("GID:", str(account.gid)), ("Hushed:", "no"),
                ("Running processes:", str(sum(each.user == account.name for each in entries)))]  # fmt: skip
        process.out("".join(f"{name:<35} {value:<36}\n" for name, value in rows))
        return 0
    if "u" in options:
        users = [each for each in accounts.users if each.uid == 0 or 1000 <= each.uid < 60_000]
    elif "s" in options:
        users = [each for each in accounts.users if 0 < each.uid < 1000]
    else:
        users = list(accounts.users)
    rows_ = []
    for each in sorted(users, key=lambda one: one.uid):
        denied = each.shell.endswith(("nologin", "false"))
        row = {"UID": str(each.uid), "USER": each.name, "PROC": str(sum(entry.user == each.name for entry in entries)), "PWD-LOCK": "0", "PWD-DENY": str(int(denied)), "LAST-LOGIN": "",
               "GECOS": each.comment.partition(",")[0], "GID": str(each.gid), "HOMEDIR": each.home, "SHELL": each.shell, "NOLOGIN": str(int(denied)), "GROUP": ""}  # fmt: skip
        rows_.append(row)
    if "c" in options:
        usual = ["UID", "USER", "PROC", "PWD-LOCK", "PWD-DENY", "LAST-LOGIN", "GECOS"]
        process.out(
            ":".join(usual) + "\n" + "".join(":".join(row[name] for name in usual) + "\n" for row in rows_)
        )
        return 0
    process.out(
        shown(
            options, rows_, "UID USER PROC PWD-LOCK PWD-DENY LAST-LOGIN GECOS", "UID PROC PWD-LOCK PWD-DENY"
        )
    )
    return 0


@packaged(bare=True)
def utmpdump(process: Process) -> Running:
    """A file of logins as text."""
    options = parse(process, "fo:rhV", "follow=f output:=o reverse=r help=h version=V")
    path = (options.operands or ["/dev/stdin"])[0]
    if path != "/dev/stdin" and (reason := why_not(process, path)):
        raise Failure(f"cannot open {path}: {reason}")
    process.err(f"Utmp {'undump' if 'r' in options else 'dump'} of {path}\n")
    data = (
        process.given if path == "/dev/stdin" else process.shell.content(process.shell.absolute(path)) or b""
    )
    for at in range(0, len(data) - 383, 384):
        process.out(_record(data[at : at + 384]) if "r" not in options else "")
        if process.tired:
            yield 0.0
    yield 0.0
    return 0


def _record(record: bytes) -> str:
    kind, pid = int.from_bytes(record[0:2], "little"), int.from_bytes(record[4:8], "little")
    line, ident, user, host = (
        record[a:b].split(b"\0")[0].decode("latin-1") for a, b in ((8, 40), (40, 44), (44, 76), (76, 332))
    )
    seconds, micro = int.from_bytes(record[340:344], "little"), int.from_bytes(record[344:348], "little")
    address = ".".join(map(str, record[348:352]))
    when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f",{micro:06}+00:00"
    return (
        f"[{kind}] [{pid:05}] [{ident:<4}] [{user:<8}] [{line:<12}] [{host:<20}] [{address:<15}] [{when}]\n"
    )


@packaged(bare=True)
def wdctl(process: Process) -> Running:
    """The watchdog: there is none."""
    options = parse(process, "f:FInTo:rs:p:xhV", "help=h version=V")
    yield 0.0
    if options.operands:
        raise Failure(f"cannot open {options.operands[0]}: No such file or directory")
    raise Failure("No default device is available.: No such file or directory")


@packaged(bare=True)
def readprofile(process: Process) -> Running:
    """The kernel keeps no profile."""
    yield 0.0
    raise Failure("/proc/profile: No such file or directory")


@packaged(bare=True)
def ctrlaltdel(process: Process) -> Running:
    """What these keys do."""
    yield 0.0
    if not process.args:
        process.out(
            "soft\n"
            if (process.shell.read("/proc/sys/kernel/ctrl-alt-del") or "0").strip() == "0"
            else "hard\n"
        )
        return 0
    if process.shell.user != "root":
        raise Failure("You must be root to set the Ctrl-Alt-Del behavior")
    if process.args[0] not in ("hard", "soft"):
        raise Failure(f"unknown argument: {process.args[0]}")
    return 0


@packaged()
def pivot_root(process: Process) -> Running:
    """The root stays."""
    first, second = (*process.args, "", "")[:2]
    node = process.shell.node(process.shell.absolute(first))
    reason = (
        "No such file or directory"
        if node is None
        else "Operation not permitted"
        if process.shell.user != "root"
        else "Device or resource busy"
    )
    yield 0.0
    raise Failure(f"failed to change root from `{first}' to `{second}': {reason}")


@packaged()
def switch_root(process: Process) -> Running:
    """Only the first process of a boot may."""
    yield 0.0
    raise Failure(
        "failed. Sorry." if len(process.args) > 1 else "not enough arguments", hint=len(process.args) < 2
    )


@packaged()
def fstab_decode(process: Process) -> Running:
    """A command with arguments that are written as in fstab."""
    words = [
        word.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
        for word in process.args
    ]
    return (yield from process.call(words))


COMMANDS: dict[str, Command] = {
    "getopt": getopt,
    "rename.ul": rename,
    "hardlink": hardlink,
    "lslogins": lslogins,
    "utmpdump": utmpdump,
    "wdctl": wdctl,
    "readprofile": readprofile,
    "ctrlaltdel": ctrlaltdel,
    "pivot_root": pivot_root,
    "switch_root": switch_root,
    "fstab-decode": fstab_decode,
}
