# ruff: noqa: E501 (tables of paths)
"""What a Debian or Ubuntu machine has besides the files of its packages: what the installer, the packages' scripts and its
use have made. Times are those of the installation, of the last upgrade, or of the last start."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from . import dpkg_files, log_files
from .device_nodes import device_nodes
from .etc_files import etc_files
from .home_files import home_files
from .kernel_files import kernel_files
from .node import Node
from .packaged import PackagedFiles

if TYPE_CHECKING:
    from .model import World

ROOTS = "boot:755 dev:755 etc:755 home:755 media:755 mnt:755 opt:755 proc:555 root:700 run:755 srv:755 sys:555 tmp:1777 usr:755 var:755 lost+found:700"
FOLDERS = """/root/.ssh:700 /dev/fd:555 /dev/shm:1777 /dev/pts:755 /dev/disk:755 /dev/disk/by-uuid:755 /dev/mapper:755 /dev/net:755 /dev/input:755
/run/lock:1777 /run/systemd:755 /run/user:755 /run/user/0:700 /run/sshd:755 /run/udev:755 /run/log:755 /run/mount:755
/var/tmp:1777 /var/log:755 /var/log/apt:755 /var/log/private:700 /var/lib/dpkg:755 /var/lib/dpkg/info:755 /var/lib/dpkg/updates:755 /var/lib/dpkg/triggers:755 /var/lib/dpkg/alternatives:755
/var/lib/dpkg/parts:755 /var/lib/private:700 /var/cache/private:700 /usr/local/share/man:755 /usr/local/share/ca-certificates:755 /var/lib/apt:755 /var/lib/apt/lists:755 /var/cache/apt:755 /var/cache/apt/archives:755 /var/cache/debconf:755 /var/cache/ldconfig:700
/var/spool/cron/crontabs:1730 /var/spool/rsyslog:700 /var/backups:755 /etc/alternatives:755 /etc/ssl/private:710 /etc/apt/sources.list.d:755
/usr/local:755 /usr/local/bin:755 /usr/local/sbin:755 /usr/local/etc:755
/usr/local/games:755 /usr/local/include:755 /usr/local/lib:755 /usr/local/share:755 /usr/local/src:755 /var/local:2775 /var/opt:755 /var/mail:2775 /usr/src:755"""
GROUPS = {
    "/var/spool/cron/crontabs": "crontab",
    "/etc/ssl/private": "ssl-cert",
    "/var/local": "staff",
    "/var/mail": "mail",
}
ALTERNATIVES = """usr/bin/awk:usr/bin/mawk usr/bin/nawk:usr/bin/mawk usr/bin/editor:bin/nano usr/bin/pico:bin/nano usr/bin/pager:bin/less
usr/bin/vi:usr/bin/vim.tiny usr/bin/view:usr/bin/vim.tiny usr/bin/ex:usr/bin/vim.tiny usr/bin/rview:usr/bin/vim.tiny usr/bin/which:usr/bin/which.debianutils
bin/nc:bin/nc.openbsd bin/netcat:bin/nc.openbsd bin/nc:bin/nc.traditional bin/netcat:bin/nc.traditional usr/sbin/rmt:usr/sbin/rmt-tar usr/bin/w:usr/bin/w.procps
usr/bin/telnet:usr/bin/inetutils-telnet usr/bin/telnet:usr/bin/telnet.netkit usr/bin/write:usr/bin/write.ul usr/bin/lzma:usr/bin/xz usr/bin/unlzma:usr/bin/unxz usr/bin/mt:bin/mt-gnu usr/bin/open:usr/bin/run-mailcap
usr/bin/lzcat:usr/bin/xzcat usr/bin/lzcmp:usr/bin/xzcmp usr/bin/lzdiff:usr/bin/xzdiff usr/bin/lzegrep:usr/bin/xzegrep usr/bin/lzfgrep:usr/bin/xzfgrep
usr/bin/lzgrep:usr/bin/xzgrep usr/bin/lzless:usr/bin/xzless usr/bin/lzmore:usr/bin/xzmore
usr/sbin/iptables:usr/sbin/iptables-nft usr/sbin/ip6tables:usr/sbin/ip6tables-nft usr/bin/pinentry:usr/bin/pinentry-curses usr/bin/traceroute:usr/bin/traceroute.db usr/bin/ftp:usr/bin/tnftp
usr/bin/traceroute6:usr/bin/traceroute6.db usr/bin/lft:usr/bin/lft.db usr/sbin/tcptraceroute:usr/sbin/tcptraceroute.db usr/bin/traceproto:usr/bin/traceproto.db
usr/sbin/iptables-save:usr/sbin/iptables-nft-save usr/sbin/iptables-restore:usr/sbin/iptables-nft-restore usr/sbin/ip6tables-save:usr/sbin/ip6tables-nft-save usr/sbin/ip6tables-restore:usr/sbin/ip6tables-nft-restore
usr/bin/vim:usr/bin/vim.basic usr/bin/rvim:usr/bin/vim.tiny usr/bin/vimdiff:usr/bin/vim.basic"""


def generated(world: World, files: PackagedFiles) -> dict[str, Node]:
    """The paths that no package has brought, and the packaged ones that were changed on this machine."""
    when, booted = world.installed, world.booted()
    files.made |= {
        "/etc/ssl/certs": partial(_certificates, files, when),
        "/var/log": partial(log_files.files, world, files.packages),
        "/var/log/apt": partial(log_files.apt_files, world, files.packages),
        "/var/lib/dpkg": partial(dpkg_files.files, world, files.packages),
        dpkg_files.INFO: partial(dpkg_files.info, files.packages),
    }
    nodes = {"/": Node(0o755, True, changed=when + 900)}
    for each in ROOTS.split():
        name, _, mode = each.partition(":")
        recent = name in ("dev", "proc", "run", "sys")
        nodes[f"/{name}"] = Node(int(mode, 8), True, changed=booted + 2 if recent else when + 60)
    nodes["/tmp"] = Node(0o1777, True, changed=(int(time.time()) - 1021) // 3600 * 3600 + 1020)
    for each in FOLDERS.split():
        path, _, mode = each.partition(":")
        recent = path.startswith(("/dev", "/run"))
        packaged = files.get(path)
        changed = booted + 2 if recent else packaged.changed if packaged else when + 300
        nodes[path] = Node(int(mode, 8), True, group=GROUPS.get(path, ""), changed=changed)
    more = ("lib32", "libx32") if world.system.id == "ubuntu" or world.system.version == "11" else ()
    for name in ("bin", "sbin", "lib", "lib64", *more):
        nodes[f"/{name}"] = Node(0o777, target=f"usr/{name}", changed=when)
    nodes |= {f"/usr/{name}": Node(0o755, True, changed=when) for name in more}
    nodes |= (
        device_nodes(world, booted)
        | _alternatives(files, when)
        | kernel_files(world, when, files)
        | etc_files(world, files)
    )
    nodes |= home_files(world, files)
    return nodes


def _alternatives(files: PackagedFiles, when: int) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for each in ALTERNATIVES.split():
        link, _, target = each.partition(":")
        there = target if target.startswith("usr/") else f"usr/{target}"
        if files.get(f"/{there}") is None or files.get(f"/usr/bin/{link.rpartition('/')[2]}") is not None:
            continue
        name = link.rpartition("/")[2]
        place = link if link.startswith("usr/") else f"usr/{link}"
        found.setdefault(f"/{place}", Node(0o777, target=f"/etc/alternatives/{name}", changed=when + 120))
        found.setdefault(f"/etc/alternatives/{name}", Node(0o777, target=f"/{target}", changed=when + 120))
    return found


def _certificates(files: PackagedFiles, when: int) -> dict[str, Node]:
    """What update-ca-certificates makes: a link for each authority, and one file of all."""
    found, size = {}, 0
    for name, node in files.folder("/usr/share/ca-certificates/mozilla").items():
        size += node.bytes
        found[f"{name.removesuffix('.crt')}.pem"] = Node(
            0o777, target=f"/usr/share/ca-certificates/mozilla/{name}", changed=when + 320
        )
    from .packaged import unknown_content

    live = partial(unknown_content, "/etc/ssl/certs/ca-certificates.crt", str(size), b"", size)
    return found | {"ca-certificates.crt": Node(size=size, live=live, changed=when + 322)} if size else found
