"""The MySQL and MariaDB decoy: the login, and a small database behind a weak password."""

from .server import start

__all__ = ["start"]
