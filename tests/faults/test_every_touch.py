"""A whole attack on ten deckies of two workers while everything around it breaks: each touch arrives once."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "fleet"))

from pair import Pair, eventually, pair_of  # noqa: E402

from decnet.lab import heal, partition  # noqa: E402
from decnet.wire.ports import ports_in  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.lab]

TEN = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }

[decky.host]
count = 4
services = ["ssh"]
[decky.host.settings.ssh]
credentials = "root:toor"

[decky.web]
count = 4
services = ["http"]

[decky.store]
services = ["ftp"]

[decky.printer]
archetype = "printer"
services = ["ftp"]
"""
REQUESTS, LENGTH = 3000, 2000
"""More than a container's log keeps in one file (4 MiB)."""
LOUD = """
import http.client, sys
address, count, length = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
line = http.client.HTTPConnection(address, 80, timeout=60)
for number in range(count):
    line.request("GET", f"/{number:05}" + "x" * length)
    line.getresponse().read()
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_of("flte", tmp_path_factory.mktemp("every")) as found:
        yield found


class Attacker:
    """What was done to each decky, with a word of its own in each touch."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.number = 0
        self.tried: dict[str, list[str]] = {}
        """The passwords by decky, in their order."""
        self.commands: dict[str, list[str]] = {}
        self.uploaded: dict[str, list[str]] = {}
        """The hashes by decky, in their order."""
        self.ports: list[int] = []

    def word(self) -> str:
        self.number += 1
        return f"touch-{self.number:04}"

    def spray(self) -> None:
        """One password for every decky that asks for one."""
        for name, decky in sorted(self.pair.deckies().items()):
            word, address = self.word(), decky["ip"]
            if "ssh" in decky["services"]:
                self.pair.ssh(address, word, "true")
            elif "ftp" in decky["services"]:
                self.curl(f"ftp://{address}/", "-u", f"admin:{word}")
            else:
                self.curl(f"http://{address}/login", "-d", f"username=admin&password={word}")
            self.tried.setdefault(name, []).append(word)

    def scan(self) -> None:
        """A closed port, another one each time, on every decky."""
        self.ports.append(2000 + len(self.ports))
        addresses = [decky["ip"] for decky in self.pair.deckies().values()]
        options = ("-n", "-Pn", "-sS", "--max-retries", "0", "-p", str(self.ports[-1]))
        self.pair.attack("nmap", *options, *addresses)

    def sweep(self) -> Iterator[None]:
        """By ping, then by ARP, which counts only of a source that did nothing else since the last pull."""
        addresses = [decky["ip"] for decky in self.pair.deckies().values()]
        for probe in (("-PE", "--disable-arp-ping"), ("-PR",)):
            self.pair.attack("nmap", "-n", "-sn", "--max-retries", "0", *probe, *addresses)
            yield

    def curl(self, *words: str) -> None:
        self.pair.attack("curl", "-s", "-m", "10", "-o", "/dev/null", *words)

    def log_in(self, name: str) -> None:
        """A login that succeeds, and a command."""
        command = f"echo {self.word()}"
        assert self.pair.ssh(self.pair.deckies()[name]["ip"], "toor", command).code == 0
        self.commands.setdefault(name, []).append(command)

    def upload(self, *names: str) -> None:
        """A file of its own for each of these deckies, in the way of its service."""
        for name in names:
            word, decky = self.word(), self.pair.deckies()[name]
            if "ssh" in decky["services"]:
                assert self.pair.ssh(decky["ip"], "toor", f"cat > /tmp/{word}", given=word).code == 0
            elif "ftp" in decky["services"]:
                url = f"ftp://{decky['ip']}/{word}.prn"
                self.pair.attack("sh", "-c", f"printf %s {word} | curl -s -m 20 -u admin:x -T - {url}")
            else:
                header = "Content-Type: application/octet-stream"
                self.curl("-X", "PUT", "-H", header, "-d", word, f"http://{decky['ip']}/{word}")
            self.uploaded.setdefault(name, []).append(hashlib.sha256(word.encode()).hexdigest())

    def shout(self, name: str) -> None:
        """Requests that make the log of a decky's container rotate."""
        address = self.pair.deckies()[name]["ip"]
        said = self.pair.attack("python3", "-c", LOUD, address, str(REQUESTS), str(LENGTH), limit=400)
        assert (said.code, said.err) == (0, "")


def test_an_attack_is_reported_once_and_in_order_whatever_breaks_meanwhile(pair: Pair) -> None:
    pair.deploy(TEN)
    attacker, printed = Attacker(pair), []

    def pull(code: int | None = 0) -> list[dict[str, Any]]:
        new = pair.decnet("events", "--pull", "-o", "jsonl", code=code).lines
        printed.extend(new)
        return new

    for _ in attacker.sweep():
        pull()
    attacker.spray()
    attacker.scan()
    attacker.upload("host-01", "host-02", "host-03", "web-01", "web-02", "printer")
    pull()
    # A restart of containers that nobody asked decnet for.
    where = {name: decky["worker"] for name, decky in pair.deckies().items()}
    attacker.log_in("host-01")
    attacker.upload("host-01")
    pair.on(where["host-01"], "docker", "restart", "-t", "2", "host-01-ssh")
    eventually(lambda: pair.deckies()["host-01"]["status"] == "running", 60)
    attacker.spray()
    # A worker that cannot be reached while the attack continues.
    partition(pair.lab, "w2")
    try:
        attacker.log_in("host-02")
        attacker.upload("host-01", "host-02", "web-01", "printer")
        attacker.shout("web-01")
        pull(code=None)
    finally:
        heal(pair.lab, "w2")
    # Pulls that are killed in the middle.
    for seconds in (0.3, 0.6, 0.9, 1.2):
        running = pair.start("events", "--pull", "-o", "jsonl")
        time.sleep(seconds)
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate(timeout=30)
    attacker.spray()
    attacker.scan()
    # Mutations take containers with events and files in them away.
    attacker.upload("host-03", "web-02")
    pair.decnet("mutate", "web-02", "--services", "ftp", "--yes")
    attacker.log_in("host-03")
    pair.decnet("mutate", "host-03", "--services", "http", "--yes")
    attacker.spray()
    attacker.scan()
    eventually(lambda: not pull(), 120)
    # A base that is gone takes the whole decky with it, which decnet puts up again.
    attacker.log_in("host-04")
    pair.on(where["host-04"], "docker", "rm", "-f", "host-04")
    eventually(lambda: pair.decnet("reconcile", code=None).code == 0, 120)
    attacker.spray()
    attacker.scan()
    attacker.log_in("host-04")
    eventually(lambda: not pull(), 120)

    stored = pair.decnet("events", "-o", "jsonl").lines
    assert repeated(stored) == []
    missed = {event["id"] for event in printed} - {event["id"] for event in stored}
    assert missed == set()
    # What the base had not yet given up, and a file in the memory of a container that was restarted.
    lost = [
        (event["decky"], event["service"], event["fields"]) for event in stored if event["kind"] == "lost"
    ]
    [gone] = [fields["sha256"] for decky, service, fields in lost if (decky, service) == ("host-01", "ssh")]
    assert sorted(each[:2] for each in lost) == [("host-01", "ssh"), ("host-04", "base")]
    assert gone == attacker.uploaded["host-01"][1]
    for name, hashes in attacker.uploaded.items():
        assert of(stored, name, "file", "sha256", hashes) == hashes, name
    listed = {each["sha256"]: each["state"] for each in pair.decnet("events", "files", "-o", "json").json}
    for name, hashes in attacker.uploaded.items():
        states = ["gone" if each == gone else f"on {where[name]}" for each in hashes]
        assert [listed[each] for each in hashes] == states, name
    for name, words in attacker.tried.items():
        assert of(stored, name, "login", "password", words) == words, name
    for name, commands in attacker.commands.items():
        assert of(stored, name, "command", "input", commands) == commands, name
    requests = [
        event["fields"] for event in stored if (event["decky"], event["kind"]) == ("web-01", "request")
    ]
    # Many at once are one event with their number. Each login and each upload was a request, too.
    others = len(attacker.tried["web-01"]) + len(attacker.uploaded["web-01"])
    assert sum(fields.get("folded", 1) for fields in requests) == REQUESTS + others
    for name in where:
        assert scanned(stored, name) == attacker.ports, name
        assert swept(stored, name) == {"arp": 1, "ping": 1}, name
        # A loss has the time at which it was noticed.
        own = [event for event in stored if event["decky"] == name and event["kind"] != "lost"]
        # The kernel's scans are read after the logs, and so have later numbers than what followed them.
        for service in {event["service"] for event in own}:
            sequence = [event["seq"] for event in own if event["service"] == service]
            assert sequence == sorted(sequence), (name, service)


def of(events: list[dict[str, Any]], decky: str, kind: str, field: str, words: list[str]) -> list[str]:
    """The values of that field that are among the words, in the order of the decky's events."""
    found = [
        event["fields"].get(field) for event in events if (event["decky"], event["kind"]) == (decky, kind)
    ]
    return [value for value in found if value in words]


def scanned(events: list[dict[str, Any]], decky: str) -> list[int]:
    """The ports in the decky's scans, in the order of its events."""
    scans = [event for event in events if (event["decky"], event["kind"]) == (decky, "scan")]
    return [port for event in scans for port in sorted(ports_in(event["fields"].get("ports", "")))]


def swept(events: list[dict[str, Any]], decky: str) -> dict[str, int]:
    """How often the decky was asked whether it is there, by the way of asking."""
    scans = [event["fields"] for event in events if (event["decky"], event["kind"]) == (decky, "scan")]
    return {
        probe: sum(fields["count"] for fields in scans if fields["probe"] == probe)
        for probe in ("arp", "ping")
    }


def repeated(events: list[dict[str, Any]]) -> list[str]:
    """Events that are there more than once."""
    counts = Counter(json.dumps([event["worker"], event["id"]]) for event in events)
    return [text for text, number in counts.items() if number > 1]
