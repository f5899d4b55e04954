"""Workers with the Docker of a Debian release: Engine 26 and Compose 2 on trixie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_machines import alive, import_image, in_place, start_container
from whole_life import Site, live_briefly, versions

from decnet.errors import UsageError
from decnet.lab import Lab, choice, down, provide_images, start, status, stop, up

SSH = ("ssh", "-o", "StrictHostKeyChecking=accept-new", "-o", "ConnectTimeout=10", "-o", "BatchMode=yes")


@pytest.fixture(scope="module")
def modern(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One worker with Debian 13."""
    lab = Lab("tlabr", tmp_path_factory.mktemp("tlabr"))
    down(lab)
    up(lab, engines=["trixie"])
    yield lab
    down(lab)


def test_a_worker_has_the_releases_programs_and_the_labs_network(modern: Lab) -> None:
    asked = (
        "docker version -f '{{.Server.Version}}'; docker compose version --short; hostname; ls /sys/class/net"
    )
    engine, compose, *rest = in_place(modern, "w1", "sh", "-c", asked).stdout.split()
    assert (engine.split(".")[0], compose.split(".")[0], rest) == ("26", "2", ["w1", "eth0", "lo", "mgmt0"])
    asked = "import sys; print(sys.version_info[:2])"
    assert (
        in_place(modern, "operator", *SSH, "root@198.51.100.11", f"python3 -c '{asked}'").stdout
        == "(3, 13)\n"
    )
    assert [(each.release, each.healthy) for each in status(modern).workers] == [("trixie", True)]


def test_what_is_written_there_is_neither_in_the_tree_nor_on_the_machine(modern: Lab) -> None:
    paths = ["/usr/bin/lab-test", "/etc/lab-test", "/var/lib/decnet-agent/lab-test", "/lab-test"]
    in_place(modern, "w1", "touch", *paths)
    tree = Path(choice.of(modern.worker(1)).tree)
    assert tree.is_dir()
    assert [path for path in paths if Path(path).exists() or (tree / path[1:]).exists()] == []


def test_up_again_keeps_it_and_refuses_another_engine(modern: Lab) -> None:
    before = status(modern)
    assert up(modern) == before
    with pytest.raises(UsageError, match="w1 already has the engine 'trixie'"):
        up(modern, engines=["host"])


def test_a_power_cut_ends_its_containers_and_start_is_a_boot(modern: Lab) -> None:
    import_image(modern)
    pid = start_container(modern, "lost")
    boot_id = in_place(modern, "w1", "cat", "/proc/sys/kernel/random/boot_id").stdout
    in_place(modern, "w1", "touch", "/run/gone", "/root/kept")
    stop(modern, "w1")
    assert not alive(pid)
    start(modern, "w1")
    assert status(modern).workers[0].healthy
    assert in_place(modern, "w1", "cat", "/proc/sys/kernel/random/boot_id").stdout != boot_id
    assert in_place(modern, "w1", "ls", "/run/gone", "/root/kept", check=False).stdout == "/root/kept\n"
    in_place(modern, "w1", "docker", "rm", "lost")


def test_containers_outlive_their_engine_where_it_is_set_so(own: Lab) -> None:
    up(own, engines=["trixie"], engine_options={"live-restore": True, "data-root": "/srv/my docker"})
    asked = ("docker", "info", "-f", "{{.LiveRestoreEnabled}} {{.DockerRootDir}}")
    assert in_place(own, "w1", *asked).stdout == "true /srv/my docker\n"
    import_image(own)
    pid = start_container(own, "c1")
    stop(own, "w1", "engine")
    assert alive(pid)
    start(own, "w1")
    assert in_place(own, "w1", "docker", "ps", "--format", "{{.Names}}").stdout == "c1\n"
    down(own)
    assert not alive(pid)


def test_kept_images_stay_with_the_engine_that_has_them(own: Lab) -> None:
    up(own, engines=["trixie"], engine_options={"features": {"containerd-snapshotter": True}})
    import_image(own)
    start_container(own, "c1")
    down(own, keep_images=True)
    assert [each.release for each in up(own).workers] == ["trixie"]
    assert "sleeper" in in_place(own, "w1", "docker", "image", "ls").stdout
    assert in_place(own, "w1", "docker", "ps", "-aq").stdout == ""
    start_container(own, "c1")


def test_a_fleet_lives_there(modern: Lab, tmp_path: Path) -> None:
    provide_images(modern, lambda _: None)
    print(f"\ntrixie: {versions(modern)}")
    live_briefly(Site(modern, "operator", tmp_path))
