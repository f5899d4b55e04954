"""An SSH server that lets some in, and a small shell that writes down what they type."""

from .server import start

__all__ = ["start"]
