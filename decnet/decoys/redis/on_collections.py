"""Commands on hashes and sets."""

import random
from collections.abc import Callable

from .arguments import NOT_AN_INTEGER, SYNTAX, positive, real, whole, within, word
from .instance import Client, Handlers
from .keyspace import Hash, Members, Wrong
from .on_strings import decimal
from .resp import OK, Reply

MOST_DRAWN = 10000


def _hash(client: Client, key: bytes) -> Hash:
    value = client.db.read(key, Hash)
    return value if isinstance(value, Hash) else Hash()


def _members(client: Client, key: bytes) -> Members:
    value = client.db.read(key, Members)
    return value if isinstance(value, Members) else Members()


def set_fields(client: Client, words: list[bytes], name: str) -> int:
    """HSET and HMSET: how many fields are new."""
    if len(words) % 2 == 0:
        raise Wrong(f"ERR wrong number of arguments for '{name}' command")
    value = _hash(client, words[0])
    before = len(value)
    for field, content in zip(words[1::2], words[2::2], strict=True):
        value[field] = content
    client.db.put(words[0], value, keep=True)
    return len(value) - before


def set_fields_ok(client: Client, words: list[bytes]) -> Reply:
    set_fields(client, words, "hmset")
    return OK


def set_new_field(client: Client, words: list[bytes]) -> Reply:
    value = _hash(client, words[0])
    if words[1] in value:
        return 0
    value[words[1]] = words[2]
    client.db.put(words[0], value, keep=True)
    return 1


def get_fields(client: Client, words: list[bytes]) -> Reply:
    value = _hash(client, words[0])
    return [value.get(field) for field in words[1:]]


def drop_fields(client: Client, words: list[bytes]) -> Reply:
    value = _hash(client, words[0])
    count = sum(value.pop(field, None) is not None for field in words[1:])
    if count:
        client.db.put(words[0], value, keep=True)
    return count


def add_to_field(client: Client, words: list[bytes]) -> Reply:
    delta = whole(words[2], NOT_AN_INTEGER)
    value = _hash(client, words[0])
    number = within(whole(value.get(words[1], b"0"), "ERR hash value is not an integer") + delta)
    value[words[1]] = b"%d" % number
    client.db.put(words[0], value, keep=True)
    return number


def add_real_to_field(client: Client, words: list[bytes]) -> Reply:
    delta = real(words[2])
    value = _hash(client, words[0])
    text = decimal(real(value.get(words[1], b"0"), "ERR hash value is not a float") + delta)
    value[words[1]] = text
    client.db.put(words[0], value, keep=True)
    return text


def random_fields(client: Client, words: list[bytes]) -> Reply:
    value = _hash(client, words[0])
    if len(words) == 1:
        return random.choice(list(value)) if value else None
    fields = sample(list(value), whole(words[1]))
    if len(words) > 2 and word(words[2]) != "withvalues":
        raise Wrong(SYNTAX)
    return [part for field in fields for part in ((field, value[field]) if len(words) > 2 else (field,))]


def sample(entries: list[bytes], count: int) -> list[bytes]:
    """Some of them at random; with a negative number, with repetition."""
    if not entries:
        return []
    if count < 0:
        return random.choices(entries, k=min(-count, MOST_DRAWN))
    return random.sample(entries, min(count, len(entries)))


def add_members(client: Client, words: list[bytes]) -> Reply:
    value = _members(client, words[0])
    before = len(value)
    value.update(dict.fromkeys(words[1:]))
    client.db.put(words[0], value, keep=True)
    return len(value) - before


def drop_members(client: Client, words: list[bytes]) -> Reply:
    value = _members(client, words[0])
    before = len(value)
    for member in words[1:]:
        value.pop(member, None)
    if before != len(value):
        client.db.put(words[0], value, keep=True)
    return before - len(value)


def are_members(client: Client, words: list[bytes]) -> Reply:
    value = _members(client, words[0])
    return [int(member in value) for member in words[1:]]


def pop_members(client: Client, words: list[bytes]) -> Reply:
    if len(words) > 2:
        raise Wrong(SYNTAX)
    count = positive(words[1]) if len(words) > 1 else 1
    value = _members(client, words[0])
    chosen = sample(list(value), count)
    drop_members(client, [words[0], *chosen])
    if len(words) > 1:
        return frozenset(chosen)
    return chosen[0] if chosen else None


def random_members(client: Client, words: list[bytes]) -> Reply:
    if len(words) > 2:
        raise Wrong(SYNTAX)
    value = list(_members(client, words[0]))
    if len(words) > 1:
        return list(sample(value, whole(words[1])))
    return random.choice(value) if value else None


def move_member(client: Client, words: list[bytes]) -> Reply:
    there = _members(client, words[1])
    if not drop_members(client, [words[0], words[2]]):
        return 0
    there[words[2]] = None
    client.db.put(words[1], there, keep=True)
    return 1


Combine = Callable[[set[bytes], set[bytes]], set[bytes]]


def combined(client: Client, words: list[bytes], combine: Combine) -> frozenset[bytes]:
    """SUNION, SINTER, SDIFF. A set that is named twice is read once."""
    found = set(_members(client, words[0]))
    for key in dict.fromkeys(words[1:]):
        found = combine(found, set(_members(client, key)))
    return frozenset(found)


def combine_into(client: Client, words: list[bytes], combine: Combine) -> Reply:
    """The same, stored."""
    found = combined(client, words[1:], combine)
    client.db.put(words[0], Members(dict.fromkeys(sorted(found))))
    return len(found)


HANDLERS: Handlers = {
    "hset": lambda client, words: set_fields(client, words, "hset"),
    "hmset": set_fields_ok, "hsetnx": set_new_field, "hmget": get_fields, "hdel": drop_fields,
    "hget": lambda client, words: _hash(client, words[0]).get(words[1]),
    "hgetall": lambda client, words: dict(_hash(client, words[0])),
    "hkeys": lambda client, words: list(_hash(client, words[0])),
    "hvals": lambda client, words: list(_hash(client, words[0]).values()),
    "hlen": lambda client, words: len(_hash(client, words[0])),
    "hexists": lambda client, words: int(words[1] in _hash(client, words[0])),
    "hstrlen": lambda client, words: len(_hash(client, words[0]).get(words[1], b"")),
    "hincrby": add_to_field, "hincrbyfloat": add_real_to_field, "hrandfield": random_fields,
    "sadd": add_members, "srem": drop_members, "smismember": are_members, "spop": pop_members,
    "smembers": lambda client, words: frozenset(_members(client, words[0])),
    "sismember": lambda client, words: int(words[1] in _members(client, words[0])),
    "scard": lambda client, words: len(_members(client, words[0])),
    "srandmember": random_members, "smove": move_member,
    "sunion": lambda client, words: combined(client, words, set.union),
    "sinter": lambda client, words: combined(client, words, set.intersection),
    "sdiff": lambda client, words: combined(client, words, set.difference),
    "sunionstore": lambda client, words: combine_into(client, words, set.union),
    "sinterstore": lambda client, words: combine_into(client, words, set.intersection),
    "sdiffstore": lambda client, words: combine_into(client, words, set.difference),
}  # fmt: skip
