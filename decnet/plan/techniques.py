"""Which techniques of MITRE ATT&CK an event shows, and which ones the logins of a source show together."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from ipaddress import ip_address

from decnet.model.event import AttackerEvent
from decnet.plan import attack_table as table


def techniques_of(event: AttackerEvent) -> Iterator[str]:
    """The ids of the techniques that an event shows by itself, some of them perhaps twice."""
    if event.kind == "scan":
        yield from _of_scan(event)
    elif event.kind == "login":
        yield from _of_login(event)
    for rule in _BY_KIND.get(event.kind, ()):
        if rule.services and event.service not in rule.services:
            continue
        if not rule.field or rule.pattern.search(str(event.fields.get(rule.field, ""))):
            yield from rule.techniques


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


def _of_scan(event: AttackerEvent) -> Iterator[str]:
    if event.fields.get("probe") in ("ping", "arp"):
        yield table.SWEEP
    else:
        yield table.PORT_SCAN if _is_inside(event.source_ip) else table.SCAN_FROM_OUTSIDE


def _of_login(event: AttackerEvent) -> Iterator[str]:
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
