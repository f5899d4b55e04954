"""The files of the fleet's private keys, in the folder `keys`."""

from __future__ import annotations

FLEET_KEY = "fleet_ed25519"
OTHER_KEYS = {"ecdsa-sha2-nistp256": "fleet_ecdsa", "ssh-rsa": "fleet_rsa"}
"""The other types of the fleet's key, for workers whose sshd accepts no ed25519, and their files."""
