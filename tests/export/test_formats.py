"""Every format, read by software of others: real parsers, and the tables that the formats are defined by."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pycef
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sightings import ALL, DECKY, FIELDS, HANDSHAKE, PLAIN, name_of, sighting

from decnet.export import FORMATS, Sighting, redacted, shared
from decnet.export.ecs import VERSION

TABLE = Path(__file__).with_name("ecs-fields.csv")
ECS = {row["field"]: row for row in csv.DictReader(TABLE.read_text().splitlines())}
"""The fields that we emit, their types, and which are arrays: from generated/csv/fields.csv of ECS 9.5.0."""

WHOLE_ECS = Path(__file__).parents[3] / "shared" / "data" / "ecs-fields.csv"
SIGMA = {
    2000, 3000, 3001, 4000, 4002, 5001, 5003, 5004, 5005, 6001, 8001, 9001, 10001, 11001, 12001, 13001,
    14001, 15001, 16001, 17001,
}  # fmt: skip
"""The numbers that Sigma's rules for OpenCanary select, without those that no event of ours means: 5000
(opened SMB files), 5002 (NMAP's OS probe) and 9002 (Windows logins to MSSQL)."""

MESSAGE = re.compile(
    r"<(?P<priority>[0-9]{1,3})>1 (?P<time>[0-9-]{10}T[0-9:]{8}\.[0-9]{1,6}Z) "
    r"[!-~]{1,255} (?P<app>[!-~]{1,48}) [!-~]{1,128} [!-~]{1,32} "
    r'\[(?P<id>[^= \]"]{1,32})(?P<params>(?: [^= \]"]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*)\]'
)
"""RFC 5424, section 6, with one element of structured data and without a message."""

PARAM = re.compile(r' ([^= \]"]+)="((?:[^"\\\]]|\\["\\\]])*)"')

ENVELOPE = {
    "dst_host", "dst_port", "local_time", "local_time_adjusted", "logdata", "logtype", "node_id", "src_host",
    "src_port", "utc_time",
}  # fmt: skip


def documents(name: str, seen: list[Sighting] = ALL) -> Iterator[tuple[Sighting, dict[str, Any]]]:
    return ((each, json.loads(FORMATS[name](each))) for each in seen)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_each_event_is_one_line_that_steers_no_terminal(name: str) -> None:
    for each in ALL:
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", FORMATS[name](each)), name_of(
            each
        )


def test_opencanarys_envelope_is_whole_sorted_and_has_its_times() -> None:
    for _, found in documents("opencanary"):
        assert list(found) == sorted(ENVELOPE)
        assert re.fullmatch(r"2026-01-01 00:00:00\.123456", found["utc_time"])
        assert found["local_time"] == found["utc_time"]
        assert isinstance(found["src_port"], int)


def test_every_rule_of_sigma_for_opencanary_finds_its_events() -> None:
    assert {found["logtype"] for _, found in documents("opencanary")} >= SIGMA


def test_opencanary_never_reports_a_start_or_what_it_reserves() -> None:
    reserved = set(range(1000, 1007)) | set(range(18001, 18006))
    assert not {found["logtype"] for _, found in documents("opencanary")} & reserved


def test_elastics_pipeline_finds_the_accounts_of_opencanarys_logins() -> None:
    """It reads user.name from USERNAME or UserName, and removes PASSWORD after the text `"PASSWORD": "`."""
    seen = [each for each in PLAIN if each.event.kind == "login" and each.text("username")]
    for each, found in documents("opencanary", seen):
        data = found["logdata"]
        assert data.get("USERNAME", data.get("UserName")) == each.text("username"), name_of(each)
    assert '"PASSWORD": "toor"' in FORMATS["opencanary"](PLAIN[2])


def test_ecs_uses_fields_of_the_schema_with_their_arrays() -> None:
    for each, found in documents("ecs"):
        assert found["ecs"]["version"] == VERSION
        for path, value in flat(found):
            if path.partition(".")[0] not in ("decnet", "labels"):
                assert path in ECS, (path, name_of(each))
                assert isinstance(value, list) == (ECS[path]["array"] == "yes"), path


@pytest.mark.skipif(
    not WHOLE_ECS.exists(), reason="the whole schema is only at hand where the table was made"
)
def test_the_table_of_ecs_is_the_schemas() -> None:
    whole = {row["field"]: row for row in csv.DictReader(WHOLE_ECS.read_text().splitlines())}
    assert {name: whole.get(name) for name in ECS} == ECS


def flat(document: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict) and before + name not in ("decnet", "labels"):
            yield from flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def test_the_community_id_is_that_of_its_specification() -> None:
    """A pair of addresses and ports from the specification's baseline."""
    seen = sighting(
        "http", "contact", {}, source_ip="128.232.110.120", source_port=34855, local_ip="66.35.250.204",
        local_port=80,
    )  # fmt: skip
    assert json.loads(FORMATS["ecs"](seen))["network"]["community_id"] == "1:LQU9qZlK+B5F3KDmev6m5PMibrg="


def test_ocsf_has_what_each_class_requires() -> None:
    required = {3002: "user", 4002: "http_request", 1007: "process", 6005: "actor", 1001: "file"}
    for each, found in documents("ocsf"):
        uid = found["class_uid"]
        assert found["type_uid"] == uid * 100 + found["activity_id"]
        assert found["category_uid"] == uid // 1000
        assert found["metadata"]["version"] and found["metadata"]["product"]["name"]
        assert 1 <= found["severity_id"] <= 6 and isinstance(found["time"], int)
        assert required.get(uid, "class_uid") in found, name_of(each)
        assert "dst_endpoint" in found


def test_cowries_ids_are_those_that_its_readers_know() -> None:
    found = {name_of(each): document for each, document in documents("cowrie", PLAIN[: len(FIELDS)])}
    assert found["ssh-contact"]["eventid"] == "cowrie.session.connect"
    assert (found["ssh-login"]["eventid"], found["ssh-login"]["password"]) == ("cowrie.login.failed", "toor")
    assert found["telnet-login"]["eventid"] == "cowrie.login.success"
    assert found["ssh-command"]["input"].startswith("uname")
    assert (found["ssh-disconnect"]["eventid"], found["ssh-disconnect"]["duration_ms"]) == (
        "cowrie.session.closed", 2500,
    )  # fmt: skip
    assert (found["ssh-request"]["dst_ip"], found["ssh-request"]["dst_port"]) == ("198.51.100.7", 25)
    assert found["http-request"]["eventid"] == "decnet.request"


def test_the_handshake_of_ssh_is_the_key_exchange_of_cowrie_and_of_ocsf() -> None:
    seen = sighting("ssh", "request", HANDSHAKE)
    found = json.loads(FORMATS["cowrie"](seen))
    ocsf = json.loads(FORMATS["ocsf"](seen))
    canary = json.loads(FORMATS["opencanary"](seen))

    assert found["eventid"] == "cowrie.client.kex"
    names = (
        "hassh",
        "hasshAlgorithms",
        "version",
        "kexAlgs",
        "keyAlgs",
        "encCS",
        "macCS",
        "compCS",
        "langCS",
    )
    assert {name: found.get(name) for name in names} == {
        "hassh": "cd" * 16, "hasshAlgorithms": "a,b;d,e;f;none", "version": "SSH-2.0-Go",
        "kexAlgs": ["a", "b"], "keyAlgs": ["c"], "encCS": ["d", "e"], "macCS": ["f"],
        "compCS": ["none"], "langCS": [""],
    }  # fmt: skip
    assert (ocsf["class_uid"], ocsf["client_hassh"]["fingerprint"]["value"]) == (4007, "cd" * 16)
    assert ocsf["client_hassh"]["algorithm"] == "a,b;d,e;f;none"
    assert (canary["logtype"], canary["logdata"]["REMOTEVERSION"]) == (4001, "SSH-2.0-Go")
    assert pycef.parse(FORMATS["cef"](seen))["fingerprint"] == "cd" * 16


def test_the_handshake_of_tls_is_in_ecs_and_in_ocsf() -> None:
    seen = sighting("smtp", "request", FIELDS["smtp", "request"])
    ecs = json.loads(FORMATS["ecs"](seen))["tls"]
    ocsf = json.loads(FORMATS["ocsf"](seen))

    assert ecs == {
        "version": "1.3", "version_protocol": "tls", "client": {"ja3": "ab" * 16, "server_name": "mail"},
    }  # fmt: skip
    assert (ocsf["tls"]["ja3_hash"]["value"], ocsf["tls"]["sni"]) == ("ab" * 16, "mail")
    assert ocsf["ja4_fingerprint_list"][0]["value"] == "t13d1516h2_8daaf6152771_d8a2da3f94cd"


def params_of(text: str) -> dict[str, str]:
    """The structured data of a message, as RFC 5424 reads it."""
    found = MESSAGE.fullmatch(text)
    assert found is not None and int(found["priority"]) <= 191, text
    assert (found["app"], found["id"]) == ("decnet", "decnet@32473")
    return {name: re.sub(r'\\(["\\\]])', r"\1", value) for name, value in PARAM.findall(found["params"])}


@pytest.mark.parametrize("each", ALL, ids=name_of)
def test_every_syslog_message_is_as_the_rfc_says(each: Sighting) -> None:
    text = FORMATS["rfc5424"](each)
    assert len(text.encode()) <= 2048
    assert params_of(text)["id"] == each.event.id


def test_syslog_escapes_exactly_what_the_rfc_names() -> None:
    seen = sighting("ssh", "command", {"input": 'a\\b"c]d=e\x1b'})
    assert r' f_input="a\\b\"c\]d=e\\u001b"' in FORMATS["rfc5424"](seen)


@pytest.mark.parametrize("each", ALL, ids=name_of)
def test_a_cef_parser_reads_every_event(each: Sighting) -> None:
    read = pycef.parse(FORMATS["cef"](each))
    assert (read["externalId"], read["deviceExternalId"]) == (each.event.id, "w1")
    assert read["DeviceSeverity"] == str(each.severity)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=1000))
@settings(max_examples=300, deadline=None)
def test_any_text_survives_every_format(text: str) -> None:
    seen = sighting(
        "ssh", "login", {"username": text, "password": text, "success": False, "method": "password"}
    )
    assert json.loads(FORMATS["opencanary"](seen))["logdata"]["PASSWORD"] == text
    assert json.loads(FORMATS["cowrie"](seen)).get("username", "") == text
    assert json.loads(FORMATS["ecs"](seen)).get("user", {}).get("name", "") == text
    assert json.loads(FORMATS["ocsf"](seen))["unmapped"].get("username", "") == text
    assert params_of(FORMATS["rfc5424"](seen))["id"] == seen.event.id
    assert pycef.parse(FORMATS["cef"](seen))["externalId"] == seen.event.id


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_what_is_shared_identifies_no_decky_and_holds_no_secret(name: str) -> None:
    banner = "nginx/1.22.1 on srv-web-01"
    fields = {
        "username": "root",
        "password": "s3cret",
        "hash": "s3cret",
        "banner": banner,
        "input": "ping 192.0.2.10",
    }
    kinds = ("login", "command", "request", "contact", "disconnect", "file", "error")
    for kind in kinds:
        text = FORMATS[name](shared(sighting("ssh", kind, fields)))
        for ours in (
            "192.0.2.10",
            "web-01",
            DECKY["hostname"],
            DECKY["mac"],
            "00-50-56",
            "s3cret",
            "w1",
            "nginx",
        ):
            assert ours not in text and ours.upper() not in text, (kind, ours, text)
        assert "203.0.113.9" in text


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_what_is_redacted_holds_no_secret_and_the_rest(name: str) -> None:
    seen = sighting(
        "ssh", "login", {"username": "root", "password": "s3cret", "success": False, "method": "password"}
    )
    text = FORMATS[name](redacted(seen))
    assert "s3cret" not in text
    assert "root" in text and "192.0.2.10" in text
