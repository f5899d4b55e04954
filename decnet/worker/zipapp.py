"""The agent's one file: `decnet.agent` and `decnet.wire` as a zip that Python runs."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import marshal
import zipfile
from pathlib import Path
from typing import Final

ROOMS: Final = ("agent", "wire")
MAIN: Final = b"""import os
import sys

# Started through a link that an upgrade moves: what is imported later has to come from this very file.
sys.path[0] = os.path.realpath(sys.path[0])

from decnet.agent.program import main

sys.exit(main(sys.argv[1:]))
"""
_STAMP: Final = (1980, 1, 1, 0, 0, 0)
_UNCHECKED_HASH: Final = (1).to_bytes(4, "little")


def build_agent() -> tuple[bytes, str]:
    """The agent's bytes and their SHA-256: the same for the same sources and the same Python version.

    Each source stands there twice, as text and compiled. A worker's Python of another version ignores the
    compiled ones; the same version starts in half the time (a plain zipapp is compiled anew at each start).
    Nothing is compressed: unpacking costs more at each start than the bytes once.
    """
    parcel = io.BytesIO()
    with zipfile.ZipFile(parcel, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(_entries().items()):
            archive.writestr(_entry(name), content)
    content = parcel.getvalue()
    return content, hashlib.sha256(content).hexdigest()


def _entries() -> dict[str, bytes]:
    package = Path(__file__).resolve().parent.parent
    sources = {"__main__.py": MAIN, "decnet/__init__.py": b""}
    for room in ROOMS:
        for source in (package / room).glob("*.py"):
            sources[f"decnet/{room}/{source.name}"] = source.read_bytes()
    compiled = {name + "c": _compiled(name, text) for name, text in sources.items()}
    return sources | compiled


def _compiled(name: str, source: bytes) -> bytes:
    """A .pyc that is taken by its Python version alone: a zip's timestamps say nothing here."""
    code = compile(source, f"<agent>/{name}", "exec", dont_inherit=True, optimize=2)
    # Version 2 of the format: later ones spell references that differ from run to run.
    return (
        importlib.util.MAGIC_NUMBER
        + _UNCHECKED_HASH
        + importlib.util.source_hash(source)
        + marshal.dumps(code, 2)
    )


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _STAMP)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_STORED
    entry.create_system = 3
    return entry
