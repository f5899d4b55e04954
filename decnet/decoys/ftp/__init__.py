"""The FTP server decoy, by itself: a library has the texts of one server, and these are several."""

from .server import start

__all__ = ["start"]
