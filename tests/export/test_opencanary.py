"""OpenCanary's format, as those read it who know OpenCanary: Sigma's rules and Elastic's pipeline."""

from __future__ import annotations

import ipaddress
import json
import sqlite3
from datetime import datetime
from typing import Any

import pytest
from services import EVENTS, EXPECTED
from sightings import ALL, name_of
from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.rule import SigmaRule

from decnet.export import FORMATS, Sighting

RULES = (
    2000, 3000, 3001, 4000, 4002, 5000, 5001, 5002, 5003, 5004, 5005, 6001, 7001, 8001, 9001, 9002, 10001,
    11001, 12001, 13001, 14001, 15001, 16001, 17001,
)  # fmt: skip
"""The logtype that each of the 24 rules of SigmaHQ's rules/application/opencanary selects, alone."""

LOGGERS = {*range(2000, 2002), *range(3000, 3004), *range(4000, 4003), *range(5000, 5006), 6001, 6002, 7001}
LOGGERS |= {8001, 9001, 9002, 9003, 10001, 11001, 12001, 13001, 14001, 15001, 16001, 17001, 20001}
"""Numbers of OpenCanary. Elastic's table of them ends at 18005; a later one becomes the logger's name."""


def lines(seen: list[Sighting]) -> list[str]:
    return [FORMATS["opencanary"](each) for each in seen]


@pytest.mark.parametrize("number", RULES)
def test_each_rule_of_sigma_selects_its_events_and_no_others(number: int) -> None:
    """pySigma makes a query of the rule, and SQLite runs it over our lines."""
    rule = SigmaRule.from_dict(
        {
            "title": f"OpenCanary {number}",
            "status": "experimental",
            "logsource": {"category": "application", "product": "opencanary"},
            "detection": {"selection": {"logtype": number}, "condition": "selection"},
            "level": "high",
        }
    )
    [query] = sqliteBackend().convert(SigmaCollection([rule]))
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE logs (logtype, line)")
        rows = [(json.loads(each)["logtype"], each) for each in lines(EVENTS)]
        database.executemany("INSERT INTO logs VALUES (?, ?)", rows)
        found = {json.loads(row[1])["logtype"] for row in database.execute(query)}
    assert found == {number}


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda each: f"{each[0]}-{each[1]}-{each[2]}")
def test_each_event_has_its_number_and_the_keys_of_that_number(expected: Any) -> None:
    number, _, _, _, logdata = expected
    found = json.loads(FORMATS["opencanary"](EVENTS[EXPECTED.index(expected)]))
    assert (found["logtype"], found["logdata"]) == (number, logdata)


def test_only_opencanarys_numbers_and_those_for_users_are_used() -> None:
    for each, text in zip(EVENTS + ALL, lines(EVENTS + ALL), strict=True):
        number = json.loads(text)["logtype"]
        assert number in LOGGERS or 99000 <= number <= 99009, name_of(each)


def test_elastics_pipeline_processes_every_line_without_an_error() -> None:
    for each, text in zip(EVENTS + ALL, lines(EVENTS + ALL), strict=True):
        found = elastic(text)
        assert found["@timestamp"].timestamp() == pytest.approx(each.event.at)
        for end, address in (("source", each.event.source_ip), ("destination", each.event.local_ip)):
            assert found[end].get("address", "") == address
            assert "port" not in found[end] or found[end]["port"] > 0
        assert "PASSWORD" not in found["rest"], name_of(each)
        has_user = each.event.kind == "login" and each.event.service not in ("mongodb", "snmp")
        if has_user and each.text("username"):
            assert found["user.name"] == each.text("username"), name_of(each)


def elastic(text: str) -> dict[str, Any]:
    """What Elastic's pipeline for OpenCanary (19927380) makes of a line, by its rules in words: the time is
    utc_time alone, ports are converted to long and -1 is removed, an address is an IP if it is one, USERNAME,
    USER and UserName are the user, PASSWORD is removed."""
    line = json.loads(text)
    logdata = dict(line["logdata"])
    logdata.pop("PASSWORD", None)
    found: dict[str, Any] = {"rest": logdata}
    # yyyy-MM-dd HH:mm:ss.SSSSSS
    assert len(line["utc_time"]) == 26
    found["@timestamp"] = datetime.strptime(line["utc_time"] + "+0000", "%Y-%m-%d %H:%M:%S.%f%z")
    for ours, theirs in (("src", "source"), ("dst", "destination")):
        end = {"address": line[f"{ours}_host"], "port": int(line[f"{ours}_port"])}
        try:
            end["ip"] = str(ipaddress.ip_address(end["address"]))
        except ValueError:
            pass
        found[theirs] = {name: value for name, value in end.items() if value not in ("", -1)}
    users = [logdata[name] for name in ("USERNAME", "USER", "UserName") if logdata.get(name)]
    return {**found, "user.name": users[0]} if users else found


def test_elastics_redaction_finds_the_password_in_the_original_line() -> None:
    """It looks for `"PASSWORD": "`, with the blank."""
    for each, text in zip(EVENTS, lines(EVENTS), strict=True):
        if each.text("password") and "PASSWORD" in json.loads(text)["logdata"]:
            assert '"PASSWORD": "s3cret"' in text
