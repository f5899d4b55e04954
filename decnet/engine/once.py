"""Reports that do not repeat themselves."""

from __future__ import annotations

from decnet.engine.context import Context


class Once:
    """Reports each sentence once: a pass is decided again if the state has changed while it waited."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._reported: set[tuple[str, str]] = set()

    def note(self, text: str, worker: str = "") -> None:
        """As `Context.note`."""
        if self._is_new(text, worker):
            self._ctx.note(text, worker)

    def warn(self, text: str, worker: str = "") -> None:
        """As `Context.warn`."""
        if self._is_new(text, worker):
            self._ctx.warn(text, worker)

    def _is_new(self, text: str, worker: str) -> bool:
        is_new = (text, worker) not in self._reported
        self._reported.add((text, worker))
        return is_new
