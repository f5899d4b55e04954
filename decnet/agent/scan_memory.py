"""What is remembered of scans from pull to pull, in the head of the spool."""

from __future__ import annotations

from .home import read_json
from .request import Refusal
from .segments import FOLDER
from .spool_head import HEAD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

_KEYS = ("decky", "run", "number")


def memory_of(stored: Any) -> Dict[str, Any]:
    """What is remembered from pull to pull, completed: the tables that record, by the id of the base; the
    base that is read first next time; the addresses of other workers; why scans are not recorded ("": they
    are)."""
    memory: Dict[str, Any] = stored if isinstance(stored, dict) else {}
    for key, empty in (("bases", {}), ("turn", ""), ("workers", []), ("trouble", "")):
        if not isinstance(memory.get(key), type(empty)):
            memory[key] = type(empty)()
    for container_id, each in list(memory["bases"].items()):
        if not isinstance(each, dict) or [type(each.get(key)) for key in _KEYS] != [str, str, int]:
            del memory["bases"][container_id]
    return memory


def trouble() -> str:
    """Why scans of some decky are not recorded; "" if all are, or if none was read yet."""
    try:
        head = read_json(FOLDER, HEAD)
    except Refusal:
        return ""
    return str(memory_of(head.get("scans") if isinstance(head, dict) else None)["trouble"])[:2000]
