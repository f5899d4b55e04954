"""Images from the operator: a `docker save` stream goes straight into the engine."""

from __future__ import annotations

from . import arguments, docker, identity, limits
from .failure import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Set

MOST_IMAGES = 64


def image_load(args: Dict[str, Any], pieces: Iterator[bytes]) -> Dict[str, Any]:
    """Load the stream (plain or gzip); {"loaded": the expected references that are here now}."""
    arguments.only(args, "images")
    expected = arguments.texts(args, "images", MOST_IMAGES)
    identity.require_engine(identity.require(args))
    try:
        answer = docker.upload("/images/load?quiet=1", pieces, limits.IMAGE)
    except docker.EngineError as error:
        raise Refusal("failed", "the image cannot be loaded: %s" % error.message) from error
    present = _references()
    loaded: List[str] = [reference for reference in expected if reference in present]
    if len(loaded) != len(expected):
        missing = ", ".join(sorted(set(expected) - set(loaded)))
        said = answer[-300:].decode("utf-8", "replace").strip()
        raise Refusal("failed", "not in the stream, or not loaded: %s (%s)" % (missing, said))
    return {"loaded": loaded}


def _references() -> Set[str]:
    return {tag for row in docker.get("/images/json") for tag in row.get("RepoTags") or []}
