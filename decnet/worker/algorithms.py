"""The algorithms that a connection may use, and its limits: only strong ones."""

from __future__ import annotations

from typing import Any

PROMPT_LIMIT = 180.0
"""Seconds for a login during which a user has to type a password."""
KEEPALIVE_INTERVAL = 5.0
KEEPALIVE_MISSED = 3

KEX = (
    "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521", "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512",
)  # fmt: skip
CIPHERS = (
    "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr",
    "aes128-ctr",
)  # fmt: skip
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")
HOST_KEYS = (
    "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512",
    "rsa-sha2-256", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
)  # fmt: skip
HOST_CERTIFICATES = (
    "ssh-ed25519-cert-v01@openssh.com", "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com", "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
)  # fmt: skip
FAMILIES = (
    (*HOST_KEYS, *HOST_CERTIFICATES),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "rsa-sha2-256"),
)
"""A server with several keys presents one per connection: these are requested in turn."""
BOUNDED: dict[str, Any] = {
    "compression_algs": ("none",),
    # The total is limited here; asyncssh's own limit must only not be shorter.
    "login_timeout": 2 * PROMPT_LIMIT,
    "keepalive_interval": KEEPALIVE_INTERVAL,
    "keepalive_count_max": KEEPALIVE_MISSED,
    "agent_forwarding": False,
    "x509_trusted_certs": None,
    "gss_host": None,
    "config": None,
}
"""Options for every connection; a jump host may use all algorithms of asyncssh."""
STRONG: dict[str, Any] = {**BOUNDED, "kex_algs": KEX, "encryption_algs": CIPHERS, "mac_algs": MACS}
"""aes128-gcm is the cheapest cipher and not affected by Terrapin; curve25519 is the cheapest key exchange."""
