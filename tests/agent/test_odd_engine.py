"""An engine that fails at one container or one image: all others are still reported."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_desk import FLEET, Desk

BASE = {"decnet.fleet": FLEET, "decnet.decky": "web", "decnet.service": ""}
ROW = {"Id": "c1", "Names": ["/web"], "State": "exited", "Status": "Exited (75) 1 second ago", "Labels": BASE}
ANSWERS: dict[str, Any] = {
    "/info": {"ID": "e1", "ServerVersion": "20.10", "DockerRootDir": "/"},
    "/networks": [],
    "/images/json": [{"RepoTags": ["decnet/base:0123456789ab"]}],
    "/images/mine:1/json": {},
    "/containers/json": [ROW],
    "/containers/c1/json": {"State": {"Status": "exited", "ExitCode": 75}},
}
"""What this engine answers; to all else HTTP 500, and nothing where a log is asked for."""


def answer(path: str) -> bytes:
    place = path.partition("?")[0]
    if place.endswith("/logs"):
        return b""
    status = "200 OK" if place in ANSWERS else "500 Internal Server Error"
    body = json.dumps(ANSWERS.get(place, {"message": "layer does not exist"})).encode()
    return b"HTTP/1.0 %s\r\n\r\n%s" % (status.encode(), body)


@pytest.fixture
def odd(desk: Desk, tmp_path: Path) -> Iterator[Desk]:
    desk.socket = str(tmp_path / "engine.sock")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(desk.socket)
        listening.listen()
        serving = threading.Thread(target=serve, args=(listening,), daemon=True)
        serving.start()
        yield desk.enrolled_by_hand()
        listening.shutdown(socket.SHUT_RDWR)
        serving.join(10)


def serve(listening: socket.socket) -> None:
    while True:
        try:
            connection = listening.accept()[0]
        except OSError:
            return
        with connection:
            head = connection.recv(65536).split(b"\r\n")[0].decode()
            connection.sendall(answer(head.split(" ")[1]))


def test_a_base_with_an_unreadable_log_is_still_reported(odd: Desk) -> None:
    status = odd.get("status")
    assert [(row["name"], row["state"]) for row in status["containers"]] == [("web", "exited")]
    assert (status["docker"], status["conflicts"]) == ("up", [])


def test_a_service_that_ended_after_docker_listed_it_is_in_its_bases_network(
    odd: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a restart loop Docker reports a process as running that is gone."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    service = {**ROW, "Id": "c2", "Names": ["/web-http"], "Labels": {**BASE, "decnet.service": "http"}}
    service["HostConfig"] = {"NetworkMode": "container:c1"}
    rows = [{**row, "State": "running", "Status": "Up 1 second"} for row in (ROW, service)]
    monkeypatch.setitem(ANSWERS, "/containers/json", rows)
    for name, pid in (("c1", os.getpid()), ("c2", ended.pid)):
        state = {"State": {"Status": "running", "Pid": pid}, "RestartCount": 0}
        monkeypatch.setitem(ANSWERS, f"/containers/{name}/json", state)
    found = {row["name"]: row["attached"] for row in odd.get("status")["containers"]}
    assert found == {"web": None, "web-http": True}


def test_an_image_that_the_engine_cannot_describe_is_one_that_is_not_here(odd: Desk) -> None:
    facts = odd.get("facts", {"images": ["broken:1", "mine:1"]})
    assert (facts["docker_version"], facts["images"]) == ("20.10", ["decnet/base:0123456789ab", "mine:1"])


def test_a_tag_of_ours_on_an_image_with_other_content_does_not_count(
    odd: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator then sends the image again, which moves the tag back."""
    label = {"decnet.content": "f" * 64}
    moved = {"RepoTags": ["decnet/base:0123456789ab", "decnet/base:ffffffffffff"], "Labels": label}
    monkeypatch.setitem(ANSWERS, "/images/json", [moved])
    assert odd.get("facts")["images"] == ["decnet/base:ffffffffffff"]
