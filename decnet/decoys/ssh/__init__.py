"""The SSH server decoy, with its own transport: what a scanner sees must match OpenSSH in every packet, and a
general SSH library takes more memory than the rest of the decoy."""

from .server import start

__all__ = ["start"]
