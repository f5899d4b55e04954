# ruff: noqa: E501, W293 (what real programs print is not broken into shorter lines)
"""zip (Info-ZIP Zip 3.0): archives of the visitor's files."""

from __future__ import annotations

import io
import time
import zipfile

from ...host.node import Node
from ..process import Command, Process, Running
from ..text.common import glob, walk
from ..text.packaged import packaged
from . import facts
from .placing import MOST_MEMBERS, MOST_UNPACKED
from .unzipping import is_small

USAGE = """Copyright (c) 1990-2008 Info-ZIP - Type 'zip "-L"' for software license.
Zip 3.0 (July 5th 2008). Usage:
zip [-options] [-b path] [-t mmddyyyy] [-n suffixes] [zipfile list] [-xi list]
  The default action is to add or replace zipfile entries from list, which
  can include the special name - to compress standard input.
  If zipfile and list are omitted, zip compresses stdin to stdout.
  -f   freshen: only changed files  -u   update: only changed or new files
  -d   delete entries in zipfile    -m   move into zipfile (delete OS files)
  -r   recurse into directories     -j   junk (don't record) directory names
  -0   store only                   -l   convert LF to CR LF (-ll CR LF to LF)
  -1   compress faster              -9   compress better
  -q   quiet operation              -v   verbose operation/print version info
  -c   add one-line comments        -z   add zipfile comment
  -@   read names from stdin        -o   make zipfile as old as latest entry
  -x   exclude the following names  -i   include only the following names
  -F   fix zipfile (-FF try harder) -D   do not add directory entries
  -A   adjust self-extracting exe   -J   junk zipfile prefix (unzipsfx)
  -T   test zipfile integrity       -X   eXclude eXtra file attributes
  -y   store symbolic links as the link instead of the referenced file
  -e   encrypt                      -n   don't compress these suffixes
  -h2  show more help
  
"""
WITH_VALUE = ("-x", "-i", "-n", "-b", "-t", "-tt", "-P", "--password")


@packaged(refuses=False)
def zip_(process: Process) -> Running:
    """Put files into an archive, or take them out of it."""
    letters, words, excluded = _arguments(process.args)
    shell, quiet = process.shell, "q" in letters
    yield 0.0
    if not words:
        process.out(USAGE)
        return 0
    target, names = words[0], words[1:]
    if "@" in letters:
        names += process.given.decode("utf-8", "surrogateescape").split("\n")[:MOST_MEMBERS]
    to_output = target == "-"
    path = target if to_output or "." in target.rpartition("/")[2] else f"{target}.zip"
    where = shell.absolute(path)
    old = _old(process, where) if not to_output else {}
    if "d" in letters:
        return _save(
            process,
            path,
            where,
            {name: each for name, each in old.items() if not _fits(process, name, names)},
            [],
        )
    found: list[tuple[str, Node]] = []
    for name in (each for each in names if each):
        if shell.lstat(shell.absolute(name)) is None:
            process.err(f"\tzip warning: name not matched: {name}\n")
            continue
        for shown, node in (
            walk(process, name)
            if "r" in letters or "R" in letters
            else [(name, shell.node(shell.absolute(name)))]
        ):
            if (
                node is not None
                and not node.kind
                and shell.absolute(shown) != where
                and not _fits(process, shown, excluded)
            ):
                found.append((shown, node))
            if process.tired:
                yield 0.0
    if not found:
        process.err(f"\nzip error: Nothing to do! ({path})\n")
        return 12
    return (
        yield from _pack(process, letters, path, where, old, found[:MOST_MEMBERS], quiet=quiet or to_output)
    )


def _arguments(given: list[str]) -> tuple[str, list[str], list[str]]:
    """The letters of all options, the operands, and what -x leaves out."""
    words, letters, names, excluded = list(given), "", [], []
    while words:
        word = words.pop(0)
        if word == "-x":
            while words and not words[0].startswith("-"):
                excluded.append(words.pop(0))
        elif word in WITH_VALUE and words:
            letters += "e" if word in ("-P", "--password") else ""
            words.pop(0)
        elif word.startswith("-") and len(word) > 1:
            letters += {
                "--recurse-paths": "r",
                "--quiet": "q",
                "--junk-paths": "j",
                "--delete": "d",
                "--move": "m",
            }.get(word, word[1:] if not word.startswith("--") else "")
        else:
            names.append(word)
    return letters, names, excluded


def _fits(process: Process, name: str, patterns: list[str]) -> bool:
    return any(glob(each, process.spend).search(name) for each in patterns)


def _old(process: Process, where: str) -> dict[str, tuple[zipfile.ZipInfo, bytes]]:
    """The members of an archive that is there already."""
    data = process.shell.content(where)
    if not data or not is_small(data):
        return {}
    found, room = {}, MOST_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist()[:MOST_MEMBERS]:
                if info.file_size > room:
                    break
                with archive.open(info) as file:
                    body = file.read(room)
                room -= len(body)
                found[info.filename] = info, body
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, ValueError, EOFError):
        return {}
    return found


Members = dict[str, tuple[zipfile.ZipInfo, bytes]]


def _pack(
    process: Process,
    letters: str,
    path: str,
    where: str,
    old: Members,
    found: list[tuple[str, Node]],
    *,
    quiet: bool,
) -> Running:
    made, room, lines = dict(old), MOST_UNPACKED, []
    stored = "0" in letters
    for shown, node in found:
        name = shown.lstrip("/").removeprefix("./")
        name = name.rpartition("/")[2] if "j" in letters else name
        if not name or (node.folder and ("D" in letters or "j" in letters)):
            continue
        data = b"" if node.folder else node.data[:room]
        room -= len(data)
        info = zipfile.ZipInfo(
            name + ("/" if node.folder else ""), max((1980, 1, 1, 0, 0, 0), time.gmtime(node.changed)[:6])
        )
        info.external_attr, info.create_system, info.create_version = node.type_and_mode << 16, 3, 30
        small = io.BytesIO()
        with zipfile.ZipFile(small, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as one:
            one.writestr(info, data, zipfile.ZIP_STORED if stored or node.folder else zipfile.ZIP_DEFLATED)
            packed = one.getinfo(info.filename).compress_size
        share = round((len(data) - packed) * 100 / len(data)) if data else 0
        if packed >= len(data):
            info.compress_type, share = zipfile.ZIP_STORED, 0
        else:
            info.compress_type = zipfile.ZIP_DEFLATED
        verb = "updating" if info.filename in old else "  adding"
        how = "stored" if info.compress_type == zipfile.ZIP_STORED else "deflated"
        lines.append(f"{verb}: {info.filename} ({how} {share}%)\n")
        made[info.filename] = info, data
        process.spend(3_000)
        yield 0.0
    status = _save(process, path, where, made, [] if quiet else lines)
    if not status and "m" in letters:
        yield from process.call(["rm", "-r", *(shown for shown, _ in found)])
    return status


def _save(process: Process, path: str, where: str, made: Members, lines: list[str]) -> int:
    shell, buffer = process.shell, io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for info, data in made.values():
            archive.writestr(info, data, info.compress_type)
    if path == "-":
        process.out(buffer.getvalue())
        return 0
    if facts.why_missing(shell, facts.parent_of(where)) or (reason := shell.write(where, buffer.getvalue())):
        reason = (
            facts.why_missing(shell, facts.parent_of(where))
            or shell.refusal(where)
            or "No space left on device"
        )
        process.err(f"zip I/O error: {reason}\n\nzip error: Could not create output file ({path})\n")
        return 15
    process.out("".join(lines))
    return 0


COMMANDS: dict[str, Command] = {"zip": zip_}
