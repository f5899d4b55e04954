"""Of which file of the machine some bytes are the kept begin: a program that gets them by a pipe or as a copy
knows the size and the sums of the whole."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

from .node import Node
from .packaged import MOST_CONTENT

MOST_ORIGINS = 500
_origins: OrderedDict[bytes, Node] = OrderedDict()


def remember(node: Node, content: bytes) -> None:
    """A file of which this content is only the begin was read."""
    if node.size <= len(content) or not content or len(content) > MOST_CONTENT:
        return
    key = _key(content)
    _origins[key] = node
    _origins.move_to_end(key)
    while len(_origins) > MOST_ORIGINS:
        _origins.popitem(last=False)


def origin(content: bytes) -> Node | None:
    """The file whose kept begin these bytes are, None if they are all that there is."""
    return _origins.get(_key(content)) if _origins and 0 < len(content) <= MOST_CONTENT else None


def _key(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()
