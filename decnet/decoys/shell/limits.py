"""What a visitor may use at once."""

from ..limits import OutOfWork

__all__ = ["OutOfWork"]
