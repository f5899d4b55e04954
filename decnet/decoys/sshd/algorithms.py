"""What a release offers in its key exchange, in its order, as far as the library has it.

Orders as in OpenSSH's own defaults (sshd_config(5) of the releases named).
"""

from typing import Any

KEX = [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group14-sha256",
]
CIPHERS = [
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
]
MACS = [
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha1-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
    "hmac-sha1",
]
DROPBEAR_KEX = [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "diffie-hellman-group14-sha256",
]
DROPBEAR_CIPHERS = ["chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-ctr"]
DROPBEAR_MACS = ["hmac-sha1", "hmac-sha2-256"]


def offered(banner: str) -> dict[str, Any]:
    """The library's options for the software that `banner` names."""
    if banner.startswith("dropbear"):
        kex, ciphers, macs, compression = DROPBEAR_KEX, DROPBEAR_CIPHERS, DROPBEAR_MACS, ["none"]
    else:
        kex, ciphers, macs, compression = KEX, CIPHERS, MACS, ["none", "zlib@openssh.com"]
    return {
        "kex_algs": kex,
        "encryption_algs": ciphers,
        "mac_algs": macs,
        "compression_algs": compression,
        "signature_algs": [
            "ssh-ed25519",
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp384",
            "ecdsa-sha2-nistp521",
            "rsa-sha2-512",
            "rsa-sha2-256",
        ],
    }
