"""The machine behind the shell: what its files, processes and commands say, all of one release."""

import time
from dataclasses import dataclass

from ..persona import Persona

Tree = dict[str, str]
"""Path to content; a folder is a path that ends in a slash."""

KERNELS = {
    "debian-11": ("5.10.0-28-amd64", "#1 SMP Debian 5.10.209-2 (2024-01-31)"),
    "debian-12": ("6.1.0-21-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.90-1 (2024-05-03)"),
    "ubuntu-20.04": ("5.4.0-182-generic", "#202-Ubuntu SMP Fri Apr 26 12:29:36 UTC 2024"),
    "ubuntu-22.04": ("5.15.0-107-generic", "#117-Ubuntu SMP Fri Apr 26 12:26:49 UTC 2024"),
    "ubuntu-24.04": ("6.8.0-31-generic", "#31-Ubuntu SMP PREEMPT_DYNAMIC Sat Apr 20 00:40:06 UTC 2024"),
    "rocky-8": ("4.18.0-513.24.1.el8_9.x86_64", "#1 SMP Thu Apr 4 18:13:02 UTC 2024"),
    "rocky-9": ("5.14.0-427.16.1.el9_4.x86_64", "#1 SMP PREEMPT_DYNAMIC Wed May 8 17:48:14 UTC 2024"),
    "freebsd-13.2": ("13.2-RELEASE", "FreeBSD 13.2-RELEASE releng/13.2-n254617-525ecfdad597 GENERIC"),
    "freebsd-14.0": ("14.0-RELEASE", "FreeBSD 14.0-RELEASE #0 releng/14.0-n265380-f9716eee8ab4 GENERIC"),
}
NAMES = {
    "debian-11": ("Debian GNU/Linux 11 (bullseye)", "debian", "11"),
    "debian-12": ("Debian GNU/Linux 12 (bookworm)", "debian", "12"),
    "ubuntu-20.04": ("Ubuntu 20.04.6 LTS", "ubuntu", "20.04"),
    "ubuntu-22.04": ("Ubuntu 22.04.4 LTS", "ubuntu", "22.04"),
    "ubuntu-24.04": ("Ubuntu 24.04 LTS", "ubuntu", "24.04"),
    "rocky-8": ("Rocky Linux 8.9 (Green Obsidian)", "rocky", "8.9"),
    "rocky-9": ("Rocky Linux 9.4 (Blue Onyx)", "rocky", "9.4"),
    "freebsd-13.2": ("FreeBSD 13.2-RELEASE", "freebsd", "13.2"),
    "freebsd-14.0": ("FreeBSD 14.0-RELEASE", "freebsd", "14.0"),
}
SMALL = ("4.14.195", "#0 SMP Sun Sep 6 16:19:39 2020")


@dataclass(frozen=True)
class Machine:
    """Facts that every command agrees on. `booted` is seconds since the epoch."""

    persona: Persona
    kernel: str
    build: str
    pretty: str
    family: str
    version: str
    cores: int
    memory_mib: int
    booted: float

    @property
    def hostname(self) -> str:
        return self.persona.hostname

    @property
    def is_small(self) -> bool:
        """A device with a BusyBox userland."""
        return self.family == "busybox"

    def uptime(self) -> float:
        return max(time.time() - self.booted, 60.0)

    def users(self) -> list[tuple[str, int, str, str]]:
        """Name, uid, home and shell, as /etc/passwd has them."""
        shell = "/bin/ash" if self.is_small else "/bin/sh" if self.family == "freebsd" else "/bin/bash"
        nologin = "/usr/sbin/nologin"
        system = [
            ("daemon", 1, "/usr/sbin", nologin),
            ("bin", 2, "/bin", nologin),
            ("sys", 3, "/dev", nologin),
        ]
        system += [("www-data", 33, "/var/www", nologin), ("sshd", 102, "/run/sshd", nologin)]
        person = self.persona.choice("person", ("jdoe", "mweber", "akim", "tlopez", "rsingh", "operator"))
        return [("root", 0, "/root", shell), *system, (person, 1000, f"/home/{person}", shell)]


def machine_of(persona: Persona) -> Machine:
    """The machine that a persona's seed and release make."""
    release = persona.release.removesuffix("-nginx")
    small = release not in KERNELS
    kernel, build = KERNELS.get(release, SMALL)
    pretty, family, version = NAMES.get(release, ("BusyBox v1.31.1", "busybox", "1.31.1"))
    week = int(time.time() // 604800) - persona.number("boot week", 1, 9)
    return Machine(
        persona,
        kernel,
        build,
        pretty,
        family,
        version,
        cores=1 if small else persona.choice("cores", (2, 4, 8)),
        memory_mib=128 if small else persona.choice("memory", (3932, 7961, 15988)),
        booted=week * 604800.0 + persona.number("boot second", 0, 604799),
    )


def files(machine: Machine) -> Tree:
    """A small file system that agrees with the machine."""
    users = machine.users()
    person, home = users[-1][0], users[-1][2]
    tree = {f"{folder}/": "" for folder in FOLDERS}
    tree.update(
        {
            "/etc/hostname": f"{machine.hostname}\n",
            "/etc/hosts": f"127.0.0.1\tlocalhost\n127.0.1.1\t{machine.hostname}\n",
            "/etc/passwd": "".join(f"{n}:x:{u}:{u}:{n}:{h}:{s}\n" for n, u, h, s in users),
            "/etc/group": "".join(f"{n}:x:{u}:\n" for n, u, _, _ in users),
            "/etc/resolv.conf": f"nameserver {machine.persona.address.rpartition('.')[0]}.1\n",
            "/etc/os-release": _os_release(machine),
            "/etc/issue": f"{machine.pretty} \\n \\l\n\n",
            "/proc/version": f"Linux version {machine.kernel} (gcc version 12.2.0) {machine.build}\n",
            "/proc/cpuinfo": "".join(_cpu(machine, n) for n in range(machine.cores)),
            "/proc/meminfo": _meminfo(machine),
            "/root/": "",
            "/root/.bashrc": "# ~/.bashrc: executed by bash(1) for non-login shells.\n",
            "/root/.profile": "mesg n 2> /dev/null || true\n",
            "/root/.ssh/": "",
            f"{home}/": "",
            f"{home}/notes.txt": f"backup at 02:{machine.persona.number('minute', 10, 59)}, see /var/backups\n",
            f"/var/mail/{person}": "",
            "/var/log/auth.log": "",
            "/var/log/syslog": "",
        }
    )
    return tree


FOLDERS = (
    "", "/bin", "/boot", "/dev", "/etc", "/etc/ssh", "/home", "/lib", "/media", "/mnt", "/opt", "/proc",
    "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/sbin", "/var",
    "/var/backups", "/var/lib", "/var/log", "/var/mail", "/var/tmp", "/var/www", "/var/www/html",
)  # fmt: skip


def _os_release(machine: Machine) -> str:
    return (
        f'PRETTY_NAME="{machine.pretty}"\nNAME="{machine.pretty.split(" ")[0]}"\n'
        f'VERSION_ID="{machine.version}"\nID={machine.family}\n'
    )


def _cpu(machine: Machine, number: int) -> str:
    model = machine.persona.choice(
        "cpu",
        ("Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz", "Intel(R) Xeon(R) Silver 4210 CPU @ 2.20GHz"),
    )
    return (
        f"processor\t: {number}\nvendor_id\t: GenuineIntel\nmodel name\t: {model}\n"
        f"cpu cores\t: {machine.cores}\n\n"
    )


def _meminfo(machine: Machine) -> str:
    total = machine.memory_mib * 1024
    rows = (("MemTotal:", total), ("MemFree:", total // 5), ("MemAvailable:", total // 2))
    return "".join(f"{name:<16}{amount:8d} kB\n" for name, amount in rows)
