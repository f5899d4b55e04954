# ruff: noqa: E501 (beginnings of commands)
"""Why some answers may differ: what a system in namespaces cannot be, and what a release cannot share with it."""

from __future__ import annotations

REASONS: dict[str, tuple[str, ...]] = {
    "the kernel is that of the machine around the container": (
        "uname -a", "uname -r", "uname -s -v", "cat /proc/version", "cat /proc/filesystems", "modprobe nosuch", "dmesg",
        "cat /proc/cpuinfo | grep -E", "lscpu", "nvidia-smi", "cat /proc/1/sched", "ls /.dockerenv", "cat /proc/self/cgroup",
        "cat /proc/self/mountinfo", "lsblk | head", "ls /sys;", "cat /proc/meminfo | cut", "free -h | head -1",
    ),
    "the container has no disk, no firmware and a network card of its own kind": (
        "df -h /", "cat /proc/mounts", "cat /proc/partitions", "cat /sys/class/dmi", "dmidecode", "findmnt", "ls -di", "uptime -p",
        "ip addr show eth0", "ip -br link", "ifconfig", "ls /sys/class/net", "ls /dev | grep", "cat /proc/swaps", "hostname -I",
        "cat /proc/1/environ", "grep -ao container", "dd if=/dev/zero of=/tmp/z bs=1M",
    ),
    "a command there is not a child of sshd, and no one is logged in": (
        "ps -o ppid=", "who -b", "users", "uptime", "cat /proc/$$/comm", "cat /proc/1/comm", "w |", "last |",
    ),
    "its packages are a later point release": (
        "md5sum /bin", "sha256sum /usr", "systemctl --version", "cat /etc/hostname /etc/debian_version", "ls -l /bin/ls",
        "ls -l /usr/sbin/sshd", "dpkg -l bash", "dpkg -l | grep -E", "dpkg-query -W -f", "openssl version", "lsb_release -ds",
        "apt-cache policy", "ls /boot",
    ),
    "the order of a hash table, or a time": ("export A=1", "time -p true", "mkdir /tmp/d; touch"),
    "python and perl are not imitated": ("python3 -c", "perl -", "python -V"),
}  # fmt: skip
"""By reason, how commands begin."""


def reason_of(command: str) -> str:
    """Why a command's answers may differ, "" if they should be equal."""
    for reason, beginnings in REASONS.items():
        if command.startswith(beginnings):
            return reason
    return ""
