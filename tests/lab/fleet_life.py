"""The life of a small fleet on a lab's workers, from enrolment to teardown, by the real command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lab_machines import in_place

from decnet.lab import Lab, provide_images, status

DECNET = str(Path(sys.prefix) / "bin" / "decnet")
NETWORK = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.110"] }
"""
TWO = """
[decky.web-{0}]
services = ["http"]
worker = "{0}"

[decky.shell-{0}]
services = ["ssh"]
worker = "{0}"
"""


def live(lab: Lab, folder: Path) -> None:
    """Enrol every worker, deploy two deckies on each, visit them, read what happened, tear down."""

    def decnet(*argv: str) -> str:
        return in_place(lab, "operator", DECNET, *argv).stdout

    provide_images(lab, lambda _: None)
    workers = status(lab).workers
    (folder / "fleet.toml").write_text(NETWORK + "".join(TWO.format(worker.name) for worker in workers))
    for worker in workers:
        key = (lab.folder / worker.name / "sshd/host_ed25519.pub").read_text().split()[:2]
        (folder / "known").write_text(" ".join([worker.address, *key]) + "\n")
        login = f"root@{worker.address}"
        decnet("worker", "add", worker.name, login, "--known-hosts", str(folder / "known"))
        print(f"\n{worker.release}: {_versions(lab, worker.name)}")
    decnet("deploy", "-c", str(folder / "fleet.toml"), "--yes")
    deckies = json.loads(decnet("status", "-o", "json"))["deckies"]
    assert [each["status"] for each in deckies] == ["running"] * 2 * len(workers)
    for address in (each["ip"] for each in deckies if each["services"] == ["http"]):
        page = f"http://{address}/seen-by-{address}"
        in_place(lab, "attacker", "curl", "-s", "-m", "10", "-o", "/dev/null", page)
        assert f"seen-by-{address}" in decnet("events", "--pull", "-o", "jsonl")
    decnet("teardown", "--all", "--yes")
    for worker in workers:
        assert in_place(lab, worker.name, "docker", "ps", "-aq").stdout == ""


def _versions(lab: Lab, worker: str) -> str:
    """What was found, for a release that moves."""
    asked = (
        "docker version -f 'Engine {{.Server.Version}}'",
        "docker compose version 2>/dev/null || docker-compose version | head -n 1",
        "python3 --version",
        "uname -r",
    )
    return ", ".join(in_place(lab, worker, "sh", "-c", "; ".join(asked)).stdout.splitlines())
