# ruff: noqa: E501 (a table)
"""find -printf and -ls."""

import time
from typing import Any

from ...host.node import Node

ESCAPES = {"n": "\n", "t": "\t", "0": "\0", "\\": "\\", "a": "\a", "b": "\b", "f": "\f", "r": "\r", "v": "\v"}


def kind(node: Node) -> str:
    """The letter of a type."""
    return "d" if node.folder else "l" if node.target else "f"


def mode_text(node: Node) -> str:
    """`drwxr-xr-x`."""
    bits = "".join(letter if node.mode >> 8 - at & 1 else "-" for at, letter in enumerate("rwxrwxrwx"))
    for bit, at, letter in ((0o4000, 2, "s"), (0o2000, 5, "s"), (0o1000, 8, "t")):
        if node.mode & bit:
            sign = letter if bits[at] == "x" else letter.upper()
            bits = bits[:at] + sign + bits[at + 1 :]
    return kind(node).replace("f", "-") + bits


def formatted(template: str, path: str, start: str, depth: int, node: Node, world: Any) -> str:
    """One file as -printf shows it."""
    out, at = "", 0
    while at < len(template):
        char, following = template[at], template[at + 1 : at + 2]
        if char == "\\" and following:
            out += ESCAPES.get(following, "\\" + following)
            at += 2
        elif char == "%" and following:
            end = at + 1
            while end < len(template) and template[end] in "-+ #0123456789.":
                end += 1
            letter = template[end : end + 1]
            width = template[at + 1 : end].lstrip("+ #0")[:4]
            value, used = _value(letter, template[end + 1 : end + 2], path, start, depth, node, world)
            number = int(width.lstrip("-").partition(".")[0] or "0")
            out += value.ljust(number) if width.startswith("-") else value.rjust(number)
            at = end + 1 + used
        else:
            out += char
            at += 1
    return out


def _value(
    letter: str, after: str, path: str, start: str, depth: int, node: Node, world: Any
) -> tuple[str, int]:
    """What a letter stands for, and how many letters after it belong to it."""
    name = path.rstrip("/").rsplit("/", 1)[-1] or "/"
    if letter in ("T", "A", "C"):
        if after == "@":
            return f"{node.changed}.0000000000", 1
        if after == "+":
            return time.strftime("%Y-%m-%d+%H:%M:%S.0000000000", time.gmtime(node.changed)), 1
        return time.strftime("%" + (after or "c"), time.gmtime(node.changed)), 1 if after else 0
    folder = path.rsplit("/", 1)[0] if "/" in path else "."
    values = {
        "p": path, "f": name, "h": folder or ("/" if path.startswith("/") else "."), "s": str(node.bytes),
        "m": f"{node.mode & 0o7777:o}", "M": mode_text(node), "u": node.owner, "g": node.group_name, "y": kind(node),
        "Y": kind(node), "d": str(depth), "l": node.target, "P": path[len(start) :].lstrip("/"), "H": start,
        "k": str(-(-node.bytes // 4096) * 4), "b": str(-(-node.bytes // 4096) * 8), "n": "2" if node.folder else "1",
        "i": str(abs(hash(path)) % 900_000 + 1000), "%": "%", "D": "2049",
        "t": time.strftime("%a %b %e %H:%M:%S.0000000000 %Y", time.gmtime(node.changed)),
    }  # fmt: skip
    values["a"] = values["c"] = values["t"]
    if letter in ("U", "G"):
        return str(world.number_of(node.owner)), 0
    return values.get(letter, "%" + letter), 0


def listed(path: str, node: Node, now: float) -> str:
    """One file as -ls shows it."""
    import zlib

    old = now - node.changed > 180 * 86400
    when = time.strftime("%b %e  %Y" if old else "%b %e %H:%M", time.gmtime(node.changed))
    number = 262_000 + zlib.crc32(path.encode("utf-8", "surrogateescape")) % 260_000
    blocks = -(-node.bytes // 4096) * 4
    target = f" -> {node.target}" if node.target else ""
    links = 2 if node.folder else 1
    return (
        f"{number:>9} {blocks:>6} {mode_text(node)} {links:>3} {node.owner:<8} {node.group_name:<8} "
        f"{node.bytes:>8} {when} {path}{target}\n"
    )
