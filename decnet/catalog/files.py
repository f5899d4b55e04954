"""The catalog's files: the package's own, and those of a user's folder."""

from __future__ import annotations

import os
import pkgutil
import stat
import tomllib
from pathlib import Path
from typing import Any

from ..errors import SpecError
from ..model import toml_text

SECTIONS = ("service", "archetype", "os", "release", "vendor")
MAX_FILES = 200

Sections = dict[str, dict[str, Any]]


def own(section: str) -> dict[str, Any]:
    """The entries of one section that come with the package."""
    name = {"service": "services", "archetype": "archetypes", "os": "os_profiles"}.get(section, f"{section}s")
    entries: dict[str, Any] = tomllib.loads(_text(f"{name}.toml"))[section]
    return entries


def words() -> tuple[str, ...]:
    """Words for hostnames that come with the package."""
    return tuple(_text("words.txt").split())


def users(folder: Path | None) -> list[Path]:
    """The `*.toml` files of a user's folder, sorted; none if the folder does not exist."""
    if folder is None or not folder.is_dir():
        return []
    paths = sorted(path for path in folder.glob("*.toml") if not path.name.startswith("."))
    if len(paths) > MAX_FILES:
        raise SpecError(f"more than {MAX_FILES} files", place=str(folder))
    return paths


def read(path: Path) -> str:
    """The text of one file. Raises SpecError naming it."""
    try:
        # Without O_NONBLOCK a pipe in the folder would block permanently.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise SpecError("is not a file", place=str(path), hint=f"move {path} away")
            content = file.read(toml_text.MAX_BYTES + 1)
    except OSError as error:
        raise SpecError(f"cannot be read: {error.strerror}", place=str(path)) from error
    return toml_text.decode(content, str(path))


def _text(name: str) -> str:
    # Not a path: the package may be in a zip file.
    content = pkgutil.get_data("decnet.catalog", f"data/{name}")
    assert content is not None, f"the package lacks data/{name}"
    return content.decode()
