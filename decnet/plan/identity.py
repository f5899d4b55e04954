"""The identity of a machine on its LAN: its MAC address and its hostname."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Collection, Sequence

from decnet.errors import SpecError
from decnet.model.catalog import Catalog
from decnet.wire import clean

from .draft import Draft

ATTEMPTS = 200
NAMES_TRIED, MOST_DIGITS = 4, 8
"""Hostnames of a style that are tried before one more digit makes room, and digits that are added at most: a
fleet of thousands does not search for the last free name."""
HONEYPOT_WORDS = ("decnet", "decky", "honeypot", "canary")
_HOSTNAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$")
_MAC = re.compile(r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$")
# An N inside a word in capitals (WIN-XXXX, NPIMAC6) is a letter, not a digit's placeholder.
_STYLE = re.compile(r"WORD|word|MAC12|MAC6|mac12|mac6|X|(?<![A-MO-WYZ])N(?![A-MO-WYZ])")


def random_mac(
    draft: Draft,
    catalog: Catalog,
    rng: random.Random,
    used: Collection[str],
    possibly_in_use: Collection[str],
) -> str:
    """A MAC of the draft's vendor that nothing in the fleet has or may hold. Raises SpecError."""
    makers = [draft.vendor] if draft.vendor in catalog.vendors else sorted(_makers(draft, catalog))
    ouis = [oui for maker in makers for oui in catalog.vendors[maker].ouis]
    for _ in range(ATTEMPTS if ouis else 0):
        mac = f"{rng.choice(ouis)}:{rng.randbytes(3).hex(':')}"
        if mac not in used and mac not in possibly_in_use:
            return mac
    message = f"{draft.name}: no MAC address of {', '.join(makers) or 'any vendor'} is free"
    raise SpecError(message, place=draft.place)


def check_mac(draft: Draft, used: dict[str, str]) -> str:
    """The user's MAC. Raises SpecError if it is not the address of a single machine."""
    mac = draft.mac or ""
    if not _MAC.match(mac):
        message = f"{draft.name}: mac {clean(mac, 40)!r} is not in the form 00:50:56:01:02:03"
        raise SpecError(message, place=draft.at("mac"))
    if int(mac[:2], 16) & 1 or mac == "00:00:00:00:00:00":
        raise SpecError(f"{draft.name}: mac {mac} is a group address, not a machine's", place=draft.at("mac"))
    if mac in used:
        raise SpecError(f"{draft.name}: mac {mac} is used twice, by {used[mac]} too", place=draft.at("mac"))
    return mac


def random_hostname(
    draft: Draft,
    catalog: Catalog,
    rng: random.Random,
    used: Collection[str],
    digits: dict[str, int] | None = None,
    *,
    mac: str = "",
) -> str:
    """A hostname in the style of the machine, unique in the fleet (ignoring case). `digits` remembers for the
    next machine how many were added to a style. `mac`: the machine's, from which devices make their names."""
    wanted, digits = style_of(draft, catalog), {} if digits is None else digits
    styles, fill = wanted.split("|"), _filler(rng, catalog.sorted_words or ("host",), mac)
    for attempt in range(NAMES_TRIED * (1 + MOST_DIGITS)):
        # A style with few names gets one more digit when most are used.
        added = digits.get(wanted, 0) + attempt // NAMES_TRIED
        name = _STYLE.sub(fill, rng.choice(styles) + "N" * added)
        if _plausible(name, draft.name) and name.lower() not in used:
            digits[wanted] = added
            return name
    raise SpecError(f"{draft.name}: no hostname like {' or '.join(styles)} is free", place=draft.place)


def check_hostname(draft: Draft, used: dict[str, str]) -> str:
    """The user's hostname. Raises SpecError."""
    name = draft.hostname or ""
    if not _HOSTNAME.match(name):
        message = (
            f"{draft.name}: hostname {clean(name, 70)!r} may contain only letters, digits and inner hyphens"
        )
        raise SpecError(message, place=draft.at("hostname"))
    if name.lower() in used:
        message = f"{draft.name}: hostname {name} is used twice, by {used[name.lower()]} too"
        raise SpecError(message, place=draft.at("hostname"))
    return name


def style_of(draft: Draft, catalog: Catalog) -> str:
    """The hostname style of the draft's archetype and vendor, else of its release, else of its OS."""
    archetype, release = catalog.archetypes.get(draft.archetype or ""), catalog.releases.get(draft.release)
    own = archetype.style(draft.vendor or "") if archetype else ""
    return own or (release.hostname if release else "") or catalog.os_profiles[draft.os].hostname


def _makers(draft: Draft, catalog: Catalog) -> tuple[str, ...]:
    if draft.archetype in catalog.archetypes:
        return catalog.archetypes[draft.archetype].vendors
    return catalog.os_profiles[draft.os].vendors


def _filler(rng: random.Random, choices: Sequence[str], mac: str) -> Callable[[re.Match[str]], str]:
    of_mac = mac.replace(":", "").lower()

    def digit() -> str:
        # What rng.choice(string.digits) gives, in a third of its time: names of large fleets have many.
        number = rng.getrandbits(4)
        while number > 9:
            number = rng.getrandbits(4)
        return string.digits[number]

    def fill(match: re.Match[str]) -> str:
        sign = match.group()
        if sign in ("word", "WORD"):
            word = rng.choice(choices)
            return word.upper() if sign == "WORD" else word
        if sign[:3].lower() == "mac":
            tail = (of_mac or rng.randbytes(6).hex())[-int(sign[3:]) :]
            return tail.upper() if sign.isupper() else tail
        if sign == "X":
            return rng.choice(string.ascii_uppercase + string.digits)
        return digit()

    return fill


def _plausible(hostname: str, name: str) -> bool:
    low = hostname.lower()
    return bool(_HOSTNAME.match(hostname)) and low != name and not any(word in low for word in HONEYPOT_WORDS)
