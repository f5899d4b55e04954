"""A login, then a flood of connections, then one pull: by a real attacker's address at a real decky."""

from __future__ import annotations

from collections import Counter
from typing import Any

from theatre import Stage, eventually

FLOOD = 20_000
THREADS = 4

CONNECT = """
import socket, sys, threading
address, count, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def work():
    for _ in range(count // threads):
        socket.create_connection((address, 80), 60).close()
workers = [threading.Thread(target=work) for _ in range(threads)]
[each.start() for each in workers]
[each.join() for each in workers]
"""


def test_a_login_before_a_flood_of_connections_is_recorded_and_every_connection_counted(stage: Stage) -> None:
    stage.decnet("events", "--pull", "-o", "jsonl")
    name, decky = next((name, decky) for name, decky in stage.deckies().items() if name.startswith("web"))
    address = decky["ip"]
    login = (
        "curl",
        "-s",
        "-o",
        "/dev/null",
        "-d",
        "username=admin&password=hunter2",
        f"http://{address}/login",
    )
    assert stage.attack(*login).code == 0
    flood = stage.attack("python3", "-c", CONNECT, address, str(FLOOD), str(THREADS), limit=900)
    assert (flood.code, flood.err) == (0, "")

    pulled: list[dict[str, Any]] = []

    def all_are_counted() -> bool:
        new = stage.decnet("events", "--pull", "-o", "jsonl").lines
        pulled.extend(new)
        # What was folded comes later, kind by kind: all has come when a pull brings nothing.
        return not new and happened(pulled)["contact"] + happened(pulled)["lost"] >= FLOOD + 1

    eventually(all_are_counted, 60)
    found = happened(pulled)
    assert (found["contact"], found["lost"]) == (FLOOD + 1, 0)
    [attempt] = [event for event in pulled if event["kind"] == "login"]
    assert (attempt["decky"], attempt["fields"]["password"]) == (name, "hunter2")
    assert {event["source_ip"] for event in pulled} == {attempt["source_ip"]}
    shown = [event for event in pulled if event["kind"] == "contact" and "folded" not in event["fields"]]
    assert 500 < len(shown) < FLOOD / 4
    assert len({event["id"] for event in pulled}) == len(pulled)
    assert size(stage, "du -sb /var/lib/decnet-agent/events") < 3_000_000
    assert size(stage, f"cat $(docker inspect -f '{{{{.LogPath}}}}' {name}-http)* | wc -c") < 2_000_000


def happened(events: list[dict[str, Any]]) -> Counter[str]:
    """How often each thing happened: one by one, folded into counts, or lost."""
    found: Counter[str] = Counter()
    for event in events:
        found[event["kind"]] += event["fields"].get("count" if event["kind"] == "lost" else "folded", 1)
    return found


def size(stage: Stage, command: str) -> int:
    return int(stage.on("w1", "sh", "-c", command).out.split()[0])
