"""Formats read by parsers and models of others, with hostile values in every place that a visitor reaches."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any

import pycef
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_ocsf_models.events.base_event import BaseEvent
from py_ocsf_models.objects.dns_query import DNSQuery
from py_ocsf_models.objects.fingerprint import FingerPrint
from py_ocsf_models.objects.url import URL
from services import EVENTS
from sightings import ALL, FIELDS, name_of, sighting

from decnet.export import FORMATS, Sighting

EVERY = ALL + EVENTS

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(
    [
        "\n",
        '"',
        "\\",
        "a=b|c]",
        "${jndi:ldap://x}",
        "\u2028",
        "<script>",
        "%n",
        "';--",
        "\x1b]0;x\x07",
        "CEF:0|",
    ]
)


@st.composite
def hostile(draw: st.DrawFn) -> Sighting:
    """An event of any kind, with any text in each place that a visitor can write."""
    service, kind = draw(st.sampled_from(sorted(FIELDS)))
    fields = {
        name: draw(TEXT) if isinstance(value, str) else value
        for name, value in FIELDS[service, kind].items()
    }  # fmt: skip
    return sighting(service, kind, fields, session=draw(TEXT), source_ip=draw(TEXT))


@given(hostile())
@settings(max_examples=200, deadline=None)
def test_any_event_is_read_by_the_parsers_of_every_format(seen: Sighting) -> None:
    for name, spell in FORMATS.items():
        text = spell(seen)
        assert text.isprintable(), name
        READERS[name](seen, text)


def is_json(seen: Sighting, text: str) -> None:
    assert isinstance(json.loads(text), dict)


def is_ocsf(seen: Sighting, text: str) -> None:
    found = json.loads(text)
    event = BaseEvent.model_validate(found)
    assert event.metadata.product.name == "decnet" and event.message == found["message"]
    for url in [found["http_request"]["url"]] if "url" in found.get("http_request", {}) else []:
        assert URL.model_validate(url).url_string == seen.text("path")
    for each in found.get("file", {}).get("hashes", []):
        assert FingerPrint.model_validate(each).value == seen.text("sha256")
    if found["class_uid"] == 4003:
        assert DNSQuery.model_validate(found["query"]).hostname


def is_cef(seen: Sighting, text: str) -> None:
    found = pycef.parse(text)
    assert (found["externalId"], found["DeviceSeverity"]) == (seen.event.id, str(seen.severity))
    assert found["DeviceEventClassID"] == f"{seen.event.service}.{seen.event.kind}"


def is_syslog(seen: Sighting, text: str) -> None:
    if '\\\\"' in text:
        # The parser takes the backslash of an escaped backslash for that of an escaped quote.
        return
    found = parsed_syslog(text)
    [(name, params)] = found["sd"].items()
    assert (name, params["id"], found["appname"]) == ("decnet@32473", seen.event.id, "decnet")
    assert found["msgid"] == seen.event.kind


def parsed_syslog(text: str) -> dict[str, Any]:
    """As syslog-rfc5424-parser reads it. It has no wheel for all its parts, and is at hand only where
    `make install` was run."""
    with warnings.catch_warnings():
        # Its lark uses sre_parse.
        warnings.simplefilter("ignore")
        try:
            from syslog_rfc5424_parser import SyslogMessage
        except ImportError:
            pytest.skip("syslog-rfc5424-parser is not installed")
        return dict(SyslogMessage.parse(text).as_dict())


READERS = {
    "opencanary": is_json, "cowrie": is_json, "ecs": is_json, "ocsf": is_ocsf, "rfc5424": is_syslog,
    "cef": is_cef,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_event_is_read_by_the_parser_of_the_format(name: str) -> None:
    for each in EVERY:
        try:
            READERS[name](each, FORMATS[name](each))
        except AssertionError as error:
            raise AssertionError(f"{name_of(each)}: {error}") from error


def test_syslogs_values_are_read_as_they_were_sent() -> None:
    value = 'a\\b"c]d=e é'
    found = parsed_syslog(FORMATS["rfc5424"](sighting("ssh", "command", {"input": value})))
    # The parser leaves the escapes to its caller.
    assert re.sub(r'\\(["\\\]])', r"\1", found["sd"]["decnet@32473"]["f_input"]) == value


def test_cefs_values_are_read_as_they_were_sent() -> None:
    value = "a\\b|c=d e=f"
    found = pycef.parse(FORMATS["cef"](sighting("ssh", "command", {"input": value})))
    assert value in (found["command"], found["command"].replace("\\=", "=").replace("\\\\", "\\"))
