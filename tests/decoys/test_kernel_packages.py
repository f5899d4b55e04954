"""The packages of the running kernel are installed, as its files in /boot say."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from test_shell_language import persona

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell


@pytest.mark.parametrize(
    ("release", "version"),
    [
        ("debian-11", "5.10.223-1"),
        ("debian-12", "6.1.99-1"),
        ("ubuntu-20.04", "5.4.0-192.212"),
        ("ubuntu-22.04-nginx", "5.15.0-133.144"),
        ("ubuntu-24.04", "6.8.0-41.41"),
    ],
)
def test_dpkg_knows_the_kernel_that_runs(release: str, version: str) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    shell = Shell(World(persona(release)), "root", Recorder(null).session("192.0.2.9", 4000))
    lines = (
        "dpkg -S /boot/vmlinuz-$(uname -r)",
        "dpkg-query -W -f '${db:Status-Abbrev}${Version}' linux-image-$(uname -r)",
        'grep -c "install linux-image-$(uname -r)" /var/log/dpkg.log*',
        "dpkg -L linux-image-$(uname -r) | grep vmlinuz | xargs ls",
    )
    owner, state, logged, listed = (run_at_once(shell, line).out for line in lines)
    os.close(null)
    kernel = shell.world.system.kernel
    assert owner == f"linux-image-{kernel}: /boot/vmlinuz-{kernel}\n" and state == f"ii {version}"
    assert ":1\n" in logged or logged == "1\n"
    assert listed == f"/boot/vmlinuz-{kernel}\n"


def test_what_a_machine_makes_of_its_kernel_differs_and_the_kernel_does_not() -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    sums = []
    for seed in ("ab" * 16, "cd" * 16):
        world = World(replace(persona("debian-12"), seed=seed))
        shell = Shell(world, "root", Recorder(null).session("192.0.2.9", 4000))
        line = "cd /boot; md5sum vmlinuz* config* initrd.img* grub/grub.cfg | cut -d' ' -f1"
        sums.append(run_at_once(shell, line).out.split())
        root = run_at_once(shell, "grep -o 'root=UUID=[^ ]*' /proc/cmdline /boot/grub/grub.cfg").out.split()
        assert len({each.partition(":")[2] for each in root}) == 1
    os.close(null)
    assert [one == other for one, other in zip(*sums, strict=True)] == [True, True, False, False]


@pytest.mark.parametrize(
    "release", ["debian-11", "debian-12", "ubuntu-20.04", "ubuntu-22.04", "ubuntu-24.04"]
)
def test_the_boot_loader_is_installed_with_its_modules_in_boot(release: str) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    shell = Shell(World(persona(release)), "root", Recorder(null).session("192.0.2.9", 4000))
    line = (
        "dpkg -S /usr/sbin/update-grub /usr/sbin/update-initramfs /usr/bin/linux-version | cut -d: -f1; "
        "dpkg-query -W -f '${Version}\n' grub-common grub-pc grub-pc-bin grub2-common | uniq | wc -l; "
        "cd /boot/grub; ls; ls i386-pc/*.mod | wc -l; ls /usr/lib/grub/i386-pc/*.mod | wc -l"
    )
    *lines, copied, packaged = run_at_once(shell, line).out.split()
    os.close(null)
    names = ["fonts", "grub.cfg", "grubenv", "i386-pc", "locale", "unicode.pf2"]
    assert lines == ["grub2-common", "initramfs-tools", "linux-base", "1", *names]
    assert copied == packaged
    assert int(copied) > 200
