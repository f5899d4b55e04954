"""The decoy images for a lab's engines: made once per version, kept as archives, loaded where missing.

A lab has no way to the internet, so that its engines cannot make images by themselves. They are made
here, on the machine, with one lab engine doing the Docker part.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from decnet.images import ImageNames, root_name, wanted
from decnet.images.build import ensure
from decnet.images.shelf import save_archive
from decnet.lab import choice, engine
from decnet.lab.guard import exclusive
from decnet.lab.layout import Lab, Place
from decnet.lab.status import workers_of
from decnet.lab.trees import CACHE

Emit = Callable[[str], None]
SECONDS: Final = 1800
"""The longest that another command may take to make the images."""


def provide_images(lab: Lab, emit: Emit, *, operator: bool = False) -> None:
    """Give every worker's engine (and with `operator` the operator's) the images of this version.

    The first time takes about a minute: a root file system is made from Debian packages. The archives
    stay in /var/cache/decnet-lab for the next lab. Raises ImageFailed.
    """
    places = [*workers_of(lab), *([Place(lab, "op")] if operator else [])]
    archive = _archive(lab, places, emit)
    for place in places:
        if engine.load(place, archive):
            emit(f"{place.key}: the decoy images are loaded")


def _archive(lab: Lab, places: list[Place], emit: Emit) -> Path:
    """The archive of this version's images, made if there is none."""
    names = wanted()
    archive = CACHE / f"images-{_tag(names.base)}-{_tag(names.decoys)}.tar"
    if archive.exists():
        return archive
    CACHE.mkdir(mode=0o700, parents=True, exist_ok=True)
    with exclusive("cache/images", limit=SECONDS):
        if not archive.exists():
            with _builder(lab, places) as builder:
                _make(archive, names, builder, emit)
    return archive


@contextmanager
def _builder(lab: Lab, places: list[Place]) -> Iterator[Place]:
    """The engine that makes the images: an old one where there is one, whose archives all read."""
    near = [each for each in places if not choice.of(each).virtual]
    if near:
        yield min(near, key=lambda each: choice.of(each).engine != choice.HOST)
        return
    # The socket of a virtual worker cannot be reached from here.
    operator = Place(lab, "op")
    had_one = bool(engine.engine_processes(operator))
    engine.start(operator)
    try:
        engine.await_engine(operator)
        yield operator
    finally:
        if not had_one:
            engine.stop(operator)


def _make(archive: Path, names: ImageNames, builder: Place, emit: Emit) -> None:
    root = CACHE / f"root-{_tag(root_name())}.tar"
    if root.exists():
        engine.load(builder, root)
    socket = str(builder.folder / "run" / "docker.sock")
    ensure(
        names,
        lambda step: emit(step.message),
        cache=CACHE / "wheels",
        source="debian",
        docker_socket=socket,
    )
    if not root.exists():
        _write(root, [root_name()], socket)
    _write(archive, names.all(), socket)


def _tag(name: str) -> str:
    return name.rpartition(":")[2]


def _write(archive: Path, tags: Collection[str], socket: str) -> None:
    """Save images whole or not at all, so that a kill leaves no torn archive."""
    partial = archive.with_suffix(f".{os.getpid()}.part")
    try:
        with partial.open("wb") as stream:
            for piece in save_archive(tags, socket):
                stream.write(piece)
        partial.replace(archive)
    finally:
        partial.unlink(missing_ok=True)
