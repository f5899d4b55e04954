"""The MySQL and MariaDB decoy: the protocol up to the password, behind a weak one a small database."""

from .server import start

__all__ = ["start"]
