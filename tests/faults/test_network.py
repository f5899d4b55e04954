"""The effects of a faulty network, or of another server in place of sshd, on the whole command line."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import odd_peers
import pytest
from free_ports import free_port
from liars import GOOD, LIMIT, LyingFleet, Ran, can_lie, listening
from spoken import steering

pytestmark = pytest.mark.skipif(not can_lie(), reason="a real sshd needs root and openssh-server")

LATE = "no answer in time"
PEERS: dict[str, Any] = {
    "silent": (odd_peers.silent, LATE),
    "dripping-banner": (odd_peers.dripping_banner, LATE),
    "banner-of-lines": (odd_peers.banner_of_lines, ""),
    "banner-without-end": (odd_peers.banner_without_end, ""),
    "steering-banner": (odd_peers.steering_banner, ""),
    "web-server": (odd_peers.web_server, ""),
    "closed-at-once": (odd_peers.closed_at_once, "connection was lost"),
    "closed-after-its-banner": (odd_peers.closed_after_its_banner, "connection was lost"),
    "garbage-after-its-banner": (odd_peers.garbage_after_its_banner, ""),
}
CUTS = {"cut-in-the-banner": 10, "cut-in-the-exchange": 700, "cut-at-login": 1900, "cut-behind-it": 2600}
DARK = {"dark-in-the-exchange": 700, "dark-at-login": 1900, "dark-behind-it": 2600}
WEAK = {
    "weak-exchange": "KexAlgorithms diffie-hellman-group1-sha1,diffie-hellman-group14-sha1",
    "weak-cipher": "Ciphers aes128-cbc,3des-cbc",
    "weak-hash": "Ciphers aes128-ctr\nMACs hmac-md5,hmac-sha1-96",
}
NO_ROOM = {"no-sessions": "MaxSessions 0"}
MESSAGES = {"refused": "refuses the connection", "no-sessions": "opens no channel"}
MADE = (*PEERS, *CUTS, *DARK, *WEAK, *NO_ROOM, "refused")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LyingFleet, Future[Ran]]]:
    """One `status` of a fleet in which every worker but one is cut off in its own way."""
    fleet = LyingFleet(tmp_path_factory.mktemp("network") / "fleet", dict.fromkeys(MADE, "honest"))
    with ExitStack() as stack:
        for name, (peer, _) in PEERS.items():
            stack.enter_context(odd_peers.listening_as(peer, fleet.ports[name]))
        behind = free_port()
        for make, stages in ((odd_peers.cut, CUTS), (odd_peers.dark, DARK)):
            for name, after in stages.items():
                stack.enter_context(odd_peers.listening_as(make(behind, after), fleet.ports[name]))
        own = [fleet.ports[GOOD], behind]
        fleet.serve(stack, own)
        for name, lines in {**WEAK, **NO_ROOM}.items():
            stack.enter_context(listening(fleet.folder, name, [fleet.ports[name]], lines))
        with ThreadPoolExecutor(1) as pool:
            yield fleet, pool.submit(fleet.decnet, "status", "-o", "json")


def rows(ran: Ran) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in ran.json["workers"]}


# These two run while the fleet below waits for its limits.


def test_refused_unreachable_and_no_such_name_are_three_messages(
    asked: tuple[LyingFleet, Future[Ran]], tmp_path: Path
) -> None:
    hosts = {"refused": "127.0.0.1", "no-way": "192.0.2.77", "no-name": "no-such-host.invalid"}
    fleet = LyingFleet(tmp_path / "fleet", dict.fromkeys(hosts, "honest"), hosts=hosts)
    fleet.pin_all()
    # Without any network but loopback, and without a name server: nothing of this leaves the machine.
    (tmp_path / "nsswitch").write_text("hosts: files\n")
    script = 'ip link set lo up; mount --bind "$0" /etc/nsswitch.conf; exec "$@"'
    alone = ["unshare", "--net", "--mount", "sh", "-ec", script, str(tmp_path / "nsswitch")]
    said = rows(fleet.decnet("status", "-o", "json", before=alone))
    assert {name: said[name]["error"].removeprefix(f"{name}: ") for name in hosts} == {
        "refused": "it refuses the connection",
        "no-way": "it cannot be reached: Network is unreachable",
        "no-name": "no such host name",
    }
    assert {row["state"] for row in said.values()} == {"unreachable"}


def test_a_server_that_is_full_is_asked_again_until_it_has_room(
    asked: tuple[LyingFleet, Future[Ran]], tmp_path: Path
) -> None:
    names = [f"same-{number}" for number in range(3)]
    fleet = LyingFleet(tmp_path / "fleet", dict.fromkeys(names, "honest"))
    with ExitStack() as stack:
        # One sshd for all of them, that takes one connection at a time.
        behind = free_port()
        for name in [GOOD, *names]:
            port = fleet.ports[name]
            stack.enter_context(odd_peers.listening_as(odd_peers.cut(behind, 10**9), port))
        fleet.serve(stack, [behind], more="MaxStartups 1:50:3\nLoginGraceTime 5")
        ran = fleet.decnet("status", "-o", "json")
    assert {row["state"] for row in rows(ran).values()} <= {"up", "REFUSED"}, ran.out
    assert rows(ran)[GOOD]["state"] == "up"


@pytest.mark.parametrize("name", [*PEERS, *CUTS, *DARK, *NO_ROOM, "refused"])
def test_who_cannot_be_spoken_to_is_unreachable_and_its_deckies_unknown(
    asked: tuple[LyingFleet, Future[Ran]], name: str
) -> None:
    ran = asked[1].result(LIMIT)
    row = rows(ran)[name]
    words = PEERS[name][1] if name in PEERS else MESSAGES.get(name, "")
    assert (row["state"], words in row["error"]) == ("unreachable", True), row
    assert [each["status"] for each in ran.json["deckies"] if each["worker"] == name] == ["unknown"]


@pytest.mark.parametrize("name", WEAK)
def test_who_offers_weak_algorithms_only_is_refused(asked: tuple[LyingFleet, Future[Ran]], name: str) -> None:
    row = rows(asked[1].result(LIMIT))[name]
    assert (row["state"], "weak algorithms" in row["error"]) == ("REFUSED", True), row


def test_the_one_that_can_be_spoken_to_is_shown_and_the_others_cost_their_limit_only(
    asked: tuple[LyingFleet, Future[Ran]],
) -> None:
    ran = asked[1].result(LIMIT)
    assert rows(ran)[GOOD]["state"] == "up"
    assert (ran.code, "Traceback" in ran.err) == (6, False)
    assert steering(ran.out + ran.err) == set()
    assert ran.seconds < 40
    assert ran.rss_mib < 150


@pytest.mark.slow
def test_a_connection_cut_after_any_number_of_bytes_is_unknown_and_never_wrong(tmp_path: Path) -> None:
    places = range(0, 6001, 150)
    cuts = {f"cut-{after}": after for after in places}
    fleet = LyingFleet(tmp_path / "fleet", dict.fromkeys(cuts, "honest"))
    with ExitStack() as stack:
        behind = free_port()
        for name, after in cuts.items():
            stack.enter_context(odd_peers.listening_as(odd_peers.cut(behind, after), fleet.ports[name]))
        fleet.serve(stack, [fleet.ports[GOOD], behind], more="MaxStartups 1000:30:2000")
        ran = fleet.decnet("status", "-o", "json")
    states = [rows(ran)[name]["state"] for name in cuts]
    # Where nothing is cut any more, the honest worker answers under another one's name.
    assert set(states) == {"unreachable", "REFUSED"}
    assert states == sorted(states, reverse=True)
