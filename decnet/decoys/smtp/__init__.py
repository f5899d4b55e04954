"""The mail server decoy: logins and mail are recorded, and nothing is ever delivered."""

from .server import start

__all__ = ["start"]
