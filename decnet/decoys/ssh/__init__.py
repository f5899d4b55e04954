"""The SSH server decoy, on a transport of its own: what a scanner sees has to be OpenSSH's, down to the
packets, and a general SSH library costs more memory than all the rest of the decoy."""

from .server import start

__all__ = ["start"]
