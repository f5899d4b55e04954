"""The names of images, derived from their content; needs no Docker."""

import functools
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from ..model.catalog_entries import LOOKS
from . import recipe

DECOYS_FOLDER = Path(__file__).resolve().parent.parent / "decoys"
BASE_FOLDER = Path(__file__).resolve().parent / "base"
BASE_FILES = ("rules.nft", "start.py", *(f"look-{look}.nft" for look in LOOKS))

# Raised when slimming or unpacking changes in a way that the recipe does not show.
ROOT_SCHEMA = 1
DECOYS_SCHEMA = 1


@dataclass(frozen=True)
class ImageNames:
    """The two images a fleet runs: `decnet/base:<12 hex>` and `decnet/decoys:<12 hex>`."""

    base: str
    decoys: str

    def all(self) -> tuple[str, str]:
        return (self.base, self.decoys)


@functools.cache
def wanted(decoys: Path = DECOYS_FOLDER, base: Path = BASE_FOLDER) -> ImageNames:
    """The names of the images that are built from the files of this installation."""
    return ImageNames(
        base=f"decnet/base:{base_content(base)[:12]}", decoys=f"decnet/decoys:{decoys_content(decoys)[:12]}"
    )


def root_content() -> str:
    """SHA-256 over everything that the root file system is built from."""
    slimmer = (Path(__file__).resolve().parent / "slim.py").read_bytes()
    parts = (ROOT_SCHEMA, recipe.ROOT_IMAGE, recipe.SUITE, recipe.PACKAGES, recipe.UNWANTED, recipe.KEEP)
    return _hash(repr(parts).encode(), slimmer)


def root_name() -> str:
    """The tag of the root file system under both images."""
    return f"decnet/root:{root_content()[:12]}"


def base_content(folder: Path = BASE_FOLDER) -> str:
    """SHA-256 over everything that the base image is built from."""
    return _hash(
        root_content().encode(),
        recipe.BASE_BUILD.encode(),
        *((folder / name).read_bytes() for name in BASE_FILES),
    )


def decoys_content(folder: Path = DECOYS_FOLDER) -> str:
    """SHA-256 over everything that the decoy image is built from."""
    parts = (DECOYS_SCHEMA, recipe.WHEELS, recipe.UNPACKED_ONLY)
    files = [part for name, path in source_files(folder) for part in (name.encode(), path.read_bytes())]
    return _hash(root_content().encode(), recipe.DECOYS_BUILD.encode(), repr(parts).encode(), *files)


def source_files(folder: Path) -> list[tuple[str, Path]]:
    """The files of a program's folder that go into an image, by their path in it."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        inside = place[len(str(folder)) :].strip("/")
        found += [f"{inside}/{name}".lstrip("/") for name in names if not name.startswith(".")]
    # As paths are sorted, part by part.
    found.sort(key=lambda name: name.split("/"))
    return [(name, folder / name) for name in found]


def _hash(*parts: bytes) -> str:
    sha = hashlib.sha256()
    for part in parts:
        sha.update(len(part).to_bytes(8, "big"))
        sha.update(part)
    return sha.hexdigest()
