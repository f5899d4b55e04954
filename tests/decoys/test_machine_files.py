"""The file tree of a machine: it is that of its release's packages, and of this machine's own life."""

from __future__ import annotations

import base64
import gzip
import itertools
import time

import pytest

from decnet.decoys.host.log_files import old
from decnet.decoys.host.logins import LoginEntry, login_port, logins
from decnet.decoys.host.packages import UPGRADED
from decnet.decoys.host.services import announce
from decnet.decoys.host.world import World
from decnet.decoys.machine import SYSTEMS, Machine, day
from decnet.decoys.persona import Persona
from decnet.decoys.redis.info import info
from decnet.decoys.redis.instance import Instance
from decnet.decoys.redis.server import COMMANDS
from decnet.decoys.ssh.hostkeys import HostKeys

PACKAGED = [name for name, system in SYSTEMS.items() if system.kernel in UPGRADED]
LS = {
    "md5": "7987cf330ff5bb94015dfbb9eae5a99f",
    "size": 151_344,
}
"""coreutils 9.1-1 of Debian 12, amd64."""


def world_of(release: str = "debian-12", seed: str = "ab", since: int = 0) -> World:
    return World(
        Persona(
            "ssh",
            "web01",
            "linux",
            release,
            "",
            seed * 16,
            ((22, "tcp"),),
            {},
            "192.0.2.7",
            "00:50:56:01:02:03",
            since=since,
        )
    )


def test_a_program_has_the_size_and_the_sum_of_its_package() -> None:
    node = world_of().nodes["/usr/bin/ls"]

    assert (node.bytes, dict(node.sums)["md5"]) == (LS["size"], LS["md5"])
    assert node.data[:4] == b"\x7fELF" and node.data[18] == 62


@pytest.mark.parametrize("release", PACKAGED)
def test_nothing_is_from_the_future_or_older_than_unix(release: str) -> None:
    world = world_of(release)

    wrong = [path for path, node in world.nodes.items() if not 0 < node.changed <= time.time()]

    assert wrong == [] and len(world.nodes) > 6_000


@pytest.mark.parametrize("release", PACKAGED)
def test_no_folder_is_older_than_the_installation(release: str) -> None:
    world = world_of(release)

    assert [
        path for path, node in world.nodes.items() if node.folder and node.changed < world.installed
    ] == []


@pytest.mark.parametrize("release", PACKAGED)
def test_no_package_is_newer_than_the_last_upgrade(release: str) -> None:
    packages = world_of(release).packages
    assert packages is not None
    last = day(UPGRADED[SYSTEMS[release].kernel][1])

    assert [each.name for each in packages.values() if each.made > last and len(each.installed) > 1] == []


@pytest.mark.parametrize("release", PACKAGED)
def test_the_ssh_server_is_the_version_of_the_greeting(release: str) -> None:
    from decnet.catalog import load

    packages = world_of(release).packages
    assert packages is not None

    banner = load().releases[release].banners["ssh"].partition("_")[2]

    version = packages["openssh-server"].version.partition(":")[2]
    assert version == banner.replace(" Debian", "").replace(" Ubuntu", "")


def test_two_machines_agree_where_their_packages_do() -> None:
    one, two = world_of(seed="ab").nodes, world_of(seed="cd").nodes
    own = ("/etc/machine-id", "/etc/shadow", "/etc/fstab")

    assert [path for path in own if one[path].content == two[path].content] == []
    assert [path for path in ("/usr/bin/ssh", "/etc/pam.d/sshd") if one[path].sums != two[path].sums] == []
    assert one["/usr/lib/openssh/sftp-server"].data == two["/usr/lib/openssh/sftp-server"].data


@pytest.mark.parametrize("release", ["debian-12", "ubuntu-24.04"])
def test_each_path_of_a_package_is_there_and_is_its(release: str) -> None:
    world = world_of(release)
    packages = world.packages
    assert packages is not None

    for name in ("openssh-server", "coreutils", "passwd"):
        paths = packages.paths(packages[name])
        assert [path for path in paths[1:] if name not in packages.of_path(path)] == []
        assert len(paths) > 10


def test_a_service_brings_its_packages() -> None:
    without, with_it = (
        world_of().packages,
        World(
            Persona(
                "http", "web01", "linux", "debian-12", "Apache/2.4.61 (Debian)", "ab" * 16, ((80, "tcp"),)
            )
        ).packages,
    )
    assert without is not None and with_it is not None

    assert "apache2" not in without and with_it["apache2"].version == "2.4.61-1~deb12u1"


@pytest.mark.parametrize("release", PACKAGED)
def test_the_host_keys_in_etc_are_those_that_the_server_shows(release: str) -> None:
    world = world_of(release)
    keys = HostKeys(world.persona, 3072)

    shown = [
        base64.b64decode(world.nodes[f"/etc/ssh/ssh_host_{name}_key.pub"].data.split()[1])
        for name in ("ed25519", "ecdsa")
    ]

    assert shown == [keys.public("ssh-ed25519"), keys.public("ecdsa-sha2-nistp256")]


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_a_private_host_key_has_the_size_that_ls_shows_and_is_not_the_servers(kind: str) -> None:
    world = world_of()
    node = world.nodes[f"/etc/ssh/ssh_host_{kind}_key"]
    secret = world.persona.bytes_for("ssh ed25519", 32)

    inside = base64.b64decode(b"".join(node.data.splitlines()[1:-1]))

    assert len(node.data) == node.bytes and node.mode == 0o600
    assert inside.startswith(b"openssh-key-v1\0") and secret not in inside


def test_what_is_enabled_are_units_that_the_machine_has() -> None:
    nodes = world_of().nodes
    folder = "/etc/systemd/system"
    links = [path for path in nodes if path.startswith(folder + "/") and nodes[path].target]

    missing = [path for path in links if f"/usr{nodes[path].target}" not in nodes]

    assert missing == [] and f"{folder}/multi-user.target.wants/ssh.service" in links


def test_the_folders_in_tmp_are_of_the_boot_that_the_kernel_shows() -> None:
    nodes = world_of().nodes
    boot = nodes["/proc/sys/kernel/random/boot_id"].data.decode().strip().replace("-", "")

    private = [name for name in nodes.names("/tmp") if name.startswith("systemd-private-")]

    assert private and all(boot in name for name in private)
    assert {".X11-unix", ".ICE-unix"} <= set(nodes.names("/tmp"))


def test_names_of_one_program_are_hard_links() -> None:
    nodes = world_of().nodes

    assert nodes["/usr/bin/perl"].links == nodes["/usr/bin/perl5.36.0"].links == 2
    assert nodes["/usr/bin/perl"].inode == nodes["/usr/bin/perl5.36.0"].inode
    assert nodes["/usr/bin/ls"].links == 1


def test_administrators_come_at_irregular_times_and_from_possible_ports() -> None:
    seen = [each for seed in ("ab", "cd", "ef") for each in _admin_logins(seed)]
    gaps = {first.began - second.began for first, second in itertools.pairwise(seen)}

    assert len(gaps) == len(seen) - 1 > 3
    assert all(32_768 <= login_port(world_of(), each.began) <= 60_999 for each in seen)


def _admin_logins(seed: str) -> list[LoginEntry]:
    world = world_of(seed=seed)
    return [each for each in logins(world, world.user, time.time()) if each.user != "reboot"]


def test_what_sshd_logged_of_an_administrator_is_in_auth_log() -> None:
    world = world_of()
    began = _admin_logins("ab")[0].began
    text = gzip.decompress(old(world, "auth.log", began - 86_400, began + 6 * 86_400).packed).decode()

    assert (
        f"from 192.0.2.{world.persona.number('admin desk', 20, 240)} port {login_port(world, began)} ssh2"
        in text
    )
    assert "disconnected by user" in text


def test_redis_has_the_process_number_that_ps_shows() -> None:
    persona = Persona("redis", "web01", "linux", "ubuntu-22.04", "", "ab" * 16, ((6379, "tcp"),))
    listed = World(persona).processes(int(time.time()))

    shown = [f"process_id:{entry.pid}" for entry in listed if entry.name == "redis-server"]

    assert len(shown) == 1 and shown[0] in info(Instance(persona, COMMANDS), ["server"]).split()


def _served(release: str, seed: str, host: str) -> World:
    """A machine with all servers of its distribution."""
    ports = {"ftp": 21, "http": 80, "mysql": 3306, "redis": 6379, "smtp": 25, "snmp": 161, "ssh": 22}
    own = Persona(
        "ssh", host, "linux", release, "", seed, ((22, "tcp"),), {}, "192.0.2.7", "00:50:56:01:02:03"
    )
    announce(
        Machine(own), {name: ((port, "udp" if name == "snmp" else "tcp"),) for name, port in ports.items()}
    )
    return World(own)


@pytest.mark.parametrize("release", ["debian-12", "ubuntu-22.04"])
def test_files_of_the_host_differ_between_machines_and_none_is_empty(release: str) -> None:
    one, other = _served(release, "5a" * 16, "web01"), _served(release, "c3" * 16, "web77")
    data = "ibdata1 ib_buffer_pool " + (
        "auto.cnf ca.pem" if release.startswith("ubuntu") else "aria_log_control"
    )
    paths = """/etc/machine-id /etc/hostname /etc/hosts /etc/fstab /etc/shadow /etc/mailname
        /etc/postfix/main.cf /etc/aliases.db /etc/ssl/private/ssl-cert-snakeoil.key /var/lib/redis/dump.rdb
        /var/log/auth.log /var/log/syslog.1 /var/log/syslog.2.gz /var/log/wtmp"""
    of_host = [*paths.split(), *(f"/var/lib/mysql/{name}" for name in data.split())]
    assert [path for path in of_host if one.nodes[path].data == other.nodes[path].data] == []
    files_ = ((path, node) for path, node in one.nodes.own.items() if not node.kind and not node.target)
    empty = [path for path, node in files_ if node.bytes and not node.folder and not node.data]
    assert [path for path in empty if not path.startswith(("/proc/", "/sys/"))] == []
