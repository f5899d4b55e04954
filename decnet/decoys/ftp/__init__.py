"""The FTP server decoy, without a library: a library has the texts of one server, and this imitates
several."""

from .server import start

__all__ = ["start"]
