# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""rsync between folders of the machine; another machine is not reached."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from ...host.node import Node
from ..files import facts
from ..files.making import make_folder
from ..process import Command, Process, Running
from ..text.common import Failure, Options, glob, parse, walk
from ..text.packaged import packaged

LONG = """archive=a recursive=r verbose=v quiet=q links=l perms=p times=t group=g owner=o devices specials compress=z update=u delete delete-before delete-after delete-during delete-excluded
dry-run=n human-readable=h progress partial=P stats list-only exclude:= include:= exclude-from: include-from: files-from: rsh:=e bwlimit: checksum=c whole-file=W one-file-system=x hard-links=H acls=A
xattrs=X sparse=S inplace append ignore-existing existing size-only remove-source-files no-perms no-owner no-group numeric-ids relative=R copy-links=L backup=b suffix: timeout: port: password-file:
info: itemize-changes=i help version=V max-size: min-size: compare-dest: link-dest: chmod: chown: omit-dir-times=O force log-file:"""
MOST_FILES = 500


@dataclass
class Count:
    """What was sent, in bytes."""

    size: int = 0
    files: int = 0


def _version(process: Process) -> str:
    from ..system.volumes import version_of

    return version_of(process.shell, "rsync", "3.2.7")


@packaged(refuses=False)
def rsync(process: Process) -> Running:
    """Copy files to where they are not, or not the same."""
    try:
        options = parse(process, "avqrRbulLHpEAXogtDSnWxe:zchPiVO", LONG, stop=False)
    except Failure as failure:
        name = (
            failure.message.rpartition("'--")[2].rstrip("'")
            if "--" in failure.message
            else failure.message.rpartition("'")[0].rpartition("'")[2]
        )
        dashes = "--" if "unrecognized" in failure.message else "-"
        process.err(
            f"rsync: {dashes}{name}: unknown option\nrsync error: syntax or usage error (code 1) at main.c(1795) [client={_version(process)}]\n"
        )
        return 1
    words = options.operands
    yield 0.0
    if not words:
        return (yield from process.call(["rsync", "--help"])) or 1
    remote = next(
        (word for word in words if word.startswith("rsync://") or ":" in word.partition("/")[0]), ""
    )
    if remote:
        return (yield from _remote(process, remote, receives=remote != words[-1] or len(words) == 1))
    if len(words) == 1 or "list-only" in options:
        return (yield from _listed(process, options, words[:1]))
    return (yield from _copied(process, options, words[:-1], words[-1]))


def _remote(process: Process, word: str, *, receives: bool) -> Running:
    from .reach import DNS_SECONDS, NO_NAME, REFUSED, attempt, record, resolved

    version = _version(process)
    role = "Receiver" if receives else "sender"
    record(process, "rsync", url=word)
    if word.startswith("rsync://") or "::" in word:
        host = word.removeprefix("rsync://").partition("/")[0].partition(":")[0].rpartition("@")[2]
        address = resolved(process, host)
        if not address:
            yield DNS_SECONDS
            process.err(
                f"rsync: [{role}] getaddrinfo: {host} 873: {NO_NAME}\nrsync error: error in socket IO (code 10) at clientserver.c(139) [{role}={version}]\n"
            )
            return 10
        found = attempt(process, address, 873)
        yield found.seconds
        reason = found.error or REFUSED
        code = {"Connection refused": 111, "Connection timed out": 110, "No route to host": 113}.get(
            reason, 111
        )
        process.err(
            f"rsync: [{role}] failed to connect to {host} ({address}): {reason} ({code})\nrsync error: error in socket IO (code 10) at clientserver.c(141) [{role}={version}]\n"
        )
        return 10
    host = word.partition(":")[0]
    yield from process.call(
        [
            "ssh",
            *(["-l", host.partition("@")[0]] if "@" in host else []),
            host.rpartition("@")[2],
            "rsync",
            "--server",
        ],
        b"",
    )
    process.err(
        f"rsync: connection unexpectedly closed (0 bytes received so far) [{role}]\nrsync error: unexplained error (code 255) at io.c(232) [{role}={version}]\n"
    )
    return 255


def _missing(process: Process, word: str) -> int:
    where = process.shell.absolute(word)
    line = (
        1338 if _version(process) == "3.2.3" else 1347 if process.shell.world.system.id == "debian" else 1356
    )
    process.err(f'rsync: [sender] link_stat "{where}" failed: No such file or directory (2)\n')
    process.err(
        f"rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c({line}) [sender={_version(process)}]\n"
    )
    return 23


def _listed(process: Process, options: Options, words: list[str]) -> Running:
    shell = process.shell
    for word in words:
        node = shell.lstat(shell.absolute(word))
        if node is None:
            return _missing(process, word)
        base = word.rstrip("/")
        rows = [(".", node)] if word.endswith("/") else [(base.rpartition("/")[2], node)]
        if node.folder and (word.endswith("/") or "r" in options or "a" in options):
            names = [
                (name, shell.lstat(shell.absolute(f"{base}/{name}")))
                for name in shell.entries(shell.absolute(word))
            ]
            rows += [(name, each) for name, each in names if each is not None] if word.endswith("/") else []
        for name, each in rows:
            when = time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(each.changed))
            process.out(f"{facts.mode_text(each)} {each.bytes:>14,} {when} {name}\n")
        yield 0.0
    return 0


def _copied(process: Process, options: Options, sources: list[str], target: str) -> Running:
    shell, status, count = process.shell, 0, Count()
    talks, dry = "v" in options, "n" in options
    deep = "a" in options or "r" in options
    there = shell.node(shell.absolute(target))
    several = len(sources) > 1 or target.endswith("/") or (there is not None and there.folder)
    process.out("sending incremental file list\n" if talks else "")
    kept: set[str] = set()
    for source in sources:
        node = shell.lstat(shell.absolute(source))
        if node is None:
            status = _missing(process, source)
            continue
        if node.folder and not deep:
            process.out(f"skipping directory {source if not source.endswith('/') else '.'}\n")
            continue
        whole = source.endswith("/")
        into = target.rstrip("/") or "/"
        if (several or node.folder) and shell.node(shell.absolute(into)) is None:
            process.out(f"created directory {into}\n" if talks else "")
            if not dry:
                make_folder(shell, shell.absolute(into), 0o755)
        base = source.rstrip("/")
        name = "" if whole else base.rpartition("/")[2]
        root = into if whole else f"{into}/{name}" if several or node.folder else into
        for number, (shown, each) in enumerate(walk(process, base) if node.folder else [(source, node)]):
            inner = shown[len(base) :].lstrip("/")
            if number > MOST_FILES or each is None or _excluded(process, options, inner or name):
                continue
            link = shell.lstat(shell.absolute(shown))
            path = f"{root}/{inner}" if inner else root
            kept.add(shell.absolute(path))
            reason = _one(
                process,
                options,
                link or each,
                path,
                dry=dry,
                label=f"{name}/{inner}".strip("/") if not whole else inner,
                talks=talks,
                count=count,
            )
            if reason:
                process.err(f'rsync: [receiver] mkstemp "{shell.absolute(path)}" failed: {reason} (13)\n')
                status = 23
            process.spend(1_000)
            if process.tired:
                yield 0.0
        if any(each.startswith("delete") for each, _ in options.given) and node.folder and not dry:
            yield from _deleted(process, root, kept, talks=talks)
    if talks:
        sent = count.size + 60 + 70 * count.files
        process.out(
            f"\nsent {sent:,} bytes  received {19 + 19 * count.files:,} bytes  {(sent + 19 + 19 * count.files) * 2:,}.00 bytes/sec\ntotal size is {count.size:,}  speedup is {count.size / max(1, sent):.2f}{' (DRY RUN)' if dry else ''}\n"
        )
    yield 0.0
    return status


def _excluded(process: Process, options: Options, name: str) -> bool:
    base = name.rpartition("/")[2]
    patterns = [glob(each[:100], process.spend) for each in options.values("exclude")[:20]]
    return any(each.search(name) or each.search(base) for each in patterns)


def _one(
    process: Process,
    options: Options,
    node: Node,
    path: str,
    *,
    dry: bool,
    label: str,
    talks: bool,
    count: Count,
) -> str:
    shell, where = process.shell, process.shell.absolute(path)
    there = shell.lstat(where)
    if node.folder:
        fresh = there is None
        process.out(
            f"{label}/\n"
            if talks and (fresh or not label) and label
            else "./\n"
            if talks and not label and fresh
            else ""
        )
        return "" if dry or not fresh else make_folder(shell, where, node.mode)
    count.size += node.bytes
    if (
        there is not None
        and not there.folder
        and there.bytes == node.bytes
        and there.changed == node.changed
        and "c" not in options
    ):
        return ""
    count.files += 1
    process.out(f"{label or path}\n" if talks else "")
    if dry:
        return ""
    if node.target:
        return shell.change(where, node) if "a" in options or "l" in options else ""
    if reason := shell.refusal(where) or shell.write(where, node.data, node.mode):
        return reason
    made = shell.lstat(where)
    if made is not None:
        when = node.changed if "a" in options or "t" in options else int(time.time())
        shell.change(
            where,
            replace(made, changed=when, mode=node.mode if "a" in options or "p" in options else made.mode),
        )
    return ""


def _deleted(process: Process, root: str, kept: set[str], *, talks: bool) -> Running:
    shell = process.shell
    for shown, node in list(walk(process, root))[:MOST_FILES]:
        where = shell.absolute(shown)
        if node is not None and where not in kept and shell.lstat(where) is not None:
            process.out(
                f"deleting {shown[len(root) :].lstrip('/')}{'/' if node.folder else ''}\n" if talks else ""
            )
            yield from process.call(["rm", "-rf", shown])
    return 0


COMMANDS: dict[str, Command] = {"rsync": rsync}
