"""Scans of real deckies by a real scanner: reported once, whatever happens to the base in between."""

from __future__ import annotations

from typing import Any

from theatre import OFFICE, Stage

ATTACKER = "192.0.2.250"


def pulled(stage: Stage) -> list[dict[str, Any]]:
    """The new events of the deckies' bases."""
    events = stage.decnet("events", "--pull", "-o", "jsonl").lines
    return [each for each in events if each["service"] == "base"]


def seen(events: list[dict[str, Any]]) -> list[tuple[str, str, str, int]]:
    """(decky, probe, ports, packets) of each."""
    rows = [(each["decky"], each["fields"]) for each in events]
    return sorted((name, each["probe"], each.get("ports", ""), each["count"]) for name, each in rows)


def test_every_kind_of_scan_is_reported_once_with_its_ports(stage: Stage) -> None:
    pulled(stage)
    address = stage.deckies()["quarry"]["ip"]
    once = ("nmap", "-n", "-Pn", "--max-retries", "0")
    stage.attack(*once, "-sS", "-p", "20-25,81", address)
    stage.attack(*once, "-sN", "-p", "101", address)
    stage.attack(*once, "-sX", "-p", "102", address)
    stage.attack(*once, "-sU", "-p", "103", address)
    stage.attack(*once, "-sT", "-p", "22,80", address)
    stage.attack("ping", "-c", "2", "-i", "0.2", address)
    events = pulled(stage)
    assert seen(events) == [
        ("quarry", "null", "101", 1),
        ("quarry", "ping", "", 2),
        ("quarry", "syn", "20-25,81", 7),
        ("quarry", "udp", "103", 1),
        ("quarry", "xmas", "102", 1),
    ]
    assert {(each["source_ip"], each["local_ip"]) for each in events} == {(ATTACKER, address)}
    assert pulled(stage) == []


def test_a_sweep_is_one_row_in_the_table_and_an_event_of_each_decky(stage: Stage) -> None:
    pulled(stage)
    names = sorted(stage.deckies())
    stage.attack("nmap", "-n", "-sn", "-PR", "--max-retries", "0", "192.0.2.100-119")
    shown = stage.decnet("events", "--pull").out.splitlines()
    assert [line.split()[2:7] for line in shown] == [["3", "deckies", ATTACKER, "scan", "probe=arp"]]
    last = [stage.decnet("events", "--decky", name, "-o", "jsonl", "--tail", "1").lines for name in names]
    assert seen([row for rows in last for row in rows]) == [(name, "arp", "", 1) for name in names]


def test_a_removal_reads_first_and_a_new_base_records_at_once(stage: Stage) -> None:
    pulled(stage)
    address = stage.deckies()["quarry"]["ip"]
    stage.attack("nmap", "-n", "-Pn", "-sS", "--max-retries", "0", "-p", "201", address)
    stage.decnet("teardown", "quarry", "--yes")
    stage.decnet("deploy", "-c", stage.spec(OFFICE), "--yes")
    address = stage.deckies()["quarry"]["ip"]
    stage.attack("nmap", "-n", "-Pn", "-sS", "--max-retries", "0", "-p", "202", address)
    assert seen(pulled(stage)) == [("quarry", "syn", "201", 1), ("quarry", "syn", "202", 1)]
    assert pulled(stage) == []


def test_what_a_killed_base_had_not_yet_given_up_is_one_lost_event(stage: Stage) -> None:
    pulled(stage)
    address = stage.deckies()["quarry"]["ip"]
    stage.attack("nmap", "-n", "-Pn", "-sS", "--max-retries", "0", "-p", "203", address)
    stage.on("w1", "docker", "kill", "quarry")
    stage.decnet("reconcile")
    [lost] = pulled(stage)
    assert (lost["kind"], lost["decky"], lost["fields"]["count"], lost["fields"]["at_least"]) == (
        "lost", "quarry", 0, True,
    )  # fmt: skip
    stage.attack("nmap", "-n", "-Pn", "-sS", "--max-retries", "0", "-p", "204", address)
    assert seen(pulled(stage)) == [("quarry", "syn", "204", 1)]


def test_an_agent_that_cannot_enter_a_network_asks_nft_in_the_base(stage: Stage) -> None:
    pulled(stage)
    address = stage.deckies()["quarry"]["ip"]
    stage.attack("nmap", "-n", "-Pn", "-sS", "--max-retries", "0", "-p", "205", address)
    # As for an agent that is not root: there is no nsenter that it could use.
    script = "mount --bind /dev/null $(command -v nsenter) && exec decnet events --pull -o jsonl"
    events = stage.on("w1", "unshare", "-m", "sh", "-c", script).lines
    assert seen(events) == [("quarry", "syn", "205", 1)]
    assert pulled(stage) == []
