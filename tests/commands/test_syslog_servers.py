"""The syslog servers that people run, rsyslog and syslog-ng of Debian, read what `events --send` delivers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from event_receivers import Certificates, certificates, make_certificates
from free_ports import free_port

from decnet.commands.sends import start_sends
from decnet.engine.trust import Tls
from decnet.errors import Failed

from .test_alerts import context, happens, home
from .test_sends import deliver_all, sends_to

__all__ = ["certificates", "home"]

UNPACKED = Path("/var/cache/decnet-tests")
"""Where .ci/packages unpacks them; both cannot be installed at the same time."""

TRANSPORTS = ("udp", "tcp", "tls")
MUTUAL = "mutual"
"""The port that wants a certificate of its clients."""

HOSTILE = {"username": 'a]b"c\\d=e', "password": "x\ny\r\x00\x1b[2J\u202e", "input": "é" * 900, "path": ""}

RSYSLOG = """
global(workDirectory="{folder}" maxMessageSize="512k"
  DefaultNetstreamDriverCAFile="{ca}" DefaultNetstreamDriverCertFile="{certificate}"
  DefaultNetstreamDriverKeyFile="{key}")
module(load="imudp")
module(load="imtcp")
input(type="imudp" address="127.0.0.1" port="{udp}")
input(type="imtcp" address="127.0.0.1" port="{tcp}")
input(type="imtcp" address="127.0.0.1" port="{tls}"
  StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
input(type="imtcp" address="127.0.0.1" port="{mutual}"
  StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/certvalid")
template(name="all" type="list" option.jsonf="on") {{
  property(outname="host" name="hostname" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="service" name="procid" format="jsonf")
  property(outname="kind" name="msgid" format="jsonf")
  property(outname="priority" name="pri" format="jsonf")
  property(outname="sd" name="structured-data" format="jsonf")
  property(outname="text" name="msg" format="jsonf")
}}
action(type="omfile" file="{out}" template="all")
"""

SYSLOG_NG = """
@version: 3.38
options {{ keep-hostname(yes); log-msg-size(524288); use-dns(no); stats-freq(0); }};
source net {{
  syslog(ip("127.0.0.1") transport("udp") port({udp}));
  syslog(ip("127.0.0.1") transport("tcp") port({tcp}));
  syslog(ip("127.0.0.1") transport("tls") port({tls})
    tls(key-file("{key}") cert-file("{certificate}") peer-verify(optional-untrusted)));
  syslog(ip("127.0.0.1") transport("tls") port({mutual})
    tls(key-file("{key}") cert-file("{certificate}") ca-file("{ca}") peer-verify(required-trusted)));
}};
destination all {{ file("{out}" template("{template}\\n")); }};
log {{ source(net); destination(all); }};
"""

TEMPLATE = "$(format-json host=$HOST app=$PROGRAM service=$PID kind=$MSGID priority=$PRI sd=$SDATA text=$MSG)"


@dataclass
class Server:
    """A running server, its ports by transport, and the file that it writes."""

    name: str
    ports: dict[str, int]
    out: Path
    log: Path

    def url(self, transport: str) -> str:
        return f"syslog+{transport}://127.0.0.1:{self.ports[transport]}"

    def wait(self, count: int) -> list[dict[str, Any]]:
        """What it wrote, as soon as these are so many messages."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            found = self.out.read_text().splitlines() if self.out.exists() else []
            if len(found) >= count:
                return [json.loads(line) for line in found]
            time.sleep(0.05)
        raise AssertionError(f"{len(found)} messages of {count}: {self.log.read_text()[-2000:]}")


@pytest.fixture(scope="module", params=["rsyslog", "syslog-ng"])
def server(
    request: pytest.FixtureRequest, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    tree = UNPACKED / request.param / "usr"
    if not tree.exists():
        pytest.skip(f"{request.param} is not in {UNPACKED}: make packages unpacks it")
    folder = tmp_path_factory.mktemp(request.param)
    ports = {transport: free_port() for transport in (*TRANSPORTS, MUTUAL)}
    found = Server(request.param, ports, folder / "out", folder / "log")
    config = folder / "config"
    text = RSYSLOG if request.param == "rsyslog" else SYSLOG_NG
    config.write_text(
        text.format(
            folder=folder, ca=certificates.ca, certificate=certificates.certificate, key=certificates.key,
            out=found.out, template=TEMPLATE, **ports,
        )
    )  # fmt: skip
    libraries = next(tree.glob("lib/*-linux-gnu"))
    if request.param == "rsyslog":
        command = ["sbin/rsyslogd", "-n", "-i", "pid", "-M", f"{libraries}/rsyslog"]
    else:
        modules = next(tree.glob("lib/syslog-ng/3.*"))
        own = ["-R", "persist", "-p", "pid", "-c", "control", f"--module-path={modules}"]
        command = ["sbin/syslog-ng", "-F", *own, "--no-caps"]
    with found.log.open("wb") as log:
        process = subprocess.Popen(
            [f"{tree}/{command[0]}", *command[1:], "-f", str(config)],
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, "LD_LIBRARY_PATH": f"{libraries}:{tree}/lib:{tree}/lib/syslog-ng"},
        )
    try:
        _await_ports(found, process)
        yield found
    finally:
        process.terminate()
        process.wait(20)


def _await_ports(server: Server, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    wanted = {f"{port:04X}" for port in server.ports.values()}
    while time.monotonic() < end and process.poll() is None:
        tables = Path("/proc/net/tcp").read_text() + Path("/proc/net/udp").read_text()
        if wanted <= set(re.findall(r"0100007F:([0-9A-F]{4}) 00000000:0000 0[A7]", tables)):
            return
        time.sleep(0.05)
    raise AssertionError(server.log.read_text()[-2000:])


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_rfc_5424_arrives_whole_and_in_order(
    home: Any, server: Server, certificates: Certificates, transport: str
) -> None:
    before = len(server.out.read_text().splitlines()) if server.out.exists() else 0
    target = sends_to(server.url(transport), tls=trusting(certificates) if transport == "tls" else None)
    start_sends(context(home), [target])
    # Of a datagram no one is told that it was dropped: as many as fit a server's buffer.
    count = 50 if transport == "udp" else 250
    happens(home, 1, count, success=False, **HOSTILE)
    deliver_all(home, target)
    found = server.wait(before + count)[before:]
    assert [re.search(r' id="([^"]+)"', each["sd"])[1] for each in found] == [  # type: ignore[index]
        f"spool-id1-{number}" for number in range(1, count + 1)
    ]
    first = found[0]
    names = ("host", "app", "service", "kind", "priority")
    assert [str(first[name]) for name in names] == ["web-01", "decnet", "ssh", "login", "108"]
    assert r'f_username="a\]b\"c\\d=e"' in first["sd"]
    assert r'f_password="x\\u000ay\\u000d\\u0000\\u001b[2J\\u202e"' in first["sd"]
    assert f'f_input="{"é" * 400}"' in first["sd"] and 'cut="1"' in first["sd"]


@pytest.mark.parametrize("style", ["jsonl", "cef", "ecs"])
@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_another_format_is_the_text_of_a_message(
    home: Any, server: Server, certificates: Certificates, style: str, transport: str
) -> None:
    before = len(server.out.read_text().splitlines()) if server.out.exists() else 0
    target = sends_to(
        server.url(transport), style=style, tls=trusting(certificates) if transport == "tls" else None
    )
    start_sends(context(home), [target])
    happens(home, 1, 1, **{f"field{number}": "é\n" * 1950 for number in range(7)})
    deliver_all(home, target)
    [found] = server.wait(before + 1)[before:]
    text = found["text"].strip()
    if style == "cef":
        assert text.startswith("CEF:0|decnet|decnet|") and "externalId=spool-id1-1" in text
    else:
        assert len(text) > 100_000 or style == "ecs"
        json.loads(text)


def trusting(certificates: Certificates) -> Tls:
    return Tls(str(certificates.ca))


def test_a_server_that_wants_a_certificate_of_its_clients_gets_it_and_nothing_without(
    home: Any, server: Server, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = len(server.out.read_text().splitlines()) if server.out.exists() else 0
    url = f"syslog+tls://127.0.0.1:{server.ports[MUTUAL]}"
    others = make_certificates(tmp_path_factory.mktemp("others"))
    own = Tls(str(certificates.ca), str(certificates.certificate), str(certificates.key))
    foreign = replace(own, cert=str(others.certificate), key=str(others.key))
    start_sends(context(home), [sends_to(url)])
    happens(home, 1, 3)
    for refused in (trusting(certificates), foreign):
        with pytest.raises(Failed, match=r"TLS failed|closed the connection"):
            deliver_all(home, sends_to(url, tls=refused))
    deliver_all(home, sends_to(url, tls=own))
    assert len(server.wait(before + 3)) == before + 3


def test_a_server_that_is_not_trusted_gets_nothing(home: Any, server: Server) -> None:
    before = len(server.out.read_text().splitlines()) if server.out.exists() else 0
    target = sends_to(server.url("tls"))
    start_sends(context(home), [target])
    happens(home, 1, 1)
    with pytest.raises(Failed, match="its certificate is refused"):
        deliver_all(home, target)
    assert len(server.wait(before)) == before
