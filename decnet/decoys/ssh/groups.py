"""The primes of RFC 3526, worked out from their definition instead of typed off.

p = 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + c)
"""

import functools

CONSTANTS = {2048: 124476, 3072: 1690314, 4096: 240904, 6144: 929484, 8192: 4743158}


@functools.cache
def prime(bits: int) -> int:
    """The prime of `bits` bits."""
    return (1 << bits) - (1 << bits - 64) - 1 + ((_pi(bits - 130) + CONSTANTS[bits]) << 64)


def _pi(bits: int) -> int:
    """floor(2^bits * pi), by Machin's formula with 64 bits to spare."""
    one = 1 << bits + 64
    return (4 * (4 * _inverse_tangent(5, one) - _inverse_tangent(239, one))) >> 64


def _inverse_tangent(x: int, one: int) -> int:
    total = term = one // x
    square, sign, odd = x * x, -1, 3
    while term:
        term //= square
        total += sign * (term // odd)
        sign, odd = -sign, odd + 2
    return total
