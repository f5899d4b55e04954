"""What a visitor may use at once."""


class OutOfWork(Exception):
    """A command would need more than a visitor may use at once: it is killed."""
