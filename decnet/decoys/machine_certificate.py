"""The certificate that a Debian system makes for itself at its installation (package ssl-cert)."""

from __future__ import annotations

from math import gcd

from .der import (
    ALTERNATIVE_NAME,
    BASIC_CONSTRAINTS,
    KEY_IDENTIFIER,
    RsaKey,
    Wanted,
    certificate,
    key_identifier,
    sequence,
    tagged,
)
from .machine import Machine
from .persona import Persona
from .primes import EXPONENT

TEN_YEARS = 3650 * 86400


def certificate_of(persona: Persona, key: RsaKey) -> bytes:
    """The certificate (DER) with the given key."""
    machine, own = Machine(persona), persona.machine
    wanted = Wanted(
        subject=persona.hostname, issuer=persona.hostname,
        serial=int.from_bytes(own.bytes_for("tls serial", 20), "big") >> 1,
        begins=machine.installed, ends=machine.installed + TEN_YEARS,
        extensions=(
            (BASIC_CONSTRAINTS, False, sequence()),
            (ALTERNATIVE_NAME, False, sequence(tagged(0x82, persona.hostname.encode()))),
            (KEY_IDENTIFIER, False, key_identifier(key)),
        ),
    )  # fmt: skip
    return certificate(wanted, key, key)


def unused_certificate(persona: Persona) -> bytes:
    """One with a key that looks like an RSA key and is none: real primes take a quarter of a second."""
    p, q = (int.from_bytes(persona.bytes_for(f"unused {name}", 128), "big") | 3 << 1022 | 1 for name in "pq")
    while gcd(p - 1, EXPONENT) != 1:
        p += 2
    while gcd(q - 1, EXPONENT) != 1 or gcd(p, q) != 1:
        q += 2
    return certificate_of(persona, RsaKey(p, q))
