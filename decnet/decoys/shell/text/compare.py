# ruff: noqa: E501 (options)
"""diff and cmp."""

import time
from collections.abc import Generator
from difflib import SequenceMatcher

from ..process import Process, Running
from ..regex import BadRegex, Regex, Syntax
from .common import Failure, Options, content, glob, is_folder, parse, tool
from .diff_formats import Block, as_rcs, as_script, merged, side_by_side, span

MOST_LINES = 3_000
NO_END = "\n\\ No newline at end of file\n"


@tool
def cmp(process: Process) -> Running:
    """Where two files differ first."""
    options = parse(
        process, "bi:ln:s", "print-bytes=b ignore-initial=i verbose=l bytes=n quiet=s silent=s", status=2
    )
    words = options.operands
    if not words:
        raise _usage(process, f"missing operand after '{process.name}'")
    pair: list[bytes] = []
    names = [*words[:2], "-"][:2]
    for path in names:
        try:
            pair.append(content(process, path))
        except Failure as failure:
            raise Failure(f"{path}: {failure.message}", 2) from None
    left, right = pair
    if "n" in options and options.value("n").isdecimal():
        left, right = left[: int(options.value("n")[:9])], right[: int(options.value("n")[:9])]
    process.spend((len(left) + len(right)) // 64)
    yield 0.0
    if left == right:
        return 0
    if "s" in options:
        return 1
    return (yield from _report(process, options, names, left, right))


def _usage(process: Process, message: str) -> Failure:
    return Failure(f"{message}\n{process.name}: Try '{process.name} --help' for more information.", 2)


def _report(process: Process, options: Options, names: list[str], left: bytes, right: bytes) -> Running:
    for at, (one, two) in enumerate(zip(left, right, strict=False)):
        if at % 2048 == 0:
            process.spend(2048)
            yield 0.0
        if one == two:
            continue
        if "l" in options:
            width = len(str(min(len(left), len(right))))
            process.out(f"{at + 1:>{width}} {one:>3o} {two:>3o}\n")
            continue
        line = left.count(b"\n", 0, at) + 1
        unit = "char" if process.shell.world.system.busybox else "byte"
        process.out(f"{names[0]} {names[1]} differ: {unit} {at + 1}, line {line}\n")
        return 1
    if len(left) == len(right):
        return 1
    shorter, name = (left, names[0]) if len(left) < len(right) else (right, names[1])
    if not shorter:
        process.err(f"cmp: EOF on {name} which is empty\n")
    elif "l" in options:
        process.err(f"cmp: EOF on {name} after byte {len(shorter)}\n")
    else:
        lines = shorter.count(b"\n")
        where = f"line {lines}" if shorter.endswith(b"\n") else f"in line {lines + 1}"
        process.err(f"cmp: EOF on {name} after byte {len(shorter)}, {where}\n")
    return 1


@tool
def diff(process: Process) -> Running:
    """The lines in which two files differ, or the files of two folders."""
    long = "unified:: context:: brief=q recursive=r ignore-case=i ignore-all-space=w ignore-space-change=b ignore-blank-lines=B new-file=N text=a report-identical-files=s side-by-side=y label: color:: normal width=W suppress-common-lines left-column ed=e rcs=n ignore-matching-lines=I exclude=x ignore-trailing-space=Z ignore-tab-expansion=E expand-tabs=t strip-trailing-cr ifdef=D minimal=d speed-large-files=H show-c-function=p"  # fmt: skip
    options = parse(process, "uU:cC:qriwbBNasyeL:W:nI:x:ZEtD:dHp", long, status=2)
    words = options.operands
    if len(words) < 2:
        what = f"missing operand after '{words[-1] if words else process.name}'"
        raise _usage(process, what)
    if len(words) > 2:
        raise _usage(process, f"extra operand '{words[2]}'")
    left, right = words
    folders = [is_folder(process, path) for path in words]
    if all(folders):
        return (yield from _folders(process, options, left, right))
    if folders[0]:
        left = f"{left.rstrip('/')}/{right.rsplit('/', 1)[-1]}"
    if folders[1]:
        right = f"{right.rstrip('/')}/{left.rsplit('/', 1)[-1]}"
    return (yield from _files(process, options, left, right, ""))


def _folders(process: Process, options: Options, left: str, right: str, depth: int = 0) -> Running:
    shell = process.shell
    sides = [set(shell.entries(shell.absolute(path))) for path in (left, right)]
    status = 0
    hidden = [glob(pattern, process.spend) for pattern in options.values("x")]
    for name in sorted(sides[0] | sides[1]):
        if any(each.search(name) for each in hidden):
            continue
        process.spend(50)
        one, two = f"{left}/{name}", f"{right}/{name}"
        if name not in sides[0] or name not in sides[1]:
            process.out(f"Only in {left if name in sides[0] else right}: {name}\n")
            status = 1
        elif is_folder(process, one) and is_folder(process, two):
            if "r" not in options:
                process.out(f"Common subdirectories: {one} and {two}\n")
            elif depth < 30:
                status = max(status, (yield from _folders(process, options, one, two, depth + 1)))
        else:
            flags = " ".join(f"-{option}" for option, _ in options.given if len(option) == 1)
            head = f"diff {flags + ' ' if flags else ''}{one} {two}\n"
            status = max(status, (yield from _files(process, options, one, two, head)))
    return status


def _text(process: Process, options: Options, path: str) -> bytes:
    try:
        return content(process, path)
    except Failure as failure:
        if "N" in options and failure.message.startswith("No such"):
            return b""
        raise Failure(f"{path}: {failure.message}", 2) from None


def _files(process: Process, options: Options, left: str, right: str, head: str) -> Running:
    missing = []
    pair = []
    for path in (left, right):
        try:
            pair.append(_text(process, options, path))
        except Failure as failure:
            missing.append(failure.message)
    if missing:
        for message in missing:
            process.err(f"diff: {message}\n")
        return 2
    one, two = pair
    if one == two:
        process.out(f"Files {left} and {right} are identical\n" if "s" in options else "")
        return 0
    if "a" not in options and (b"\0" in one or b"\0" in two):
        kind = "Files" if "q" in options else "Binary files"
        process.out(f"{kind} {left} and {right} differ\n")
        return 1
    lines = [data.decode("utf-8", "surrogateescape").splitlines(keepends=True) for data in pair]
    blocks = yield from blocks_of(process, options, lines[0], lines[1])
    if not blocks:
        return 0
    if "q" in options:
        process.out(f"Files {left} and {right} differ\n")
        return 1
    process.out(head)
    wide = [
        int(value or "3")
        for option, value in options.given
        if option in ("U", "C", "unified", "context") and (value or "3").isdecimal()
    ]  # noqa: E501
    if process.shell.world.system.busybox or "u" in options or "U" in options or "unified" in options:
        _unified(process, options, (left, right), lines, blocks, wide[-1] if wide else 3)
    elif "c" in options or "C" in options or "context" in options:
        _context(process, options, (left, right), lines, blocks, wide[-1] if wide else 3)
    elif "y" in options:
        side_by_side(process, options, lines, blocks)
    elif "e" in options:
        as_script(process, lines, blocks)
    elif "n" in options:
        as_rcs(process, lines, blocks)
    elif "D" in options:
        merged(process, options.value("D"), lines, blocks)
    else:
        _normal(process, lines, blocks)
    return 1


def blocks_of(
    process: Process, options: Options, one: list[str], two: list[str]
) -> Generator[object, object, list[Block]]:
    """What differs: lines [a, b) of the first file are lines [c, d) of the second."""
    keys = [[_key(line, options) for line in lines] for lines in (one, two)]
    same = 0
    while same < min(len(one), len(two)) and keys[0][same] == keys[1][same]:
        same += 1
    end = 0
    while end < min(len(one), len(two)) - same and keys[0][-1 - end] == keys[1][-1 - end]:
        end += 1
    left, right = keys[0][same : len(one) - end], keys[1][same : len(two) - end]
    process.spend(len(one) + len(two))
    yield 0.0
    if max(len(left), len(right)) > MOST_LINES:
        return [(same, len(one) - end, same, len(two) - end)]
    common = (
        sum(min(left.count(line), right.count(line)) for line in set(left)) if len(left) < 300 else len(left)
    )
    process.spend(min(300_000, 20 * (len(left) + len(right)) + common))
    found = []
    for kind, a, b, c, d in SequenceMatcher(None, left, right, autojunk=True).get_opcodes():
        if kind != "equal":
            found.append((a + same, b + same, c + same, d + same))
    yield 0.0
    if "I" in options:
        ignored = [_pattern(process, text) for text in options.values("I")]
        found = [
            (a, b, c, d)
            for a, b, c, d in found
            if any(
                all(each.search(line.rstrip("\n")) is None for each in ignored)
                for line in one[a:b] + two[c:d]
            )
        ]
    if "B" in options:
        found = [(a, b, c, d) for a, b, c, d in found if any(line.strip() for line in one[a:b] + two[c:d])]
    return found


def _pattern(process: Process, text: str) -> Regex:
    try:
        return Regex(text, Syntax(), process.spend)
    except BadRegex as bad:
        raise Failure(f"{text}: {bad}", 2) from None


def _key(line: str, options: Options) -> str:
    if "strip-trailing-cr" in options and line.endswith("\r\n"):
        line = line[:-2] + "\n"
    if "E" in options:
        line = line.expandtabs()
    if "Z" in options:
        line = line.rstrip()
    if "w" in options:
        line = "".join(line.split())
    elif "b" in options:
        line = _squeezed(line)
    return line.lower() if "i" in options else line


def _squeezed(line: str) -> str:
    return (" " if line[:1].isspace() and line.strip() else "") + " ".join(line.split())


def _line(sign: str, line: str) -> str:
    return sign + (line if line.endswith("\n") else line + NO_END)


def _normal(process: Process, lines: list[list[str]], blocks: list[Block]) -> None:
    for a, b, c, d in blocks:
        kind = "a" if a == b else "d" if c == d else "c"
        process.out(f"{span(a, b)}{kind}{span(c, d)}\n")
        process.out("".join(_line("< ", line) for line in lines[0][a:b]))
        process.out("---\n" if kind == "c" else "")
        process.out("".join(_line("> ", line) for line in lines[1][c:d]))


def _hunks(blocks: list[Block], wide: int) -> list[list[Block]]:
    hunks: list[list[Block]] = []
    for block in blocks:
        if hunks and block[0] - hunks[-1][-1][1] <= 2 * wide:
            hunks[-1].append(block)
        else:
            hunks.append([block])
    return hunks


def _names(process: Process, options: Options, names: tuple[str, str], signs: tuple[str, str]) -> None:
    labels = options.values("label") + options.values("L")
    for at, (sign, name) in enumerate(zip(signs, names, strict=True)):
        node = process.shell.node(process.shell.absolute(name))
        changed = node.changed if node is not None and name != "-" else time.time()
        if process.shell.world.system.busybox:
            process.out(f"{sign} {labels[at] if at < len(labels) else name}\n")
            continue
        stamp = time.strftime("%Y-%m-%d %H:%M:%S.000000000 +0000", time.gmtime(changed))
        process.out(f"{sign} {labels[at]}\n" if at < len(labels) else f"{sign} {name}\t{stamp}\n")


def _range(start: int, end: int) -> str:
    count = end - start
    return str(start + 1) if count == 1 else f"{start if count == 0 else start + 1},{count}"


def _unified(
    process: Process,
    options: Options,
    names: tuple[str, str],
    lines: list[list[str]],
    blocks: list[Block],
    wide: int,
) -> None:
    _names(process, options, names, ("---", "+++"))
    for hunk in _hunks(blocks, wide):
        a, c = max(0, hunk[0][0] - wide), max(0, hunk[0][2] - wide)
        c = hunk[0][2] - (hunk[0][0] - a)
        b = min(len(lines[0]), hunk[-1][1] + wide)
        d = hunk[-1][3] + (b - hunk[-1][1])
        process.out(f"@@ -{_range(a, b)} +{_range(c, d)} @@\n")
        at = a
        for one, two, three, four in hunk:
            process.out("".join(_line(" ", line) for line in lines[0][at:one]))
            process.out("".join(_line("-", line) for line in lines[0][one:two]))
            process.out("".join(_line("+", line) for line in lines[1][three:four]))
            at = two
        process.out("".join(_line(" ", line) for line in lines[0][at:b]))


def _context(
    process: Process,
    options: Options,
    names: tuple[str, str],
    lines: list[list[str]],
    blocks: list[Block],
    wide: int,
) -> None:
    _names(process, options, names, ("***", "---"))
    for hunk in _hunks(blocks, wide):
        process.out("***************\n")
        for side, sign, marks in ((0, "-", ("*** ", " ****\n")), (1, "+", ("--- ", " ----\n"))):
            first, last = hunk[0][2 * side], hunk[-1][2 * side + 1]
            start, end = max(0, first - wide), min(len(lines[side]), last + wide)
            shown = f"{start + 1},{end}" if end - start > 1 else str(end)
            process.out(marks[0] + shown + marks[1])
            if all(block[2 * side] == block[2 * side + 1] for block in hunk):
                continue
            at = start
            for block in hunk:
                low, high = block[2 * side], block[2 * side + 1]
                both = block[0] != block[1] and block[2] != block[3]
                process.out("".join(_line("  ", line) for line in lines[side][at:low]))
                process.out(
                    "".join(_line(f"{'!' if both else sign} ", line) for line in lines[side][low:high])
                )
                at = high
            process.out("".join(_line("  ", line) for line in lines[side][at:end]))


COMMANDS = {"cmp": cmp, "diff": diff}
