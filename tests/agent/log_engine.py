"""A Docker engine on a unix socket that has containers with logs and nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingMixIn, UnixStreamServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from agent_desk import labels

from decnet.wire import PROJECT

PIECE = 16 * 1024


class LogEngine(ThreadingMixIn, UnixStreamServer):
    """`logs` holds the lines of each container, by its name; a decky's service is called `DECKY-SERVICE`,
    that of a topology `PROJECT.DECKY-SERVICE`."""

    daemon_threads = True

    def __init__(self, place: Path) -> None:
        super().__init__(str(place), _Answer)
        self.place = place
        self.logs: dict[str, list[bytes]] = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def answer(self, path: str, query: dict[str, list[str]]) -> Iterator[bytes]:
        words = path.strip("/").split("/")
        if words == ["info"]:
            yield json.dumps({"ID": "engine-1"}).encode()
        elif words == ["containers", "json"]:
            yield json.dumps([_row(name) for name in self.logs]).encode()
        elif words[-1] == "logs":
            lines, tail = self.logs[words[1]], query.get("tail", ["all"])[0]
            yield from _frames(lines if tail == "all" else lines[-int(tail) :])
        else:
            yield json.dumps({"State": {"Status": "exited", "ExitCode": 0}}).encode()


class _Answer(StreamRequestHandler):
    def handle(self) -> None:
        _, target, _ = self.rfile.readline().decode().split(" ", 2)
        while self.rfile.readline().strip():
            continue
        url = urlsplit(target)
        self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
        try:
            content = bytearray()
            for piece in self.server.answer(url.path, parse_qs(url.query)):  # type: ignore[attr-defined]
                content += piece
                if len(content) > 65536:
                    self.wfile.write(content)
                    content.clear()
            self.wfile.write(content)
        except OSError:
            return


def _frames(lines: Sequence[bytes]) -> Iterator[bytes]:
    """Docker cuts a line into pieces of 16 KiB."""
    for line in lines:
        whole = line + b"\n"
        for start in range(0, len(whole), PIECE):
            piece = whole[start : start + PIECE]
            yield b"\1\0\0\0" + len(piece).to_bytes(4, "big") + piece


def _row(name: str) -> dict[str, Any]:
    project, _, rest = name.rpartition(".")
    decky, _, service = rest.partition("-")
    return {
        "Id": name,
        "Names": [f"/{name}"],
        "Labels": labels(decky, service, "", project or PROJECT),
        "State": "exited",
    }
