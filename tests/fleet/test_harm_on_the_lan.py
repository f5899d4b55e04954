"""The doctor on a real LAN: a switch that filters MAC addresses, and another host that took a decky's
address."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from three_workers import Company

from decnet.lab.layout import place

pytestmark = pytest.mark.lab


def found(company: Company, code: int) -> dict[str, list[str]]:
    """What is wrong with each worker."""
    rows: list[dict[str, Any]] = company.decnet("doctor", "-o", "json", code=code).json
    return {
        name: [row["finding"] for row in rows if row["name"] == name and row["state"] == "wrong"]
        for name in ("w1", "w2", "w3")
    }


def switch(company: Company, rules: str) -> None:
    """Rules of the switch that the practice LAN is."""
    lan = place(company.lab, "w1").netns.removesuffix("w1") + "lan"
    subprocess.run(
        ["ip", "netns", "exec", lan, "nft", "-f", "-"], input=rules, text=True, check=True, timeout=20
    )


def test_a_switch_that_filters_and_an_address_that_is_taken_are_both_found(fleet: Company) -> None:
    assert found(fleet, 0) == {"w1": [], "w2": [], "w3": []}
    own = fleet.on("w1", "cat", "/sys/class/net/eth0/address").out.strip()
    taken = next(d for d in fleet.deckies().values() if d["worker"] == "w2")
    chain = "add chain bridge doctor f { type filter hook forward priority 0; }"
    rule = f"add rule bridge doctor f iifname w1-lan ether saddr != {own} drop"
    try:
        switch(fleet, f"add table bridge doctor\n{chain}\n{rule}\n")
        fleet.attack("ip", "addr", "add", f"{taken['ip']}/32", "dev", "eth0")
        wrong = found(fleet, 4)
    finally:
        switch(fleet, "delete table bridge doctor\n")
        fleet.attack("ip", "addr", "del", f"{taken['ip']}/32", "dev", "eth0")
    assert [text.partition(" cannot reach ")[2] for text in wrong["w1"]] == [
        "its deckies on the LAN: a switch or hypervisor drops their frames"
    ]
    assert [text.partition(" answers for ")[2] for text in wrong["w2"]] == [
        f"{taken['ip']}, which is {taken['name']}'s"
    ]
    assert wrong["w3"] == []
