"""The plan of a change shows each decky, and field by field what changes; secrets are named and not shown."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fakefleet import FakeFleet, Ran

from decnet.console.documents import document, dumps, lines
from decnet.console.plans import plan_lines
from decnet.model.fleet import Decky

NETWORK = '[network]\naddresses = { use = ["192.0.2.100-192.0.2.140"] }\n'
INTRANET = """
[decky.intranet]
archetype = "linux-server"
mutate_interval = 60
worker = "w1"
ip = "192.0.2.101"

[decky.intranet.settings.ssh]
credentials = "root:toor1234"
motd = "Welcome"
"""
MANY = """
[decky.office]
count = 25
services = ["http", "ssh", "ftp", "telnet", "mysql", "redis"]
[decky.office.settings.http]
title = "A company with a long name and several words in it"
server_header = "an-unusual-server/1.0"
"""


def steps(ran: Ran) -> dict[str, dict[str, Any]]:
    """The steps of `-o json` by decky."""
    return {step["decky"]: step for step in document(ran.outcome)["steps"]}


def details(decky: Decky) -> dict[str, Any]:
    return {
        "address": decky.ip,
        "mac": decky.mac,
        "hostname": decky.hostname,
        "os": decky.os,
        "release": decky.release,
        "archetype": decky.archetype,
        "services": {"http": {}, "ssh": {"credentials": "(hidden)", "motd": "Welcome"}},
    }


def changes(step: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {each["field"]: (each["old"], each["new"]) for each in step["changes"]}


def test_a_new_decky_is_shown_as_it_will_be(empty: FakeFleet) -> None:
    shown = steps(empty.deploy(NETWORK + INTRANET, dry_run=True))["intranet"]
    assert empty.deploy(NETWORK + INTRANET).code == 0
    created = empty.desired.deckies["intranet"]
    # Another draw: the dry run had another seed.
    same = {"mac": created.mac, "hostname": created.hostname, "release": created.release}
    assert shown["details"] | same == details(created)
    assert (shown["bucket"], shown["changes"]) == ("create", [])


def test_a_plan_as_text_has_the_decky_below_its_step(empty: FakeFleet) -> None:
    ran = empty.deploy(NETWORK + INTRANET, dry_run=True)
    head, machine, services, seed, tally = plan_lines(ran.outcome.plan)
    assert head == "+ intranet on w1: create, new in the fleet"
    assert re.fullmatch(
        r"    192\.0\.2\.101, [0-9a-f:]{17}, [A-Za-z0-9-]+, linux \([a-z0-9.-]+\), linux-server", machine
    )
    assert services == "    http, ssh (credentials=(hidden), motd=Welcome)"
    assert seed == f"random choices: --seed {ran.outcome.plan.seed} repeats them"
    assert tally == "plan: 1 create"


EDITS = {
    "address": ('ip = "192.0.2.101"', 'ip = "192.0.2.119"', {"address": ("192.0.2.101", "192.0.2.119")}),
    "setting": ('motd = "Welcome"', 'motd = "Hello"', {"ssh.motd": ("Welcome", "Hello")}),
    "setting removed": ('motd = "Welcome"', "", {"ssh.motd": ("Welcome", None)}),
    "secret": ("toor1234", "geheim99", {"ssh.credentials": ("(hidden)", "(another one, hidden)")}),
    "services": (
        'archetype = "linux-server"',
        'archetype = "linux-server"\nservices = ["ssh", "telnet"]',
        {"services": (("http", "ssh"), ("ssh", "telnet")), "core": (None, ("ssh", "telnet"))},
    ),
    "mac": (
        'ip = "192.0.2.101"',
        'ip = "192.0.2.101"\nmac = "00:50:56:00:00:07"',
        {"mac": ("", "00:50:56:00:00:07")},
    ),
    "hostname": ("mutate", 'hostname = "files7"\nmutate', {"hostname": ("", "files7")}),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_change_is_shown_field_by_field(empty: FakeFleet, name: str) -> None:
    old, new, expected = EDITS[name]
    empty.deploy(NETWORK + INTRANET)
    before = empty.desired.deckies["intranet"]
    ran = empty.deploy(NETWORK + INTRANET.replace(old, new), dry_run=True)
    step = steps(ran)["intranet"]
    known = {"mac": before.mac, "hostname": before.hostname}
    wanted = {field: (known.get(field, was), will) for field, (was, will) in expected.items()}
    # A MAC of another maker may bring another release.
    assert {field: each for field, each in changes(step).items() if field != "release"} == wanted
    assert step["bucket"] == "change"
    text = "\n".join(plan_lines(ran.outcome.plan))
    assert "~ intranet on w1: change\n" in text
    for field in wanted:
        assert {"mac": "MAC", "core": "core services"}.get(field, field) in text


def test_another_machine_is_shown_with_its_os_and_release(empty: FakeFleet) -> None:
    empty.deploy(NETWORK + INTRANET)
    other = INTRANET.replace("linux-server", "printer").replace("[decky.intranet.settings.ssh]", "")
    other = re.sub(r"(credentials|motd) = .*\n", "", other)
    ran = empty.deploy(NETWORK + other, dry_run=True)
    assert ran.error is None, ran.error
    shown = changes(steps(ran)["intranet"])
    assert shown["os"] == ("linux", "embedded")
    assert shown["archetype"] == ("linux-server", "printer")
    assert {"release", "mac", "hostname", "services", "ssh.credentials"} <= shown.keys()
    assert shown["ssh.credentials"] == ("(hidden)", None)


def test_what_concerns_no_container_is_shown_too(empty: FakeFleet) -> None:
    empty.deploy(NETWORK + INTRANET)
    ran = empty.deploy(NETWORK + INTRANET.replace("= 60", "= 30"), dry_run=True)
    assert document(ran.outcome)["edits"] == [
        {
            "worker": "w1",
            "project": "decnet",
            "decky": "intranet",
            "changes": [{"field": "mutate_interval", "old": 60, "new": 30}],
        }
    ]
    (row,) = lines(ran.outcome)
    assert (row["bucket"], row["decky"]) == ("edit", "intranet")
    first, second, *_, tally = plan_lines(ran.outcome.plan)
    assert (first, second) == ("~ intranet on w1: no container changes", "    mutate interval: 60 -> 30")
    assert tally == "plan: 1 worker to re-sync, 1 edited"


def test_a_removal_shows_what_leaves_the_lan(empty: FakeFleet) -> None:
    empty.deploy(NETWORK + INTRANET)
    shown = steps(empty.teardown("intranet", dry_run=True))["intranet"]
    assert (shown["bucket"], shown["details"]) == ("remove", details(empty.desired.deckies["intranet"]))


def test_a_mutation_shows_which_services_come_and_go(empty: FakeFleet) -> None:
    empty.deploy(NETWORK + INTRANET)
    ran = empty.mutate("intranet", services=["ssh", "telnet"], dry_run=True)
    assert changes(steps(ran)["intranet"]) == {"services": (("http", "ssh"), ("ssh", "telnet"))}
    assert "    services: +telnet -http" in plan_lines(ran.outcome.plan)


def test_a_repair_shows_the_decky_and_the_reason(fleet: FakeFleet) -> None:
    fleet["w1"].crash("web-01-http")
    ran = fleet.reconcile(check=True)
    step = steps(ran)["web-01"]
    assert (step["bucket"], step["changes"]) == ("heal", [])
    assert step["details"]["address"] == fleet.desired.deckies["web-01"].ip
    assert plan_lines(ran.outcome.plan)[0] == "~ web-01 on w1: heal, service http has exited with code 137"


def test_no_secret_is_shown_anywhere(empty: FakeFleet) -> None:
    shown = []
    for text in (INTRANET, INTRANET.replace("toor1234", "geheim99")):
        ran = empty.deploy(NETWORK + text, dry_run=True)
        empty.deploy(NETWORK + text)
        shown += [dumps(document(ran.outcome)), dumps(lines(ran.outcome)), *plan_lines(ran.outcome.plan, 80)]
    assert "credentials" in "".join(shown)
    assert not re.search("toor1234|geheim99", "".join(shown))


@pytest.mark.parametrize("width", [80, 160])
def test_a_plan_of_many_deckies_fits_the_terminal(empty: FakeFleet, width: int) -> None:
    shown = plan_lines(empty.deploy(NETWORK + MANY, dry_run=True).outcome.plan, width)
    assert max(map(len, shown)) <= width
    assert len(shown) <= 25 * (5 if width == 80 else 4) + 2
    unfolded = plan_lines(empty.deploy(NETWORK + MANY, dry_run=True).outcome.plan)
    assert len(unfolded) == 25 * 3 + 2, "in a pipe each line is whole"
