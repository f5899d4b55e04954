"""The pages of the machine's web server as files below its document root."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from ..machine import Machine
from .dates import of_header
from .insiders import Question
from .node import Node
from .services import ServiceEntry

KEPT_SECONDS = 300.0
RETRY_SECONDS = 5.0
PATHS = ("/", "/style.css", "/favicon.ico", "/robots.txt")


class Pages:
    """What the web server of this machine has on its disk; asked for once in a while."""

    def __init__(self, machine: Machine, services: Callable[[], list[ServiceEntry]]) -> None:
        self._machine = machine
        self._services = services
        self._until = 0.0
        self._nodes: dict[str, Node] = {}

    def folders(self) -> dict[str, Callable[[], dict[str, Node]]]:
        """What makes the nodes of each folder by their names."""
        return {path: partial(self._folder, path) for path in ("/var", "/var/www", "/var/www/html")}

    def _folder(self, path: str) -> dict[str, Node]:
        found = self._all()
        return {
            each[len(path) + 1 :]: node for each, node in found.items() if each.rpartition("/")[0] == path
        }

    def _all(self) -> dict[str, Node]:
        """Paths and nodes, none without a web server."""
        now = time.monotonic()
        if now >= self._until:
            port = next(
                (port for each in self._services() if each.service == "http" for port, _ in each.ports), 0
            )
            self._nodes = self._asked(port) if port else {}
            self._until = now + (KEPT_SECONDS if self._nodes else RETRY_SECONDS)
        return self._nodes

    def _asked(self, port: int) -> dict[str, Node]:
        root = "/var/www/html"
        found: dict[str, Node] = {}
        for path in PATHS:
            page = _page(port, path)
            if page is None and path == "/":
                return {}
            if page is not None:
                name = path[1:] or self._index(page[0])
                found[f"{root}/{name}"] = Node(0o644, content=page[0], changed=page[1])
        changed = max((node.changed for node in found.values()), default=self._machine.installed)
        folders = ("/var/www", root)
        return {path: Node(0o755, folder=True, changed=changed) for path in folders} | found

    def _index(self, page: bytes) -> str:
        """Debian's nginx has its first page under a name of its own."""
        is_nginx = (
            self._machine.system.id in ("debian", "ubuntu") and b"<title>Welcome to nginx!</title>" in page
        )
        return "index.nginx-debian.html" if is_nginx else "index.html"


def _page(port: int, path: str) -> tuple[bytes, int] | None:
    """A static page and when it was changed; None if the server has none there, or none that is a file."""
    question = Question(port, f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
    try:
        answer = question.answer() if question.is_sent else None
    finally:
        question.close()
    head, _, body = (answer or b"").partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    if first.split(" ")[1:2] != ["200"]:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "last-modified":
            changed = of_header(value.strip())
            return (body, changed) if changed is not None else None
    return None
