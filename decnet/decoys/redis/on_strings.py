"""Commands on strings and their bits."""

from .arguments import NOT_AN_INTEGER, SYNTAX, real, span, whole, within, word
from .instance import Client, Handlers
from .keyspace import Wrong, now
from .resp import OK, Reply

MOST_STRING = 1024 * 1024
"""Longer strings are refused: SETRANGE and SETBIT create long ones from small commands."""
TOO_LONG = "ERR string exceeds maximum allowed size"
UNITS = {"ex": (1000, False), "px": (1, False), "exat": (1000, True), "pxat": (1, True)}


def _text(client: Client, key: bytes) -> bytes | None:
    value = client.db.read(key, bytes)
    assert value is None or isinstance(value, bytes)
    return value


def get(client: Client, words: list[bytes]) -> Reply:
    return _text(client, words[0])


def set_(client: Client, words: list[bytes]) -> Reply:
    key, value = words[:2]
    flags: set[str] = set()
    end = None
    rest = words[2:]
    while rest:
        flag, rest = word(rest[0]), rest[1:]
        if flag in UNITS and rest and not flags & {*UNITS, "keepttl"}:
            end, rest = _end(client, rest[0], flag, "set"), rest[1:]
        elif flag not in ("nx", "xx", "keepttl", "get"):
            raise Wrong(SYNTAX)
        flags.add(flag)
    if flags >= {"nx", "xx"} or ("keepttl" in flags and end is not None):
        raise Wrong(SYNTAX)
    before = _text(client, key) if "get" in flags else None
    there = client.db.find(key) is not None
    if ("nx" in flags and there) or ("xx" in flags and not there):
        return before
    client.db.put(key, value, keep="keepttl" in flags)
    if end is not None:
        client.db.ends[key] = end
    return before if "get" in flags else OK


def _end(client: Client, text: bytes, unit: str, name: str) -> int:
    factor, base = UNITS[unit]
    number = whole(text)
    if not 0 < number < 2**63 // 1000:
        raise Wrong(no_time(client, name))
    return number * factor + (0 if base else now())


def no_time(client: Client, name: str) -> str:
    """The error for an invalid time."""
    return f"ERR invalid expire time in {repr(name) + ' command' if client.server.version >= (7,) else name}"


def set_for(client: Client, words: list[bytes], unit: str, name: str) -> Reply:
    """SETEX and PSETEX."""
    end = _end(client, words[1], unit, name)
    client.db.put(words[0], words[2])
    client.db.ends[words[0]] = end
    return OK


def set_new(client: Client, words: list[bytes]) -> Reply:
    if client.db.find(words[0]) is not None:
        return 0
    client.db.put(words[0], words[1])
    return 1


def get_set(client: Client, words: list[bytes]) -> Reply:
    before = _text(client, words[0])
    client.db.put(words[0], words[1])
    return before


def get_delete(client: Client, words: list[bytes]) -> Reply:
    before = _text(client, words[0])
    client.db.drop(words[0])
    return before


def get_expire(client: Client, words: list[bytes]) -> Reply:
    flag = word(words[1]) if len(words) > 1 else ""
    if flag in UNITS and len(words) == 3:
        end: int | None = _end(client, words[2], flag, "getex")
    elif len(words) == 1 or (flag == "persist" and len(words) == 2):
        end = None
    else:
        raise Wrong(SYNTAX)
    value = _text(client, words[0])
    if value is not None and end is not None:
        client.db.ends[words[0]] = end
    elif flag == "persist":
        client.db.ends.pop(words[0], None)
    return value


def get_many(client: Client, words: list[bytes]) -> Reply:
    found = [client.db.find(key) for key in words]
    return [value if isinstance(value, bytes) else None for value in found]


def set_many(client: Client, words: list[bytes], name: str, *, new: bool) -> Reply:
    """MSET and MSETNX."""
    if len(words) % 2:
        raise Wrong(f"ERR wrong number of arguments for '{name}' command")
    if new and any(client.db.find(key) is not None for key in words[::2]):
        return 0
    for key, value in zip(words[::2], words[1::2], strict=True):
        client.db.put(key, value)
    return 1 if new else OK


def append(client: Client, words: list[bytes]) -> Reply:
    value = (_text(client, words[0]) or b"") + words[1]
    return _stored(client, words[0], value)


def _stored(client: Client, key: bytes, value: bytes) -> int:
    if len(value) > MOST_STRING:
        raise Wrong(_too_long(client))
    client.db.put(key, value, keep=True)
    return len(value)


def _too_long(client: Client) -> str:
    tail = " (proto-max-bulk-len)" if client.server.version >= (7,) else " (512MB)"
    return TOO_LONG + tail


def add(client: Client, key: bytes, delta: int) -> Reply:
    """INCR and similar commands."""
    value = within(whole(_text(client, key) or b"0") + delta)
    client.db.put(key, b"%d" % value, keep=True)
    return value


def add_real(client: Client, words: list[bytes]) -> Reply:
    before = real(_text(client, words[0]) or b"0")
    value = before + real(words[1])
    if value != value or abs(value) == float("inf"):
        raise Wrong("ERR increment would produce NaN or Infinity")
    text = decimal(value)
    client.db.put(words[0], text, keep=True)
    return text


def decimal(value: float) -> bytes:
    """A number as INCRBYFLOAT writes it: no exponent, no zeros at the end."""
    short = f"{value:.15g}"
    return (short if "e" not in short else f"{value:.17f}".rstrip("0").rstrip(".")).encode()


def decrement_by(client: Client, words: list[bytes]) -> Reply:
    delta = whole(words[1])
    if delta == -(2**63):
        raise Wrong("ERR decrement would overflow")
    return add(client, words[0], -delta)


def get_range(client: Client, words: list[bytes]) -> Reply:
    start, end = whole(words[1]), whole(words[2])
    value = _text(client, words[0]) or b""
    first, behind = span(start, end, len(value))
    return value[first:behind]


def set_range(client: Client, words: list[bytes]) -> Reply:
    at = whole(words[1])
    if at < 0:
        raise Wrong("ERR offset is out of range")
    value = _text(client, words[0]) or b""
    if not words[2]:
        return len(value)
    if at + len(words[2]) > MOST_STRING:
        raise Wrong(_too_long(client))
    value = value.ljust(at, b"\0")
    return _stored(client, words[0], value[:at] + words[2] + value[at + len(words[2]) :])


def _bit(text: bytes) -> int:
    complaint = "ERR bit offset is not an integer or out of range"
    at = whole(text, complaint)
    if not 0 <= at < 2**32:
        raise Wrong(complaint)
    return at


def set_bit(client: Client, words: list[bytes]) -> Reply:
    at = _bit(words[1])
    if words[2] not in (b"0", b"1"):
        raise Wrong("ERR bit is not an integer or out of range")
    value = bytearray(_text(client, words[0]) or b"")
    if at // 8 >= MOST_STRING:
        raise Wrong("OOM command not allowed when used memory > 'maxmemory'.")
    value.extend(bytes(max(at // 8 + 1 - len(value), 0)))
    mask = 0x80 >> at % 8
    before = int(bool(value[at // 8] & mask))
    value[at // 8] = value[at // 8] | mask if words[2] == b"1" else value[at // 8] & ~mask
    _stored(client, words[0], bytes(value))
    return before


def get_bit(client: Client, words: list[bytes]) -> Reply:
    at = _bit(words[1])
    value = _text(client, words[0]) or b""
    return int(at // 8 < len(value) and bool(value[at // 8] & (0x80 >> at % 8)))


def count_bits(client: Client, words: list[bytes]) -> Reply:
    if len(words) == 2 or len(words) > 4:
        raise Wrong(SYNTAX)
    first, last = (whole(words[1]), whole(words[2])) if len(words) > 2 else (0, -1)
    unit = word(words[3]) if len(words) > 3 else "byte"
    if unit not in ("bit", "byte"):
        raise Wrong(SYNTAX)
    value = _text(client, words[0]) or b""
    if unit == "byte":
        first, behind = span(first, last, len(value))
        return int.from_bytes(value[first:behind], "big").bit_count()
    first, behind = span(first, last, len(value) * 8)
    number = int.from_bytes(value, "big") >> (len(value) * 8 - behind)
    return (number & ((1 << (behind - first)) - 1)).bit_count()


HANDLERS: Handlers = {
    "get": get, "set": set_, "setnx": set_new, "getset": get_set, "getdel": get_delete, "getex": get_expire,
    "setex": lambda client, words: set_for(client, words, "ex", "setex"),
    "psetex": lambda client, words: set_for(client, words, "px", "psetex"),
    "mget": get_many,
    "mset": lambda client, words: set_many(client, words, "mset", new=False),
    "msetnx": lambda client, words: set_many(client, words, "msetnx", new=True),
    "append": append, "strlen": lambda client, words: len(_text(client, words[0]) or b""),
    "incr": lambda client, words: add(client, words[0], 1),
    "decr": lambda client, words: add(client, words[0], -1),
    "incrby": lambda client, words: add(client, words[0], whole(words[1], NOT_AN_INTEGER)),
    "decrby": decrement_by, "incrbyfloat": add_real, "getrange": get_range, "substr": get_range,
    "setrange": set_range, "setbit": set_bit, "getbit": get_bit, "bitcount": count_bits,
}  # fmt: skip
