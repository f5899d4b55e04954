"""Prime numbers derived from the seed, for RSA keys that are always the same."""

import functools
import hashlib
from array import array

from .persona import Persona

EXPONENT = 65537
ROUNDS = 5
"""Miller-Rabin rounds: for random numbers of this size an error is less likely than 2^-100."""
SMALL = 60000
SPAN = 20000


def prime(persona: Persona, purpose: str, bits: int) -> int:
    """The first prime from a number of the seed on; an eighth of a second for 1024 bits."""
    start = int.from_bytes(persona.bytes_for(purpose, bits // 8), "big")
    start |= 3 << (bits - 2) | 1
    candidates = (start + offset for offset in _sieve(start))
    return next(number for number in candidates if number % EXPONENT != 1 and _is_prime(number))


def _sieve(start: int) -> list[int]:
    """Even offsets from the odd `start`, without those divisible by small primes."""
    alive = bytearray(b"\x01") * SPAN
    for prime in _small_primes():
        first = -start % prime
        if first % 2:
            first += prime
        alive[first :: 2 * prime] = bytes(len(range(first, SPAN, 2 * prime)))
    return [offset for offset in range(0, SPAN, 2) if alive[offset]]


@functools.cache
def _small_primes() -> "array[int]":
    alive = bytearray(b"\x01") * SMALL
    for n in range(2, 245):
        if alive[n]:
            alive[n * n :: n] = bytes(len(range(n * n, SMALL, n)))
    return array("H", (n for n in range(3, SMALL) if alive[n]))


def _is_prime(candidate: int) -> bool:
    """Fermat's test first, then Miller-Rabin with bases derived from the candidate."""
    if pow(2, candidate - 1, candidate) != 1:
        return False
    odd, twos = candidate - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(_passes(candidate, odd, twos, number) for number in range(ROUNDS))


def _passes(candidate: int, odd: int, twos: int, number: int) -> bool:
    base = int.from_bytes(hashlib.sha256(f"{number}:{candidate}".encode()).digest(), "big") + 2
    value = pow(base, odd, candidate)
    if value in (1, candidate - 1):
        return True
    for _ in range(twos - 1):
        value = value * value % candidate
        if value == candidate - 1:
            return True
    return False
