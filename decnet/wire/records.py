"""The journal's chain: each record carries the hash of the one before."""

from __future__ import annotations

from .canonical import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

GENESIS = "0" * 64
"""What the first record of a journal names as the hash before it."""


def chained(record: Dict[str, Any], previous_hash: str) -> Dict[str, Any]:
    """The record with `prev` and `hash` set; the hash covers all fields but itself."""
    body = {key: value for key, value in record.items() if key != "hash"}
    body["prev"] = previous_hash
    return dict(body, hash=digest(body))


def verify(record: Dict[str, Any]) -> bool:
    """Whether the record's hash is the hash of its other fields."""
    body = {key: value for key, value in record.items() if key != "hash"}
    return bool(record.get("hash") == digest(body))
