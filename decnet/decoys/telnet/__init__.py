"""The Telnet server decoy: option negotiation and logins as in each vendor's server.

Without a library: one takes nine megabytes per process, which is most of what the decoy needs.
"""

from .server import start

__all__ = ["start"]
