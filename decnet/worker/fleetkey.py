"""The fleet's SSH key pair, and its line for authorized_keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .connect import key_path, read_fleet_key
from .hostkeys import HostKey, Write
from .ssh_library import asyncssh

COMMENT = "decnet-fleet"
USUAL = "ssh-ed25519"
SIGNATURES = {USUAL: (USUAL,), "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
              "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}  # fmt: skip
"""The signature algorithms of each type of key, as sshd_config names them in PubkeyAcceptedAlgorithms."""


@dataclass(frozen=True)
class FleetKey:
    """The path of the private key, and the public key."""

    path: Path
    public: HostKey

    def authorized_line(self, command: str, fleet_id: str) -> str:
        """The line for authorized_keys, which limits this key to the agent's gate."""
        return f'restrict,command="{command} gate" {self.public.line} {COMMENT}-{fleet_id}'


def ensure_key(path: Path, write: Write, algorithm: str = USUAL) -> FleetKey:
    """The fleet's key of that type, created if there is none; `path` is that of the ed25519 key. `write` must
    create the file with mode 0600.

    Raises StateBroken for a key that others can read or that is not valid.
    """
    path = key_path(path, algorithm)
    if not path.exists() and not path.is_symlink():
        key = asyncssh().generate_private_key(algorithm, comment=COMMENT)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(path, key.export_private_key("openssh"))
    return load_key(path)


def load_key(path: Path) -> FleetKey:
    """The fleet's key. Raises StateBroken if it is missing, readable by others, or not valid."""
    public = read_fleet_key(path).export_public_key("openssh").decode("ascii")
    return FleetKey(path, HostKey.parse(public))
