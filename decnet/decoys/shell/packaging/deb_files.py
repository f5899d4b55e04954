# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""dpkg-deb and dpkg-split: packages in files (deb(5))."""

from __future__ import annotations

import io
import lzma
import tarfile
import time
import zlib
from collections.abc import Iterator

from ..files.placing import MOST_MEMBERS, inside, make_parents, placed
from ..process import Command, Process, Running
from ..text.common import Failure, content, walk, why_not
from ..text.packaged import packaged

HELP = "\n\nType dpkg-deb --help for help about manipulating *.deb files;\nType dpkg --help for help about installing and deinstalling packages."
ACTIONS = {
    "-b": "build", "--build": "build", "-c": "contents", "--contents": "contents", "-I": "info", "--info": "info", "-f": "field", "--field": "field", "-W": "show", "--show": "show",
    "-x": "extract", "--extract": "extract", "-X": "vextract", "--vextract": "vextract", "-R": "raw", "--raw-extract": "raw", "-e": "control", "--control": "control",
    "--fsys-tarfile": "fsys", "--ctrl-tarfile": "ctrl",
}  # fmt: skip
MAGIC = b"!<arch>\n"
MOST_TAR = 1024 * 1024
"""Bytes of one archive inside of a package."""


class BadPackage(Exception):
    """A file that is not a package."""


def ar_members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The members of an ar(5) archive. Raises BadPackage."""
    if not data.startswith(MAGIC):
        raise BadPackage
    at = len(MAGIC)
    while at + 60 <= len(data):
        head = data[at : at + 60]
        size = head[48:58].strip()
        if head[58:] != b"`\n" or not size.isdigit():
            raise BadPackage
        length = int(size)
        yield head[:16].decode("latin-1").strip().rstrip("/"), data[at + 60 : at + 60 + length]
        at += 60 + length + length % 2


def ar_packed(members: list[tuple[str, bytes]], when: int) -> bytes:
    """An ar(5) archive."""
    out = bytearray(MAGIC)
    for name, data in members:
        out += (
            f"{name:<16}{when:<12}{0:<6}{0:<6}{0o100644:<8o}{len(data):<10}`\n".encode()
            + data
            + b"\n" * (len(data) % 2)
        )
    return bytes(out)


def _tar(data: bytes, begin: str) -> tarfile.TarFile:
    """The tar archive of a package whose name begins so. Raises BadPackage."""
    for name, packed in ar_members(data):
        if not name.startswith(begin):
            continue
        try:
            if name.endswith(".gz"):
                plain = zlib.decompressobj(31).decompress(packed, MOST_TAR)
            elif name.endswith(".xz"):
                plain = lzma.LZMADecompressor(memlimit=32 * 1024 * 1024).decompress(packed, MOST_TAR)
            else:
                plain = packed[:MOST_TAR]
            return tarfile.open(fileobj=io.BytesIO(plain), mode="r:")
        except (zlib.error, lzma.LZMAError, tarfile.TarError, EOFError, OSError):
            raise BadPackage from None
    raise BadPackage


def control_of(data: bytes) -> str:
    """The control file of a package. Raises BadPackage."""
    with _tar(data, "control.tar") as archive:
        for member in archive:
            if member.name.lstrip("./") == "control" and (file := archive.extractfile(member)) is not None:
                return file.read(64_000).decode("utf-8", "replace")
    raise BadPackage


def _error(text: str) -> Failure:
    return Failure(f"error: {text}", 2)


@packaged(refuses=False)
def dpkg_deb(process: Process) -> Running:
    """Look into packages, and make them."""
    words = [
        word
        for word in process.args
        if not word.startswith(("-Z", "-z", "-S", "--root-owner", "--uniform", "--nocheck", "-D", "-v"))
        or word in ACTIONS
    ]
    action = ACTIONS.get(words[0] if words else "", "")
    yield 0.0
    if not action:
        first = words[0] if words else ""
        raise _error(
            f"unknown option {first if first.startswith('--') else first[:2]}{HELP}"
            if first.startswith("-")
            else f"need an action option{HELP}"
        )
    names = words[1:]
    if not names:
        raise _error(
            f"--{action} needs a .deb filename argument{HELP}"
            if action != "build"
            else f"--build needs a <directory> argument{HELP}"
        )
    if action == "build":
        return _build(process, names[0], names[1] if len(names) > 1 else "")
    try:
        data = content(process, names[0])
    except Failure as failure:
        raise _error(f"failed to read archive '{names[0]}': {failure.message}") from None
    process.spend(1 + len(data) // 64)
    try:
        return _read(process, action, names, data)
    except BadPackage:
        raise _error(f"'{names[0]}' is not a Debian format archive") from None


def _read(process: Process, action: str, names: list[str], data: bytes) -> int:
    if action in ("field", "show"):
        fields = dict(
            line.partition(": ")[::2] for line in control_of(data).splitlines() if line[:1] not in (" ", "\t")
        )
        wanted = names[1:]
        if action == "show":
            process.out(f"{fields.get('Package', '')}\t{fields.get('Version', '')}\n")
        elif len(wanted) == 1:
            process.out(f"{fields[wanted[0]]}\n" if wanted[0] in fields else "")
        else:
            process.out(
                "".join(f"{name}: {fields[name]}\n" for name in wanted if name in fields)
                if wanted
                else control_of(data)
            )
    elif action == "info":
        _info(process, data)
    elif action == "contents":
        with _tar(data, "data.tar") as archive:
            from ..files.archives import long_line

            process.out(
                "".join(
                    long_line(member, member.name + ("/" if member.isdir() else "")) + "\n"
                    for member, _ in zip(archive, range(MOST_MEMBERS), strict=False)
                )
            )
    else:
        folder = names[1] if len(names) > 1 else "DEBIAN" if action == "control" else ""
        if not folder:
            raise _error(
                f"--{action} needs a target directory.\nPerhaps you should be using dpkg --install ?"
            )
        parts = (
            [("control.tar", f"{folder}/DEBIAN" if action == "raw" else folder)]
            if action in ("raw", "control")
            else []
        )
        parts += [("data.tar", folder)] if action != "control" else []
        for begin, target in parts:
            _extract(process, _tar(data, begin), target, shows=action == "vextract")
    return 0


def _extract(process: Process, archive: tarfile.TarFile, folder: str, *, shows: bool) -> None:
    shell = process.shell
    make_parents(shell, shell.absolute(f"{folder}/x"))
    with archive:
        for member, _ in zip(archive, range(MOST_MEMBERS), strict=False):
            name = inside(member.name)
            if not name:
                continue
            process.out(f"{member.name}\n" if shows else "")
            where = shell.absolute(f"{folder}/{name}")
            file = archive.extractfile(member) if member.isreg() else None
            data = file.read(MOST_TAR) if file is not None else member.linkname.encode()
            kind = 0o040000 if member.isdir() else 0o120000 if member.issym() else 0o100000
            make_parents(shell, where)
            placed(shell, where, kind | member.mode & 0o7777, data, int(member.mtime))
            process.spend(2_000)


def _info(process: Process, data: bytes) -> None:
    parts = list(ar_members(data))
    size = next((len(part) for name, part in parts if name.startswith("control.tar")), 0)
    process.out(
        f" new Debian package, version 2.0.\n size {len(data)} bytes: control archive={size} bytes.\n"
    )
    with _tar(data, "control.tar") as archive:
        for member in archive:
            if not member.isreg():
                continue
            file = archive.extractfile(member)
            text = file.read(64_000) if file is not None else b""
            name = member.name.lstrip("./")
            script = "*" if member.mode & 0o111 else " "
            first = text.split(b"\n")[0].decode("utf-8", "replace") if text[:2] == b"#!" else ""
            process.out(
                f" {member.size:>7} bytes, {text.count(chr(10).encode()):>5} lines   {script}  {name:<20} {first}\n"
            )
    process.out("".join(f" {line}\n" for line in control_of(data).splitlines()))


NEEDED = ("Package", "Version", "Architecture", "Maintainer", "Description")


def _build(process: Process, folder: str, target: str) -> int:
    shell = process.shell
    path = f"{folder.rstrip('/')}/DEBIAN/control"
    node = shell.node(shell.absolute(folder))
    if node is None or not node.folder:
        raise _error(
            f"failed to open package info file '{path}' for reading: {'No such file or directory' if node is None else 'Not a directory'}"
        )
    if reason := why_not(process, path):
        raise _error(f"failed to open package info file '{path}' for reading: {reason}")
    text = shell.read(shell.absolute(path)) or ""
    fields = dict(line.partition(":")[::2] for line in text.splitlines() if line[:1] not in (" ", "\t"))
    for name in NEEDED:
        if not fields.get(name, "").strip():
            raise _error(
                f"parsing file '{path}' near line {max(1, text.count(chr(10)))}:\n missing '{name}' field"
            )
    package, version, kind = (fields[name].strip() for name in ("Package", "Version", "Architecture"))
    target = target or f"{folder.rstrip('/')}.deb"
    there = shell.node(shell.absolute(target))
    if there is not None and there.folder:
        target = f"{target.rstrip('/')}/{package}_{version}_{kind}.deb"
    control, data = _packed(process, f"{folder.rstrip('/')}/DEBIAN", ""), _packed(process, folder, "DEBIAN")
    process.out(f"dpkg-deb: building package '{package}' in '{target}'.\n")
    made = ar_packed(
        [
            ("debian-binary", b"2.0\n"),
            ("control.tar.xz", lzma.compress(control, preset=0)),
            ("data.tar.xz", lzma.compress(data, preset=0)),
        ],
        int(time.time()),
    )
    if reason := shell.write(shell.absolute(target), made):
        raise _error(f"unable to create '{target}': {reason}")
    return 0


def _packed(process: Process, folder: str, without: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", format=tarfile.GNU_FORMAT) as archive:
        for count, (shown, node) in enumerate(walk(process, folder)):
            name = "." + shown[len(folder.rstrip("/")) :]
            if (
                node is None
                or node.kind
                or count > MOST_MEMBERS
                or (without and name.startswith(f"./{without}"))
            ):
                continue
            member = tarfile.TarInfo(name if name != "." else "./")
            member.mode, member.mtime, member.uname, member.gname = (
                node.mode,
                node.changed,
                node.owner,
                node.group_name,
            )
            if node.folder:
                member.type = tarfile.DIRTYPE
                archive.addfile(member)
                continue
            member.size = len(node.data[: max(0, MOST_TAR - buffer.tell())])
            archive.addfile(member, io.BytesIO(node.data[: max(0, MOST_TAR - buffer.tell())]))
    return buffer.getvalue()


@packaged(refuses=False)
def dpkg_split(process: Process) -> Running:
    """Parts of packages: none are waiting."""
    words = process.args
    yield 0.0
    if words[0] in ("-l", "--listq"):
        return 0
    if words[0] in ("-s", "--split") and len(words) > 1:
        if reason := why_not(process, words[1]):
            raise Failure(f"error: unable to open source file '{words[1]}': {reason}", 2)
        raise Failure(f"error: '{words[1]}' is not a Debian format archive", 2)
    path = words[1] if len(words) > 1 else ""
    raise Failure(
        f"error: cannot open archive part file '{path}': {why_not(process, path) or 'Invalid argument'}"
        if path
        else "error: need an action option",
        2,
    )


COMMANDS: dict[str, Command] = {"dpkg-deb": dpkg_deb, "dpkg-split": dpkg_split}
