"""The decoy images for a lab's engines: built once per version, kept as archives, loaded where missing.

A lab cannot reach the internet, so its engines cannot build images by themselves. This machine
builds them, with the Docker engine of one lab machine.
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
"""How long to wait for another command that builds the images."""


def provide_images(lab: Lab, emit: Emit, *, operator: bool = False) -> None:
    """Give every worker's engine (and with `operator` the operator's) the images of this version.

    The first time takes about a minute, to create a root file system from Debian packages. The archives
    stay in /var/cache/decnet-lab for the next lab. Raises ImageFailed.
    """
    places = [*workers_of(lab), *([Place(lab, "op")] if operator else [])]
    archive = _archive(lab, places, emit)
    for place in places:
        if engine.load(place, archive):
            emit(f"{place.key}: loaded the decoy images")


def _archive(lab: Lab, places: list[Place], emit: Emit) -> Path:
    """The archive of this version's images; built if there is none."""
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
    """The engine that builds the images: an old one if possible, because every engine reads its archives."""
    local = [each for each in places if not choice.of(each).virtual]
    if local:
        yield min(local, key=lambda each: choice.of(each).engine != choice.HOST)
        return
    # This machine cannot reach the socket of a virtual worker.
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
    """Save the images completely or not at all: a killed command leaves no partial archive."""
    partial = archive.with_suffix(f".{os.getpid()}.part")
    try:
        with partial.open("wb") as stream:
            for piece in save_archive(tags, socket):
                stream.write(piece)
        partial.replace(archive)
    finally:
        partial.unlink(missing_ok=True)
