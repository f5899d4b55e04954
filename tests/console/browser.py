"""A headless Chromium, steered by its DevTools protocol: what a page shows, reports and requests."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SECONDS = 120.0

LOOK = """(() => {
  for (const each of document.querySelectorAll('details')) each.open = true;
  const root = document.documentElement, outside = [];
  for (const each of document.querySelectorAll('body *')) {
    const box = each.getBoundingClientRect(), is_outside = box.right > root.clientWidth + 1 || box.left < -1;
    if (box.width && is_outside) outside.push(each.outerHTML.slice(0, 200));
  }
  return JSON.stringify({
    width: root.scrollWidth, room: root.clientWidth, outside: outside.slice(0, 5),
    paper: getComputedStyle(document.body).backgroundColor, text: document.body.innerText,
    active: document.querySelectorAll('script,img,iframe,object,embed,form,style~style,a').length,
  });
})()"""
"""Opens everything, then looks for what is wider than the window."""


@dataclass
class Seen:
    """A page as it was shown: its size in pixels, what is outside of the window, its background, its text,
    the number of elements that it must not have, errors of its console, and URLs that it requested."""

    width: int
    room: int
    outside: list[str]
    paper: str
    text: str
    active: int
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


class Browser:
    """One process with one page."""

    def __init__(self, folder: Path) -> None:
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if program is None:
            assert not os.environ.get("CI"), "CI needs a browser: make browser"
            pytest.skip("there is no Chromium: make browser")
        (theirs, self._write), (self._read, ours) = _pipe(), _pipe()
        words = (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
        )
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{theirs} 4>&{ours}', "bash", program, *words,
             f"--user-data-dir={folder / 'profile'}", "--remote-debugging-pipe", "about:blank"],
            pass_fds=(theirs, ours), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs)
        os.close(ours)
        self._number = 0
        self._buffer = b""
        self._events: list[dict[str, Any]] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def look(self, page: Path, width: int, theme: str) -> Seen:
        """Show a file in a window of that width, light or dark."""
        self._events.clear()
        self._call("Log.clear")
        feature = {"name": "prefers-color-scheme", "value": theme}
        self._call("Emulation.setEmulatedMedia", features=[feature])
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        self._call("Page.navigate", url=page.as_uri())
        while not any(each["method"] == "Page.loadEventFired" for each in self._events):
            self._receive()
        shown = self._call("Runtime.evaluate", expression=LOOK)["result"]["value"]
        return Seen(**json.loads(shown), errors=list(self._errors()), requests=list(self._requests(page)))

    def picture(self, file: Path) -> None:
        """The whole page as it is shown now, for a person to look at."""
        import base64

        shot = self._call("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        os.close(self._write)
        os.close(self._read)
        self._process.kill()
        self._process.wait()

    def _errors(self) -> Any:
        for each in self._events:
            found = each["params"]
            if each["method"] == "Log.entryAdded" and found["entry"]["level"] in ("error", "warning"):
                yield found["entry"]["text"]
            elif each["method"] == "Runtime.exceptionThrown":
                yield str(found["exceptionDetails"])
            elif each["method"] == "Runtime.consoleAPICalled":
                yield str(found["args"])

    def _requests(self, page: Path) -> Any:
        for each in self._events:
            if each["method"] == "Network.requestWillBeSent":
                url = each["params"]["request"]["url"]
                if url != page.as_uri() and not url.startswith("data:"):
                    yield url

    def _call(self, method: str, **params: Any) -> Any:
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": params}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            found = self._receive()
            if found.get("id") == number:
                assert "error" not in found, (method, found)
                return found["result"]

    def _receive(self) -> dict[str, Any]:
        """The next message; events are kept, too."""
        end = time.monotonic() + SECONDS
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            chunk = os.read(self._read, 1 << 16)
            assert chunk, "the browser has ended"
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(line)
        if "method" in found:
            self._events.append(found)
        return found


def _pipe() -> tuple[int, int]:
    """With numbers that are not in the way of those that Chromium expects, 3 and 4."""
    ends = os.pipe()
    moved = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 10) for each in ends]
    for each in ends:
        os.close(each)
    return moved[0], moved[1]
