"""Loads images from the operator: passes a `docker save` stream to the engine."""

from __future__ import annotations

import re

from . import docker, identity, limits, request
from .home import read_json, write_json
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List

MOST_IMAGES = 64
SENT = "images.json"

_NAME = re.compile(r"[a-z0-9][A-Za-z0-9._/:@-]{0,199}")


def image_load(args: Dict[str, Any], pieces: Iterator[bytes]) -> Dict[str, Any]:
    """Load the stream (plain or gzip); {"loaded": the expected references that exist now}."""
    request.only(args, "images")
    expected = request.texts(args, "images", MOST_IMAGES)
    identity.require_engine(identity.require(args))
    fresh = [name for name in expected if not name.startswith("decnet/") and not is_here(name)]
    try:
        answer = docker.upload("/images/load?quiet=1", pieces, limits.IMAGE)
    except docker.EngineError as error:
        raise Refusal("failed", "the image cannot be loaded: %s" % error.message) from error
    loaded: List[str] = [reference for reference in expected if is_here(reference)]
    if len(loaded) != len(expected):
        missing = ", ".join(sorted(set(expected) - set(loaded)))
        reply = answer[-300:].decode("utf-8", "replace").strip()
        raise Refusal("failed", "not in the stream, or not loaded: %s (%s)" % (missing, reply))
    if fresh:
        write_json(sorted({*sent(), *fresh}), SENT)
    return {"loaded": loaded}


def sent() -> List[str]:
    """Images from the operator that are not decnet's own: a wipe removes them too."""
    try:
        found = read_json(SENT)
    except Refusal:
        return []
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def is_here(reference: str) -> bool:
    """Whether the engine has an image; its name may omit the registry or the tag."""
    if not _NAME.fullmatch(reference) or ".." in reference:
        return False
    try:
        docker.get("/images/%s/json" % reference)
    except docker.EngineError as error:
        if error.status != 404:
            raise
        return False
    return True
