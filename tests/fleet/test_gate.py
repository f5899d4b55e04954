"""What the fleet's key opens: the agent's verbs, and nothing else. Tried with the real OpenSSH client."""

from __future__ import annotations

import json
import subprocess
import time

import pytest
from stolen_key import options
from three_workers import LOGIN, Company, Said, eventually

from decnet.lab import run_argv

pytestmark = pytest.mark.lab

MARK = "/run/somebody-was-here"
REFUSED = [
    "",
    "id",
    "sh",
    f"sh -c 'touch {MARK}'",
    "decnet-agent",
    "decnet-agent gate",
    "decnet-agent enrol",
    "/var/lib/decnet-agent/decnet-agent hello",
    f"decnet-agent hello; touch {MARK}",
    f"decnet-agent hello && touch {MARK}",
    f"decnet-agent hello | touch {MARK}",
    f"decnet-agent hello\ntouch {MARK}",
    f"decnet-agent $(touch {MARK})",
    f"decnet-agent `touch {MARK}`",
    f"decnet-agent hello > {MARK}",
    "decnet-agent hello ",
    "decnet-agent  hello",
    "decnet-agent HELLO",
    "decnet-agent hello\t",
    "decnet-agent hello\r",
    "decnet-agent h\u00e9llo",
    "decnet-agent " + "A" * 100_000,
    "hello;" * 20_000,
    "/usr/lib/openssh/sftp-server",
    f"scp -t {MARK}",
]


def ssh(company: Company, *words: str) -> Said:
    return company.on("operator", "ssh", *options(company), *words, limit=30)


def untouched(company: Company) -> bool:
    return not (company.machine("w1") / "run" / MARK.removeprefix("/run/")).exists()


def test_no_command_but_a_verb_is_run_and_no_shell_sees_it(fleet: Company) -> None:
    request = json.dumps({"v": 2, "marker": "0" * 32, "args": {}})
    script = 'echo "$0" | "$@"'
    asked = ["sh", "-c", script, request, "ssh", *options(fleet), LOGIN["w1"], "decnet-agent hello"]
    hello = fleet.on("operator", *asked)
    assert (hello.code, fleet.worker_id("w1") in hello.out) == (0, True)
    for command in REFUSED:
        said = ssh(fleet, LOGIN["w1"], command)
        assert (said.code != 0, said.out, untouched(fleet)) == (True, "", True), command[:80]


def test_no_terminal_and_no_file_transfer(fleet: Company) -> None:
    terminal = ssh(fleet, "-tt", LOGIN["w1"], "decnet-agent hello")
    assert "PTY allocation request failed" in terminal.err
    subsystem = ssh(fleet, "-s", LOGIN["w1"], "sftp")
    assert (subsystem.code != 0, subsystem.out) == (True, "")
    for program in (["sftp", "-b", "/dev/null"], ["scp"], ["scp", "-O"]):
        target = f"{LOGIN['w1']}:{MARK}"
        words = [target] if program[0] == "sftp" else ["/etc/hostname", target]
        said = fleet.on("operator", *program, *options(fleet), *words, limit=30)
        assert (said.code != 0, untouched(fleet)) == (True, True), program


def test_nothing_is_forwarded(fleet: Company) -> None:
    through = ssh(fleet, "-W", "198.51.100.11:22", LOGIN["w1"])
    assert ("SSH-2.0" in through.out, "stdio forwarding failed" in through.err) == (False, True)
    must = ("-o", "ExitOnForwardFailure=yes")
    back = ssh(fleet, *must, "-N", "-R", "2300:198.51.100.2:22", LOGIN["w1"])
    assert (back.code != 0, "remote port forwarding failed" in back.err) == (True, True)
    assert nothing_comes_through(fleet, "-L", "2300:198.51.100.11:22")
    assert nothing_comes_through(fleet, "-D", "2300")


def nothing_comes_through(company: Company, *forward: str) -> bool:
    """Whether a port that is opened here leads nowhere: the other side refuses each connection."""
    argv = ["ssh", "-o", "LogLevel=VERBOSE", *options(company), *forward, LOGIN["w1"], "decnet-agent hello"]
    # The verb waits for its request, and the connection stays open meanwhile.
    held = subprocess.Popen(
        run_argv(company.lab, "operator", argv),
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        knock = ["nc", "-w", "3", "127.0.0.1", "2300"]
        if "-D" in forward:
            knock[1:1] = ["-X", "5", "-x", "127.0.0.1:2300"]
            knock[-2:] = ["198.51.100.11", "22"]
        eventually(lambda: company.on("operator", "nc", "-z", "127.0.0.1", "2300").code == 0)
        time.sleep(0.1)
        came = company.on("operator", *knock).out
    finally:
        held.terminate()
        _, err = held.communicate(timeout=20)
    assert "administratively prohibited" in err, err
    return "SSH-2.0" not in came
