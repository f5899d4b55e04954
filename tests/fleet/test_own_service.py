"""A service of the user's own, from an image that only the operator has, on a worker behind SSH."""

from __future__ import annotations

import io
import json
import re
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from three_workers import NINE, Company, eventually

pytestmark = pytest.mark.lab

PAGE = (Path(__file__).parents[2] / "docs" / "writing-a-service.md").read_text()
ENTRY = next(text for text in re.findall(r"```toml .*?\n(.*?)```", PAGE, re.DOTALL) if "canteen" in text)
EVENT = next(text for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
COMMAND = 'command = ["/bin/busybox", "sh", "/serve"]'
LOBBY = NINE + '\n[decky.lobby]\narchetype = "kiosk"\nworker = "w2"\n'
IMAGE = "registry.example/canteen:1"


def image() -> bytes:
    """The page's image, with a script that logs the page's event first."""
    serve = f"echo '{EVENT.strip()}'; exec /bin/busybox httpd -f -p 8080 -h /www"
    busybox = Path(str(shutil.which("busybox"))).read_bytes()
    files = {"bin/busybox": busybox, "www/index.html": b"<h1>Menu</h1>", "serve": serve.encode()}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture
def canteen(fleet: Company) -> Iterator[Company]:
    """The nine deckies, and the page's catalog in the operator's home; the nine alone afterwards."""
    own = fleet.home / "catalog" / "own.toml"
    own.parent.mkdir(exist_ok=True)
    own.write_text(re.sub(r"command = .*", COMMAND, ENTRY))
    (fleet.folder / "canteen.tar").write_bytes(image())
    assert fleet.on("operator", "docker", "import", str(fleet.folder / "canteen.tar"), IMAGE).code == 0
    yield fleet
    fleet.deploy(NINE, "--max-remove", "1")
    own.unlink()


def test_a_users_own_image_is_sent_and_serves_and_its_events_are_reported(canteen: Company) -> None:
    said = canteen.deploy(LOBBY)
    assert "w2: its images have arrived" in said.err
    lobby = canteen.deckies()["lobby"]
    assert (lobby["status"], lobby["worker"], lobby["services"]) == ("running", "w2", ["canteen", "ssh"])
    assert canteen.attack("curl", "-s", "-m", "10", f"http://{lobby['ip']}:8080/").out == "<h1>Menu</h1>"
    pulled: list[str] = []

    def heard() -> bool:
        pulled.extend(canteen.decnet("events", "--pull", "-o", "jsonl").out.splitlines())
        return any(json.loads(line)["service"] == "canteen" for line in pulled)

    eventually(heard)
    [event] = [json.loads(line) for line in pulled if json.loads(line)["service"] == "canteen"]
    assert (event["decky"], event["kind"], event["source_ip"]) == ("lobby", "request", "192.0.2.250")
    assert event["fields"] == {"path": "/"}
    assert canteen.decnet("reconcile", "--quiet").out == ""
    # What a wipe has to take along.
    assert json.loads((canteen.agent("w2") / "images.json").read_text()) == [IMAGE]
