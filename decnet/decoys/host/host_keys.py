"""The files of the SSH server's keys in /etc/ssh, sshd(8). The public ones are those that the server shows.

Without a library: the services that show these files have none. The private files have the format of
OpenSSH (PROTOCOL.key) and other numbers than the server: no one can stand in for it with them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from ..curves import P256_ORDER, ed25519_public, p256_public
from ..facts import changed
from .node import Node

if TYPE_CHECKING:
    from ..persona import Persona
    from .model import World

EXPONENT = 65537
LINE = 70
CERTIFICATE = "certificate"
"""The name of the certificate (DER) of the package ssl-cert, among the keys that services announce."""
TITLE = "OPENSSH PRIVATE KEY"

_known: dict[str, dict[str, bytes]] = {}
"""The server's public keys by the seed of the machine and their names, as far as they are known here: the
server derives them from a seed of its own."""


def announce_key(seed: str, name: str, blob: bytes) -> None:
    """Take a public key of the server, as the protocol carries it. `seed`: of the machine; `name`: rsa, ecdsa
    or ed25519."""
    known = _known.setdefault(seed, {})
    if known.get(name) != blob:
        known[name] = blob
        changed(seed)


def keys_of(seed: str) -> Mapping[str, bytes]:
    """The public keys that are known, by their names."""
    return _known.get(seed, {})


def files(world: World, bits: int = 3072) -> dict[str, Node]:
    """Paths and nodes, as ssh-keygen -A has made them with the server. `bits`: of the RSA key."""
    found: dict[str, Node] = {}
    when, comment = world.installed + 480, f"root@{world.hostname}"
    for number, name in enumerate(("rsa", "ecdsa", "ed25519")):
        path, at = f"/etc/ssh/ssh_host_{name}_key", when + number // 2
        blob = partial(public_blob, world.persona, name, bits)
        length = {"rsa": bits // 8 + 23, "ecdsa": 104, "ed25519": 51}[name]
        line = partial(public_line, blob, comment)
        private = partial(private_file, world.persona, name, bits, comment)
        kinds = {"rsa": "ssh-rsa", "ecdsa": "ecdsa-sha2-nistp256", "ed25519": "ssh-ed25519"}
        size = len(kinds[name]) + -(-length // 3) * 4 + len(comment) + 3
        found[path] = Node(0o600, live=private, size=len(private(b"\0" * length)), changed=at)
        found[f"{path}.pub"] = Node(live=line, size=size, changed=at)
    return found


def public_blob(persona: Persona, name: str, bits: int) -> bytes:
    """The public key as the protocol carries it (RFC 4253, 5656 and 8709). `name`: rsa, ecdsa or ed25519. Of
    a machine whose server has not announced it, one that it could have."""
    known = keys_of(persona.seed).get(name)
    if known is not None:
        return known
    if name == "ed25519":
        return _string(b"ssh-ed25519") + _string(ed25519_public(persona.bytes_for("ssh ed25519", 32)))
    if name == "ecdsa":
        number = int.from_bytes(persona.bytes_for("ssh ecdsa", 48), "big") % (P256_ORDER - 1) + 1
        return _string(b"ecdsa-sha2-nistp256") + _string(b"nistp256") + _string(p256_public(number))
    modulus = _number(persona.bytes_for("host key file rsa n", bits // 8))
    return _string(b"ssh-rsa") + _mpint(EXPONENT) + _mpint(modulus)


def private_file(persona: Persona, name: str, bits: int, comment: str, public: bytes = b"") -> bytes:
    """The content of a private key's file without a passphrase."""
    public = public or public_blob(persona, name, bits)

    def secret(part: str, size: int) -> bytes:
        return persona.bytes_for(f"host key file {name} {part}", size)

    if name == "ed25519":
        inside = public + _string(secret("d", 32) + public[-32:])
    elif name == "ecdsa":
        inside = public + _string(b"\0" + bytes((0x80 | secret("d", 1)[0],)) + secret("d", 31))
    else:
        half = bits // 16
        numbers = [_number(secret(part, half)) for part in ("i", "p", "q")]
        d = _number(secret("d", bits // 8))
        inside = public[:11] + public[18:] + _mpint(EXPONENT) + b"".join(map(_mpint, (d, *numbers)))
    return envelope(public, inside, comment, secret("check", 4))


def envelope(public: bytes, inside: bytes, comment: str, check: bytes) -> bytes:
    """The file of a private key without a passphrase. `inside`: the private numbers; `check`: four bytes."""
    inside = check + check + inside + _string(comment.encode())
    inside += bytes(range(1, 1 + -len(inside) % 8))
    whole = b"openssh-key-v1\0" + _string(b"none") * 2 + _string(b"") + b"\0\0\0\1" + _string(public)
    text = base64.b64encode(whole + _string(inside)).decode()
    lines = [text[at : at + LINE] for at in range(0, len(text), LINE)]
    return "\n".join([f"-----BEGIN {TITLE}-----", *lines, f"-----END {TITLE}-----", ""]).encode()


def public_line(blob: Callable[[], bytes], comment: str) -> bytes:
    """The content of a .pub file."""
    data = blob()
    kind = data[4 : 4 + int.from_bytes(data[:4], "big")]
    return kind + b" " + base64.b64encode(data) + b" " + comment.encode() + b"\n"


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _mpint(number: int) -> bytes:
    return _string(number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _number(data: bytes) -> int:
    """An odd number with its highest bit set."""
    return int.from_bytes(bytes((data[0] | 0x80, *data[1:-1], data[-1] | 1)), "big")
