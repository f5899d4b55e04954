# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""unzip, zipinfo and funzip (Info-ZIP UnZip 6.00)."""

from __future__ import annotations

import io
import time
import zipfile
import zlib
from collections.abc import Generator
from typing import Any

from ..process import Command, Process, Running
from ..text.common import Failure, content, glob
from ..text.packaged import packaged
from . import facts
from .placing import MOST_MEMBERS, MOST_UNPACKED, inside, make_parents, placed

STEP, MOST_DIRECTORY = 64 * 1024, 128 * 1024
UNIX = 3
LETTERS = "acCfjlLnopqtTuvxXzZ12smhMKU:D"
NO_END = """  End-of-central-directory signature not found.  Either this file is not
  a zipfile, or it constitutes one disk of a multi-part archive.  In the
  latter case the central directory and zipfile comment will be found on
  the last disk(s) of this archive.
"""


@packaged(refuses=False)
def unzip(process: Process) -> Running:
    """List, test or unpack an archive."""
    words = list(process.args)
    if process.name.endswith("zipinfo") or words[:1] and words[0].startswith("-Z"):
        return (yield from _zipinfo(process, words))
    letters, folder, names, excluded = _arguments(words)
    yield 0.0
    wrong = next((each for each in letters if each not in LETTERS), "")
    if wrong or not names:
        return (yield from process.call([process.name], b"")) or 10
    archive = yield from _opened(process, names[0], quiet="q" in letters or "p" in letters or "c" in letters)
    if archive is None:
        return 9
    wanted, missing = _chosen(process, archive, names[1:], excluded)
    if "l" in letters or "v" in letters:
        process.out(_listing(wanted, long="v" in letters, quiet=letters.count("q")))
    else:
        status = yield from _unpacked(process, archive, wanted, letters, folder, names[0])
        if status:
            return status
    for name in missing:
        process.err(f"caution: filename not matched:  {name}\n")
    return 11 if missing else 0


def _arguments(words: list[str]) -> tuple[str, str, list[str], list[str]]:
    """The letters of all options, the folder of -d, the operands, and those behind -x."""
    letters, folder = "", ""
    names: list[str] = []
    excluded: list[str] = []
    into = names
    while words:
        word = words.pop(0)
        if word == "-x":
            into = excluded
        elif word == "-d" and words:
            folder = words.pop(0)
        elif word.startswith("-P") and names == []:
            words[:1] = [] if len(word) > 2 else words[:0]
        elif word.startswith("-") and len(word) > 1:
            letters += word[1:]
            if word.startswith("-d") and len(word) > 2:
                letters, folder = letters.removesuffix(word[1:]), word[2:]
        else:
            into.append(word)
    return letters, folder, names, excluded


def _opened(process: Process, name: str, *, quiet: bool) -> Generator[Any, Any, zipfile.ZipFile | None]:
    shell = process.shell
    shown = next(
        (
            each
            for each in (name, f"{name}.zip", f"{name}.ZIP")
            if shell.node(shell.absolute(each)) is not None
        ),
        "",
    )
    program = process.name.rpartition("/")[2]
    if not shown:
        if process.applet:
            raise Failure(f"can't open {name}[.zip]")
        process.err(f"{program}:  cannot find or open {name}, {name}.zip or {name}.ZIP.\n")
        return None
    try:
        data = content(process, shown)
    except Failure:
        data = b""
    process.spend(1 + len(data) // 256)
    yield 0.0
    if not quiet:
        process.out(f"Archive:  {shown}\n")
    try:
        if not is_small(data):
            raise zipfile.BadZipFile
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        process.err(NO_END)
        process.err(
            f"{program}:  cannot find zipfile directory in one of {name} or\n"
            f"        {name}.zip, and cannot find {name}.ZIP, period.\n"
        )
        return None


def is_small(data: bytes) -> bool:
    """Whether the directory at the end of an archive is one that is read at once."""
    at = data.rfind(b"PK\5\6", max(0, len(data) - 66_000))
    return (
        at >= 0
        and b"PK\6\7" not in data[max(0, at - 20) : at]
        and int.from_bytes(data[at + 12 : at + 16], "little") <= MOST_DIRECTORY
    )


def _chosen(
    process: Process, archive: zipfile.ZipFile, patterns: list[str], excluded: list[str]
) -> tuple[list[zipfile.ZipInfo], list[str]]:
    """The members that are meant, and the patterns that fit none."""
    every = archive.infolist()[:MOST_MEMBERS]
    without = [glob(each, process.spend) for each in excluded]
    found = [each for each in every if not any(one.search(each.filename) for one in without)]
    if not patterns:
        return found, []
    globs = [(each, glob(each, process.spend)) for each in patterns]
    chosen = [each for each in found if any(one.search(each.filename) for _, one in globs)]
    return chosen, [name for name, one in globs if not any(one.search(each.filename) for each in every)]


def _time(info: zipfile.ZipInfo) -> tuple[int, int, int, int, int, int]:
    """When a member was changed: by the extended timestamp (UT) of Info-ZIP, or as DOS has it."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = extra[:2], int.from_bytes(extra[2:4], "little")
        if kind == b"UT" and size >= 5 and extra[4] & 1:
            return time.gmtime(int.from_bytes(extra[5:9], "little"))[:6]
        extra = extra[4 + size :]
    return info.date_time


def _date(info: zipfile.ZipInfo) -> str:
    year, month, day, hour, minute, _ = _time(info)
    return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}"


def _ratio(info: zipfile.ZipInfo) -> int:
    return round((info.file_size - info.compress_size) * 100 / info.file_size) if info.file_size else 0


def _listing(found: list[zipfile.ZipInfo], *, long: bool, quiet: int) -> str:
    size, packed = sum(each.file_size for each in found), sum(each.compress_size for each in found)
    count = f"{len(found)} file{'' if len(found) == 1 else 's'}"
    if long:
        out = " Length   Method    Size  Cmpr    Date    Time   CRC-32   Name\n"
        out += "--------  ------  ------- ---- ---------- ----- --------  ----\n"
        for each in found:
            method = {0: "Stored", 8: "Defl:N"}.get(each.compress_type, f"Unk:{each.compress_type:03}")
            out += f"{each.file_size:>8}  {method:<6} {each.compress_size:>8} {_ratio(each):>3}% {_date(each)} {each.CRC:08x}  {each.filename}\n"
        saved = round((size - packed) * 100 / size) if size else 0
        return f"{out}--------          -------  ---                            -------\n{size:>8}         {packed:>8} {saved:>3}%                            {count}\n"
    rows = "".join(f"{each.file_size:>9}  {_date(each)}   {each.filename}\n" for each in found)
    if quiet > 1:
        return rows
    head = "  Length      Date    Time    Name\n---------  ---------- -----   ----\n"
    return f"{head}{rows}---------                     -------\n{size:>9}                     {count}\n"


def _data(
    process: Process, archive: zipfile.ZipFile, info: zipfile.ZipInfo, room: int
) -> Generator[Any, Any, bytes | None]:
    """A member's bytes, bounded; None if they are damaged or need a password."""
    made = bytearray()
    try:
        with archive.open(info) as file:
            while len(made) < room and (piece := file.read(min(STEP, room - len(made)))):
                made += piece
                process.spend(5_000)
                yield 0.0
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error, EOFError, OSError, ValueError):
        return None
    return bytes(made)


def _unpacked(
    process: Process,
    archive: zipfile.ZipFile,
    wanted: list[zipfile.ZipInfo],
    letters: str,
    folder: str,
    shown: str,
) -> Running:
    left, bad, shell = MOST_UNPACKED, 0, process.shell
    to_output, quiet, always = (
        bool(set(letters) & set("pc")),
        "q" in letters or "p" in letters,
        "o" in letters,
    )
    for info in wanted:
        name = inside(info.filename)
        if info.is_dir() and not to_output and "t" not in letters:
            path = f"{folder.rstrip('/')}/{name}" if folder else name
            if shell.node(shell.absolute(path)) is None and "j" not in letters:
                process.out("" if quiet else f"   creating: {path}/\n")
                make_parents(shell, shell.absolute(f"{path}/x"))
            continue
        data = yield from _data(process, archive, info, left)
        if data is None:
            process.err(f"{info.filename:<22}  bad CRC or damaged data\n" if not info.flag_bits & 1 else
                        f"   skipping: {info.filename:<22}  unable to get password\n")  # fmt: skip
            bad += 1
            continue
        left -= len(data)
        if "t" in letters:
            process.out("" if quiet else f"    testing: {info.filename:<22}   OK\n")
        elif to_output:
            process.out(("" if quiet else f"{_verb(info)}: {info.filename:<22}  \n").encode() + data)
        else:
            name = name.rpartition("/")[2] if "j" in letters else name
            path = f"{folder.rstrip('/')}/{name}" if folder else name
            answer = yield from _may_replace(process, path, letters if not always else letters + "o")
            always = always or answer == "A"
            letters += "n" if answer == "N" else ""
            if answer not in ("n", "N"):
                process.out("" if quiet else f"{_verb(info)}: {path:<22}  \n")
                bad += _write(process, path, info, data)
    if "t" in letters:
        process.out("" if letters.count("q") > 1 else f"No errors detected in compressed data of {shown}.\n")
    return 2 if bad else 0


def _verb(info: zipfile.ZipInfo) -> str:
    return " extracting" if info.compress_type == 0 else "  inflating"


def _may_replace(process: Process, path: str, letters: str) -> Generator[Any, Any, str]:
    """What the user wants of a file that is there: y, n, A (all) or N (none)."""
    if process.shell.lstat(process.shell.absolute(path)) is None or "o" in letters:
        return "y"
    if "n" in letters:
        return "n"
    process.err(f"replace {path}? [y]es, [n]o, [A]ll, [N]one, [r]ename: ")
    answer = yield from process.context.read_line(process.context.engine.input)
    text: str = answer.decode("utf-8", "replace").strip()[:1]
    if text not in ("y", "Y", "n", "A", "N"):
        process.err(' NULL\n(EOF or read error, treating as "[N]one" ...)\n')
        return "N"
    return text.replace("Y", "y")


def _write(process: Process, path: str, info: zipfile.ZipInfo, data: bytes) -> int:
    import calendar

    shell = process.shell
    where = shell.absolute(path)
    mode = info.external_attr >> 16 if info.create_system == UNIX else 0
    try:
        when = calendar.timegm((*_time(info), 0, 0, 0))
    except ValueError:
        when = int(time.time())
    reason = make_parents(shell, where) or placed(shell, where, mode or 0o100644, data, when)
    if reason:
        process.err(f"error:  cannot create {path}\n        {reason}\n")
    return int(bool(reason))


def _zipinfo(process: Process, words: list[str]) -> Running:
    letters = "".join(word[1:] for word in words if word.startswith("-") and len(word) > 1).replace("Z", "")
    names = [word for word in words if not word.startswith("-")]
    if not names:
        return (yield from process.call(["zipinfo"], b"")) or 10
    archive = yield from _opened(process, names[0], quiet="1" in letters)
    if archive is None:
        return 9
    found, missing = _chosen(process, archive, names[1:], [])
    if "1" in letters:
        process.out("".join(f"{each.filename}\n" for each in found))
        return 0
    data = process.shell.node(process.shell.absolute(names[0]))
    process.out(
        f"Zip file size: {data.bytes if data else 0} bytes, number of entries: {len(archive.infolist())}\n"
    )
    size, packed = sum(each.file_size for each in found), sum(each.compress_size for each in found)
    process.out("".join(_row(each) for each in found))
    saved = (size - packed) * 100 / size if size else 0
    files = f"{len(found)} file{'' if len(found) == 1 else 's'}"
    process.out(f"{files}, {size} bytes uncompressed, {packed} bytes compressed:  {saved:.1f}%\n")
    return 11 if missing else 0


def _row(info: zipfile.ZipInfo) -> str:
    from ...host.node import Node

    mode = info.external_attr >> 16
    letters = (
        facts.mode_text(Node(mode & 0o7777, info.is_dir())) if info.create_system == UNIX else "-rw----   "
    )
    system = "unx" if info.create_system == UNIX else "fat"
    kind = ("b" if not info.internal_attr & 1 else "t") + ("x" if info.extra else "-")
    year, month, day, hour, minute, _ = _time(info)
    months = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    named = months[month] if 0 < month < 13 else "???"
    method = {0: "stor", 8: "defN", 12: "bzp2", 14: "lzma"}.get(
        info.compress_type, f"u{info.compress_type:03}"
    )
    version = f"{info.create_version // 10}.{info.create_version % 10}"
    return f"{letters:<11} {version} {system} {info.file_size:>8} {kind} {method} {year % 100:02}-{named}-{day:02} {hour:02}:{minute:02} {info.filename}\n"


COMMANDS: dict[str, Command] = {"unzip": unzip, "zipinfo": unzip}
