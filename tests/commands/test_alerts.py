"""Alerts: a real command and a real HTTP server get the stored events, within bounds."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from decnet import catalog
from decnet.commands.alerts import Alerts, alerts_to, send_alert, send_alerts_after_pulls, start_alerts
from decnet.commands.deliveries import Pulls
from decnet.engine.context import Context
from decnet.engine.notify import deliver
from decnet.engine.parcel import Parcel
from decnet.engine.receivers import Receiver
from decnet.engine.receivers import receiver as receiver_of
from decnet.errors import Failed, UsageError
from decnet.model.event import AttackerEvent, EventKind
from decnet.model.worker import Worker
from decnet.plan.event_filter import EventFilter
from decnet.store.events import append_events
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home

NOW = 1_800_000_000.0


@dataclass(frozen=True)
class Page:
    spool_id: str
    events: tuple[AttackerEvent, ...]
    mark: str = ""
    verdict: str = "ok"


@dataclass
class Ear:
    """What a receiver heard."""

    url: str
    status: int = 204
    location: str = "/elsewhere"
    heard: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def ear() -> Iterator[Ear]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            found.headers.append({**self.headers, "path": self.path})
            self.send_response(found.status if self.path != "/moved" else 200)
            self.send_header("Location", found.location)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Ear(f"http://127.0.0.1:{server.server_port}/hook?token=secret")
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield found
        server.shutdown()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path / "home")
    open_home(found)
    for number in (1, 2):
        FleetTable(found).put_worker(Worker(name=f"w{number}", worker_id=f"id{number}"))
    return found


def context(home: Home, now: float = NOW) -> Context:
    return Context(home=home, catalog=catalog.load(), emit=lambda event: None, now=lambda: now)


def happens(
    home: Home,
    first: int,
    last: int,
    *,
    worker: str = "id1",
    decky: str = "web-01",
    spool: str = "spool",
    kind: EventKind = "login",
    source: str = "192.0.2.250",
    **fields: Any,
) -> None:
    """Events `first` to `last` of a worker's spool are pulled and stored."""
    events = tuple(
        AttackerEvent(
            id=f"{spool}-{worker}-{seq}", seq=seq, at=NOW + seq, decky=decky, service="ssh", kind=kind,
            source_ip=source, source_port=4711, session="s", fields=fields,
        )
        for seq in range(first, last + 1)
    )  # fmt: skip
    append_events(home, worker, Page(spool, events))


def at(seq: int, worker: str, time: float) -> AttackerEvent:
    """Event number `seq` of a worker, `time` seconds after NOW."""
    return AttackerEvent(
        id=f"{worker}-{seq}", seq=seq, at=NOW + time, decky="web-01", service="ssh", kind="login",
        source_ip="192.0.2.250", source_port=4711, session="s", fields={},
    )  # fmt: skip


def alerts_for(to: str, *, each: bool = False, every: float = 30.0, deckies: tuple[str, ...] = ()) -> Alerts:
    return alerts_to(to, every=every, each=each, wanted=EventFilter(None, deckies))


def test_a_flood_and_a_loss_count_as_often_as_they_happened(home: Home, ear: Ear) -> None:
    start_alerts(context(home), alerts_for(ear.url))
    happens(home, 1, 1)
    happens(home, 2, 2, kind="contact", folded=18_600)
    happens(home, 3, 3, kind="lost", source="", count=400, before=NOW)
    happens(home, 4, 4, kind="lost", source="", count=0, at_least=True, before=NOW)
    asyncio.run(send_alert(context(home), alerts_for(ear.url)))
    [alert] = ear.heard
    assert alert["text"] == "19002 events on web-01 from 192.0.2.250: 18600 contact, 401 lost, 1 login"
    assert (alert["count"], alert["sources"]) == (19_002, {"192.0.2.250": 18_601})
    assert alert["kinds"] == {"contact": 18_600, "lost": 401, "login": 1}
    assert [event["fields"].get("count") for event in alert["events"]] == [None, None, 400, 0]


def test_a_loss_alone_names_no_source(home: Home, ear: Ear) -> None:
    start_alerts(context(home), alerts_for(ear.url))
    happens(home, 1, 1, kind="lost", source="", count=7, before=NOW)
    asyncio.run(send_alert(context(home), alerts_for(ear.url)))
    assert ear.heard[0]["text"] == "7 events on web-01: 7 lost"


def receiver(text: str) -> Receiver:
    return receiver_of(text)[0]


def script(folder: Path, body: str) -> str:
    path = folder / "receiver"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_a_url_is_sent_each_new_event_once(home: Home, ear: Ear) -> None:
    happens(home, 1, 3)
    start_alerts(context(home), alerts_for(ear.url))
    happens(home, 4, 5, password="' \"$(id)\x1b[2J")
    happens(home, 1, 1, worker="id2", decky="db")
    for moment in (NOW, NOW + 60):
        asyncio.run(send_alert(context(home, moment), alerts_for(ear.url)))
    [alert] = ear.heard
    assert [(e["worker"], e["decky"], e["seq"]) for e in alert.pop("events")] == [
        ("w2", "db", 1),
        ("w1", "web-01", 4),
        ("w1", "web-01", 5),
    ]
    assert alert == {
        "kind": "events",
        "at": NOW,
        "text": "3 events on 2 deckies from 192.0.2.250: 3 login",
        "count": 3,
        "more": False,
        "first": NOW + 1,
        "last": NOW + 5,
        "deckies": {"web-01": 2, "db": 1},
        "sources": {"192.0.2.250": 3},
        "kinds": {"login": 3},
    }
    assert ear.headers[0]["path"] == "/hook?token=secret"
    assert ear.headers[0]["Content-Type"] == "application/json"


def test_a_command_gets_the_alert_on_stdin_and_nothing_on_its_command_line(
    home: Home, tmp_path: Path
) -> None:
    command = script(tmp_path, f'echo "$# $1" > {tmp_path}/argv; cat > {tmp_path}/stdin; echo noise')
    start_alerts(context(home), alerts_for(f"{command} 'two words'"))
    happens(home, 1, 1, username="; touch /tmp/x", password="$(reboot)`id`\n")
    asyncio.run(send_alert(context(home), alerts_for(f"{command} 'two words'")))
    assert (tmp_path / "argv").read_text() == "1 two words\n"
    [event] = json.loads((tmp_path / "stdin").read_text())["events"]
    assert event["fields"] == {"username": "; touch /tmp/x", "password": "$(reboot)`id`\n"}


def test_events_that_come_too_soon_wait_and_are_sent_together(home: Home, ear: Ear) -> None:
    start_alerts(context(home), alerts_for(ear.url))
    happens(home, 1, 1)
    asyncio.run(send_alert(context(home, NOW), alerts_for(ear.url)))
    happens(home, 2, 3)
    asyncio.run(send_alert(context(home, NOW + 10), alerts_for(ear.url)))
    happens(home, 4, 4)
    asyncio.run(send_alert(context(home, NOW + 31), alerts_for(ear.url)))
    assert [alert["count"] for alert in ear.heard] == [1, 3]


@pytest.mark.parametrize(
    "entry",
    [
        {"positions": {"id1": 5}, "tried": 0.0},
        {"positions": {"id1": [0, "x"]}, "tried": 0.0},
        {"positions": {}, "tried": None},
        {"positions": {}, "tried": 1e300},
        {"positions": []},
        7,
    ],
)
@pytest.mark.parametrize("is_old", [False, True])
def test_a_receiver_of_which_damage_is_kept_is_a_new_one(
    home: Home, ear: Ear, entry: object, is_old: bool
) -> None:
    happens(home, 1, 2)
    if is_old:
        old_positions(home, ear.url, entry)
    else:
        path = home.deliveries / f"{alerts_for(ear.url).recipient.name}.json"
        path.write_text(json.dumps({"schema_version": 1, **entry} if isinstance(entry, dict) else entry))
        path.chmod(0o600)
    start_alerts(context(home), alerts_for(ear.url))
    happens(home, 3, 3)
    asyncio.run(send_alert(context(home), alerts_for(ear.url)))
    assert [alert["count"] for alert in ear.heard] == [1]


def old_positions(home: Home, address: str, entry: object) -> None:
    """What version 0.1.0 recorded: one file for all receivers."""
    path = home.events_dir / "alerts.json"
    path.write_text(json.dumps({hashlib.sha256(address.encode()).hexdigest()[:32]: entry}))
    path.chmod(0o600)


def test_a_receiver_of_version_0_1_0_continues_where_it_was(home: Home, ear: Ear) -> None:
    happens(home, 1, 5)
    old_positions(home, ear.url, {"positions": {"id1": [0, 3]}, "tried": NOW - 90})
    start_alerts(context(home), alerts_for(ear.url))
    asyncio.run(send_alert(context(home), alerts_for(ear.url)))
    assert [[event["seq"] for event in alert["events"]] for alert in ear.heard] == [[4, 5]]


def test_a_receiver_that_fails_is_retried_later_and_nothing_is_lost(home: Home, ear: Ear) -> None:
    start_alerts(context(home), alerts_for(ear.url))
    happens(home, 1, 2)
    ear.status = 503
    with pytest.raises(Failed) as caught:
        asyncio.run(send_alert(context(home, NOW), alerts_for(ear.url)))
    assert caught.value.message == "alert: 127.0.0.1 answered 503 Service Unavailable"
    assert "secret" not in str(vars(caught.value))
    # Not again at once: it would be asked with every pull.
    asyncio.run(send_alert(context(home, NOW + 5), alerts_for(ear.url)))
    ear.status = 200
    happens(home, 3, 3)
    asyncio.run(send_alert(context(home, NOW + 40), alerts_for(ear.url)))
    assert [alert["count"] for alert in ear.heard] == [2, 3]


def test_each_event_by_itself_and_many_together(home: Home, ear: Ear) -> None:
    start_alerts(context(home), alerts_for(ear.url))
    happens(home, 1, 3)
    asyncio.run(send_alert(context(home, NOW), alerts_for(ear.url, each=True)))
    happens(home, 4, 300)
    asyncio.run(send_alert(context(home, NOW + 60), alerts_for(ear.url, each=True)))
    assert [alert["count"] for alert in ear.heard] == [1, 1, 1, 297]
    assert len(ear.heard[-1]["events"]) == 50


@pytest.mark.parametrize("times", [(1, 2, 3, 4), (4, 3, 2, 1)])
def test_a_single_alert_that_fails_repeats_none_of_those_before_it(
    home: Home, tmp_path: Path, times: tuple[int, ...]
) -> None:
    command = script(tmp_path, f"cat >> {tmp_path}/told; [ $(wc -l < {tmp_path}/told) -ne 3 ]")
    start_alerts(context(home), alerts_for(command))
    for worker in ("id1", "id2"):
        append_events(
            home, worker, Page("spool", tuple(at(seq, worker, time) for seq, time in enumerate(times, 1)))
        )
    with pytest.raises(Failed):
        asyncio.run(send_alert(context(home, NOW), alerts_for(command, each=True)))
    for moment in (NOW + 60, NOW + 120):
        asyncio.run(send_alert(context(home, moment), alerts_for(command, each=True)))
    alerts_sent = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
    [sent, failed, *rest] = [alert["events"][0]["id"] for alert in alerts_sent][1:]
    assert failed == rest[0]
    assert len(alerts_sent) == 9
    assert len({sent, failed, *rest}) == 7


def test_two_commands_with_different_filters_do_not_hide_each_others_events(home: Home, ear: Ear) -> None:
    """Given one receiver, and one command for each of two deckies."""
    for decky in ("web-01", "db"):
        start_alerts(context(home), alerts_for(ear.url, deckies=(decky,)))
    happens(home, 1, 1)
    happens(home, 1, 2, worker="id2", decky="db")
    for decky in ("web-01", "db"):
        asyncio.run(send_alert(context(home), alerts_for(ear.url, deckies=(decky,))))
    assert [alert["deckies"] for alert in ear.heard] == [{"web-01": 1}, {"db": 2}]


def test_another_filter_continues_where_the_receiver_was(home: Home, ear: Ear) -> None:
    start_alerts(context(home), alerts_for(ear.url))
    happens(home, 1, 2)
    start_alerts(context(home), alerts_for(ear.url, deckies=("web-01",)))
    asyncio.run(send_alert(context(home), alerts_for(ear.url, deckies=("web-01",))))
    assert [alert["count"] for alert in ear.heard] == [2]


def test_an_alert_in_the_shape_of_opencanary(home: Home, ear: Ear) -> None:
    target = alerts_to(ear.url, every=30.0, each=True, wanted=EventFilter(), style="opencanary")
    start_alerts(context(home), target)
    happens(home, 1, 2, username="root", password="toor", success=False)
    asyncio.run(send_alert(context(home), target))
    assert [(alert["logtype"], alert["logdata"]["PASSWORD"]) for alert in ear.heard] == [(4002, "toor")] * 2
    assert ear.headers[0]["Content-Type"] == "application/json"


def test_an_alert_is_bounded_whatever_the_attacker_sent(home: Home, ear: Ear) -> None:
    start_alerts(context(home), alerts_for(ear.url))
    happens(home, 1, 40, **{f"field{n}": "\x00" * 3000 for n in range(3)})
    asyncio.run(send_alert(context(home), alerts_for(ear.url)))
    [alert] = ear.heard
    assert alert["count"] == 40
    assert 0 < len(alert["events"]) < 40
    assert len(json.dumps(alert)) < 300_000


def test_a_worker_that_lost_its_spool_is_alerted_from_its_new_one(home: Home, ear: Ear) -> None:
    happens(home, 1, 5)
    start_alerts(context(home), alerts_for(ear.url))
    happens(home, 6, 6)
    happens(home, 1, 2, spool="another")
    asyncio.run(send_alert(context(home), alerts_for(ear.url)))
    assert [[event["seq"] for event in alert["events"]] for alert in ear.heard] == [[1, 2, 6]]


def test_only_the_deckies_that_were_asked_for(home: Home, ear: Ear) -> None:
    start_alerts(context(home), alerts_for(ear.url))
    happens(home, 1, 1)
    happens(home, 1, 2, worker="id2", decky="db")
    asyncio.run(send_alert(context(home), alerts_for(ear.url, deckies=("db",))))
    assert [alert["deckies"] for alert in ear.heard] == [{"db": 2}]


def _appears(path: Path) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until and not (path.exists() and path.read_text()):
        time.sleep(0.01)


def _is_heard(ear: Ear) -> None:
    until = time.monotonic() + 20
    while not ear.heard and time.monotonic() < until:
        time.sleep(0.01)


def test_an_alert_follows_the_pull_and_not_the_interval(home: Home, ear: Ear) -> None:
    target = alerts_for(ear.url, every=0.0)
    start_alerts(context(home), target)

    async def story() -> float:
        pulls = Pulls()
        sending = asyncio.create_task(
            send_alerts_after_pulls(context(home), target, pulls, 3600.0, lambda error: None)
        )
        await asyncio.sleep(0.5)
        happens(home, 1, 1)
        began = time.monotonic()
        pulls.ended({})
        await asyncio.to_thread(_is_heard, ear)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return time.monotonic() - began

    assert asyncio.run(story()) < 10
    assert [each["count"] for each in ear.heard] == [1]


def test_a_pull_is_never_delayed_by_a_receiver(home: Home, tmp_path: Path) -> None:
    sleeper = script(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 60")
    start_alerts(context(home), alerts_for(sleeper))
    happens(home, 1, 1)

    async def describe_mismatch() -> float:
        telling = asyncio.create_task(
            send_alerts_after_pulls(context(home), alerts_for(sleeper), Pulls(), 0.05, lambda error: None)
        )
        begin_at = time.monotonic()
        await asyncio.to_thread(_appears, tmp_path / "pid")
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        return time.monotonic() - begin_at

    assert asyncio.run(describe_mismatch()) < 10
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo one >&2; echo the reason >&2; exit 3", "alert: `receiver` exited with status 3: the reason"),
        ("kill -9 $$", "alert: `receiver` was ended by signal 9"),
        ("sleep 60 & sleep 60", "alert: `receiver` did not accept it within 0.5 s"),
        ("exec <&-; exit 0", None),
        ("sleep 60 & exit 0", None),
    ],
)
def test_how_a_command_ends(tmp_path: Path, body: str, message: str | None) -> None:
    to = receiver(script(tmp_path, body))
    begin_at = time.monotonic()
    if message is None:
        asyncio.run(deliver(to, Parcel((b"x" * 200_000,)), limit=5))
    else:
        with pytest.raises(Failed) as caught:
            asyncio.run(deliver(to, Parcel((b"{}",)), limit=0.5 if "within" in message else 5))
        assert caught.value.message == message
    assert time.monotonic() - begin_at < 5


def _silent(connection: socket.socket) -> None:
    connection.recv(10)


def _endless(connection: socket.socket) -> None:
    for _ in range(400):
        connection.sendall(b"x" * 1000)


def _other(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-x\r\n")
    connection.recv(10)


@pytest.mark.parametrize(
    ("behaves", "message"),
    [
        (_silent, "alert: 127.0.0.1 did not accept it within 0.5 s"),
        (_endless, "alert: 127.0.0.1 did not complete the request"),
        (_other, "alert: 127.0.0.1 does not answer as an HTTP server"),
    ],
)
def test_a_server_that_is_none(behaves: Callable[[socket.socket], None], message: str) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    behaves(connection)
                    connection.settimeout(5)
                    while connection.recv(1000):
                        pass
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(Failed) as caught:
            asyncio.run(
                deliver(receiver(f"http://127.0.0.1:{server.getsockname()[1]}/"), Parcel((b"{}",)), limit=0.5)
            )
        thread.join()
    assert caught.value.message.startswith(message)


def test_a_receiver_that_does_not_answer_and_a_redirection(ear: Ear) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Failed) as caught:
        asyncio.run(deliver(receiver(f"http://127.0.0.1:{port}/secret"), Parcel((b"{}",))))
    assert caught.value.message.startswith(f"alert: 127.0.0.1:{port} cannot be reached: ")
    with pytest.raises(Failed) as caught:
        asyncio.run(deliver(receiver(f"http://{'a' * 70}.invalid/secret"), Parcel((b"{}",))))
    assert caught.value.message.endswith(".invalid: this host name is not valid")
    ear.status = 302
    with pytest.raises(Failed) as caught:
        asyncio.run(deliver(receiver(ear.url), Parcel((b"{}",))))
    assert caught.value.message == "alert: 127.0.0.1 answered 302 Found"


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirection_that_keeps_the_alert_is_followed(ear: Ear, status: int) -> None:
    ear.status, ear.location = status, "/moved"
    asyncio.run(deliver(receiver(ear.url), Parcel((b'{"a": 1}',))))
    assert ear.heard == [{"a": 1}, {"a": 1}]
    assert [headers["path"] for headers in ear.headers] == ["/hook?token=secret", "/moved"]


def test_redirections_have_an_end_and_keep_the_scheme(ear: Ear) -> None:
    ear.status = 307
    with pytest.raises(Failed) as caught:
        asyncio.run(deliver(receiver(ear.url), Parcel((b"{}",))))
    assert (caught.value.message, len(ear.heard)) == ("alert: 127.0.0.1 redirects more than 3 times", 4)
    ear.heard.clear()
    ear.location = ""
    with pytest.raises(Failed) as caught:
        asyncio.run(deliver(receiver(ear.url), Parcel((b"{}",))))
    assert (caught.value.message, len(ear.heard)) == ("alert: 127.0.0.1 answered 307 Temporary Redirect", 1)
    ear.location = "file:///etc/passwd"
    with pytest.raises(Failed) as caught:
        asyncio.run(deliver(receiver(ear.url), Parcel((b"{}",))))
    assert caught.value.message == "alert: 127.0.0.1 answered 307 Temporary Redirect"


def test_an_alert_goes_through_the_proxy_of_the_environment(
    ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", ear.url.partition("/hook")[0])
    asyncio.run(deliver(receiver("http://me:pass@hooks.invalid/path?x=1"), Parcel((b"{}",))))
    assert [headers["path"] for headers in ear.headers] == ["http://hooks.invalid/path?x=1"]
    assert ear.headers[0]["Authorization"] == "Basic bWU6cGFzcw=="
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://user:secret@127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(Failed) as caught:
            asyncio.run(deliver(receiver("http://hooks.invalid/"), Parcel((b"{}",))))
    assert caught.value.message == "alert: hooks.invalid: its proxy cannot be used: Connection refused"


def test_a_receiver_that_answers_byte_by_byte_gets_one_alert_at_a_time() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(4)
        ended = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                while not ended.wait(0.05):
                    connection.sendall(b"H")

        thread = threading.Thread(target=drip)
        thread.start()
        to = receiver(f"http://127.0.0.1:{server.getsockname()[1]}/")
        messages = []
        for _ in range(2):
            with pytest.raises(Failed) as caught:
                asyncio.run(deliver(to, Parcel((b"{}",)), limit=0.5))
            messages.append(caught.value.message)
        ended.set()
        thread.join()
    assert messages == [
        "alert: 127.0.0.1 did not accept it within 0.5 s",
        "alert: 127.0.0.1 has not answered the previous request yet",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "--alert is empty"),
        ("'half", "--alert: the command cannot be split into words: no closing quotation"),
        ("no-such-program --now", "--alert: there is no program no-such-program"),
        ("http://", "--alert: this is not a valid URL"),
        ("https://host:99999/", "--alert: this is not a valid URL"),
        ("http://host/a b", "--alert: this is not a valid URL"),
        ("http://host/\r\nX: y", "--alert: this is not a valid URL"),
        ("@/nowhere/at/all", "--alert: /nowhere/at/all cannot be read: No such file or directory"),
    ],
)
def test_a_receiver_that_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        receiver(text)
    assert caught.value.message == message


def test_a_secret_url_can_stand_in_a_file(tmp_path: Path, ear: Ear) -> None:
    (tmp_path / "url").write_text(f"{ear.url}\n")
    environment = {**os.environ, "DECNET_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "decnet", "events", "--alert", f"@{tmp_path}/url"]
    tried = subprocess.run(
        [*command, "--alert-test"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (tried.returncode, tried.stdout) == (0, "")
    assert tried.stderr == "127.0.0.1 accepted the test alert\n"
    assert [alert["kind"] for alert in ear.heard] == ["test"]
    alone = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert alone.returncode == 2
    assert alone.stderr == "error: --alert goes with --pull or --follow\nhint: add --alert-test to try it\n"
