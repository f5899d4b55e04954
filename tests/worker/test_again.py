"""OpenSSH's client in place of asyncssh: the same keys and algorithms, and nothing of the user's."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from decnet.model.worker import Hop, Route, SshSettings, Worker
from decnet.worker.again import local_program, place_of, ssh_program
from decnet.worker.algorithms import CIPHERS, KEX

PLAIN = Worker(name="w1", worker_id="id-1", host="192.0.2.9", port=2222, user="op")
PLACE = {"host": "192.0.2.9", "port": 2222, "user": "op", "key": "fleet_ed25519"}


def with_route(**changes: Any) -> Worker:
    return PLAIN.model_copy(update={"route": Route(**changes)})


@pytest.mark.parametrize(
    "worker", [PLAIN, with_route(), with_route(settings=SshSettings(identities=("/k",)))]
)
def test_a_plain_address_is_enough_for_the_client(worker: Worker) -> None:
    assert place_of(worker, "fleet_ed25519") == PLACE


@pytest.mark.parametrize(
    "worker",
    [
        PLAIN.model_copy(update={"jump": "gate"}),
        with_route(hops=(Hop(name="gate", host="192.0.2.1", user="op"),)),
        with_route(proxy_command="nc %h %p"),
        with_route(settings=SshSettings(address_family="inet6")),
        with_route(settings=SshSettings(bind_address="192.0.2.2")),
        with_route(settings=SshSettings(bind_interface="eth1")),
    ],
)
def test_other_ways_are_for_asyncssh(worker: Worker) -> None:
    assert place_of(worker, "fleet_ed25519") is None


def test_this_machine_needs_no_place() -> None:
    assert place_of(Worker(name="local", worker_id="id-0"), "fleet_ed25519") == {}
    argv, environment = local_program("/a.pyz", "status")
    assert (argv[-1], "/a.pyz" in argv[-2], "HOME" in environment) == ("status", True, False)


def test_the_client_takes_every_option_and_nothing_of_the_users_configuration() -> None:
    argv, environment = ssh_program("/var/lib/dec net", "id-1", PLACE, "status")
    client, *rest = argv
    shown = subprocess.run([client, "-G", *rest], env=environment, capture_output=True, text=True, check=True)
    found = dict(line.replace('"', "").partition(" ")[::2] for line in shown.stdout.splitlines())
    expected = {
        "host": "192.0.2.9", "port": "2222", "user": "op", "hostkeyalias": "id-1",
        "identityfile": "/var/lib/dec net/keys/fleet_ed25519",
        "userknownhostsfile": "/var/lib/dec net/known_hosts", "globalknownhostsfile": "/dev/null",
        "stricthostkeychecking": "true", "identitiesonly": "yes", "identityagent": "none",
        "kexalgorithms": ",".join(KEX), "ciphers": ",".join(CIPHERS), "batchmode": "yes",
        "updatehostkeys": "false", "clearallforwardings": "yes",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert (rest[-1], environment) == ("decnet-agent status", {"PATH": "/usr/bin:/bin"})


@pytest.mark.parametrize("root", ['/a"b', "/a%h", "/a$HOME", "/a~b", "/a\\b"])
def test_a_path_that_the_client_would_expand_is_refused(root: str) -> None:
    with pytest.raises(ValueError, match="literally"):
        ssh_program(root, "id-1", PLACE, "status")
