"""What is shared identifies no decky, what is redacted holds no secret: every event, every format."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services import EXPECTED
from sightings import DECKY, FIELDS, sighting

from decnet.export import FORMATS, Sighting, redacted, shared
from decnet.export.sighting import SECRETS
from decnet.wire.event_fields import FIELDS as TABLE

OTHER = ("198.51.100.77", "00:0c:29:11:22:33", "fileserver-9", "files")
OURS = ("192.0.2.10", "web-01", "w1", DECKY["hostname"], DECKY["mac"], *OTHER)
LEAKS = [
    "ping 192.0.2.10", "http://192.0.2.10/x", "[192.0.2.10]:22", "SRV-WEB-01", "root@srv-web-01.",
    "arp 00-50-56-AA-BB-CC", "0050.56aa.bbcc", "005056aabbcc", "ssh web-01", *OTHER, "x 198.51.100.77",
    "ssh FILESERVER-9", "files", "000c29112233",
]  # fmt: skip
SECRET = "hunter2-S3cret"

EVENTS = {(service, kind): {} for service, kind in FIELDS}
EVENTS |= {(service, kind): {} for _, service, kind, _, _ in EXPECTED}


def leaking(service: str, kind: str, leak: str) -> Sighting:
    """An event with `leak` in each of its text fields, of the table and of the constructed ones."""
    names = {name for name, field in TABLE[kind].items() if field.kind == "text"}
    names |= {name for name, value in FIELDS.get((service, kind), {}).items() if isinstance(value, str)}
    names |= {
        name for _, other, its, fields, _ in EXPECTED if (other, its) == (service, kind)
        for name, value in fields.items() if isinstance(value, str)
    }  # fmt: skip
    fields: dict[str, Any] = {**dict.fromkeys(names, leak), "banner": leak}
    fields["headers"] = f"host: {leak}\nreferer: http://intranet.example/\nx-forwarded-for: {leak}"
    return sighting(service, kind, fields)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_what_is_shared_identifies_no_decky(name: str) -> None:
    for service, kind in EVENTS:
        for leak in LEAKS:
            text = FORMATS[name](shared(leaking(service, kind, leak), OURS)).lower()
            squeezed = text.replace(":", "").replace("-", "").replace(".", "")
            found = [each for each in OURS if each != "w1" and each in text]
            found += [each for each in ("005056aabbcc", "000c29112233") if each in squeezed]
            found += [each for each in ("intranet.example",) if each in text]
            assert not found, (service, kind, leak, text)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_an_attacker_that_is_a_decky_is_not_shared(name: str) -> None:
    """One who moves from decky to decky."""
    seen = sighting("ssh", "contact", {}, source_ip=OTHER[0])
    assert OTHER[0] not in FORMATS[name](shared(seen, OURS))


def test_a_decky_with_a_short_name_leaves_other_words_whole() -> None:
    seen = sighting("http", "request", {"method": "GET", "path": "/webmail/web/1192.0.2.100"})
    assert shared(seen, ["web", "192.0.2.10"]).text("path") == "/webmail/(redacted)/1192.0.2.100"


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("limited", [redacted, shared])
def test_what_is_redacted_or_shared_holds_no_secret(name: str, limited: Any) -> None:
    fields = {
        **dict.fromkeys([*SECRETS, "body"], SECRET),
        "username": "root",
        "headers": f"host: x\nauthorization: Basic {SECRET}\ncookie: a={SECRET}\nx-api-key: {SECRET}",
        "path": f"/login?user=root&Password={SECRET}&x=1",
    }
    for service, kind in EVENTS:
        text = FORMATS[name](limited(sighting(service, kind, fields)))
        assert SECRET not in text, (service, kind, text)


def test_what_is_no_secret_stays() -> None:
    fields = {"path": "/login?user=root&x=1", "headers": "accept: */*\nauthorization: Basic eA=="}
    seen = redacted(sighting("http", "request", fields))
    assert seen.text("path") == "/login?user=root&x=1"
    assert seen.text("headers") == "accept: */*\nauthorization: (redacted)"


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(OURS[:2] + OURS[3:]))
@settings(max_examples=200, deadline=None)
def test_whatever_surrounds_it_a_deckys_name_as_a_word_is_not_shared(
    before: str, after: str, ours: str
) -> None:
    seen = sighting("ssh", "command", {"input": f"{before} {ours} {after}"})
    hidden = shared(seen, OURS).text("input")
    words = f"{before} (redacted) {after}".split()
    assert ours not in hidden.split() or ours in words


@pytest.mark.parametrize(
    ("name", "sent", "kept"),
    [
        ("url", f"ftp://admin:{SECRET}@198.51.100.7/x", "ftp://(redacted)@198.51.100.7/x"),
        (
            "headers",
            f"Set-Cookie: a={SECRET}\nX-Auth: {SECRET}",
            "Set-Cookie: (redacted)\nX-Auth: (redacted)",
        ),
        ("path", f"/a?Token={SECRET};pwd={SECRET}&k=v?x", "/a?Token=(redacted);pwd=(redacted)&k=v?x"),
    ],
)
def test_every_spelling_of_a_secret_is_redacted(name: str, sent: str, kept: str) -> None:
    assert redacted(sighting("http", "request", {name: sent})).text(name) == kept


@pytest.mark.parametrize("word", ["pass", "key", "//", "?", "passkey?", "a" * 9])
@pytest.mark.parametrize("name", ["headers", "path"])
def test_a_long_value_is_redacted_as_quickly_as_many_short_ones(name: str, word: str) -> None:
    """Time that grows with the square of the length would be minutes here."""
    value = word * (1_000_000 // len(word))
    short = sighting("http", "request", {name: "/"})
    long = replace(short, event=short.event.model_copy(update={"fields": {name: value}}))
    assert redacted(long).text(name) == value
