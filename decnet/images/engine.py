"""The only place that uses the Docker SDK for images; translates its errors."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DockerDown, ImageFailed
from ..wire.engine import START, is_stopped

if TYPE_CHECKING:
    from docker import DockerClient

LABEL_CONTENT = "decnet.content"
LABEL_BUILD = "decnet.build"
BUILD_SECONDS = 600
DEFAULT_SOCKET = "/var/run/docker.sock"


@contextlib.contextmanager
def docker_engine(docker_socket: str | None = None) -> Iterator[DockerClient]:
    """A client of the engine at `docker_socket`, else at $DECNET_DOCKER_SOCKET, else at the default.

    Raises DockerDown if nothing answers there or the engine is stopped, ImageFailed for every error of the
    engine.
    """
    import docker
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    socket = docker_socket or os.environ.get("DECNET_DOCKER_SOCKET") or DEFAULT_SOCKET
    if is_stopped(socket):
        raise DockerDown("the Docker engine of this machine is stopped", hint=START)
    try:
        # The SDK leaks a socket when it cannot connect.
        Path(socket).stat()
        client = docker.DockerClient(base_url=f"unix://{socket}", timeout=BUILD_SECONDS, version="auto")
    except (DockerException, RequestException, OSError) as error:
        raise DockerDown(
            f"no Docker engine answers at {socket}",
            hint="systemctl start docker, and check your permissions on it",
        ) from error
    try:
        yield client
    except (DockerException, RequestException) as error:
        raise translated(error) from error
    finally:
        client.close()


def translated(error: Exception) -> ImageFailed:
    """An engine's error as ours, with a hint."""
    text = str(getattr(error, "explanation", "") or error) or type(error).__name__
    hint = None
    if "no space left" in text or "disk quota" in text:
        hint = "free some disk space: decnet image prune, then docker system df"
    elif "permission denied" in text:
        hint = "run as root, or as a user of the group docker"
    return ImageFailed(f"Docker: {text[:500]}", hint=hint)


def present_tags(client: DockerClient) -> dict[str, dict[str, Any]]:
    """Our images on the engine, by tag, as it lists them."""
    listed = client.api.images()
    return {
        tag: image for image in listed for tag in image.get("RepoTags") or () if tag.startswith("decnet/")
    }


def sweep(client: DockerClient) -> None:
    """Remove the containers that a killed build left behind."""
    for left in client.api.containers(all=True, filters={"label": LABEL_BUILD}):
        with contextlib.suppress(Exception):
            client.api.remove_container(left["Id"], force=True)
