"""Whether images can be built here is known before a build is tried."""

from __future__ import annotations

import json
import os
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from decnet.images import recipe, wanted
from decnet.images.names import root_name
from decnet.images.readiness import Readiness, readiness

REGISTRY = f"/distribution/{recipe.ROOT_IMAGE}/json"
LOCAL = f"/images/{recipe.ROOT_IMAGE}/json"


@contextmanager
def engine(folder: Path, tags: tuple[str, ...] = (), offers: tuple[str, ...] = ()) -> Iterator[str]:
    """A Docker engine as far as it is asked: its version, its images, and the paths that it offers."""
    answers: dict[str, Any] = {
        "/version": {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10.24", "Arch": "amd64"},
        "/images/json": [{"Id": "sha256:1", "RepoTags": list(tags)}],
        **dict.fromkeys(offers, {"Id": "sha256:2"}),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            path = self.path.partition("?")[0]
            found = answers.get(path.removeprefix("/v1.41"))
            body = json.dumps({"message": "not found"} if found is None else found).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "the client"

        def log_message(self, format: str, *args: Any) -> None:
            pass

    socket = folder / "docker.sock"
    with socketserver.ThreadingUnixStreamServer(str(socket), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield str(socket)
        server.shutdown()


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without mmdebstrap, whose pip has no package index."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "bin"))


def obstacles(found: Readiness) -> list[str]:
    return [text for text, _ in found.obstacles]


def test_without_an_engine_that_is_the_obstacle(tmp_path: Path) -> None:
    found = readiness(tmp_path, str(tmp_path / "none.sock"))
    assert (found.built, found.no_engine) == (False, True)
    assert obstacles(found) == [f"no Docker engine answers at {tmp_path}/none.sock"]


def test_images_that_are_there_need_nothing(tmp_path: Path) -> None:
    with engine(tmp_path, wanted().all()) as socket:
        assert readiness(tmp_path, socket) == Readiness(built=True)


def test_a_machine_without_mmdebstrap_registry_and_package_index_lacks_both(tmp_path: Path) -> None:
    with engine(tmp_path) as socket:
        root, packages = readiness(tmp_path / "cache", socket).obstacles
    assert root == (
        f"mmdebstrap is not installed, and no registry offers {recipe.ROOT_IMAGE}",
        "apt install mmdebstrap, or load an image: docker load -i FILE",
    )
    assert packages[0].startswith("pip could not fetch the decoys' packages: ")
    assert "pip config list" in packages[1]
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("there", ["registry", "engine", "mmdebstrap", "root"])
def test_each_source_of_the_root_file_system_is_enough(tmp_path: Path, there: str) -> None:
    if there == "mmdebstrap":
        (tmp_path / "bin/mmdebstrap").touch(0o755)
    offers = {"registry": (REGISTRY,), "engine": (LOCAL,)}.get(there, ())
    with engine(tmp_path, (root_name(),) if there == "root" else (), offers) as socket:
        found = obstacles(readiness(tmp_path / "cache", socket))
    assert not [text for text in found if "mmdebstrap" in text]
