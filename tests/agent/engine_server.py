"""A Docker engine in memory behind a real unix socket, and a Compose program that makes containers in it."""

from __future__ import annotations

import json
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent_desk import Desk
from fakefleet.engine import Engine, EngineFailure

from decnet.agent import composerun

LAN = {"driver": "bridge", "interface": "lo", "subnet": "127.77.0.0/24", "gateway": "127.77.0.1"}
"""Of loopback addresses, so that what the agent asks about them stays on this machine."""

IMAGES = ("decnet/base:0123456789ab", "decnet/decoys:0123456789ab")
COMPOSE = """#!%s
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as engine:
    engine.connect(os.environ["DOCKER_HOST"][7:])
    body = json.dumps(sys.argv[1:]).encode()
    engine.sendall(b"POST /compose HTTP/1.0\\r\\nContent-Length: %%d\\r\\n\\r\\n" %% len(body) + body)
    head, _, body = engine.makefile("rb").read().partition(b"\\r\\n\\r\\n")
sys.stdout.write(body.decode())
sys.exit(b" 200 " not in head)
"""


class EngineServer(socketserver.ThreadingUnixStreamServer):
    """`engine` is what it serves, `asked` the method and path of each request that changes something, `runs`
    the arguments of each `compose up`. `on_create` is called before a container is created."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        self.place = str(folder / "docker.sock")
        super().__init__(self.place, _Connection)
        self.engine = Engine(folder / "engine.json", "engine-1")
        self.engine.images = {name: {} for name in IMAGES}
        self.runs: list[list[str]] = []
        self.asked: list[tuple[str, str]] = []
        self.on_create: Callable[[], None] = lambda: None
        self._program = folder / "compose"
        self._program.write_text(COMPOSE % sys.executable)
        self._program.chmod(0o755)

    def serve(self, desk: Desk) -> Desk:
        """That desk's agent uses this engine, and has found the Compose program before."""
        desk.socket = self.place
        found = {"command": [str(self._program)], "version": "2.20.0", "stamp": composerun._stamp()}
        (desk.home / composerun.CACHE).write_text(json.dumps(found))
        return desk

    @property
    def containers(self) -> dict[str, str]:
        """State by name."""
        return {each["Name"]: each["State"] for each in self.engine.containers.values()}

    @property
    def created(self) -> list[list[str]]:
        """The names of the containers that were created, in groups: between them others were started."""
        groups: list[list[str]] = [[]]
        for method, target in self.asked:
            path, _, name = target.partition("?name=")
            if path == "/containers/create":
                groups[-1].append(name)
            elif groups[-1] and method == "POST" and path.endswith("/start"):
                groups.append([])
        return [sorted(group) for group in groups if group]

    @property
    def has_network(self) -> bool:
        return any(each["Name"] == "decnet_lan" for each in self.engine.networks.values())

    def compose(self, argv: list[str]) -> tuple[int, bytes]:
        if "up" not in argv:
            return 200, b""
        self.runs.append(argv)
        document = json.loads(Path(argv[argv.index("-f") + 1]).read_text())
        try:
            for name in argv[argv.index("--no-build") + 1 :]:
                self.engine.start(self.engine.create(name, document["services"][name]))
        except EngineFailure as error:
            return 500, f"ERROR: {error}\n".encode()
        return 200, b""


class _Connection(socketserver.StreamRequestHandler):
    server: EngineServer

    def handle(self) -> None:
        method, target, _ = self.rfile.readline().decode().split(" ")
        length = 0
        while line := self.rfile.readline().strip():
            name, _, value = line.decode().partition(": ")
            length = int(value) if name.lower() == "content-length" else length
        body = self.rfile.read(length)
        if target == "/compose":
            status, content = self.server.compose(json.loads(body))
        else:
            if method != "GET":
                self.server.asked.append((method, target))
            if target.startswith("/containers/create?"):
                self.server.on_create()
            status, content = self.server.engine.answer(method, target, body)
        self.wfile.write(b"HTTP/1.0 %d -\r\n\r\n" % status + content)


@contextmanager
def engine_server(folder: Path) -> Iterator[EngineServer]:
    with EngineServer(folder) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def records(desk: Desk) -> list[tuple[Any, ...]]:
    rows = desk.get("status")["journal"]["records"]
    return [(row.get("project"), row["decky"], row["operation"], row["status"]) for row in rows]
