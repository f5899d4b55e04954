"""Which techniques of MITRE ATT&CK an event shows, and which ones the logins of a source show together."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from ipaddress import ip_address

from decnet.model.event import Touch
from decnet.plan import attack_table as table


def techniques_of(event: Touch) -> tuple[str, ...]:
    """The ids of the techniques that an event shows by itself, some of them perhaps twice."""
    own: tuple[str, ...] = ()
    if event.kind == "scan":
        own = (_of_scan(event),)
    elif event.kind == "login":
        own = tuple(_of_login(event))
    fields = _FIELDS.get(event.kind)
    if fields is None:
        return own
    texts = tuple(str(event.fields.get(name, "")) for name in fields)
    return own + _by_rules(event.kind, event.service, texts)


def techniques_of_logins(accounts: Collection[str], secrets: Collection[str], pairs: int) -> tuple[str, ...]:
    """Those that the attempts of one source show together: by their accounts, passwords, and number of
    different pairs."""
    if not pairs:
        return ()
    if pairs == 1:
        return (table.ONE_GUESS,)
    if len(accounts) < 2:
        return (table.GUESSING,)
    return (table.SPRAYING if len(secrets) < 2 else table.STUFFING,)


@lru_cache(maxsize=1024)
def _by_rules(kind: str, service: str, texts: tuple[str, ...]) -> tuple[str, ...]:
    """What the rules say about an event with these texts in the fields that they look at. The tools of
    attackers send the same ones again and again."""
    found: list[str] = []
    for rule in _BY_KIND[kind]:
        if rule.services and service not in rule.services:
            continue
        if not rule.field or rule.pattern.search(texts[_FIELDS[kind].index(rule.field)]):
            found += rule.techniques
    return tuple(found)


def _of_scan(event: Touch) -> str:
    if event.fields.get("probe") in ("ping", "arp"):
        return table.SWEEP
    return table.PORT_SCAN if _is_inside(event.source_ip) else table.SCAN_FROM_OUTSIDE


def _of_login(event: Touch) -> Iterator[str]:
    if not event.fields.get("success"):
        return
    yield table.VALID_ACCOUNT
    if event.service in table.REMOTE:
        yield table.REMOTE[event.service] if _is_inside(event.source_ip) else table.REMOTE_FROM_OUTSIDE


@lru_cache(maxsize=4096)
def _is_inside(source: str) -> bool:
    try:
        return ip_address(source).is_private
    except ValueError:
        return False


_BY_KIND = {
    kind: tuple(rule for rule in table.RULES if rule.kind == kind) for kind in {r.kind for r in table.RULES}
}

_FIELDS = {
    kind: tuple(dict.fromkeys(rule.field for rule in rules if rule.field)) for kind, rules in _BY_KIND.items()
}
"""The fields that the rules for a kind look at."""
