"""Whether this machine can build the images of this version, without building them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DockerDown, ImageFailed
from . import recipe
from .build import architecture_of
from .engine import docker_engine, present_tags
from .names import root_name, wanted
from .wheels import can_fetch, missing_wheels

if TYPE_CHECKING:
    from docker import DockerClient

REGISTRY_SECONDS = 6
"""How long the engine may look for the registry."""


@dataclass(frozen=True)
class Readiness:
    """`built`: the images are on this machine. Otherwise `obstacles` has what keeps a build from its end,
    each with its fix; `no_engine`: no Docker engine answers."""

    built: bool = False
    obstacles: tuple[tuple[str, str], ...] = ()
    no_engine: bool = False


def readiness(cache: Path, docker_socket: str | None = None) -> Readiness:
    """What a build here would lack. Blocks for up to half a minute where a registry or a package index does
    not answer; leaves nothing behind."""
    try:
        with docker_engine(docker_socket) as client:
            tags = present_tags(client)
            if set(wanted().all()) <= set(tags):
                return Readiness(built=True)
            obstacles = [*_root(client, set(tags)), *_packages(cache, architecture_of(client))]
    except DockerDown as error:
        return Readiness(obstacles=((error.message, error.hint or ""),), no_engine=True)
    except ImageFailed as error:
        return Readiness(obstacles=((error.message, error.hint or ""),))
    return Readiness(obstacles=tuple(obstacles))


def _root(client: DockerClient, tags: set[str]) -> list[tuple[str, str]]:
    """What the root file system lacks: a registry's image, or mmdebstrap."""
    if root_name() in tags or shutil.which("mmdebstrap") or _has_or_reaches(client, recipe.ROOT_IMAGE):
        return []
    text = f"mmdebstrap is not installed, and no registry offers {recipe.ROOT_IMAGE}"
    return [(text, "apt install mmdebstrap, or load an image: docker load -i FILE")]


def _has_or_reaches(client: DockerClient, image: str) -> bool:
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    timeout, client.api.timeout = client.api.timeout, REGISTRY_SECONDS
    try:
        for look in (client.api.inspect_image, client.api.inspect_distribution):
            try:
                look(image)
            except (DockerException, RequestException):
                continue
            return True
    finally:
        client.api.timeout = timeout
    return False


def _packages(cache: Path, architecture: str) -> list[tuple[str, str]]:
    """What the decoys' Python packages lack: pip, or an index. The first one is fetched, and discarded."""
    missing = missing_wheels(cache, architecture)
    if not missing:
        return []
    try:
        can_fetch(missing[0], architecture)
    except ImageFailed as error:
        return [(error.message, error.hint or "")]
    return []
