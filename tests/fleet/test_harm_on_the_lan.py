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


def in_the_switch(company: Company, *argv: str) -> None:
    lan = place(company.lab, "w1").netns.removesuffix("w1") + "lan"
    subprocess.run(["ip", "netns", "exec", lan, *argv], check=True, timeout=20)


def states(company: Company, code: int) -> dict[str, str]:
    return {
        each["name"]: each["status"]
        for each in company.decnet("status", "-o", "json", code=code).json["deckies"]
    }


def test_a_decky_gives_way_to_a_host_with_its_address_but_not_to_a_spoofer(fleet: Company) -> None:
    deckies = list(fleet.deckies().values())
    taken, others = deckies[0], [each["ip"] for each in deckies[1:3]]
    own = fleet.attack("cat", "/sys/class/net/eth0/address").out.strip()
    take = [f"{address}/32" for address in (taken["ip"], *others)]
    try:
        for address in take:
            fleet.attack("ip", "addr", "add", address, "dev", "eth0")
        spoofed = fleet.decnet("reconcile", code=4)
        assert "ARP spoofing" in spoofed.out
        assert taken["name"] in fleet.containers(taken["worker"])

        for address in take[1:]:
            fleet.attack("ip", "addr", "del", address, "dev", "eth0")
        assert states(fleet, 4)[taken["name"]] == "degraded"
        given = fleet.decnet("reconcile", code=4)
        assert own in given.out + given.err
        assert taken["name"] not in fleet.containers(taken["worker"])
        assert fleet.decnet("reconcile", code=4).out.count("another host answers for") >= 1
    finally:
        for address in take:
            fleet.attack("ip", "addr", "del", address, "dev", "eth0")
    fleet.decnet("reconcile")
    assert set(states(fleet, 0).values()) == {"running"}


def test_an_unplugged_cable_is_reported_until_it_is_plugged_in_again(fleet: Company) -> None:
    in_the_switch(fleet, "ip", "link", "set", "w2-lan", "down")
    try:
        cut_off = {each["name"] for each in fleet.deckies().values() if each["worker"] == "w2"}
        found_states = states(fleet, 4)
        assert {name for name, state in found_states.items() if state == "degraded"} == cut_off
        check = fleet.decnet("reconcile", "--check", code=4)
        assert "eth0 has no carrier" in check.out + check.err
        assert any("has no carrier" in text for text in found(fleet, 4)["w2"])
    finally:
        in_the_switch(fleet, "ip", "link", "set", "w2-lan", "up")
    assert set(states(fleet, 0).values()) == {"running"}
