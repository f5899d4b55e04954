"""Selectors of attackers' addresses: `192.0.2.7,198.51.100.0/24,!198.51.100.9`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from decnet.errors import UsageError
from decnet.wire import clean

_PATTERN = re.compile(r"[0-9a-f.:]*[*?][0-9a-f.:*?]*")
_HINT = "write an address, a block like 198.51.100.0/24, a range, or a pattern like '192.0.2.*'"

_Term = Callable[[str, "IPv4Address | IPv6Address | None"], bool]
"""Whether a term means a source: its text, and the address that the text is."""


@dataclass(frozen=True)
class Sources:
    """The addresses that some terms mean; with only `!` terms, all others."""

    wanted: tuple[_Term, ...]
    excluded: tuple[_Term, ...]
    addresses: tuple[str, ...] = ()
    """Those of the wanted terms that are IPv4 addresses."""

    @classmethod
    def of(cls, texts: Sequence[str]) -> Sources:
        """The selector that several arguments mean together: terms separated by commas, each an address, a
        CIDR block, an `a-b` range or a pattern, `!` before it excludes. Raises UsageError."""
        terms = [term.strip() for text in texts for term in text.split(",") if term.strip()]
        if not terms:
            raise UsageError("no source is selected", hint=_HINT)
        wanted = [each for each in terms if not each.startswith("!")]
        return cls(
            tuple(_term(each) for each in wanted),
            tuple(_term(each[1:].strip()) for each in terms if each.startswith("!")),
            tuple(each for each in wanted if isinstance(_address(each), IPv4Address)),
        )

    @property
    def only(self) -> str | None:
        """The one IPv4 address that it means, as every event spells it; None if it may mean others."""
        return (
            self.addresses[0] if len(self.addresses) == 1 == len(self.wanted) and not self.excluded else None
        )

    def matches(self, source: str) -> bool:
        """Whether it means this source; an event of several sources has "", which only `!` terms let
        through."""
        address = _address(source)
        if any(term(source, address) for term in self.excluded):
            return False
        return not self.wanted or any(term(source, address) for term in self.wanted)


def _term(text: str) -> _Term:
    if _PATTERN.fullmatch(text.lower()):
        return lambda source, _: fnmatchcase(source.lower(), text.lower())
    blocks = tuple(_blocks(text))
    return lambda _, address: address is not None and any(address in block for block in blocks)


def _blocks(text: str) -> Iterable[IPv4Network | IPv6Network]:
    low, dash, high = text.partition("-")
    try:
        if dash:
            yield from _range(low.strip(), high.strip())
        else:
            yield ip_network(text)
    except ValueError:
        raise _refusal(text) from None


def _range(low: str, high: str) -> Iterable[IPv4Network]:
    from ipaddress import summarize_address_range

    return summarize_address_range(IPv4Address(low), IPv4Address(high))


def _refusal(text: str) -> UsageError:
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        return UsageError(f"--source '{clean(text, 60)}' is not an address or a block", hint=_HINT)
    return UsageError(f"--source '{clean(text, 60)}' is a host in a block", hint=f"did you mean {meant}?")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
