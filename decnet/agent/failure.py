"""The one error that the agent answers with."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional


class Refusal(Exception):
    """A request that is not carried out; `code` is one of the protocol's error codes."""

    def __init__(
        self, code: str, message: str, hint: Optional[str] = None, details: Optional[Dict[str, Any]] = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details = details or {}

    def answer(self) -> Dict[str, Any]:
        return {"code": self.code, "message": self.message, "hint": self.hint, "details": self.details}
