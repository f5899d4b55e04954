# ruff: noqa: E501 (options and messages)
"""dd and split."""

from collections.abc import Callable

from ...host.origins import origin
from ..process import Process, Running
from .common import Failure, Options, bytes_of, content, parse, quoted, save, size_of, tool

DEVICES = ("/dev/zero", "/dev/urandom", "/dev/random")


@tool
def dd(process: Process) -> Running:
    """Copy blocks."""
    values: dict[str, str] = {}
    for word in process.args:
        name, equals, value = word.partition("=")
        known = (
            "if",
            "of",
            "bs",
            "ibs",
            "obs",
            "count",
            "skip",
            "seek",
            "conv",
            "status",
            "iflag",
            "oflag",
            "cbs",
        )
        if not equals or name not in known:
            raise Failure(f"unrecognized operand {quoted(process, word)}", hint=True)
        values[name] = value
        if name == "status" and value not in ("none", "noxfer", "progress"):
            raise Failure(f"invalid status level: {quoted(process, value)}", hint=True)
    _check_words(process, values)
    sizes = {name: _dd_size(process, values.get(name, default)) for name, default in
             (("bs", values.get("ibs", "512")), ("count", "-1"), ("skip", "0"), ("seek", "0"))}  # fmt: skip
    block = max(1, sizes["bs"])
    if process.shell.absolute(values.get("if", "-")) in DEVICES and (sizes["count"] or not sizes["seek"]):
        from .filling import fill

        wanted = sizes["count"] * block if sizes["count"] >= 0 else None
        length, status = yield from fill(process, values["if"], values.get("of", ""), wanted)
        _dd_report(process, values, length, block, is_full=status != 0)
        return status
    data = _dd_input(process, values, block, sizes)
    for kind in values.get("conv", "").split(","):
        data = CONVERTING[kind](data) if kind in CONVERTING else data
    if "of" in values and values["of"] != "/dev/stdout":
        where = process.shell.absolute(values["of"])
        before = (
            bytes_of(process.shell.read(where) or "")
            if sizes["seek"] or "notrunc" in values.get("conv", "")
            else b""
        )
        start = min(sizes["seek"] * block, 1 << 24)
        whole = before[:start].ljust(start, b"\0") + data
        whole += before[len(whole) :] if "notrunc" in values.get("conv", "") else b""
        reason = save(process, values["of"], whole)
        if reason:
            raise Failure(f"failed to open '{values['of']}': {reason}")
    else:
        for at in range(0, len(data), 32768):
            process.out(data[at : at + 32768])
            yield 0.0
    source = origin(data)
    _dd_report(process, values, len(data) if source is None else source.size, block)
    return 0


CONVERSIONS = (
    "ascii", "ebcdic", "ibm", "block", "unblock", "lcase", "ucase", "sparse", "swab", "sync", "excl", "nocreat", "notrunc",
    "noerror", "fdatasync", "fsync",
)  # fmt: skip
FLAGS = (
    "append", "direct", "directory", "dsync", "sync", "fullblock", "nonblock", "noatime", "nocache", "noctty", "nofollow",
    "count_bytes", "skip_bytes", "seek_bytes",
)  # fmt: skip


def _check_words(process: Process, values: dict[str, str]) -> None:
    """Refuse values that dd does not know. Raises Failure."""
    if process.applet:
        _check_numbers(values)
    for name, known, what in (
        ("conv", CONVERSIONS, "conversion"),
        ("iflag", FLAGS, "input flag"),
        ("oflag", FLAGS, "output flag"),
    ):
        words = values[name].split(",") if name in values else []
        bad = next((word for word in words if (word or process.applet) and word not in known), None)
        if bad is not None:
            raise Failure(f"invalid {what}: {quoted(process, bad)}", hint=True)
    for name in ("bs", "ibs", "obs", "count", "skip", "seek"):
        text = values.get(name)
        if text is not None and (
            text.startswith("-") or (name in ("bs", "ibs", "obs") and not text.strip("0"))
        ):
            raise Failure(f"invalid number: {quoted(process, text)}")


LARGEST = 2**63 - 1


def _check_numbers(values: dict[str, str]) -> None:
    """Refuse numbers as BusyBox's dd refuses them. Raises Failure."""
    for name in ("ibs", "obs", "bs", "count", "seek", "skip"):
        text = values.get(name)
        if text is None:
            continue
        least = 1 if name.endswith("bs") else 0
        number = None if "x" in text else size_of(text.replace("c", "").replace("w", ""), "bkKMGTPEZY")
        if number is None or text.startswith("-") or number > 2 * LARGEST + 1:
            raise Failure(f"invalid number: '{text}'")
        if not least <= number <= LARGEST:
            raise Failure(f"number {text} is not in {least}..{LARGEST} range")


def _swapped(data: bytes) -> bytes:
    """Pairs of bytes the other way around."""
    whole = len(data) // 2 * 2
    made = bytearray(data)
    made[0:whole:2], made[1:whole:2] = data[1:whole:2], data[0:whole:2]
    return bytes(made)


CONVERTING: dict[str, Callable[[bytes], bytes]] = {
    "ucase": bytes.upper,
    "lcase": bytes.lower,
    "swab": _swapped,
}


def _dd_size(process: Process, text: str) -> int:
    if text == "-1":
        return -1
    total = 1
    for part in text.split("x") if not text.startswith("0x") else [text]:
        number = size_of(part.replace("c", "").replace("w", ""), "bkKMGTPEZY")
        if number is None:
            raise Failure(f"invalid number: {quoted(process, text)}")
        total *= number
    return total


def _dd_input(process: Process, values: dict[str, str], block: int, sizes: dict[str, int]) -> bytes:
    path, count = values.get("if", "-"), sizes["count"]
    try:
        data = content(process, path) if count else b""
    except Failure as failure:
        if failure.message == "Is a directory":
            raise Failure(f"error reading '{path}': Is a directory") from None
        raise Failure(f"failed to open '{path}': {failure.message}") from None
    data = data[sizes["skip"] * block :]
    return data[: count * block] if count >= 0 else data


def _dd_report(
    process: Process, values: dict[str, str], length: int, block: int, *, is_full: bool = False
) -> None:
    if values.get("status") == "none":
        return
    whole, rest = divmod(length, block)
    part = f"+{1 if rest else 0} records"
    process.err(f"{whole + is_full}{part} in\n{whole}{part} out\n")
    if values.get("status") == "noxfer" or process.shell.world.system.id in ("openwrt", "buildroot"):
        return
    seconds = max(1e-5, 3.1e-5 + length / 1.1e9)
    rate = length / seconds
    unit = next((name for size, name in ((1e9, "GB"), (1e6, "MB")) if rate >= size), "kB")
    speed = rate / {"GB": 1e9, "MB": 1e6, "kB": 1e3}[unit]
    shown = f"{speed:.1f}" if speed < 10 else f"{speed:.0f}"
    human = ""
    if length >= 1000:
        decimal, binary = (
            _human(length, 1000, ("kB", "MB", "GB")),
            _human(length, 1024, ("KiB", "MiB", "GiB")),
        )
        human = f" ({decimal}, {binary})" if length >= 1024 else f" ({decimal})"
    process.err(
        f"{length} byte{'' if length == 1 else 's'}{human} copied, {seconds:.6g} s, {shown} {unit}/s\n"
    )


def _human(length: int, base: int, units: tuple[str, str, str]) -> str:
    number = float(length)
    unit = "B"
    for each in units:
        if number < base:
            break
        number, unit = number / base, each
    return f"{number:.1f} {unit}" if number < 10 and unit != "B" else f"{number:.0f} {unit}"


@tool
def split(process: Process) -> Running:
    """A file in pieces."""
    options = parse(process, "l:b:C:n:a:dexu", "lines=l bytes=b line-bytes=C number=n suffix-length=a numeric-suffixes::=d hex-suffixes::=x elide-empty-files=e verbose additional-suffix: filter:")  # fmt: skip # noqa: E501
    words = options.operands
    if len(words) > 2:
        raise Failure(f"extra operand {quoted(process, words[2])}", hint=True)
    chunks = _chunks(process, options) if "n" in options else None
    try:
        data = content(process, words[0] if words else "-")
    except Failure as failure:
        raise Failure(f"cannot open '{words[0]}' for reading: {failure.message}") from None
    prefix = words[1] if len(words) > 1 else "x"
    kind = options.last("bCl") or "l"
    size = size_of(options.value(kind) or "1000")
    if not size:
        text = options.value(kind)
        what = "lines" if kind == "l" else "bytes"
        raise Failure(
            f"invalid number of {what}: {quoted(process, text)}"
            + (": Numerical result out of range" if size == 0 else "")
        )
    pieces = _pieces_of(data, *chunks[:2]) if chunks else _pieces(data, kind, size)
    pieces = [piece for piece in pieces if piece or "e" not in options]
    if chunks and chunks[2]:
        process.out(pieces[chunks[2] - 1])
        return 0
    start = int(options.value("d")[:6]) if options.value("d").isdecimal() else 0
    length = max(1, min(8, int(options.value("a", "2")[:2] or "2")))
    for at, piece in enumerate(pieces[:150]):
        if "filter" in options:
            yield from process.call(["sh", "-c", options.value("filter")], piece)
            continue
        digits = (
            f"{at + start:0{length}d}"
            if "d" in options
            else f"{at:0{length}x}"
            if "x" in options
            else _letters(at, length)
        )
        if "verbose" in options:
            process.out(f"creating file '{prefix}{digits}'\n")
        reason = save(process, prefix + digits + options.value("additional-suffix"), piece)
        if reason:
            raise Failure(f"{prefix}{digits}: {reason}")
        yield 0.0
    return 0


def _chunks(process: Process, options: Options) -> tuple[str, int, int]:
    """`-n`: how it splits (b, l or r), into how many pieces, and the one that is printed (0: none is)."""
    text = options.value("n")
    kind, rest = (text[0], text[2:]) if text[:2] in ("l/", "r/") else ("b", text)
    numbers = rest.split("/")
    if len(numbers) > 2 or not all(each.isdecimal() for each in numbers):
        raise Failure(f"invalid number of chunks: {quoted(process, rest)}")
    if int(numbers[-1][:9]) == 0:
        raise Failure(f"invalid number of chunks: {quoted(process, rest)}: Numerical result out of range")
    count, only = min(150, int(numbers[-1][:9])), int(numbers[0][:9]) if len(numbers) == 2 else 0
    if len(numbers) == 2 and not 0 < only <= count:
        raise Failure(f"invalid chunk number: {quoted(process, numbers[0])}")
    return kind, count, only


def _pieces_of(data: bytes, kind: str, count: int) -> list[bytes]:
    """A number of pieces: of equal size, of whole lines, or of lines dealt out one by one."""
    if kind == "r":
        lines = data.splitlines(keepends=True)
        return [b"".join(lines[at::count]) for at in range(count)]
    part, more = divmod(len(data), count)
    ends = [part * (at + 1) + min(at + 1, more) for at in range(count)]
    if kind == "b":
        return [data[end - part - (at < more) : end] for at, end in enumerate(ends)]
    places, begin = [], 0
    for end in ends:
        after = data.find(b"\n", max(begin, end - 1)) + 1 or len(data)
        after = begin if end <= begin else after
        places.append(data[begin:after])
        begin = after
    return places


def _pieces(data: bytes, kind: str, size: int) -> list[bytes]:
    if kind == "b":
        return [data[at : at + size] for at in range(0, len(data), size)]
    lines = data.splitlines(keepends=True)
    if kind == "l":
        return [b"".join(lines[at : at + size]) for at in range(0, len(lines), size)]
    found = [b""]
    for line in lines:
        if len(found[-1]) + len(line) > size and found[-1]:
            found.append(b"")
        for at in range(0, len(line), size):
            found += [line[at : at + size]] if at else []
            found[-1] += b"" if at else line[:size]
    return [piece for piece in found if piece]


def _letters(number: int, length: int) -> str:
    out = ""
    for _ in range(length):
        number, rest = divmod(number, 26)
        out = "abcdefghijklmnopqrstuvwxyz"[rest] + out
    return out


COMMANDS = {"dd": dd, "split": split}
