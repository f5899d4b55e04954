# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""Commands on lists and sorted sets."""

from collections.abc import Awaitable

from .arguments import SYNTAX, positive, real, span, whole, word
from .instance import Client, Handlers
from .keyspace import Items, Scores, Wrong
from .resp import IDLE_SECONDS, NO_LIST, OK, Reply

NOT_A_RANGE = "ERR min or max is not a float"


def _items(client: Client, key: bytes) -> Items:
    value = client.db.read(key, Items)
    return value if isinstance(value, Items) else Items()


def _kept(client: Client, key: bytes, value: Items) -> int:
    client.db.put(key, value, keep=True)
    return len(value)


def push(client: Client, words: list[bytes], *, left: bool, there: bool = False) -> Reply:
    """LPUSH and similar commands; with `there` only onto an existing list."""
    value = _items(client, words[0])
    if there and not value:
        return 0
    if left:
        value[:0] = reversed(words[1:])
    else:
        value += words[1:]
    client.server.pushed()
    return _kept(client, words[0], value)


def pop(client: Client, words: list[bytes], *, left: bool) -> Reply:
    """LPOP and RPOP."""
    if len(words) > 2 or (len(words) == 2 and client.server.version < (6, 2)):
        raise Wrong(f"ERR wrong number of arguments for '{'lpop' if left else 'rpop'}' command")
    count = positive(words[1]) if len(words) > 1 else 1
    value = _items(client, words[0])
    if not value:
        return NO_LIST if len(words) > 1 else None
    place = slice(0, count) if left else slice(max(len(value) - count, 0), None)
    taken = value[place] if left else value[place][::-1]
    del value[place]
    _kept(client, words[0], value)
    return list(taken) if len(words) > 1 else taken[0]


def items_range(client: Client, words: list[bytes]) -> Reply:
    start, end = whole(words[1]), whole(words[2])
    value = _items(client, words[0])
    first, behind = span(start, end, len(value))
    return list(value[first:behind])


def trim(client: Client, words: list[bytes]) -> Reply:
    start, end = whole(words[1]), whole(words[2])
    value = _items(client, words[0])
    first, behind = span(start, end, len(value))
    if value:
        _kept(client, words[0], Items(value[first:behind]))
    return OK


def item_at(client: Client, words: list[bytes]) -> Reply:
    value, at = _items(client, words[0]), whole(words[1])
    return value[at] if -len(value) <= at < len(value) else None


def set_item(client: Client, words: list[bytes]) -> Reply:
    value = _items(client, words[0])
    if not value:
        raise Wrong("ERR no such key")
    at = whole(words[1])
    if not -len(value) <= at < len(value):
        raise Wrong("ERR index out of range")
    value[at] = words[2]
    _kept(client, words[0], value)
    return OK


def drop_items(client: Client, words: list[bytes]) -> Reply:
    count = whole(words[1])
    value = _items(client, words[0])
    places = [place for place, item in enumerate(value) if item == words[2]]
    places = places[:count] if count > 0 else places[count:] if count < 0 else places
    if places:
        gone = set(places)
        _kept(client, words[0], Items(item for place, item in enumerate(value) if place not in gone))
    return len(places)


def insert(client: Client, words: list[bytes]) -> Reply:
    where = word(words[1])
    if where not in ("before", "after"):
        raise Wrong(SYNTAX)
    value = _items(client, words[0])
    if not value:
        return 0
    if words[2] not in value:
        return -1
    value.insert(value.index(words[2]) + (where == "after"), words[3])
    return _kept(client, words[0], value)


def position(client: Client, words: list[bytes]) -> Reply:
    options = {"rank": 1, "count": -1, "maxlen": 0}
    for name, number in zip(words[2::2], words[3::2], strict=False):
        if word(name) not in options:
            raise Wrong(SYNTAX)
        options[word(name)] = whole(number)
    if len(words) % 2:
        raise Wrong(SYNTAX)
    if options["rank"] == 0:
        raise Wrong(
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative "
            "to start from the end of the list"
        )
    value = _items(client, words[0])
    places = [place for place, item in enumerate(value) if item == words[1]]
    if options["rank"] < 0:
        places.reverse()
    places = places[abs(options["rank"]) - 1 :]
    if options["count"] < 0:
        return places[0] if places else None
    return list(places[: options["count"] or None])


def shift(client: Client, source: bytes, target: bytes, *, left: bool, onto_left: bool) -> Reply:
    """LMOVE and RPOPLPUSH."""
    value = _items(client, source)
    _items(client, target)
    if not value:
        return None
    item = value.pop(0 if left else -1)
    _kept(client, source, value)
    push(client, [target, item], left=onto_left)
    return item


def move_item(client: Client, words: list[bytes]) -> Reply:
    sides = [word(side) for side in words[2:4]]
    if set(sides) - {"left", "right"}:
        raise Wrong(SYNTAX)
    return shift(client, words[0], words[1], left=sides[0] == "left", onto_left=sides[1] == "left")


def block_pop(client: Client, words: list[bytes], *, left: bool) -> Awaitable[Reply]:
    """BLPOP and BRPOP: the first element within the time limit."""

    def attempt() -> Reply:
        for key in words[:-1]:
            if _items(client, key):
                return [key, pop(client, [key], left=left)]
        return None

    return client.server.until(client, attempt, _seconds(words[-1]), NO_LIST)


def block_shift(client: Client, words: list[bytes]) -> Awaitable[Reply]:
    """BRPOPLPUSH and BLMOVE."""
    seconds = _seconds(words[-1])

    def attempt() -> Reply:
        if len(words) == 5:
            return move_item(client, words[:4])
        return shift(client, words[0], words[1], left=False, onto_left=True)

    return client.server.until(client, attempt, seconds, None if len(words) == 5 else NO_LIST)


def _seconds(text: bytes) -> float:
    seconds = real(text, "ERR timeout is not a float or out of range")
    if seconds < 0:
        raise Wrong("ERR timeout is negative")
    return min(seconds or IDLE_SECONDS, IDLE_SECONDS)


def _scores(client: Client, key: bytes) -> Scores:
    value = client.db.read(key, Scores)
    return value if isinstance(value, Scores) else Scores()


def add_scores(client: Client, words: list[bytes]) -> Reply:
    rest, flags = words[1:], set[str]()
    while rest and word(rest[0]) in ("nx", "xx", "gt", "lt", "ch", "incr"):
        flags.add(word(rest[0]))
        rest = rest[1:]
    if not rest or len(rest) % 2:
        raise Wrong(SYNTAX)
    if flags >= {"nx", "xx"}:
        raise Wrong("ERR XX and NX options at the same time are not compatible")
    if ("nx" in flags and flags & {"gt", "lt"}) or flags >= {"gt", "lt"}:
        raise Wrong("ERR GT, LT, and/or NX options at the same time are not compatible")
    if "incr" in flags and len(rest) > 2:
        raise Wrong("ERR INCR option supports a single increment-element pair")
    pairs = [(member, real(score)) for score, member in zip(rest[::2], rest[1::2], strict=True)]
    value = _scores(client, words[0])
    added = changed = 0
    for member, score in pairs:
        before = value.get(member)
        if "incr" in flags:
            score += before or 0.0
        if not _may_score(flags, before, score):
            if "incr" in flags:
                return None
            continue
        added += before is None
        changed += before != score
        value[member] = score
    client.db.put(words[0], value, keep=True)
    if "incr" in flags:
        return value[pairs[0][0]]
    return changed if "ch" in flags else added


def _may_score(flags: set[str], before: float | None, score: float) -> bool:
    if before is None:
        return "xx" not in flags
    return not ("nx" in flags or ("gt" in flags and score <= before) or ("lt" in flags and score >= before))


def add_score(client: Client, words: list[bytes]) -> Reply:
    return add_scores(client, [words[0], b"incr", words[1], words[2]])


def drop_scores(client: Client, words: list[bytes]) -> Reply:
    value = _scores(client, words[0])
    return _without(client, words[0], value, [member for member in words[1:] if member in value])


def _without(client: Client, key: bytes, value: Scores, members: list[bytes]) -> int:
    for member in members:
        value.pop(member, None)
    if members:
        client.db.put(key, value, keep=True)
    return len(members)


def ranked_range(
    client: Client, words: list[bytes], *, by_score: bool = False, reverse: bool = False
) -> Reply:
    """ZRANGE and similar commands."""
    options = [word(option) for option in words[3:]]
    limit: tuple[int, int] | None = None
    if "limit" in options:
        at = options.index("limit")
        numbers = [whole(number) for number in words[3:][at + 1 : at + 3]]
        if len(numbers) < 2:
            raise Wrong(SYNTAX)
        limit = (numbers[0], numbers[1])
        del options[at : at + 3]
    if set(options) - {"withscores", "byscore", "rev"}:
        raise Wrong(SYNTAX)
    by_score, reverse = by_score or "byscore" in options, reverse or "rev" in options
    if limit and not by_score:
        raise Wrong("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
    found = _between(client, words, by_score=by_score, reverse=reverse)
    if limit:
        found = [] if limit[0] < 0 else found[limit[0] :][: limit[1] if limit[1] >= 0 else None]
    if "withscores" not in options:
        return [member for member, _ in found]
    return _paired(client, found)


def _paired(client: Client, found: list[tuple[bytes, float]]) -> Reply:
    if client.protocol > 2:
        return [[member, score] for member, score in found]
    return [part for pair in found for part in pair]


def _between(
    client: Client, words: list[bytes], *, by_score: bool, reverse: bool
) -> list[tuple[bytes, float]]:
    if by_score:
        low, high = (words[2], words[1]) if reverse else (words[1], words[2])
        fits = _bounds(low, high)
        found = [pair for pair in _scores(client, words[0]).ranked() if fits(pair[1])]
        return found[::-1] if reverse else found
    start, end = whole(words[1]), whole(words[2])
    found = _scores(client, words[0]).ranked()
    if reverse:
        found.reverse()
    first, behind = span(start, end, len(found))
    return found[first:behind]


class _bounds:
    """Whether a score is in the range; a ( before a number excludes the number itself."""

    def __init__(self, low: bytes, high: bytes) -> None:
        self._above, self._below = low[:1] == b"(", high[:1] == b"("
        self._low = real(low[self._above :], NOT_A_RANGE)
        self._high = real(high[self._below :], NOT_A_RANGE)

    def __call__(self, score: float) -> bool:
        return (self._low < score or (score == self._low and not self._above)) and (
            score < self._high or (score == self._high and not self._below)
        )


def rank(client: Client, words: list[bytes], *, reverse: bool) -> Reply:
    """ZRANK and ZREVRANK."""
    ranked = [member for member, _ in _scores(client, words[0]).ranked()]
    if words[1] not in ranked:
        return None
    return len(ranked) - 1 - ranked.index(words[1]) if reverse else ranked.index(words[1])


def count_scores(client: Client, words: list[bytes]) -> Reply:
    fits = _bounds(words[1], words[2])
    return sum(fits(score) for score in _scores(client, words[0]).values())


def drop_range(client: Client, words: list[bytes], *, by_score: bool) -> Reply:
    """ZREMRANGEBYRANK and ZREMRANGEBYSCORE."""
    found = _between(client, words, by_score=by_score, reverse=False)
    return _without(client, words[0], _scores(client, words[0]), [member for member, _ in found])


def pop_scores(client: Client, words: list[bytes], *, highest: bool) -> Reply:
    """ZPOPMIN and ZPOPMAX."""
    count = positive(words[1]) if len(words) > 1 else 1
    value = _scores(client, words[0])
    found = value.ranked()
    if highest:
        found.reverse()
    _without(client, words[0], value, [member for member, _ in found[:count]])
    if len(words) > 1:
        return _paired(client, found[:count])
    return [part for pair in found[:1] for part in pair]


def scores_of(client: Client, words: list[bytes]) -> Reply:
    value = _scores(client, words[0])
    return [value.get(member) for member in words[1:]]


HANDLERS: Handlers = {
    "lpush": lambda client, words: push(client, words, left=True),
    "rpush": lambda client, words: push(client, words, left=False),
    "lpushx": lambda client, words: push(client, words, left=True, there=True),
    "rpushx": lambda client, words: push(client, words, left=False, there=True),
    "lpop": lambda client, words: pop(client, words, left=True),
    "rpop": lambda client, words: pop(client, words, left=False),
    "llen": lambda client, words: len(_items(client, words[0])),
    "lrange": items_range, "ltrim": trim, "lindex": item_at, "lset": set_item, "lrem": drop_items,
    "linsert": insert, "lpos": position, "lmove": move_item,
    "rpoplpush": lambda client, words: shift(client, words[0], words[1], left=False, onto_left=True),
    "blpop": lambda client, words: block_pop(client, words, left=True),
    "brpop": lambda client, words: block_pop(client, words, left=False),
    "brpoplpush": block_shift, "blmove": block_shift,
    "zadd": add_scores, "zincrby": add_score, "zrem": drop_scores, "zrange": ranked_range,
    "zrevrange": lambda client, words: ranked_range(client, words, reverse=True),
    "zrangebyscore": lambda client, words: ranked_range(client, words, by_score=True),
    "zrevrangebyscore": lambda client, words: ranked_range(client, words, by_score=True, reverse=True),
    "zrank": lambda client, words: rank(client, words, reverse=False),
    "zrevrank": lambda client, words: rank(client, words, reverse=True),
    "zscore": lambda client, words: _scores(client, words[0]).get(words[1]),
    "zmscore": scores_of, "zcount": count_scores,
    "zcard": lambda client, words: len(_scores(client, words[0])),
    "zremrangebyrank": lambda client, words: drop_range(client, words, by_score=False),
    "zremrangebyscore": lambda client, words: drop_range(client, words, by_score=True),
    "zpopmin": lambda client, words: pop_scores(client, words, highest=False),
    "zpopmax": lambda client, words: pop_scores(client, words, highest=True),
}  # fmt: skip
