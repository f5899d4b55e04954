"""The fleet's SSH key pair, and its line for authorized_keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .connect import read_fleet_key
from .hostkeys import HostKey, Write
from .ssh_library import asyncssh

COMMENT = "decnet-fleet"


@dataclass(frozen=True)
class FleetKey:
    """The path of the private key, and the public key."""

    path: Path
    public: HostKey

    def authorized_line(self, command: str, fleet_id: str) -> str:
        """The line for authorized_keys, which limits this key to the agent's gate."""
        return f'restrict,command="{command} gate" {self.public.line} {COMMENT}-{fleet_id}'


def ensure_key(path: Path, write: Write) -> FleetKey:
    """The fleet's ed25519 key, created at `path` if there is none. `write` must create the file with mode
    0600.

    Raises StateBroken for a key that others can read or that is not valid.
    """
    if not path.exists() and not path.is_symlink():
        key = asyncssh().generate_private_key("ssh-ed25519", comment=COMMENT)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(path, key.export_private_key("openssh"))
    return load_key(path)


def load_key(path: Path) -> FleetKey:
    """The fleet's key. Raises StateBroken if it is missing, readable by others, or not valid."""
    public = read_fleet_key(path).export_public_key("openssh").decode("ascii")
    return FleetKey(path, HostKey.parse(public))
