"""What the kernel records of scans, and how it reaches the spool once: real packets, real nft."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_desk import FLEET
from scan_ground import ADDRESS, ATTACKER, ID, SECOND, Ground

from decnet.agent import nftables, scans
from decnet.agent.scan_tables import frozen_text
from decnet.agent.spool import Spool
from decnet.model.event import AttackerEvent
from decnet.wire.event_fields import faults_of
from decnet.wire.ports import ports_in

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, ("nft", "nmap", "nsenter"))),
    reason="network namespaces need root, nft, nmap and nsenter",
)


@pytest.fixture
def ground(home: Path) -> Iterator[Ground]:
    prepared = Ground()
    assert pulled(prepared) == []
    yield prepared
    prepared.close()


def pulled(ground: Ground, *, workers: list[str] | None = None, present: bool = True) -> list[dict[str, Any]]:
    """The events that a pull adds to the spool; they are checked as the operator checks them."""
    with Spool() as spool:
        reader = scans.Reader(spool, FLEET, workers=workers)
        before = spool.page(0, 5000, None)["last_seq"]
        assert reader.read_all([ground.base] if present else [], float("inf"))
        page = spool.page(before, 5000, None)
        spool.commit()
        reader.discard()
    for event in page["events"]:
        found = AttackerEvent.model_validate(event)
        assert faults_of(found.kind, found.service, found.fields) == ()
    return list(page["events"])


def seen(events: list[dict[str, Any]]) -> list[tuple[str, str, str, int]]:
    """(source, probe, ports, packets) of each."""
    rows = [(each["source_ip"], each["fields"]) for each in events]
    return sorted((ip, each["probe"], each.get("ports", ""), each["count"]) for ip, each in rows)


def test_each_kind_of_scan_is_one_event_with_its_ports(ground: Ground) -> None:
    ground.nmap("-sS", "-p", "20-24,80,443")
    ground.nmap("-sN", "-p", "81")
    ground.nmap("-sX", "-p", "82-83")
    ground.nmap("-sF", "-p", "84")
    ground.nmap("-sA", "-p", "22,85")
    ground.nmap("-sU", "-p", "54,161")
    assert seen(pulled(ground)) == [
        (ATTACKER, "ack", "85", 1),
        (ATTACKER, "fin", "84", 1),
        (ATTACKER, "null", "81", 1),
        (ATTACKER, "syn", "20-24,80,443", 7),
        (ATTACKER, "udp", "54", 1),
        (ATTACKER, "xmas", "82-83", 2),
    ]
    assert pulled(ground) == []


def test_an_event_has_the_times_of_the_first_and_last_packet_and_the_deckys_own_end(ground: Ground) -> None:
    import time

    before = time.time()
    ground.nmap("-sS", "-p", "80")
    between = time.time()
    ground.nmap("-sS", "-p", "81")
    [event] = pulled(ground)
    first, last = event["fields"]["first"], event["fields"]["last"]
    assert before - 0.1 <= first <= between <= last + 0.1 <= time.time() + 0.2
    assert (event["at"], event["decky"], event["service"], event["kind"]) == (last, "web", "base", "scan")
    own = AttackerEvent.model_validate(event)
    assert (own.local_ip, own.local_port, own.transport) == (ADDRESS, 0, "tcp")
    assert "truncated" not in event["fields"]


def test_a_port_with_a_service_is_the_services_to_report(ground: Ground) -> None:
    ground.nmap("-sT", "-p", "22")
    ground.nmap("-sU", "-p", "161")
    assert pulled(ground) == []


def test_a_handshake_that_is_broken_off_is_a_scan_of_an_open_port(ground: Ground) -> None:
    ground.nmap("-sS", "-p", "22")
    assert seen(pulled(ground)) == [(ATTACKER, "syn", "22", 1)]


def test_pings_and_arp_requests_are_recorded_once_each(ground: Ground) -> None:
    ground.attack("ping", "-c", "3", "-i", "0.2", ADDRESS)
    # The request for the MAC that came first is not an event of its own.
    assert seen(pulled(ground)) == [(ATTACKER, "ping", "", 3)]
    ground.attack("nmap", "-n", "-sn", "-PR", ADDRESS)
    assert seen(pulled(ground)) == [(ATTACKER, "arp", "", 1)]


def test_what_a_lan_is_full_of_is_not_recorded(ground: Ground) -> None:
    ground.attack("nmap", "-n", "-sn", "-PR", "192.0.2.8-20")
    broadcast = (
        "import socket; s = socket.socket(type=socket.SOCK_DGRAM);"
        "s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1);"
        "[s.sendto(b'x', (to, port)) for to in ('192.0.2.255', '255.255.255.255') for port in (67, 137)]"
    )
    ground.attack("python3", "-c", broadcast)
    # A host that checks whether an address is free, and one that announces its own.
    probe = (
        "import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('eth0', 0x0806));"
        "a = socket.inet_aton; mac = s.getsockname()[4]; head = bytes.fromhex('0001080006040001');"
        "[s.send(b'\\xff' * 6 + mac + b'\\x08\\x06' + head + mac + a(own) + bytes(6) + a(to) + bytes(18))"
        f" for own, to in (('0.0.0.0', '{ADDRESS}'), ('{ATTACKER}', '{ATTACKER}'))]"
    )
    ground.attack("python3", "-c", probe)
    assert pulled(ground) == []


def test_a_gateway_that_resolves_for_others_is_not_a_scanner(ground: Ground, home: Path) -> None:
    import json

    networks = {"decnet_lan": {"gateway": ATTACKER}}
    content = {"slice": {"fleet_id": FLEET, "networks": networks, "deckies": {}}}
    (home / "slice.json").write_text(json.dumps({**content, "generation": 1, "plan_hash": "0" * 64}))
    ground.attack("nmap", "-n", "-sn", "-PR", ADDRESS)
    ground.nmap("-sS", "-p", "80")
    assert seen(pulled(ground)) == [(ATTACKER, "syn", "80", 1)]
    ground.attack("nmap", "-n", "-sn", "-PR", ADDRESS)
    assert pulled(ground) == []


def test_the_addresses_of_our_workers_never_count(ground: Ground) -> None:
    def probes() -> None:
        ground.nmap("-sS", "-p", "80", "-S", SECOND, "-e", "eth0")
        ground.nmap("-sS", "-p", "81")

    probes()
    assert seen(pulled(ground, workers=[SECOND])) == [(ATTACKER, "syn", "81", 1)]
    probes()
    # They are remembered for a removal, which nobody sends them to.
    scans.drain(FLEET, [ground.base])
    with Spool() as spool:
        assert seen(spool.page(0, 100, None)["events"][1:]) == [(ATTACKER, "syn", "81", 1)]


def test_forged_sources_do_not_displace_a_scanner_who_comes_later(ground: Ground) -> None:
    ground.forge(6000)
    ground.nmap("-sS", "-p", "1-21,23-300")
    events = pulled(ground)
    scan = next(each for each in events if each["source_ip"] == ATTACKER and each["fields"]["probe"] == "syn")
    assert scan["fields"]["ports"] == "1-21,23-300"
    assert scan["fields"]["truncated"] is True
    # Those who sent one packet are one event, with their number.
    assert len(events) <= 110
    [others] = [each for each in events if not each["source_ip"]]
    assert others["fields"]["folded"] >= 300
    assert others["fields"]["ports"] == "80"


def test_more_ports_than_the_kernel_holds_are_reported_as_truncated(ground: Ground) -> None:
    ground.attack("nmap", "-n", "-Pn", "-sS", "-T5", "--min-rate", "5000", "-p", "1000-7000", ADDRESS)
    [event] = [each for each in pulled(ground) if each["fields"]["probe"] == "syn"]
    assert event["fields"]["truncated"] is True
    assert event["fields"]["count"] >= 6001
    assert len(event["fields"]["ports"]) <= 4000


def test_the_thousand_usual_ports_fit_into_one_event(ground: Ground) -> None:
    ground.attack("nmap", "-n", "-Pn", "-sS", "-T5", ADDRESS)
    [event] = [each for each in pulled(ground) if each["fields"]["probe"] == "syn"]
    assert len(ports_in(event["fields"]["ports"])) == 1000
    assert "truncated" not in event["fields"]


def test_an_agent_that_is_killed_while_it_reads_reports_nothing_twice(ground: Ground) -> None:
    ground.nmap("-sS", "-p", "80")
    with Spool() as spool:
        # Killed before the events are durable: the table is no longer recording, and another one is.
        scans.Reader(spool, FLEET).read_all([ground.base], float("inf"))
    ground.nmap("-sS", "-p", "81")
    assert seen(pulled(ground)) == [(ATTACKER, "syn", "80", 1)]
    assert seen(pulled(ground)) == [(ATTACKER, "syn", "81", 1)]
    ground.nmap("-sS", "-p", "82")
    with Spool() as spool:
        # Killed before the table is removed.
        scans.Reader(spool, FLEET).read_all([ground.base], float("inf"))
        spool.commit()
    ground.nmap("-sS", "-p", "83")
    assert seen(pulled(ground)) == [(ATTACKER, "syn", "83", 1)]
    assert ground.nft("list", "tables").count("scans_") == 2


def test_a_table_that_was_read_before_a_crash_of_the_machine_is_not_read_again(
    ground: Ground, home: Path
) -> None:
    ground.nmap("-sS", "-p", "80")
    older = (home / "events" / "spool.json").read_bytes()
    with Spool() as spool:
        scans.Reader(spool, FLEET).read_all([ground.base], float("inf"))
        spool.commit()
    # The events were durable and the head was not.
    (home / "events" / "spool.json").write_bytes(older)
    assert pulled(ground) == []


def test_a_spool_that_was_lost_adopts_what_still_records(ground: Ground, home: Path) -> None:
    ground.nmap("-sS", "-p", "80")
    shutil.rmtree(home / "events")
    assert seen(pulled(ground)) == [(ATTACKER, "syn", "80", 1)]
    assert ground.nft("list", "tables").count("scans_") == 2


def test_a_namespace_that_ended_before_it_was_read_is_one_lost_event(ground: Ground) -> None:
    ground.nmap("-sS", "-p", "80")
    ground.renew()
    [event] = pulled(ground)
    fields = event["fields"]
    assert (event["kind"], event["decky"], event["service"]) == ("lost", "web", "base")
    assert (fields["count"], fields["at_least"], fields["reason"]) == (0, True, scans.GONE)
    assert pulled(ground) == []
    ground.nmap("-sS", "-p", "81")
    assert seen(pulled(ground)) == [(ATTACKER, "syn", "81", 1)]


def test_a_base_that_another_program_removed_is_one_lost_event(ground: Ground) -> None:
    [event] = pulled(ground, present=False)
    assert (event["kind"], event["decky"]) == ("lost", "web")
    assert pulled(ground, present=False) == []


def test_a_removal_reads_first_and_nothing_is_lost(ground: Ground) -> None:
    ground.nmap("-sS", "-p", "80")
    discard = scans.drain(FLEET, [ground.base])
    assert "goto called" not in ground.nft("list", "ruleset")
    discard()
    assert ground.nft("list", "tables").count("scans_") == 0
    with Spool() as spool:
        assert seen(spool.page(0, 100, None)["events"]) == [(ATTACKER, "syn", "80", 1)]
    assert pulled(ground, present=False) == []


def test_a_kernel_or_image_that_cannot_record_is_reported_and_loses_no_events(
    ground: Ground, home: Path
) -> None:
    broken = ground.base
    broken.addresses = ["not an address"]
    shutil.rmtree(home / "events")
    ground.nft("flush", "ruleset")
    with Spool() as spool:
        reader = scans.Reader(spool, FLEET)
        assert reader.read_all([broken], float("inf"))
        assert spool.scans["trouble"].startswith("web: Error")
        assert reader.known == set()
        assert reader.read_all([ground.base], float("inf"))
        assert spool.scans["trouble"] == ""
        assert reader.known == {ID}


def test_a_pid_that_another_process_has_now_is_not_entered(ground: Ground) -> None:
    stale = ground.base
    stale.started += 1
    with pytest.raises(nftables.Ended):
        nftables.run(stale, "list tables")


def test_commands_take_effect_together_or_not_at_all(ground: Ground) -> None:
    before = ground.nft("list", "tables")
    with pytest.raises(nftables.NftError):
        nftables.run(ground.base, "add table inet other\n" + frozen_text("scans_nothing"))
    assert ground.nft("list", "tables") == before
