"""Sends: every stored event reaches real receivers at least once, framed, signed, and through proxies."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from event_receivers import (
    Certificates,
    Line,
    Sink,
    Tunnel,
    Web,
    certificates,
    make_certificates,
    serve_web,
    sink,
    tunnel,
    web,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.commands.refusals import MOST_PROBES, TRIES, refused_lines
from decnet.commands.sends import (
    MOST_DATAGRAM,
    MOST_EVENTS,
    Pulls,
    Send,
    send_after_pulls,
    send_all,
    send_new,
    send_to,
    start_sends,
)
from decnet.engine.receivers import Syslog, receiver
from decnet.engine.syslog import framed
from decnet.engine.trust import Tls
from decnet.engine.webhook import signature
from decnet.errors import Failed, Refused, UsageError
from decnet.plan.event_filter import EventFilter
from decnet.store.deliveries import MOST_RECEIVERS, Cursor, Recipient, load_cursor, save_cursor
from decnet.store.paths import Home

from .test_alerts import NOW, context, happens, home

__all__ = ["certificates", "home", "sink", "tunnel", "web"]


def sends_to(text: str, **more: object) -> Send:
    return send_to(text, wanted=EventFilter(), **more)  # type: ignore[arg-type]


def deliver_all(home: Home, target: Send) -> None:
    asyncio.run(send_new(context(home), target))


def ids(lines: list[Line]) -> list[str]:
    return [json.loads(line)["id"] for line in lines]


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_each_event_is_one_syslog_message_and_is_sent_once(
    home: Home, sink: Sink, certificates: Certificates, transport: str
) -> None:
    url = sink.listen(transport, certificates)
    target = sends_to(url, style="jsonl", tls=Tls(str(certificates.ca)))
    happens(home, 1, 2)
    start_sends(context(home), [target])
    happens(home, 3, 5, password='a\nb\x00"]\\')
    happens(home, 1, 1, worker="id2", decky="db")
    deliver_all(home, target)
    deliver_all(home, target)
    texts = [line.partition(" - ")[2] for line in sink.wait(4)]
    assert ids(texts) == ["spool-id2-1", "spool-id1-3", "spool-id1-4", "spool-id1-5"]
    assert [json.loads(text)["worker"] for text in texts] == ["w2", "w1", "w1", "w1"]
    assert json.loads(texts[1])["fields"] == {"password": 'a\nb\x00"]\\'}


def test_syslog_gets_rfc_5424_and_https_gets_json_lines_unless_asked_for(home: Home) -> None:
    styles = [sends_to(url).style for url in ("syslog://h", "syslog+tcp://h:1", "https://h/x")]
    assert styles == ["rfc5424", "rfc5424", "jsonl"]
    assert sends_to("https://h/x", style="opencanary").style == "opencanary"


@given(st.lists(st.binary(max_size=300), max_size=20))
@settings(max_examples=200, deadline=None)
def test_any_messages_can_be_counted_apart_again(lines: list[bytes]) -> None:
    stream, found = framed(lines), []
    while stream:
        length, _, rest = stream.partition(b" ")
        found.append(rest[: int(length)])
        stream = rest[int(length) :]
    assert found == lines


def test_a_message_of_a_hundred_kilobytes_is_one_message(home: Home, sink: Sink) -> None:
    assert framed([b"\n" * 100_000])[:7] == b"100000 "
    target = sends_to(sink.listen("tcp"), style="jsonl")
    start_sends(context(home), [target])
    happens(home, 1, 1, **{f"field{number}": "é\n" * 1950 for number in range(7)})
    deliver_all(home, target)
    [line] = sink.wait(1)
    assert len(line) > MOST_DATAGRAM
    assert json.loads(line.partition(" - ")[2])["fields"]["field0"] == "é\n" * 1950


def test_an_event_that_fits_no_datagram_is_sent_cut(home: Home, sink: Sink) -> None:
    target = sends_to(sink.listen("udp"), style="jsonl")
    start_sends(context(home), [target])
    happens(home, 1, 1, **{f"field{number}": "é\n" * 1950 for number in range(7)})
    deliver_all(home, target)
    [line] = sink.wait(1)
    assert 'id="spool-id1-1"' in line and line.endswith('cut="1"]')


def test_a_receiver_that_is_down_loses_nothing(home: Home, sink: Sink) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"syslog+tcp://127.0.0.1:{free.getsockname()[1]}"
        target = sends_to(url)
        start_sends(context(home), [target])
        happens(home, 1, 3)
        with pytest.raises(Failed) as caught:
            deliver_all(home, target)
        assert caught.value.message == f"send: {url[13:]} cannot be reached: Connection refused"
    sink.listen("tcp", port=int(url.rpartition(":")[2]))
    happens(home, 4, 4)
    deliver_all(home, target)
    assert len(sink.wait(4)) == 4


def test_a_udp_port_without_a_program_is_reported_and_loses_nothing(home: Home, sink: Sink) -> None:
    url = sink.listen("udp")
    sink.close()
    target = sends_to(url)
    start_sends(context(home), [target])
    happens(home, 1, 2)
    with pytest.raises(Failed) as caught:
        deliver_all(home, target)
    assert caught.value.message.endswith("cannot be reached: Connection refused")
    sink.listen("udp", port=int(url.rpartition(":")[2]))
    deliver_all(home, target)
    assert len(sink.wait(2)) == 2


def test_a_server_that_ends_before_it_has_read_everything_gets_all_of_it_again(
    home: Home, sink: Sink
) -> None:
    url = sink.listen("tcp")
    target = sends_to(url)
    start_sends(context(home), [target])
    happens(home, 1, 150, password="x" * 300)
    sink.resets = True
    with pytest.raises(Failed) as caught:
        deliver_all(home, target)
    assert caught.value.message.endswith("closed the connection before it had read everything")
    sink.resets = False
    deliver_all(home, target)
    assert len(sink.wait(150)) == 150


def test_many_events_come_in_parcels_and_the_position_moves_with_each(home: Home, web: Web) -> None:
    target = sends_to(web.url, tls=Tls(web.ca))
    start_sends(context(home), [target])
    happens(home, 1, 2 * MOST_EVENTS + 1)
    web.answers = [200, 503]
    with pytest.raises(Failed):
        deliver_all(home, target)
    web.answers = []
    deliver_all(home, target)
    assert [len(request.lines) for request in web.requests] == [MOST_EVENTS, MOST_EVENTS, MOST_EVENTS, 1]
    assert web.requests[1].body == web.requests[2].body


def test_a_request_is_signed_and_carries_the_headers_of_the_receivers_file(
    home: Home, web: Web, tmp_path: Path
) -> None:
    (tmp_path / "siem").write_text(
        f'# the SIEM\nto = "{web.url}"\nsecret = "k3y"\nformat = "opencanary"\nca = "{web.ca}"\n'
        'headers = { Authorization = "Splunk 1234" }\n'
    )
    target = sends_to(f"@{tmp_path}/siem")
    start_sends(context(home), [target])
    happens(home, 1, 2, username="root", password="toor", success=False)
    deliver_all(home, target)
    [request] = web.requests
    assert [json.loads(line)["logtype"] for line in request.lines] == [4002, 4002]
    assert request.headers["Authorization"] == "Splunk 1234"
    assert request.headers["Content-Type"] == "application/x-ndjson"
    timestamp = request.headers["X-Decnet-Timestamp"]
    assert abs(int(timestamp) - time.time()) < 60
    assert request.headers["X-Decnet-Signature"] == signature(b"k3y", timestamp, request.body)
    assert "1234" not in repr(target) and "k3y" not in repr(target)


def test_the_signature_is_hmac_sha256_of_timestamp_dot_body() -> None:
    """What `printf '1700000000.{}' | openssl dgst -sha256 -hmac secret` prints."""
    found = "b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163"
    assert signature(b"secret", "1700000000", b"{}") == f"sha256={found}"


def test_a_webhook_is_reached_through_a_proxy(
    home: Home, web: Web, tunnel: Tunnel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{tunnel.port}")
    monkeypatch.setenv("no_proxy", "")
    target = sends_to(web.url, tls=Tls(web.ca))
    start_sends(context(home), [target])
    happens(home, 1, 1)
    deliver_all(home, target)
    assert [len(request.lines) for request in web.requests] == [1]
    assert [line.rpartition(" ")[0] for line in tunnel.asked] == [f"CONNECT {web.url.split('/')[2]}"]


@pytest.mark.parametrize("kind", ["webhook", "syslog"])
def test_a_certificate_of_an_unknown_authority_is_refused_with_what_to_do(
    home: Home, web: Web, sink: Sink, certificates: Certificates, kind: str
) -> None:
    target = sends_to(web.url if kind == "webhook" else sink.listen("tls", certificates))
    start_sends(context(home), [target])
    happens(home, 1, 1)
    with pytest.raises(Failed) as caught:
        deliver_all(home, target)
    assert "its certificate is refused: unable to get local issuer certificate" in caught.value.message
    assert "--send-ca FILE" in (caught.value.hint or "")
    assert web.requests == [] and sink.lines == []


def test_a_certificate_for_another_name_is_refused(
    home: Home, sink: Sink, certificates: Certificates
) -> None:
    url = sink.listen("tls", certificates).replace("127.0.0.1", "localhost")
    target = sends_to(url, tls=Tls(str(certificates.ca)))
    start_sends(context(home), [target])
    happens(home, 1, 1)
    with pytest.raises(Failed) as caught:
        deliver_all(home, target)
    assert "its certificate is refused: hostname mismatch" in caught.value.message.lower()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("way", ["syslog", "https", "in a file"])
def test_a_receiver_is_shown_our_certificate_if_it_wants_one(
    home: Home, sink: Sink, certificates: Certificates, tmp_path: Path, way: str, version: ssl.TLSVersion
) -> None:
    own = Tls(str(certificates.ca), str(certificates.certificate), str(certificates.key))
    with serve_web(certificates, mutual=True, version=version) as web:
        url = sink.listen("tls", certificates, mutual=True, version=version) if way == "syslog" else web.url
        start_sends(context(home), [sends_to(url)])
        happens(home, 1, 2)
        with pytest.raises(Failed) as caught:
            deliver_all(home, sends_to(url, tls=replace(own, cert="", key="")))
        # A server that has closed the connection already may also reset what is written to it.
        is_reset = way != "syslog" and "did not complete the request" in caught.value.message
        assert is_reset or "TLS failed" in caught.value.message
        assert is_reset or "--send-cert FILE" in (caught.value.hint or "")
        assert sink.lines == [] and web.requests == []
        if way == "in a file":
            file = tmp_path / "siem"
            file.write_text(f'to = "{url}"\nca = "{own.ca}"\ncert = "{own.cert}"\nkey = "{own.key}"\n')
            start_sends(context(home), [sends_to(f"@{file}")])
            happens(home, 3, 4)
            deliver_all(home, sends_to(f"@{file}"))
        else:
            deliver_all(home, sends_to(url, tls=own))
        assert len(sink.wait(2) if way == "syslog" else web.accepted) == 2


def test_a_certificate_that_cannot_be_shown_is_bad_usage(certificates: Certificates, tmp_path: Path) -> None:
    others, encrypted, both = make_certificates(tmp_path), tmp_path / "encrypted", tmp_path / "both"
    command = [
        "openssl",
        "pkey",
        "-in",
        str(others.key),
        "-aes256",
        "-passout",
        "pass:x",
        "-out",
        str(encrypted),
    ]
    subprocess.run(command, check=True, capture_output=True)
    both.write_bytes(others.certificate.read_bytes() + others.key.read_bytes())
    cert, key = str(others.certificate), str(others.key)
    for files, message in (
        (Tls(cert=cert, key=str(certificates.key)), "is not that of the certificate in"),
        (Tls(cert=cert, key=str(encrypted)), "has a password"),
        (Tls(cert=cert), "have no certificate with its key"),
        (Tls(cert=key, key=cert), "have no certificate with its key"),
        (Tls(cert=f"{cert}.gone", key=key), "cannot be read"),
        (Tls(cert=str(tmp_path), key=key), "cannot be read"),
    ):
        with pytest.raises(UsageError, match=message):
            sends_to("syslog+tls://h", tls=files)
    sends_to("syslog+tls://h", tls=Tls(cert=str(both)))


def test_events_that_a_receiver_refuses_for_good_are_left_out_and_the_others_do_not_wait(
    home: Home, web: Web
) -> None:
    web.refuses = lambda request: b"too much" in request.body
    target = sends_to(web.plain_url)
    start_sends(context(home), [target])
    for number in range(1, 60):
        happens(home, number, number, password="too much" if number in (1, 30, 31) else "p")
    for _ in range(TRIES - 1):
        with pytest.raises(Refused, match="send: 127.0.0.1 answered 413"):
            deliver_all(home, target)
    assert web.accepted == []
    with pytest.raises(Refused) as caught:
        deliver_all(home, target)
    assert caught.value.message == (
        "send: 127.0.0.1 refuses 3 events, which are skipped: spool-id1-1, spool-id1-30, spool-id1-31"
    )
    wanted = [f"spool-id1-{number}" for number in range(1, 60) if number not in (1, 30, 31)]
    assert sorted(ids([line.decode() for line in web.accepted])) == sorted(wanted)
    requests = len(web.requests)
    assert requests < 40
    deliver_all(home, target)
    happens(home, 60, 60)
    deliver_all(home, target)
    assert [len(each.lines) for each in web.requests[requests:]] == [1]
    cursor = load_cursor(home, target.recipient)
    assert cursor is not None and (cursor.refused, cursor.refusals) == (3, 0)


def test_a_receiver_that_refuses_everything_is_left_no_event(home: Home, web: Web) -> None:
    web.refuses = lambda request: True
    target = sends_to(web.plain_url)
    start_sends(context(home), [target])
    happens(home, 1, 30)
    for _ in range(TRIES + 2):
        with pytest.raises(Refused):
            deliver_all(home, target)
    with pytest.raises(Refused, match="to every event: none of them is skipped"):
        deliver_all(home, target)
    assert len(web.requests) <= (TRIES - 1) + 4 * MOST_PROBES
    web.refuses = lambda request: False
    web.requests.clear()
    deliver_all(home, target)
    assert sorted(ids([line.decode() for line in web.accepted])) == sorted(
        f"spool-id1-{number}" for number in range(1, 31)
    )


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_an_answer_about_the_receiver_never_leaves_out_an_event(home: Home, web: Web, status: int) -> None:
    target = sends_to(web.plain_url)
    start_sends(context(home), [target])
    happens(home, 1, 2)
    web.answers = [status] * (TRIES + 2)
    for _ in web.answers:
        with pytest.raises(Failed, match=str(status)):
            deliver_all(home, target)
    web.requests.clear()
    web.answers = []
    deliver_all(home, target)
    assert [len(each.lines) for each in web.requests] == [2]


def test_a_receiver_that_fails_while_refused_events_are_looked_for_loses_none(home: Home, web: Web) -> None:
    target = sends_to(web.plain_url)
    start_sends(context(home), [target])
    happens(home, 1, 4)
    web.answers = [413] * TRIES + [200, 413, 503]
    for _ in range(TRIES):
        with pytest.raises(Failed):
            deliver_all(home, target)
    deliver_all(home, target)
    sent = {each for request in web.requests[6:] for each in ids([line.decode() for line in request.lines])}
    assert sent == {f"spool-id1-{number}" for number in range(1, 5)}


@given(
    st.lists(st.booleans(), min_size=1, max_size=60), st.randoms(use_true_random=False), st.integers(0, 60)
)
def test_exactly_the_refused_lines_are_found(bad: list[bool], dice: random.Random, most: int) -> None:
    lines = [b"%d %s" % (number, b"x" * dice.randrange(most + 1)) for number in range(len(bad))]
    accepted: list[bytes] = []

    async def send(part: Sequence[bytes]) -> None:
        if any(bad[int(line.split()[0])] for line in part):
            raise Refused("413")
        accepted.extend(part)

    refused = None
    with suppress(Refused):
        refused = asyncio.run(refused_lines(lines, send))
    if refused is None:
        smallest = sorted(range(len(lines)), key=lambda number: len(lines[number]))[:MOST_PROBES]
        assert accepted == [] and all(bad[number] for number in smallest)
    else:
        assert refused == [number for number, is_bad in enumerate(bad) if is_bad]
        assert sorted(accepted) == sorted(lines[n] for n, is_bad in enumerate(bad) if not is_bad)


def test_one_receiver_that_fails_does_not_hold_up_another(home: Home, web: Web, sink: Sink) -> None:
    web.answers = [500]
    failing, fine = sends_to(web.url, tls=Tls(web.ca)), sends_to(sink.listen("tcp"))
    start_sends(context(home), [failing, fine])
    happens(home, 1, 2)
    failures = asyncio.run(send_all(context(home), [failing, fine]))
    assert [each.message for each in failures] == ["send: 127.0.0.1 answered 500 Internal Server Error"]
    assert len(sink.wait(2)) == 2


def test_a_send_waits_until_the_pull_has_ended(home: Home, sink: Sink) -> None:
    """Given a pull that has stored a part of a worker's events, and then ends."""
    target = sends_to(sink.listen("tcp"))
    start_sends(context(home), [target])
    happens(home, 1, 1)

    async def story() -> None:
        pulls = Pulls()
        sending = asyncio.create_task(send_after_pulls(context(home), target, pulls, print))
        pulls.ended({"id1": (0, 1)})
        await asyncio.to_thread(sink.wait, 1)
        happens(home, 2, 3)
        await asyncio.sleep(0.3)
        assert len(sink.lines) == 1
        pulls.ended({"id1": (0, 3)})
        await asyncio.to_thread(sink.wait, 3)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    asyncio.run(story())
    assert len(sink.lines) == 3


KILLED = """
import asyncio, sys
from pathlib import Path
from decnet import catalog
from decnet.plan.event_filter import EventFilter
from decnet.commands.sends import send_new, send_to
from decnet.engine.context import Context
from decnet.store.paths import Home
ctx = Context(home=Home(Path(sys.argv[1])), catalog=catalog.load(), emit=lambda event: None)
asyncio.run(send_new(ctx, send_to(sys.argv[2], wanted=EventFilter())))
"""


def test_a_command_that_is_killed_leaves_no_gap(home: Home, web: Web) -> None:
    target = sends_to(web.plain_url)
    start_sends(context(home), [target])
    happens(home, 1, 5 * MOST_EVENTS)
    web.holds_request(2)
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(home.root), web.plain_url])
    web.held.wait(60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    web.go_on.set()
    deliver_all(home, target)
    found = [json.loads(line)["seq"] for request in web.requests for line in request.lines]
    assert list(dict.fromkeys(found)) == list(range(1, 5 * MOST_EVENTS + 1))
    assert len(found) == 6 * MOST_EVENTS


def test_stored_events_that_someone_deleted_hide_none_of_the_new_ones(home: Home, sink: Sink) -> None:
    target = sends_to(sink.listen("tcp"))
    start_sends(context(home), [target])
    happens(home, 1, 9)
    deliver_all(home, target)
    (home.events("id1") / "events.jsonl").unlink()
    happens(home, 1, 2, spool="another")
    deliver_all(home, target)
    assert len(sink.wait(11)) == 11


def test_the_positions_of_receivers_are_bounded(home: Home) -> None:
    for number in range(MOST_RECEIVERS + 5):
        to = Recipient("send", f"https://h/{number}")
        save_cursor(home, to, Cursor({}, number))
        os.utime(home.deliveries / f"{to.name}.json", (number, number))
    assert len(list(home.deliveries.iterdir())) == MOST_RECEIVERS
    assert load_cursor(home, Recipient("send", "https://h/0")) is None
    assert load_cursor(home, to) == Cursor({}, MOST_RECEIVERS + 4)


def test_events_that_are_alike_can_be_sent_as_one(home: Home, sink: Sink) -> None:
    target = sends_to(sink.listen("tcp"), style="jsonl", coalesce=60.0)
    start_sends(context(home), [target])
    happens(home, 1, 50)
    deliver_all(home, target)
    deliver_all(home, target)
    [line] = sink.wait(1)
    fields = json.loads(line.partition(" - ")[2])["fields"]
    assert fields == {"folded": 50, "first": NOW + 1, "last": NOW + 50}


def test_redacted_events_stay_redacted_on_their_way(home: Home, sink: Sink) -> None:
    target = sends_to(sink.listen("tcp"), style="jsonl", redact=True)
    start_sends(context(home), [target])
    happens(home, 1, 1, username="root", password="s3cret")
    deliver_all(home, target)
    [line] = sink.wait(1)
    assert "s3cret" not in line and "root" in line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("syslog+tls://", "--send: this is not a valid URL"),
        ("syslog://h:514/path", "--send: this is not a valid URL"),
        ("syslog://h:99999", "--send: this is not a valid URL"),
        ("slack:https://h/x", "--send delivers every single event, too many for a chat or a mailbox"),
        ("smtp://h/?to=a@b", "--send delivers every single event, too many for a chat or a mailbox"),
        ("", "--send is empty"),
        ("ftp-no-such://h", "--send: there is no program ftp-no-such://h"),
    ],
)
def test_a_receiver_that_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        sends_to(text)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            'to = "https://h"\nsecrets = "x"\nca = 1',
            "unknown key `secrets` (did you mean `secret`?); `ca` must be text",
        ),
        ('secret = "x"', "`to` is missing"),
        ('to = "https://h"\n[headers]\n"a b" = "x"', "`headers.a b` is not a valid header"),
        ('to = "https://h"\nheaders = { A = "x\\ny" }', "`headers.A` is not a valid header"),
    ],
)
def test_the_mistakes_in_a_receivers_file_are_named_without_its_secrets(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "siem").write_text(content)
    with pytest.raises(UsageError) as caught:
        sends_to(f"@{tmp_path}/siem")
    assert caught.value.message == f"--send: {tmp_path}/siem: {message}"


def test_an_address_without_a_port_has_that_of_its_protocol() -> None:
    assert receiver("syslog+tls://[::1]")[0] == Syslog("tls", "::1", 6514)


def test_the_command_line_sends_with_all_of_its_options(
    home: Home, web: Web, sink: Sink, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("k3y\n")
    listening = sink.listen("tcp")

    def typed() -> subprocess.CompletedProcess[str]:
        words = ["events", "--pull", "--send", web.url, "--send", listening, "--send-format", "ecs"]
        words += ["--send-ca", web.ca, "--send-secret", str(tmp_path / "secret"), "--kind", "login"]
        return subprocess.run(
            [sys.executable, "-m", "decnet", *words], env={**os.environ, "DECNET_HOME": str(home.root)},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    assert (
        typed().stderr
        == "error: --send-secret signs requests, and this receiver is not a URL with https://\n"
    )
    sink.close()
    listening = web.plain_url
    assert typed().returncode == 0
    happens(home, 1, 1)
    happens(home, 2, 2, kind="contact")
    web.answers = [503]
    failed = typed()
    assert (failed.returncode, failed.stderr) == (
        1,
        "error: send: 127.0.0.1 answered 503 Service Unavailable\n",
    )
    assert typed().returncode == 0
    found = [json.loads(line)["event"]["id"] for request in web.requests for line in request.lines]
    assert found == ["spool-id1-1"] * 3
    assert all("X-Decnet-Signature" in request.headers for request in web.requests)
