"""A fleet lives on each engine, with each setting of it, and for a worker's user who is not root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import python39_compose
from whole_life import SIX, Site, live

pytestmark = [pytest.mark.lab, pytest.mark.engines]
Make = Callable[..., Site]
WITH_DOCKER0 = {"bridge": "", "bip": "172.31.255.1/24", "iptables": True}
OPTIONS: dict[str, dict[str, Any]] = {
    "live-restore": {"live-restore": True},
    "containerd-image-store": {"features": {"containerd-snapshotter": True}},
    "userns-remap": {"userns-remap": "default"},
    "log-driver": {"log-driver": "local"},
    "data-root-with-a-blank": {"data-root": "/srv/my docker"},
    "iptables": {**WITH_DOCKER0, "ip6tables": True, "experimental": True},
    "no-userland-proxy": {**WITH_DOCKER0, "userland-proxy": False},
    "least-api-1.44": {"DOCKER_MIN_API_VERSION": "1.44"},
}
ON_A_BRIDGE = SIX.replace(
    "[network]\n",
    '[network]\ndriver = "bridge"\nsubnet = "203.0.113.0/24"\ngateway = "203.0.113.1"\n',
).replace("192.0.2.", "203.0.113.")
OTHER_USER = """
useradd --create-home --shell /bin/bash --groups docker --password '*' ops
install -d -m 700 -o ops ~ops/.ssh
install -m 600 -o ops /root/.ssh/authorized_keys ~ops/.ssh/authorized_keys
echo 'ops ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops
"""


@pytest.mark.parametrize("engine", ["debian12", "trixie", "sid"])
def test_a_fleet_lives_on_a_release(site: Make, engine: str) -> None:
    live(site(engine))


def test_the_compose_of_debian_11_is_refused_at_enrolment(site: Make) -> None:
    made = site("debian11")
    with pytest.raises(AssertionError, match=r"Compose 1\.25\.0 is too old"):
        made.enrol()
    assert made.decnet("worker", "list", "-o", "json").json == []


def test_a_fleet_lives_on_debian_11_with_a_newer_compose(
    site: Make, record_property: Callable[[str, Any], None]
) -> None:
    """Its Python is 3.9, the oldest that the agent runs on."""
    made = site("debian11")
    folder = made.lab.worker(1).folder / "compose"
    python39_compose.fetch(folder)
    assert made.on("w1", "sh", "-euc", python39_compose.install(folder)).code == 0
    compose = made.on("w1", "/usr/local/bin/docker-compose", "version").out.splitlines()[0]
    record_property("versions", f"its Compose: {compose}")
    live(made)


@pytest.mark.parametrize("name", OPTIONS)
def test_a_fleet_lives_with_an_option_of_the_engine(site: Make, name: str) -> None:
    live(site("sid", **OPTIONS[name]))


def test_a_fleet_lives_for_a_user_who_is_not_root(site: Make) -> None:
    made = site("trixie")
    assert made.on("w1", "sh", "-euc", OTHER_USER).code == 0
    live(replace(made, user="ops"))


def test_a_fleet_lives_on_a_bridge(site: Make) -> None:
    """Its LAN ends at the worker, which routes the attacker there."""
    made = site("trixie")
    made.on("w1", "sysctl", "-w", "net.ipv4.ip_forward=1")
    made.attack("ip", "route", "add", "203.0.113.0/24", "via", "192.0.2.11")
    live(replace(made, own_macs=False), ON_A_BRIDGE)
