# ruff: noqa: E501 (tables)
"""Modules that encode and calculate: zlib, gzip, uuid, secrets, html, textwrap, hmac, codecs, statistics."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import hmac
import html
import secrets
import statistics
import textwrap
import uuid
import zlib
from collections.abc import Callable
from typing import Any

from .iterating import items_of
from .machine import Machine, Value
from .of_data import HASHES, _plain
from .of_system import natives
from .values import MOST_OBJECT, Record, check

ENCODINGS = (
    "rot13",
    "rot_13",
    "hex",
    "hex_codec",
    "base64",
    "base64_codec",
    "utf-8",
    "utf8",
    "ascii",
    "latin-1",
    "utf-16",
    "utf-16le",
)


def _unpacked(bits: int) -> Callable[..., bytes]:
    """Decompression of at most MOST_OBJECT bytes."""

    def run(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> bytes:
        packer = zlib.decompressobj(bits if len(args) < 2 else int(args[1]))
        data = packer.decompress(args[0], MOST_OBJECT + 1)
        check(len(data))
        return data

    return run


def _uuid(version: int) -> Callable[..., Record]:
    def run(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Record:
        made = (
            uuid.uuid4()
            if version == 4
            else uuid.uuid5(uuid.NAMESPACE_DNS, str(args[-1]))
            if version == 5
            else uuid.uuid4()
        )
        facts = {"hex": made.hex, "int": made.int, "version": made.version, "bytes": made.bytes}
        return Record("UUID", facts, str(made))

    return run


def _recoded(run: Callable[..., Any]) -> Callable[..., Any]:
    def call(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
        check(len(args[0]) * 4)
        name = args[1] if len(args) > 1 else "utf-8"
        if name not in ENCODINGS:
            raise LookupError(f"unknown encoding: {name}")
        return run(args[0], name)

    return call


def _hmac(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Record:
    name = keywords.get("digestmod", args[2] if len(args) > 2 else "")
    name = name if isinstance(name, str) else getattr(name, "name", "")
    if name not in HASHES:
        raise TypeError("Missing required parameter 'digestmod'.")
    made = hmac.new(args[0], args[1] if len(args) > 1 else keywords.get("msg"), getattr(hashlib, name))
    functions = natives(
        hexdigest=lambda machine, args, keywords: made.hexdigest(),
        digest=lambda machine, args, keywords: made.digest(),
    )
    return Record("HMAC", functions)


def _of_numbers(run: Callable[..., Any]) -> Callable[..., Value]:
    def call(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
        items = yield from items_of(machine, args[0])
        check(len(items))
        return run(items)

    return call


def _token(run: Callable[..., Any]) -> Callable[..., Any]:
    def call(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
        count = args[0] if args else 32
        check(count * 2)
        return run(count)

    return call


def _bounded(run: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a text whose result is bounded by it."""

    def call(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
        check(len(args[0]) * 6)
        return run(*args, **keywords)

    return call


MODULES: dict[str, Callable[[Machine], dict[str, Any]]] = {
    "zlib": lambda machine: {**_plain(zlib.crc32, zlib.adler32, zlib.compress), **natives(decompress=_unpacked(15))},
    "gzip": lambda machine: {**_plain(gzip.compress), **natives(decompress=_unpacked(31))},
    "uuid": lambda machine: {**natives(uuid4=_uuid(4), uuid1=_uuid(1), uuid5=_uuid(5)), "NAMESPACE_DNS": "dns"},
    "secrets": lambda machine: {**natives(token_hex=_token(secrets.token_hex), token_bytes=_token(secrets.token_bytes), token_urlsafe=_token(secrets.token_urlsafe)),
                                **_plain(secrets.choice, secrets.randbelow)},
    "html": lambda machine: natives(escape=_bounded(html.escape), unescape=_bounded(html.unescape)),
    "textwrap": lambda machine: natives(dedent=_bounded(textwrap.dedent), wrap=_bounded(textwrap.wrap), fill=_bounded(textwrap.fill)),
    "hmac": lambda machine: {**natives(new=_hmac), **_plain(hmac.compare_digest)},
    "codecs": lambda machine: natives(encode=_recoded(codecs.encode), decode=_recoded(codecs.decode)),
    "statistics": lambda machine: natives(mean=_of_numbers(statistics.mean), median=_of_numbers(statistics.median), stdev=_of_numbers(statistics.stdev), mode=_of_numbers(statistics.mode)),
}  # fmt: skip
