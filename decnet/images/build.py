"""Builds missing images from their files, without the network, named by content."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ImageFailed
from . import names, recipe
from .engine import docker_engine, present_tags, sweep
from .names import BASE_FILES, BASE_FOLDER, DECOYS_FOLDER, ImageNames, root_name, source_files, wanted
from .progress import Emit, ImageProgress
from .root import Source, make_root
from .wheels import fetch_wheels, unpacked

if TYPE_CHECKING:
    from docker import DockerClient

ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}
SHOWN_LINES = 6


def ensure(
    images: ImageNames,
    emit: Emit,
    *,
    cache: Path,
    no_cache: bool = False,
    source: Source = "auto",
    docker_socket: str | None = None,
) -> tuple[str, ...]:
    """Build the images of this installation that the engine lacks; returns the tags that were built.

    `images` must be `wanted()`: an image of another version cannot be made from these files. Downloads are
    kept in the folder `cache`. `no_cache` rebuilds all. Blocks for up to a minute the first time; raises
    ImageFailed or DockerDown. Safe to kill at any moment: a tag appears only when its image is whole.
    """
    if images != wanted():
        raise ImageFailed(
            f"{', '.join(images.all())} cannot be built by this version of decnet",
            hint="deploy again, so that the fleet uses this version's images",
        )
    with docker_engine(docker_socket) as client:
        have = set() if no_cache else set(present_tags(client))
        missing = [name for name in images.all() if name not in have]
        if missing:
            sweep(client)
            if root_name() not in have:
                make_root(client, emit, source)
            for name in missing:
                _build(client, name, emit, cache)
        return tuple(missing)


def make_base_image(emit: Emit, *, source: Source = "auto", docker_socket: str | None = None) -> str:
    """Rebuild the root file system (`decnet image base`) and return its tag. Raises ImageFailed."""
    with docker_engine(docker_socket) as client:
        sweep(client)
        return make_root(client, emit, source)


def _build(client: DockerClient, name: str, emit: Emit, cache: Path) -> None:
    if name == wanted().base:
        emit(ImageProgress("base", 0, 1, f"building {name}"))
        _docker_build(client, name, base_context())
        emit(ImageProgress("base", 1, 1, f"{name} is ready"))
        return
    wheels = fetch_wheels(cache, architecture_of(client), emit)
    emit(ImageProgress("decoys", 0, 1, f"building {name}"))
    _docker_build(client, name, decoys_context(wheels))
    emit(ImageProgress("decoys", 1, 1, f"{name} is ready"))


def architecture_of(client: DockerClient) -> str:
    """The engine's architecture by its name in wheels."""
    machine = str(client.api.version().get("Arch", ""))
    if machine not in ARCHITECTURES:
        raise ImageFailed(
            f"no decoys exist for {machine or 'this machine'}", hint="workers are x86_64 or aarch64"
        )
    return ARCHITECTURES[machine]


def base_context(folder: Path = BASE_FOLDER) -> bytes:
    """The build context of the base image, a tar."""
    files = {name: (folder / name).read_bytes() for name in BASE_FILES}
    return _tar({**files, "Dockerfile": _dockerfile(recipe.BASE_BUILD, names.base_content(folder))})


def decoys_context(wheels: list[Path], folder: Path = DECOYS_FOLDER) -> bytes:
    """The decoy image's build context, a tar: the package `decoys`, and what it imports."""
    files = {f"packages/{name}": content for name, content in unpacked(wheels).items()}
    files |= {f"packages/decoys/{name}": path.read_bytes() for name, path in source_files(folder)}
    return _tar({**files, "Dockerfile": _dockerfile(recipe.DECOYS_BUILD, names.decoys_content(folder))})


def _dockerfile(text: str, content: str) -> bytes:
    return text.format(root=root_name(), content=content).encode()


def _tar(files: dict[str, bytes]) -> bytes:
    """A tar that is the same for the same files: no times, no owners."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size = len(files[name])
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(files[name]))
    return out.getvalue()


def _docker_build(client: DockerClient, name: str, context: bytes) -> None:
    lines: list[str] = []
    stream = client.api.build(
        fileobj=io.BytesIO(context), custom_context=True, tag=name, network_mode="none",
        rm=True, forcerm=True, decode=True, pull=False, nocache=True,
    )  # fmt: skip
    for part in stream:
        lines += str(part.get("stream", "")).splitlines()
        if "error" in part:
            output = " / ".join(line for line in lines[-SHOWN_LINES:] if line.strip())
            raise ImageFailed(f"{name} could not be built: {part['error']} ({output[-500:]})")
