# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""Commands on keys of any kind."""

import random

from .arguments import NOT_AN_INTEGER, SYNTAX, printable, whole, word
from .instance import Client, Handlers
from .keyspace import (
    DATABASES,
    NAMES,
    WRONG_TYPE,
    Hash,
    Items,
    Members,
    Scores,
    Value,
    Wrong,
    copy_of,
    matcher,
    now,
    weight,
)
from .on_strings import no_time
from .resp import OK, Reply, Status, format_number

MOST_TIME = 2**63 // 1000
SCANNED = 10


def delete(client: Client, words: list[bytes]) -> Reply:
    return sum(client.db.find(key) is not None and client.db.drop(key) for key in words)


def exists(client: Client, words: list[bytes]) -> Reply:
    return sum(client.db.find(key) is not None for key in words)


def kind(client: Client, words: list[bytes]) -> Reply:
    value = client.db.find(words[0])
    return Status("none" if value is None else NAMES[type(value)])


def keys(client: Client, words: list[bytes]) -> Reply:
    fits = matcher(words[0])
    return [key for key in client.db.alive() if fits(key)]


def scan(client: Client, words: list[bytes]) -> Reply:
    cursor, options = _scan_options(words)
    found = client.db.alive()
    kept = [key for key in found[cursor : cursor + options.count] if options.fits(key)]
    if options.kind:
        kept = [key for key in kept if NAMES[type(client.db.values[key])] == options.kind]
    return [_next(cursor + options.count, len(found)), list(kept)]


class _Options:
    """The options of a SCAN."""

    def __init__(self) -> None:
        self.count = SCANNED
        self.fits = matcher(b"*")
        self.kind = ""


def _scan_options(words: list[bytes]) -> tuple[int, _Options]:
    if not words[0].isdigit() or len(words[0]) > 20:
        raise Wrong("ERR invalid cursor")
    options = _Options()
    rest = words[1:]
    while rest:
        name, value, rest = word(rest[0]), rest[1:2], rest[2:]
        if name not in ("match", "count", "type") or not value:
            raise Wrong(SYNTAX)
        if name == "match":
            options.fits = matcher(value[0])
        elif name == "count":
            options.count = whole(value[0])
            if options.count < 1:
                raise Wrong(SYNTAX)
        else:
            options.kind = word(value[0])
    return int(words[0]), options


def _next(cursor: int, length: int) -> bytes:
    return b"0" if cursor >= length else b"%d" % cursor


def scan_inside(client: Client, words: list[bytes], sort: type[Value]) -> Reply:
    """HSCAN, SSCAN and ZSCAN."""
    value = client.db.read(words[0], sort)
    cursor, options = _scan_options(words[1:])
    entries: list[bytes] = list(value) if isinstance(value, Hash | Members | Scores) else []
    out: list[Reply] = []
    for entry in entries[cursor : cursor + options.count]:
        if options.fits(entry):
            out.append(entry)
            if isinstance(value, Hash):
                out.append(value[entry])
            elif isinstance(value, Scores):
                out.append(format_number(value[entry]))
    return [_next(cursor + options.count, len(entries)), out]


def random_key(client: Client, words: list[bytes]) -> Reply:
    found = client.db.alive()
    return random.choice(found) if found else None


def rename(client: Client, words: list[bytes]) -> Reply:
    _rename(client, words[0], words[1])
    return OK


def rename_new(client: Client, words: list[bytes]) -> Reply:
    if client.db.find(words[0]) is not None and client.db.find(words[1]) is not None:
        return 0
    _rename(client, words[0], words[1])
    return 1


def _rename(client: Client, old: bytes, new: bytes) -> None:
    value, end = client.db.find(old), client.db.ends.get(old)
    if value is None:
        raise Wrong("ERR no such key")
    client.db.drop(old)
    client.db.put(new, value)
    if end is not None:
        client.db.ends[new] = end


def copy(client: Client, words: list[bytes]) -> Reply:
    target, replace, rest = client.index, False, words[2:]
    while rest:
        if word(rest[0]) == "replace":
            replace, rest = True, rest[1:]
        elif word(rest[0]) == "db" and len(rest) > 1:
            target, rest = _database(rest[1]), rest[2:]
        else:
            raise Wrong(SYNTAX)
    there = client.server.keyspace.databases[target]
    value = client.db.find(words[0])
    if target == client.index and words[0] == words[1]:
        raise Wrong("ERR source and destination objects are the same")
    if value is None or (there.find(words[1]) is not None and not replace):
        return 0
    there.put(words[1], copy_of(value))
    return 1


def _database(text: bytes) -> int:
    index = whole(text)
    if not 0 <= index < DATABASES:
        raise Wrong("ERR DB index is out of range")
    return index


def move(client: Client, words: list[bytes]) -> Reply:
    there = client.server.keyspace.databases[_database(words[1])]
    if there is client.db:
        raise Wrong("ERR source and destination objects are the same")
    value = client.db.find(words[0])
    if value is None or there.find(words[0]) is not None:
        return 0
    client.db.drop(words[0])
    there.put(words[0], value)
    return 1


def expire(client: Client, words: list[bytes], factor: int, base: bool, name: str) -> Reply:
    """EXPIRE and similar commands: `factor` milliseconds to the unit, from now or from the epoch."""
    number = whole(words[1])
    if abs(number) > MOST_TIME:
        raise Wrong(no_time(client, name))
    flags = {word(flag) for flag in words[2:]}
    if flags - {"nx", "xx", "gt", "lt"}:
        raise Wrong(f"ERR Unsupported option {printable(words[2])}")
    if "nx" in flags and len(flags) > 1:
        raise Wrong("ERR NX and XX, GT or LT options at the same time are not compatible")
    end = number * factor + (0 if base else now())
    if client.db.find(words[0]) is None or not _allowed(flags, client.db.ends.get(words[0]), end):
        return 0
    if end <= now():
        client.db.drop(words[0])
    else:
        client.db.touch(words[0])
        client.db.ends[words[0]] = end
    return 1


def _allowed(flags: set[str], before: int | None, end: int) -> bool:
    if before is None:
        return not flags & {"xx", "gt"}
    return not (("nx" in flags) or ("gt" in flags and end <= before) or ("lt" in flags and end >= before))


def time_left(client: Client, words: list[bytes], factor: int, base: bool) -> Reply:
    """TTL and similar commands."""
    if client.db.find(words[0]) is None:
        return -2
    end = client.db.ends.get(words[0])
    if end is None:
        return -1
    return (end - (0 if base else now()) + (factor // 2 if factor > 1 and not base else 0)) // factor


def persist(client: Client, words: list[bytes]) -> Reply:
    if client.db.find(words[0]) is None:
        return 0
    return int(client.db.ends.pop(words[0], None) is not None)


def object_(client: Client, words: list[bytes]) -> Reply:
    value = client.db.find(words[1])
    if value is None:
        return None
    what = word(words[0])
    if what == "freq":
        raise Wrong(
            "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when "
            "switching between policies at runtime LRU and LFU data will take some time to adjust."
        )
    if what == "encoding":
        return encoding(value, client.server.version)
    return 1 if what == "refcount" else 0


def encoding(value: Value, version: tuple[int, ...]) -> str:
    """The encoding in which the server would store the value."""
    if isinstance(value, bytes):
        try:
            whole(value)
        except Wrong:
            return "embstr" if len(value) <= 44 else "raw"
        return "int"
    small = "listpack" if version >= (7,) else "ziplist"
    if isinstance(value, Items):
        return "listpack" if version >= (7, 2) and len(value) <= 128 else "quicklist"
    long = any(len(entry) > 64 for entry in value)
    if isinstance(value, Members):
        numbers = all(entry.isdigit() and len(entry) < 19 for entry in value)
        short = "listpack" if version >= (7, 2) and len(value) <= 128 and not long else "hashtable"
        return "intset" if numbers and len(value) <= 512 else short
    if isinstance(value, Scores):
        return small if len(value) <= 128 and not long else "skiplist"
    return small if len(value) <= 512 and not long else "hashtable"


def flush(client: Client, words: list[bytes], everything: bool) -> Reply:
    """FLUSHDB and FLUSHALL."""
    if len(words) > 1 or (words and word(words[0]) not in ("async", "sync")):
        raise Wrong(SYNTAX)
    databases = client.server.keyspace.databases if everything else [client.db]
    for database in databases:
        database.clear()
    client.server.keyspace.measure()
    return OK


def swap(client: Client, words: list[bytes]) -> Reply:
    complaints = ("ERR invalid first DB index", "ERR invalid second DB index")
    one, other = (whole(text, complaint) for text, complaint in zip(words, complaints, strict=True))
    if not (0 <= one < DATABASES and 0 <= other < DATABASES):
        raise Wrong("ERR DB index is out of range")
    databases = client.server.keyspace.databases
    databases[one], databases[other] = databases[other], databases[one]
    return OK


def sort(client: Client, words: list[bytes]) -> Reply:
    value = client.db.find(words[0])
    if value is None:
        return []
    if isinstance(value, bytes | Hash):
        raise Wrong(WRONG_TYPE)
    entries: list[bytes] = list(value)
    options = [word(option) for option in words[1:]]
    if set(options) - {"asc", "desc", "alpha", "limit"} - {o for o in options if o.lstrip("-").isdigit()}:
        raise Wrong(SYNTAX)
    if "alpha" in options:
        entries.sort(reverse="desc" in options)
    else:
        order = {entry: _sortable(entry) for entry in entries}
        entries.sort(key=lambda entry: order[entry], reverse="desc" in options)
    if "limit" in options:
        at = options.index("limit") + 1
        numbers = [whole(number) for number in words[1:][at : at + 2]]
        if len(numbers) < 2:
            raise Wrong(SYNTAX)
        first = max(numbers[0], 0)
        entries = entries[first : first + numbers[1] if numbers[1] >= 0 else None]
    return list(entries)


def _sortable(entry: bytes) -> float:
    try:
        return float(entry)
    except ValueError:
        raise Wrong("ERR One or more scores can't be converted into double") from None


def memory_usage(client: Client, words: list[bytes]) -> Reply:
    """MEMORY USAGE key."""
    if len(words) > 1 and word(words[1]) != "samples":
        raise Wrong(SYNTAX)
    value = client.db.find(words[0])
    return None if value is None else (48 + len(words[0]) + weight(value)) // 8 * 8


def select(client: Client, words: list[bytes]) -> Reply:
    complaint = NOT_AN_INTEGER if client.server.version >= (6, 2) else "ERR invalid DB index"
    index = whole(words[0], complaint)
    if not 0 <= index < DATABASES:
        raise Wrong("ERR DB index is out of range")
    client.index = index
    return OK


def wait(client: Client, words: list[bytes]) -> Reply:
    whole(words[0])
    if whole(words[1], "ERR timeout is not an integer or out of range") < 0:
        raise Wrong("ERR timeout is negative")
    return 0


HANDLERS: Handlers = {
    "del": delete, "unlink": delete, "exists": exists, "touch": exists, "type": kind, "keys": keys, "scan": scan,
    "hscan": lambda client, words: scan_inside(client, words, Hash),
    "sscan": lambda client, words: scan_inside(client, words, Members),
    "zscan": lambda client, words: scan_inside(client, words, Scores),
    "randomkey": random_key, "rename": rename, "renamenx": rename_new, "copy": copy, "move": move,
    "expire": lambda client, words: expire(client, words, 1000, False, "expire"),
    "pexpire": lambda client, words: expire(client, words, 1, False, "pexpire"),
    "expireat": lambda client, words: expire(client, words, 1000, True, "expireat"),
    "pexpireat": lambda client, words: expire(client, words, 1, True, "pexpireat"),
    "ttl": lambda client, words: time_left(client, words, 1000, False),
    "pttl": lambda client, words: time_left(client, words, 1, False),
    "expiretime": lambda client, words: time_left(client, words, 1000, True),
    "pexpiretime": lambda client, words: time_left(client, words, 1, True),
    "persist": persist, "object": object_, "swapdb": swap, "sort": sort, "sort_ro": sort, "select": select,
    "flushdb": lambda client, words: flush(client, words, False),
    "flushall": lambda client, words: flush(client, words, True),
    "dbsize": lambda client, words: len(client.db.alive()),
    "wait": wait,
}  # fmt: skip
