"""The web server decoy."""

from .server import start

__all__ = ["start"]
