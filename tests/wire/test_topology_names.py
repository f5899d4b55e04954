"""The names of a topology's networks on a worker."""

from __future__ import annotations

from decnet.wire import bridge_name, inner_network

PROJECT = "decnet-t-0123abcd"


def test_the_docker_network_of_an_inner_lan_names_project_and_lan() -> None:
    assert inner_network(PROJECT, "lan-1") == "decnet-t-0123abcd-lan-1"


def test_a_bridge_name_fits_an_interface_and_depends_on_project_and_lan() -> None:
    names = {bridge_name(project, lan) for project in (PROJECT, "decnet-t-99999999") for lan in ("a", "b")}
    assert len(names) == 4
    assert all(len(name) == 15 for name in names)
    # `printf a | sha256sum` begins with ca97.
    assert bridge_name(PROJECT, "a") == "dct0123abcdca97"
    assert len(bridge_name(PROJECT, "a" * 32)) == 15
