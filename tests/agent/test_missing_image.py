"""An image of ours that vanished before Compose ran: no version of Compose asks a registry for it."""

from __future__ import annotations

import json
import re
import shutil
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from agent_desk import base

from decnet.agent import composefile, composerun

PLUGIN = Path("/usr/libexec/docker/cli-plugins/docker-compose")
FOUND = [["docker-compose"]] if shutil.which("docker-compose") else []
FOUND += [[str(PLUGIN)]] if PLUGIN.exists() else []
TREES = sorted(Path("/var/cache/decnet-lab").glob(f"tree-engine-*{PLUGIN}"))
FOUND += [[str(program)] for program in TREES]
"""The real programs: this machine's, and those of the Debian releases that the lab has fetched."""

NETWORK = {"Name": "decnet_lan", "Id": "n1", "Labels": {}, "Driver": "bridge"}
ANSWERS = {
    "/version": {"ApiVersion": "1.41", "Version": "20.10.24", "MinAPIVersion": "1.12"},
    "/info": {"OSType": "linux", "Architecture": "x86_64"},
    "/networks": [NETWORK],
}


class EmptyEngine(socketserver.ThreadingUnixStreamServer):
    """An engine without any image or container, but with our network. `asked` is what it was asked."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder / "docker.sock"), _Connection)
        self.asked: list[str] = []

    @property
    def pulls(self) -> list[str]:
        return [each for each in self.asked if each.startswith("POST /images/create")]


class _Connection(socketserver.StreamRequestHandler):
    server: EmptyEngine

    def handle(self) -> None:
        while line := self.rfile.readline().decode().strip():
            length = 0
            while header := self.rfile.readline().decode().strip():
                name, _, value = header.partition(":")
                length = int(value) if name.lower() == "content-length" else length
            self.rfile.read(length)
            method, target, _ = line.split(" ", 2)
            place = re.sub(r"^/v[\d.]+", "", target)
            self.server.asked.append(f"{method} {place}")
            status, answer = self._answer(method, place.partition("?")[0])
            body = json.dumps(answer).encode()
            head = f"HTTP/1.1 {status} -\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n"
            self.wfile.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def _answer(self, method: str, place: str) -> tuple[int, object]:
        if place.startswith("/networks/"):
            return 200, NETWORK
        if method == "GET":
            is_image = place.startswith("/images/") and place != "/images/json"
            return (404, {"message": "No such image"}) if is_image else (200, ANSWERS.get(place, []))
        return (
            (200, {"status": "Pulled"}) if place == "/images/create" else (404, {"message": "No such image"})
        )


@pytest.fixture
def engine(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmptyEngine]:
    with EmptyEngine(tmp_path) as server:
        monkeypatch.setenv("DECNET_DOCKER_SOCKET", str(server.server_address))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def brought_up(command: list[str], home: Path, image: str) -> str | None:
    """The error of bringing up a container whose image is not there."""
    body = {**base("web", "192.0.2.7", "a" * 64), "image": image}
    document = {
        "version": "2.4",
        "networks": {"lan": {"external": True, "name": "decnet_lan"}},
        "services": {"web": body},
    }
    file = home / "compose.json"
    file.write_text(json.dumps(composefile.as_run(document)))
    compose = composerun.Compose(command, "")
    return composerun.up(compose, "decnet", str(file), ["web"], 60.0, [], lambda: None)


@pytest.mark.skipif(not FOUND, reason="no Compose is installed")
@pytest.mark.parametrize("command", FOUND, ids=lambda command: command[0][-90:])
def test_no_registry_is_asked_for_an_image_of_ours_that_is_gone(
    engine: EmptyEngine, home: Path, command: list[str]
) -> None:
    error = brought_up(command, home, "decnet/base:0123456789ab")
    assert engine.pulls == []
    assert error is not None
    assert "no such image" in error.lower()
    assert not composerun.is_transient(error)


@pytest.mark.skipif(not FOUND, reason="no Compose is installed")
@pytest.mark.parametrize("command", FOUND, ids=lambda command: command[0][-90:])
def test_an_image_of_the_users_own_is_still_pulled(
    engine: EmptyEngine, home: Path, command: list[str]
) -> None:
    brought_up(command, home, "registry.example/mine:1")
    assert len(engine.pulls) > 0
