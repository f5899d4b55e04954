"""The base finds the interfaces of a decky of several networks by their addresses, in a network namespace as
Docker leaves it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from decnet.images.base import start

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network namespace")
GROUND = """set -e
mount -t sysfs none /sys
ip link set lo up
plug() {
    ip link add $1 address $2 type veth peer name peer-$1
    ip address add $3 dev $1
    ip link set $1 up
    ip link set peer-$1 up
}
plug eth0 02:42:0a:09:0a:01 10.9.10.1/24
plug eth1 02:42:c0:00:02:32 192.0.2.50/24
plug eth2 02:42:0a:09:01:01 10.9.1.1/24
ip link add tunnel type bridge
for router in 10.9.10.254 10.9.1.254; do ip route append default via $router; done
exec "$PYTHON" -c "$PROGRAM"
"""
PROGRAM = f"""
import importlib.util, json, subprocess
spec = importlib.util.spec_from_file_location("start", {start.__file__!r})
start = importlib.util.module_from_spec(spec)
spec.loader.exec_module(start)
start.INTERFACE_SECONDS = 0.2
try:
    found, error = start._by_address(start._wanted())
except Exception as caught:
    found, error = [], repr(caught)
routes = json.loads(subprocess.run(["ip", "-j", "route"], capture_output=True, check=True).stdout)
print(json.dumps({{
    "found": [[each.name, each.mac.hex(":")] for each in found],
    "error": error,
    "macs": [each[1].hex(":") for each in sorted(start._macs().items()) if each[0].startswith("eth")],
    "default": [each["gateway"] for each in routes if each["dst"] == "default"],
}}))
"""
HOME, INNER, DEEPER = (
    ["192.0.2.50", 24, "00:1b:d4:00:00:01"],
    ["10.9.1.1", 24, "00:14:22:00:01:01"],
    ["10.9.10.1", 24, "00:14:22:00:0a:01"],
)
DOCKERS = ["02:42:0a:09:0a:01", "02:42:c0:00:02:32", "02:42:0a:09:01:01"]
DOCKERS_ROUTES = ["10.9.10.254", "10.9.1.254"]


def told(*interfaces: Any, router: str = "192.0.2.1") -> dict[str, Any]:
    """What the base makes of the environment."""
    own = {"INTERFACES": json.dumps(interfaces), "ROUTER": router}
    environment = {**os.environ, "PYTHON": sys.executable, "PROGRAM": PROGRAM, **own}
    done = subprocess.run(
        ["unshare", "-n", "-m", "sh", "-c", GROUND],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_interface_gets_its_mac_and_the_default_route_is_the_deckys() -> None:
    assert told(HOME, INNER, DEEPER) == {
        "found": [["eth1", HOME[2]], ["eth2", INNER[2]], ["eth0", DEEPER[2]]],
        "error": "",
        "macs": [DEEPER[2], HOME[2], INNER[2]],
        "default": ["192.0.2.1"],
    }


def test_a_decky_without_a_router_has_no_default_route() -> None:
    assert told(HOME, INNER, DEEPER, router="")["default"] == []


def test_an_interface_whose_driver_gives_it_no_mac_keeps_its_own() -> None:
    found = told([HOME[0], 24, ""], INNER, DEEPER)
    assert (found["found"][0], found["error"]) == (["eth1", DOCKERS[1]], "")


@pytest.mark.parametrize(
    ("interfaces", "error"),
    [
        ([HOME, ["10.9.2.1", 24, INNER[2]]], "there is no interface with the address 10.9.2.1"),
        ([[HOME[0], 24, "01:00:00:00:00:01"]], "the MAC of eth1 cannot be set"),
        ([[HOME[0], 24, "00:1b"]], "ValueError('not a MAC: 00:1b')"),
        ([], "ValueError('no interface')"),
        ([["192.0.2.500", 24, HOME[2]]], "OSError"),
    ],
)
def test_what_does_not_fit_is_reported_before_anything_is_sent(interfaces: list[Any], error: str) -> None:
    found = told(*interfaces)
    assert (found["found"], found["error"][: len(error)], found["default"]) == ([], error, DOCKERS_ROUTES)


def test_a_mac_of_another_interface_is_no_way_to_find_one() -> None:
    """Compose may have given the MAC of the home to an inner interface."""
    swapped = GROUND.replace(DOCKERS[0], HOME[2])
    assert swapped != GROUND
    done = subprocess.run(
        ["unshare", "-n", "-m", "sh", "-c", swapped],
        env={
            **os.environ, "PYTHON": sys.executable, "PROGRAM": PROGRAM,
            "INTERFACES": json.dumps([HOME, DEEPER]), "ROUTER": "",
        },
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["found"] == [["eth1", HOME[2]], ["eth0", DEEPER[2]]]
