"""The Telnet server decoy: option negotiation and logins as each maker's server has them.

Spoken by itself: a Telnet library costs nine megabytes a process, which is most of what the decoy needs.
"""

from .server import start

__all__ = ["start"]
