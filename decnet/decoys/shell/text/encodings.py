# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""iconv, basenc, envsubst, gettext and ngettext."""

from __future__ import annotations

import base64
import codecs

from ..process import Command, Process, Running
from .common import Failure, content, parse, quoted, why_not
from .packaged import packaged

Z85 = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
B85 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
"""Alphabets of Z85 and of Python's base85."""
KINDS = ("base64", "base64url", "base32", "base32hex", "base16", "base2msbf", "base2lsbf", "z85")
MOST_BITS, MOST_TEXT = 16 * 1024, 128 * 1024
"""Bytes that are shown as bits, and characters of a text with variables."""


def _packed(kind: str, data: bytes) -> bytes:
    if kind == "z85":
        if len(data) % 4:
            raise Failure("invalid input (length must be multiple of 4 characters)")
        return base64.b85encode(data).translate(bytes.maketrans(B85, Z85))
    if kind.startswith("base2m"):
        return "".join(f"{byte:08b}" for byte in data).encode()
    if kind.startswith("base2l"):
        return "".join(f"{byte:08b}"[::-1] for byte in data).encode()
    coder = {
        "base64": base64.b64encode,
        "base64url": base64.urlsafe_b64encode,
        "base32": base64.b32encode,
        "base32hex": base64.b32hexencode,
        "base16": base64.b16encode,
    }
    return coder[kind](data)


def _unpacked(kind: str, text: bytes) -> bytes:
    try:
        if kind == "z85":
            return base64.b85decode(text.translate(bytes.maketrans(Z85, B85)))
        if kind.startswith("base2"):
            if set(text) - set(b"01") or len(text) % 8:
                raise ValueError
            step = 1 if kind.startswith("base2m") else -1
            return bytes(int(text[at : at + 8][::step], 2) for at in range(0, len(text), 8))
        decoder = {
            "base64": base64.b64decode,
            "base64url": base64.urlsafe_b64decode,
            "base32": base64.b32decode,
            "base32hex": base64.b32hexdecode,
            "base16": base64.b16decode,
        }
        return decoder[kind](text)
    except ValueError:
        raise Failure("invalid input") from None


@packaged(refuses=False)
def basenc(process: Process) -> Running:
    """Encode or decode in one of many bases."""
    options = parse(process, "diw:", "decode=d ignore-garbage=i wrap:=w help version " + " ".join(KINDS))
    kind = next((option for option, _ in reversed(options.given) if option in KINDS), "")
    if not kind:
        raise Failure("missing encoding type", hint=True)
    if len(options.operands) > 1:
        raise Failure(f"extra operand {quoted(process, options.operands[1])}", hint=True)
    path = (options.operands or ["-"])[0]
    try:
        data = content(process, path)
    except Failure as failure:
        raise Failure(f"{path}: {failure.message}") from None
    process.spend(1 + len(data) // 16)
    yield 0.0
    if kind.startswith("base2"):
        data = data[:MOST_BITS]
    if "d" in options:
        process.out(_unpacked(kind, data.replace(b"\n", b"")))
        return 0
    made, width = _packed(kind, data), options.value("w", "76")
    if not width.isdecimal():
        raise Failure(f"invalid wrap size: {quoted(process, width)}")
    wide = int(width[:9])
    lines = [made[at : at + wide] for at in range(0, len(made), wide)] if wide else [made]
    process.out(b"\n".join(lines) + (b"\n" if wide and made else b""))
    return 0


def codec_of(name: str) -> tuple[str, str]:
    """The codec of a name as iconv has it, and what is behind `//`."""
    base, _, suffix = name.partition("//")
    known = {
        "ucs-2": "utf-16-le",
        "ucs2": "utf-16-le",
        "utf-16": "utf-16",
        "ucs-4": "utf-32-be",
        "": "utf-8",
        "wchar_t": "utf-32-le",
    }
    text = known.get(base.lower(), base)
    try:
        info = codecs.lookup(text)
    except (LookupError, ValueError):
        raise Failure(f"conversion from `{name}' is not supported") from None
    if info.name in (
        "hex",
        "base64",
        "rot13",
        "zlib",
        "bz2",
        "uu",
        "quopri",
        "idna",
        "punycode",
        "unicode-escape",
        "raw-unicode-escape",
        "undefined",
        "unicode_escape",
    ):
        raise Failure(f"conversion from `{name}' is not supported")
    return info.name, suffix.upper()


@packaged(bare=True, refuses=False)
def iconv(process: Process) -> Running:
    """Convert text from one encoding to another."""
    options = parse(
        process,
        "f:t:lcso:?V",
        "from-code:=f to-code:=t list=l output:=o silent=s verbose help=? usage version=V",
    )
    yield 0.0
    if "l" in options:
        process.out("".join(f"{each}//\n" for each in LISTED.split()))
        return 0
    try:
        source, _ = codec_of(options.value("f", "utf-8"))
        target, suffix = codec_of(options.value("t", "utf-8"))
    except Failure:
        both = [
            name
            for letter, name in (("f", options.value("f")), ("t", options.value("t")))
            if name and not _known(name)
        ]
        if options.operands and len(both) == 1 and "f" in options and not _known(options.value("f")):
            raise Failure("failed to start conversion processing") from None
        text = (
            f"conversion from `{both[0]}' is not supported"
            if both == [options.value("f")]
            else f"conversion to `{both[0]}' is not supported"
        )
        process.err(f"iconv: {text}\nTry `iconv --help' or `iconv --usage' for more information.\n")
        return 1
    status, out = 0, bytearray()
    for path in options.operands or ["-"]:
        if path != "-" and (reason := why_not(process, path)):
            process.err(f"iconv: cannot open input file `{path}': {reason}\n")
            status = 1
            continue
        data = content(process, path)
        process.spend(1 + len(data) // 64)
        yield 0.0
        made, problem = _converted(data, source, target, suffix, drops="c" in options)
        out += made
        if problem:
            process.err(f"iconv: {problem}\n")
            status = 1
            break
    if options.value("o"):
        process.shell.write(process.shell.absolute(options.value("o")), bytes(out))
    else:
        process.out(bytes(out))
    return status


def _known(name: str) -> bool:
    try:
        codec_of(name)
    except Failure:
        return False
    return True


def _converted(data: bytes, source: str, target: str, suffix: str, *, drops: bool) -> tuple[bytes, str]:
    problem = ""
    try:
        text = data.decode(source, "ignore" if drops else "strict")
    except UnicodeDecodeError as error:
        text = data[: error.start].decode(source, "ignore")
        ended = error.reason.startswith("unexpected end") or "truncated" in error.reason
        problem = (
            "incomplete character or shift sequence at end of buffer"
            if ended
            else f"illegal input sequence at position {error.start}"
        )
    if "TRANSLIT" in suffix:
        text = "".join(_alike(char, target) for char in text)
    try:
        return text.encode(target, "ignore" if drops or "IGNORE" in suffix else "strict"), problem
    except UnicodeEncodeError as error:
        at = len(text[: error.start].encode(source, "ignore"))
        return text[: error.start].encode(
            target
        ), f"cannot convert\niconv: illegal input sequence at position {at}".partition("\niconv: ")[2]


def _alike(char: str, target: str) -> str:
    import unicodedata

    try:
        char.encode(target)
        return char
    except UnicodeEncodeError:
        plain = "".join(
            each for each in unicodedata.normalize("NFKD", char) if not unicodedata.combining(each)
        )
        known = {
            "ß": "ss",
            "æ": "ae",
            "Æ": "AE",
            "ø": "o",
            "Ø": "O",
            "€": "EUR",
            "“": '"',
            "”": '"',
            "’": "'",
            "–": "-",
            "—": "-",
            "…": "...",
        }
        found = known.get(char, plain)
        return found if found.isascii() else "?"


LISTED = """437 500 500V1 850 851 852 855 856 857 858 860 861 862 863 864 865 866 866NAV 869 874 904 1026 1046 1047 8859_1 8859_2 8859_3 8859_4 8859_5 8859_6 8859_7 8859_8 8859_9
10646-1:1993 10646-1:1993/UCS4 ANSI_X3.4-1968 ANSI_X3.4-1986 ANSI_X3.4 ARABIC ASCII ASMO-708 BIG-5 BIG5-HKSCS BIG5 CP037 CP1250 CP1251 CP1252 CP1253 CP1254 CP1255 CP1256 CP1257 CP1258
CP437 CP737 CP775 CP850 CP852 CP855 CP857 CP860 CP861 CP862 CP863 CP864 CP865 CP866 CP869 CP874 CYRILLIC EUC-CN EUC-JP EUC-KR EUC-TW GB18030 GB2312 GBK GREEK HEBREW IBM037 ISO-10646
ISO-2022-CN ISO-2022-JP ISO-2022-KR ISO-8859-1 ISO-8859-10 ISO-8859-13 ISO-8859-14 ISO-8859-15 ISO-8859-16 ISO-8859-2 ISO-8859-3 ISO-8859-4 ISO-8859-5 ISO-8859-6 ISO-8859-7 ISO-8859-8 ISO-8859-9
KOI8-R KOI8-U LATIN1 LATIN2 MACINTOSH SHIFT_JIS SJIS UCS-2 UCS-2BE UCS-2LE UCS-4 UCS-4BE UCS-4LE UNICODE US-ASCII UTF-16 UTF-16BE UTF-16LE UTF-32 UTF-32BE UTF-32LE UTF-7 UTF-8 UTF8 WCHAR_T WINDOWS-1250
WINDOWS-1251 WINDOWS-1252"""


@packaged(bare=True, refuses=False)
def envsubst(process: Process) -> Running:
    """Put the values of variables into a text."""
    options = parse(process, "vhV", "variables=v help=h version=V")
    yield 0.0
    if "v" in options:
        process.out("".join(f"{name}\n" for name in _names((options.operands or [""])[0])))
        return 0
    only = set(_names(options.operands[0])) if options.operands else None
    environment = process.shell.environment()
    text = process.given[:MOST_TEXT].decode("utf-8", "surrogateescape")
    process.spend(1 + len(text) // 16)
    out, at = "", 0
    while (found := text.find("$", at)) >= 0:
        out += text[at:found]
        name, end = _name_at(text, found)
        wanted = name and (only is None or name in only)
        out += environment.get(name, "") if wanted else text[found:end]
        at = end
        if process.tired:
            yield 0.0
    process.out(out + text[at:])
    return 0


def _name_at(text: str, at: int) -> tuple[str, int]:
    """The variable behind a `$` ("" for none), and where the text goes on."""
    braces = text[at + 1 : at + 2] == "{"
    begin = end = at + 1 + braces
    while (
        end < len(text)
        and end - begin < 256
        and (text[end].isalnum() or text[end] == "_")
        and text[end].isascii()
    ):
        end += 1
    name = text[begin:end]
    if not name or name[0].isdigit() or (braces and text[end : end + 1] != "}"):
        return "", at + 1
    return name, end + braces


def _names(text: str) -> list[str]:
    found, at = [], 0
    while (at := text.find("$", at)) >= 0:
        name, at = _name_at(text, at)
        if name:
            found.append(name)
    return found


@packaged(refuses=False)
def gettext(process: Process) -> Running:
    """A message, which has no translation here."""
    several = process.name.rpartition("/")[2] == "ngettext"
    options = parse(process, "d:c:eEhnsV", "domain:=d context:=c help=h version=V")
    words = options.operands
    yield 0.0
    if several:
        if len(words) < 3:
            raise Failure("missing arguments")
        words = words[-3:]
        process.out(words[0] if words[2] == "1" else words[1])
        return 0
    if "s" in options:
        process.out(" ".join(words) + ("" if "n" in options else "\n"))
    else:
        process.out(words[-1] if words else "")
    return 0


COMMANDS: dict[str, Command] = {
    "basenc": basenc,
    "iconv": iconv,
    "envsubst": envsubst,
    "gettext": gettext,
    "ngettext": gettext,
}
