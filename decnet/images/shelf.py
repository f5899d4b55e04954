"""The images on the operator's engine: list, prune, and save for shipping."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Collection, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import DockerDown
from .engine import docker_engine, present_tags
from .names import ImageNames, root_name, wanted

if TYPE_CHECKING:
    from docker import DockerClient

GZIP = 31
CHUNK = 1 << 18


@dataclass(frozen=True)
class ImageRow:
    """One of our images on this engine. `size` in bytes, `created` in seconds since the epoch."""

    name: str
    size: int
    created: int
    wanted: bool


def absent(have: Collection[str], images: ImageNames) -> tuple[str, ...]:
    """Those of `images` that a worker with the tags `have` lacks."""
    return tuple(name for name in images.all() if name not in have)


def listed(docker_socket: str | None = None) -> tuple[ImageRow, ...]:
    """Our images on the engine, by name."""
    needed = {*wanted().all(), root_name()}
    with docker_engine(docker_socket) as client:
        tags = present_tags(client)
    return tuple(
        ImageRow(name, int(image.get("Size", 0)), int(image.get("Created", 0)), name in needed)
        for name, image in sorted(tags.items())
    )


def on_this_machine(names: Collection[str], docker_socket: str | None = None) -> tuple[str, ...]:
    """Those of these images, ours or not, that this machine's engine has; none if no engine answers."""
    from docker.errors import ImageNotFound

    found = []
    try:
        with docker_engine(docker_socket) as client:
            for name in names:
                with suppress(ImageNotFound):
                    client.api.inspect_image(name)
                    found.append(name)
    except DockerDown:
        return ()
    return tuple(found)


def prune(keep: Collection[str], docker_socket: str | None = None) -> tuple[str, ...]:
    """Remove our images that are neither this version's nor in `keep` nor in use; returns their tags."""
    chosen = [row.name for row in listed(docker_socket) if not row.wanted and row.name not in keep]
    return _removed(chosen, docker_socket)


def remove_all(docker_socket: str | None = None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Remove all our images, and what they are built from; returns the tags of these, and of those that stay
    because a container uses them."""
    names = sorted((row.name for row in listed(docker_socket)), key=lambda name: name == root_name())
    removed = _removed(names, docker_socket)
    return removed, tuple(name for name in names if name not in removed)


def _removed(names: Collection[str], docker_socket: str | None) -> tuple[str, ...]:
    """The tags of those that could be removed: no container uses them."""
    from docker.errors import APIError

    removed = []
    with docker_engine(docker_socket) as client:
        for name in names:
            try:
                client.api.remove_image(name)
                removed.append(name)
            except APIError as error:
                if error.status_code != 409:
                    raise
    return tuple(removed)


def save_size(tags: Collection[str], docker_socket: str | None = None) -> int:
    """About how many bytes a save of `tags` has before compression; the root of our images counts once."""
    sizes = {row.name: row.size for row in listed(docker_socket)}
    ours, others = [tag for tag in tags if tag in sizes], [tag for tag in tags if tag not in sizes]
    with docker_engine(docker_socket) as client:
        size = sum(int(client.api.inspect_image(tag).get("Size", 0)) for tag in others)
    ground = sizes.get(root_name(), 0) if ours else 0
    return size + ground + sum(max(sizes[tag] - ground, 0) for tag in ours)


async def save_stream(
    tags: Collection[str],
    docker_socket: str | None = None,
    *,
    on_progress: Callable[[int], None] = lambda done: None,
) -> AsyncIterator[bytes]:
    """`docker save` of `tags` as one gzip stream, in pieces of at most 256 KiB before compression.

    Each piece is read in a thread, so that other workers' connections continue meanwhile. `on_progress` gets
    the number of bytes before compression that were consumed so far. Raises ImageFailed.
    """
    pieces = _saved(tuple(sorted(tags)), docker_socket)
    try:
        while (read := await asyncio.to_thread(next, pieces, None)) is not None:
            done, piece = read
            yield piece
            on_progress(done)
    finally:
        await asyncio.to_thread(pieces.close)


def save_archive(tags: Collection[str], docker_socket: str | None = None) -> Iterator[bytes]:
    """The same as one uncompressed tar, for a file. Raises ImageFailed."""
    with docker_engine(docker_socket) as client:
        yield from _raw_save(client, tuple(sorted(tags)))


def _saved(tags: tuple[str, ...], docker_socket: str | None) -> Generator[tuple[int, bytes], None, None]:
    """Bytes so far before compression, and the next piece after it."""
    done = 0
    with docker_engine(docker_socket) as client:
        squeeze = zlib.compressobj(1, zlib.DEFLATED, GZIP)
        for chunk in _raw_save(client, tags):
            done += len(chunk)
            if piece := squeeze.compress(chunk):
                yield done, piece
        yield done, squeeze.flush()


def _raw_save(client: DockerClient, tags: tuple[str, ...]) -> Iterator[bytes]:
    """The engine's export of several images in one stream: their common layers are in it once."""
    api = client.api
    answer = api._get(api._url("/images/get"), params={"names": list(tags)}, stream=True)
    api._raise_for_status(answer)
    yield from answer.iter_content(CHUNK)
