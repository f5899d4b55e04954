"""Host keys that follow from the seed: the same for ever, and different for every machine."""

import asyncssh
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ..persona import Persona

# The order of the curve NIST P-256 (FIPS 186-4, D.1.2.3): a private key is between 1 and this less 1.
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def host_keys(persona: Persona) -> list[asyncssh.SSHKey]:
    """An ECDSA and an Ed25519 key."""
    number = int.from_bytes(persona.bytes_for("host key ecdsa", 48), "big") % (P256_ORDER - 1) + 1
    keys = (
        ec.derive_private_key(number, ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.from_private_bytes(persona.bytes_for("host key ed25519", 32)),
    )
    return [
        asyncssh.import_private_key(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
        for key in keys
    ]
