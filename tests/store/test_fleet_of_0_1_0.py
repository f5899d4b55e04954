"""A state file that version 0.1.0 mutated: it loads, is encoded as before, and mutates by the current
rules."""

from __future__ import annotations

import json
import random
from pathlib import Path

from decnet.catalog import load as load_catalog
from decnet.model.fleet import Fleet
from decnet.model.fleetfile import parse
from decnet.plan.allocate import allocate
from decnet.plan.mutate import mutate
from decnet.plan.resolve import resolve
from decnet.store.desired import load_fleet
from decnet.store.paths import Home

STATE = Path(__file__).with_name("fleet-0.1.0.json")
FILE = """
mutate_interval = 60
[network]
addresses = { use = ["192.0.2.100-192.0.2.120"] }
[decky.intranet]
services = ["http", "ssh"]
[decky.mail37]
archetype = "mail-server"
[decky.office]
services = ["ftp", "http"]
archetype = "printer"
[decky.switch]
archetype = "network-gear"
[decky.web]
archetype = "web-server"
"""
"""What the state was deployed from. `intranet` had http and ssh, `mail37` smtp, `switch` all three."""

HOUR = 3600.0


def stored(home: Home) -> Fleet:
    home.state.write_bytes(STATE.read_bytes())
    fleet = load_fleet(home)
    assert fleet is not None
    return fleet


def services(fleet: Fleet) -> dict[str, str]:
    return {name: " ".join(sorted(decky.services)) for name, decky in fleet.deckies.items()}


def mutated(fleet: Fleet, seed: int = 1) -> Fleet:
    rng = random.Random(seed)
    return mutate(fleet, fleet.deckies, load_catalog(), rng=rng, now=1.7e9 + 2 * HOUR)


def deployed_again(fleet: Fleet) -> Fleet:
    catalog, rng = load_catalog(), random.Random(5)
    drafts = resolve(parse(FILE, "fleet.toml"), catalog, rng=rng, desired=fleet.deckies)
    deckies = allocate(
        drafts, catalog=catalog, lans=fleet.lans, desired=fleet, facts={}, capacity={"w1": None}, rng=rng,
        now=1.7e9 + 9 * HOUR,
    )  # fmt: skip
    return fleet.with_deckies(deckies)


def test_it_is_read_with_all_that_it_says(home: Home) -> None:
    fleet = stored(home)
    before = json.loads(STATE.read_bytes())["deckies"]
    for name, decky in fleet.deckies.items():
        now = decky.model_dump(mode="json")
        kept = before[name].keys() - {"ip", "mac"}
        assert {key: now[key] for key in kept} == {key: before[name][key] for key in kept}
        assert (decky.ip, decky.mac) == (before[name]["ip"], before[name]["mac"])
        assert (decky.core, decky.side, decky.images) == (None, None, None)


def test_its_machines_get_their_core_back(home: Home) -> None:
    fleet = stored(home)
    assert services(fleet) == {
        "intranet": "ftp ssh", "mail37": "redis", "office": "ftp http", "switch": "ssh telnet",
        "web": "ftp http",
    }  # fmt: skip
    after = services(mutated(fleet))
    assert {name: after[name] for name in ("mail37", "switch", "office")} == {
        "mail37": "smtp", "switch": "snmp ssh telnet", "office": "ftp http snmp"
    }  # fmt: skip
    assert set(after["intranet"].split()) > {"ftp", "ssh"}
    assert "http" in after["web"].split()


def test_a_deploy_of_its_fleet_file_says_what_was_listed_and_changes_no_service(home: Home) -> None:
    fleet = stored(home)
    again = deployed_again(fleet)
    assert services(again) == services(fleet)
    assert {name: decky.core for name, decky in again.deckies.items()} == {
        "intranet": ("http", "ssh"), "mail37": None, "office": ("ftp", "http"), "switch": None, "web": None
    }  # fmt: skip
    after = services(mutated(again))
    assert (after["intranet"], after["mail37"]) == ("ftp http ssh", "smtp")
    assert set(after["office"].split()) >= {"ftp", "http"}
    assert deployed_again(again) == again
