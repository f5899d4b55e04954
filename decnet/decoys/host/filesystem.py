# ruff: noqa: E501 (tables of paths)
"""What a Debian or Ubuntu machine has besides the files of its packages: what the installer, the packages' scripts and its
use have made. Times are those of the installation, of the last upgrade, or of the last start."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from . import dpkg_files, log_files, unit_links
from .accounts import gshadow_of
from .hardware import blocks
from .node import Node
from .packaged import PackagedFiles

if TYPE_CHECKING:
    from .model import World

ROOTS = "boot:755 dev:755 etc:755 home:755 media:755 mnt:755 opt:755 proc:555 root:700 run:755 srv:755 sys:555 tmp:1777 usr:755 var:755 lost+found:700"
FOLDERS = """/root/.ssh:700 /dev/fd:555 /dev/shm:1777 /dev/pts:755 /dev/disk:755 /dev/disk/by-uuid:755 /dev/mapper:755 /dev/net:755 /dev/input:755
/run/lock:1777 /run/systemd:755 /run/user:755 /run/user/0:700 /run/sshd:755 /run/udev:755 /run/log:755 /run/mount:755
/var/tmp:1777 /var/log:755 /var/log/apt:755 /var/log/private:700 /var/lib/dpkg:755 /var/lib/dpkg/info:755 /var/lib/dpkg/updates:755 /var/lib/dpkg/triggers:755 /var/lib/dpkg/alternatives:755
/var/lib/dpkg/parts:755 /var/lib/apt:755 /var/lib/apt/lists:755 /var/cache/apt:755 /var/cache/apt/archives:755 /var/cache/debconf:755 /var/cache/ldconfig:700
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
bin/nc:bin/nc.traditional bin/netcat:bin/nc.traditional bin/nc:bin/nc.openbsd bin/netcat:bin/nc.openbsd usr/sbin/rmt:usr/sbin/rmt-tar usr/bin/w:usr/bin/w.procps
usr/bin/telnet:usr/bin/inetutils-telnet usr/bin/telnet:usr/bin/telnet.netkit usr/bin/write:usr/bin/write.ul usr/bin/lzma:usr/bin/xz usr/bin/unlzma:usr/bin/unxz
usr/sbin/iptables:usr/sbin/iptables-nft usr/sbin/ip6tables:usr/sbin/ip6tables-nft usr/bin/pinentry:usr/bin/pinentry-curses usr/bin/traceroute:usr/bin/traceroute.db usr/bin/ftp:usr/bin/tnftp
usr/bin/traceroute6:usr/bin/traceroute6.db usr/bin/lft:usr/bin/lft.db usr/sbin/tcptraceroute:usr/sbin/tcptraceroute.db usr/bin/traceproto:usr/bin/traceproto.db
usr/sbin/iptables-save:usr/sbin/iptables-nft-save usr/sbin/iptables-restore:usr/sbin/iptables-nft-restore usr/sbin/ip6tables-save:usr/sbin/ip6tables-nft-save usr/sbin/ip6tables-restore:usr/sbin/ip6tables-nft-restore
usr/bin/vim:usr/bin/vim.basic usr/bin/rvim:usr/bin/vim.tiny usr/bin/vimdiff:usr/bin/vim.basic"""
OVERRIDDEN = (
    ("/usr/bin/crontab", 0o2755, "crontab"),
    ("/usr/lib/dbus-1.0/dbus-daemon-launch-helper", 0o4754, "messagebus"),
)
"""As dpkg-statoverride(1) lists them."""
DEVICES = """c null 1 3 666 root|c zero 1 5 666 root|c full 1 7 666 root|c random 1 8 666 root|c urandom 1 9 666 root|c tty 5 0 666 tty|c console 5 1 600 tty
|c ptmx 5 2 666 tty|c kmsg 1 11 644 root|c mem 1 1 640 kmem|c port 1 4 640 kmem|c fuse 10 229 666 root|c hpet 10 228 600 root|c rtc0 254 0 600 root|c loop-control 10 237 660 disk
|c ttyS0 4 64 660 dialout|c ttyS1 4 65 660 dialout|c vcs 7 0 660 tty|c vcs1 7 1 660 tty|c vcsa 7 128 660 tty|c vcsa1 7 129 660 tty|c snapshot 10 231 600 root|c uinput 10 223 600 root
|c net/tun 10 200 666 root|c cpu_dma_latency 10 125 600 root|c nvram 10 144 600 root|c mapper/control 10 236 600 root|c vga_arbiter 10 126 600 root|c userfaultfd 10 126 600 root"""
KERNEL_FILES = (
    ("vmlinuz", 8_152_000, 90_000, 0o644),
    ("initrd.img", 38_000_000, 9_000_000, 0o644),
    ("config", 259_000, 4_000, 0o644),
)


def generated(world: World, files: PackagedFiles) -> dict[str, Node]:
    """The paths that no package has brought, and the packaged ones that were changed on this machine."""
    when, booted = world.installed, world.booted()
    files.made |= {
        "/etc/ssl/certs": partial(_certificates, files, when),
        "/var/log": partial(log_files.files, world, files.packages),
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
    for name in (
        "bin",
        "sbin",
        "lib",
        "lib64",
        *(("lib32", "libx32") if world.system.id == "ubuntu" or world.system.version == "11" else ()),
    ):
        nodes[f"/{name}"] = Node(0o777, target=f"usr/{name}", changed=when)
    nodes |= (
        _devices(world, booted)
        | _alternatives(files, when)
        | _kernel(world, when)
        | _configuration(world, files)
    )
    nodes |= _homes(world, files)
    return nodes


def _devices(world: World, booted: int) -> dict[str, Node]:
    found = {}
    for line in DEVICES.replace("\n", "").split("|"):
        kind, name, major, minor, mode, group = line.split()
        found[f"/dev/{name}"] = Node(
            int(mode, 8), group=group, kind=kind, device=(int(major), int(minor)), changed=booted + 3
        )
    for number in range(64):
        found[f"/dev/tty{number}"] = Node(
            0o620, group="tty", kind="c", device=(4, number), changed=booted + 3
        )
    for number in range(8):
        found[f"/dev/loop{number}"] = Node(
            0o660, group="disk", kind="b", device=(7, number), changed=booted + 3
        )
    for block in blocks(world.machine):
        if "/" not in block.name and block.kind in ("disk", "part", "rom"):
            found[f"/dev/{block.name}"] = Node(
                0o660,
                group="disk" if block.kind != "rom" else "cdrom",
                kind="b",
                device=block.number,
                changed=booted + 3,
            )
            if block.uuid:
                found[f"/dev/disk/by-uuid/{block.uuid}"] = Node(
                    0o777, target=f"../../{block.name}", changed=booted + 3
                )
    links = { "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2", "core": "/proc/kcore",
             "log": "/run/systemd/journal/dev-log", "initctl": "/run/initctl", "rtc": "rtc0"}  # fmt: skip
    return found | {
        f"/dev/{name}": Node(0o777, target=target, changed=booted + 3) for name, target in links.items()
    }


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


def _kernel(world: World, when: int) -> dict[str, Node]:
    """The kernel's files: the sizes differ by version."""
    from random import Random

    from .packaged import unknown_content

    kernel, found = world.system.kernel, {}
    built = kernel_built(world)
    for name, size, spread, mode in KERNEL_FILES:
        length = size + Random(f"{kernel} {name}").randrange(spread)
        if name == "initrd.img":
            length += world.persona.number("initrd", 0, 400_000)
        restricted = world.system.id == "ubuntu" and name != "config" and name != "initrd.img"
        path = f"/boot/{name}-{kernel}"
        live = partial(unknown_content, path, kernel, b"", length)
        changed = max(built, when) + 400 if name == "initrd.img" else built
        found[path] = Node(0o600 if restricted else mode, size=length, live=live, changed=changed)
    size = 83 if world.system.id == "debian" else 6_000_000 + Random(kernel).randrange(300_000)
    found[f"/boot/System.map-{kernel}"] = Node(
        0o644 if size == 83 else 0o600,
        changed=built,
        size=size,
        content=b"ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n"
        if size == 83
        else b"",
    )
    grub = "/boot/grub"
    found[grub] = Node(0o755, True, changed=max(built, when) + 420)
    found[f"{grub}/grub.cfg"] = Node(0o400 if world.system.id == "debian" else 0o444, size=8_000 + world.persona.number("grub", 0, 900), changed=max(built, when) + 420,
                                     content=b"#\n# DO NOT EDIT THIS FILE\n#\n# It is automatically generated by grub-mkconfig using templates\n# from /etc/grub.d and settings from /etc/default/grub\n#\n")  # fmt: skip
    in_root = "" if world.system.id == "debian" else "/boot"
    prefix = "boot/" if world.system.id == "debian" else ""
    for name in ("vmlinuz", "initrd.img"):
        found[f"{in_root}/{name}"] = Node(
            0o777, target=f"{prefix}{name}-{kernel}", changed=max(built, when) + 380
        )
        found[f"{in_root}/{name}.old"] = Node(
            0o777, target=f"{prefix}{name}-{kernel}", changed=max(built, when) + 380
        )
    modules = f"/usr/lib/modules/{kernel}"
    for path in (
        "/usr/lib/modules",
        modules,
        f"{modules}/kernel",
        *(
            f"{modules}/kernel/{each}"
            for each in ("arch", "crypto", "drivers", "fs", "lib", "mm", "net", "sound")
        ),
    ):
        found[path] = Node(0o755, True, changed=max(built, when) + 390)
    for name in (
        "alias",
        "alias.bin",
        "builtin",
        "builtin.bin",
        "builtin.modinfo",
        "dep",
        "dep.bin",
        "devname",
        "order",
        "softdep",
        "symbols",
        "symbols.bin",
    ):
        length = Random(f"{kernel} modules.{name}").randrange(400, 900_000)
        live = partial(unknown_content, f"{modules}/modules.{name}", kernel, b"", length)
        found[f"{modules}/modules.{name}"] = Node(
            size=length, live=live, changed=built if name in ("builtin", "order") else max(built, when) + 395
        )
    return found


def kernel_built(world: World) -> int:
    """When the kernel was built, by what it shows itself."""
    import calendar

    dated = re.search(r"\((\d{4})-(\d\d)-(\d\d)\)", world.system.build)
    if dated:
        return calendar.timegm((int(dated[1]), int(dated[2]), int(dated[3]), 10, 12, 5))
    words = world.system.build.split()
    try:
        return calendar.timegm(time.strptime(" ".join(words[-6:-2] + words[-1:]), "%a %b %d %H:%M:%S %Y"))
    except ValueError:
        return world.installed


def _configuration(world: World, files: PackagedFiles) -> dict[str, Node]:
    """Files in /etc that the installer and the packages' scripts write."""
    when, found = world.installed, {}
    for path, text in _etc_texts(world, files).items():
        found[path] = Node(0o644, content=text.encode(), changed=when + 40 + len(path) * 7)
    owned = "".join
    accounts = world.accounts
    passwd = owned(f"{each.line}\n" for each in accounts.users)
    group = owned(f"{each.line}\n" for each in accounts.groups)
    gshadow = gshadow_of(accounts)
    for name, text, mode in (
        ("passwd", passwd, 0o644),
        ("group", group, 0o644),
        ("shadow", world.shadow, 0o640),
        ("gshadow", gshadow, 0o640),
    ):
        found[f"/etc/{name}"] = Node(
            mode, content=text.encode(), group="shadow" if mode == 0o640 else "", changed=when + 700
        )
        before = "".join(text.splitlines(keepends=True)[:-1])
        found[f"/etc/{name}-"] = Node(
            mode, content=before.encode(), group="shadow" if mode == 0o640 else "", changed=when + 640
        )
    found["/etc/.pwd.lock"] = Node(0o600, changed=when + 20)
    found["/etc/machine-id"] = Node(
        0o444, content=world.persona.bytes_for("machine-id", 16).hex().encode() + b"\n", changed=when + 12
    )
    found["/etc/sudoers"] = _moded(files, "/etc/sudoers", 0o440)
    for path, mode, group in OVERRIDDEN:
        node = files.get(path)
        if node is not None:
            found[path] = replace(node, mode=mode, group=group)
    for path, target in (
        ("/var/lib/dbus/machine-id", "/etc/machine-id"),
        ("/etc/mtab", "../proc/self/mounts"),
        ("/etc/localtime", "/usr/share/zoneinfo/Etc/UTC"),
        ("/etc/vtrgb", "/etc/alternatives/vtrgb"),
    ):
        if path != "/etc/vtrgb" or world.system.id == "ubuntu":
            found[path] = Node(0o777, target=target, changed=when + 30)
    if world.system.id == "ubuntu":
        found["/etc/resolv.conf"] = Node(
            0o777, target="../run/systemd/resolve/stub-resolv.conf", changed=when + 30
        )
        found["/run/systemd/resolve"] = Node(0o755, True, owner="systemd-resolve", changed=world.booted() + 6)
        stub = "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n"
        found["/run/systemd/resolve/stub-resolv.conf"] = Node(
            owner="systemd-resolve", content=stub.encode(), changed=world.booted() + 6
        )
    found |= unit_links.files(world, files)
    return found


def _moded(files: PackagedFiles, path: str, mode: int) -> Node:
    node = files.get(path)
    return Node(mode, content=node.content if node else b"", changed=node.changed if node else 0)


def _text_of(files: PackagedFiles, path: str) -> str:
    node = files.get(path)
    return node.content.decode("utf-8", "replace") if node is not None else ""


def _etc_texts(world: World, files: PackagedFiles) -> dict[str, str]:
    system, packages = world.system, files.packages
    host = world.hostname
    texts = {
        "/etc/hostname": f"{host}\n",
        "/etc/hosts": f"127.0.0.1\tlocalhost\n127.0.1.1\t{host}\n\n# The following lines are desirable for IPv6 capable hosts\n::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n",
        "/etc/timezone": "Etc/UTC\n",
        "/etc/default/locale": "LANG=en_US.UTF-8\n"
        if system.id == "ubuntu"
        else '#  File generated by update-locale\nLANG="en_US.UTF-8"\n',
        "/etc/shells": "# /etc/shells: valid login shells\n/bin/sh\n/bin/bash\n/bin/rbash\n/bin/dash\n/usr/bin/sh\n/usr/bin/bash\n/usr/bin/rbash\n/usr/bin/dash\n"
        + ("/usr/bin/screen\n" if "screen" in packages else ""),
        "/etc/environment": 'PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games:/usr/local/games:/snap/bin"\n'
        if system.id == "ubuntu"
        else "",
        "/etc/fstab": _fstab(world),
        "/etc/ssh/sshd_config": _sshd_config(files),
        "/etc/nsswitch.conf": _nsswitch(world, files),
        "/etc/profile": _text_of(files, "/usr/share/base-files/profile"),
        "/etc/motd": _text_of(files, "/usr/share/base-files/motd") if system.id == "debian" else "",
        "/etc/hosts.allow": HOSTS_ALLOW,
        "/etc/sudoers.d/README": SUDOERS,
        "/etc/hosts.deny": HOSTS_DENY,
        "/etc/subuid": f"{world.user}:100000:65536\n",
        "/etc/subgid": f"{world.user}:100000:65536\n",
    }
    if system.id == "debian":
        base = packages.get("base-files")
        point = re.search(r"deb\d+u(\d+)", base.version) if base else None
        texts["/etc/debian_version"] = f"{system.version}.{point[1] if point else 0}\n"
        texts["/etc/resolv.conf"] = (
            f"nameserver {world.network.gateway or world.address.rpartition('.')[0] + '.1'}\n"
        )
        texts["/etc/network/interfaces"] = _interfaces(world)
        texts["/etc/apt/sources.list"] = _debian_sources(system.codename, system.version)
    else:
        texts["/etc/lsb-release"] = (
            f'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE={system.version}\nDISTRIB_CODENAME={system.codename}\nDISTRIB_DESCRIPTION="{system.name}"\n'
        )
        texts["/etc/issue"] = f"{system.name} \\n \\l\n\n"
        texts["/etc/issue.net"] = f"{system.name}\n"
        release = _text_of(files, "/usr/lib/os-release")
        texts["/usr/lib/os-release"] = re.sub(
            rf"{re.escape(system.version)}(\.\d+)? LTS", system.name.removeprefix("Ubuntu "), release
        )
        texts |= _ubuntu_sources(world)
        texts["/etc/netplan/00-installer-config.yaml"] = _netplan(world)
    return {path: text for path, text in texts.items() if text or path == "/etc/environment"}


SUDOERS = """#
# sudo reads every file in this folder, by "@includedir /etc/sudoers.d" in /etc/sudoers, unless its name ends
# with "~" or has a ".". There has to be at least one file here. Change them with visudo(8).
#
"""
HOSTS_ALLOW = """# /etc/hosts.allow: list of hosts that are allowed to access the system.
#                   See the manual pages hosts_access(5) and hosts_options(5).
#
# Example:    ALL: LOCAL @some_netgroup
#             ALL: .foobar.edu EXCEPT terminalserver.foobar.edu
#
# If you're going to protect the portmapper use the name "rpcbind" for the
# daemon name. See rpcbind(8) and rpc.mountd(8) for further information.
#

"""
HOSTS_DENY = """# /etc/hosts.deny: list of hosts that are _not_ allowed to access the system.
#                  See the manual pages hosts_access(5) and hosts_options(5).
#
# Example:    ALL: some.host.name, .some.domain
#             ALL EXCEPT in.fingerd: other.host.name, .other.domain
#
# If you're going to protect the portmapper use the name "rpcbind" for the
# daemon name. See rpcbind(8) and rpc.mountd(8) for further information.
#
# The PARANOID wildcard matches any host whose name does not match its
# address.
#
# You may wish to enable this to ensure any programs that don't
# validate looked up hostnames still leave understandable logs. In past
# versions of Debian this has been the default.
# ALL: PARANOID

"""
NSSWITCH = """# /etc/nsswitch.conf
#
# Example configuration of GNU Name Service Switch functionality.
# If you have the `glibc-doc-reference' and `info' packages installed, try:
# `info libc "Name Service Switch"' for information about this file.

passwd:         files systemd
group:          files systemd
shadow:         files systemd
gshadow:        files systemd

hosts:          files dns
networks:       files

protocols:      db files
services:       db files
ethers:         db files
rpc:            db files

netgroup:       nis
"""


def _nsswitch(world: World, files: PackagedFiles) -> str:
    text = _text_of(files, "/usr/share/libc-bin/nsswitch.conf") or NSSWITCH
    if world.system.version in ("11", "20.04", "22.04"):
        return text.replace("shadow:         files systemd", "shadow:         files").replace(
            "gshadow:        files systemd", "gshadow:        files"
        )
    return text


def _sshd_config(files: PackagedFiles) -> str:
    text = _text_of(files, "/usr/share/openssh/sshd_config")
    return text.replace("#PermitRootLogin prohibit-password", "PermitRootLogin yes").replace(
        "KbdInteractiveAuthentication no", "KbdInteractiveAuthentication no"
    )


def _fstab(world: World) -> str:
    head = (
        "# /etc/fstab: static file system information.\n#\n# Use 'blkid' to print the universally unique identifier for a\n"
        "# device; this may be used with UUID= as a more robust way to name devices\n# that works even if disks are added and removed. See fstab(5).\n#\n"
    )
    if world.system.id == "debian":
        head += "# systemd generates mount units based on this file, see systemd.mount(5).\n# Please run 'systemctl daemon-reload' after making changes here.\n#\n"
    head += "# <file system> <mount point>   <type>  <options>       <dump>  <pass>\n"
    for block in blocks(world.machine):
        if block.uuid and block.mounted == "/":
            head += f"# / was on /dev/{block.name} during installation\nUUID={block.uuid} /               ext4    errors=remount-ro 0       1\n"
        elif block.uuid and block.system == "swap":
            head += f"# swap was on /dev/{block.name} during installation\nUUID={block.uuid} none            swap    sw              0       0\n"
        elif block.uuid and block.mounted:
            head += f"# {block.mounted} was on /dev/{block.name} during installation\nUUID={block.uuid} {block.mounted:<15} {block.system:<7} defaults        0       2\n"
    return head + (
        "/dev/sr0        /media/cdrom0   udf,iso9660 user,noauto     0       0\n"
        if world.system.id == "debian"
        else "/swap.img\tnone\tswap\tsw\t0\t0\n"
    )


def _netplan(world: World) -> str:
    facts = world.network
    way = f"      gateway4: {facts.gateway}\n" if world.system.version == "20.04" else ""
    routes = "" if way else f"      routes:\n      - to: default\n        via: {facts.gateway}\n"
    return (
        f"# This is the network config written by 'subiquity'\nnetwork:\n  ethernets:\n    {world.interface()}:\n      addresses:\n"
        f"      - {facts.address}/{facts.prefix}\n{way}      nameservers:\n        addresses:\n        - {facts.gateway}\n"
        f"        search: []\n{routes}  version: 2\n"
    )


def _interfaces(world: World) -> str:
    card, facts = world.interface(), world.network
    return (
        "# This file describes the network interfaces available on your system\n# and how to activate them. For more information, see interfaces(5).\n\n"
        "source /etc/network/interfaces.d/*\n\n# The loopback network interface\nauto lo\niface lo inet loopback\n\n"
        f"# The primary network interface\nallow-hotplug {card}\niface {card} inet static\n\taddress {facts.address}/{facts.prefix}\n"
        f"\tgateway {facts.gateway}\n\t# dns-* options are implemented by the resolvconf package, if installed\n\tdns-nameservers {facts.gateway}\n"
    )


def _debian_sources(codename: str, version: str) -> str:
    parts = "main" if version == "11" else "main non-free-firmware"
    rows = [
        ("http://ftp.de.debian.org/debian/", codename),
        ("http://security.debian.org/debian-security", f"{codename}-security"),
        ("http://ftp.de.debian.org/debian/", f"{codename}-updates"),
    ]
    notes = (
        "",
        "",
        f"# {codename}-updates, to get updates before a point release is made;\n# see https://www.debian.org/doc/manuals/debian-reference/ch02.en.html#_updates_and_backports\n",
    )
    return "\n".join(
        f"{note}deb {base} {suite} {parts}\ndeb-src {base} {suite} {parts}\n"
        for (base, suite), note in zip(rows, notes, strict=True)
    )


def _ubuntu_sources(world: World) -> dict[str, str]:
    name = world.system.codename
    if world.system.version == "24.04":
        return {
            "/etc/apt/sources.list": "# Ubuntu sources have moved to /etc/apt/sources.list.d/ubuntu.sources\n",
            "/etc/apt/sources.list.d/ubuntu.sources": "".join(
                f"Types: deb\nURIs: {base}\nSuites: {suites}\nComponents: main restricted universe multiverse\nSigned-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n\n"
                for base, suites in (
                    ("http://archive.ubuntu.com/ubuntu/", f"{name} {name}-updates {name}-backports"),
                    ("http://security.ubuntu.com/ubuntu/", f"{name}-security"),
                )
            ).rstrip("\n")
            + "\n",
        }
    lines = [
        "# See http://help.ubuntu.com/community/UpgradeNotes for how to upgrade to\n# newer versions of the distribution."
    ]
    for suite in (name, f"{name}-updates", f"{name}-backports", f"{name}-security"):
        base = (
            "http://security.ubuntu.com/ubuntu"
            if suite.endswith("security")
            else "http://archive.ubuntu.com/ubuntu"
        )
        lines += [
            f"deb {base} {suite} main restricted",
            f"# deb-src {base} {suite} main restricted",
            f"deb {base} {suite} universe",
            f"deb {base} {suite} multiverse",
        ]
    return {"/etc/apt/sources.list": "\n".join(lines) + "\n"}


def _homes(world: World, files: PackagedFiles) -> dict[str, Node]:
    """Home folders with what /etc/skel and base-files give."""
    when, user = world.installed, world.user
    home = world.home(user)
    folders = (
        0o750
        if world.system.id == "ubuntu" and world.system.version != "20.04"
        else 0o700
        if world.system.version in ("12",)
        else 0o755
    )
    found = {home: Node(folders, True, owner=user, changed=world.changed(f"home {user}", 20_000_000))}
    texts = {"/root/.bashrc": "/usr/share/base-files/dot.bashrc", "/root/.profile": "/usr/share/base-files/dot.profile",
             f"{home}/.bashrc": "/etc/skel/.bashrc", f"{home}/.profile": "/etc/skel/.profile", f"{home}/.bash_logout": "/etc/skel/.bash_logout"}  # fmt: skip
    for path, source in texts.items():
        node = files.get(source)
        if node is not None and path == "/root/.bashrc" and world.system.id == "ubuntu":
            node = replace(node, content=_ubuntu_bashrc())
        if node is not None:
            owner = "root" if path.startswith("/root") else user
            found[path] = Node(
                0o644,
                content=node.content,
                owner=owner,
                changed=node.changed if owner == "root" else when + 690,
            )
    for owner in ("root", user):
        place = "/root" if owner == "root" else home
        changed = world.changed(f"history of {owner}", 25_000_000)
        found[f"{place}/.bash_history"] = Node(
            0o600, content=world.history(owner), owner=owner, changed=changed
        )
    return found


def _ubuntu_bashrc() -> bytes:
    """/usr/share/base-files/dot.bashrc of Ubuntu."""
    from importlib.resources import files

    return files(__package__).joinpath("data", "ubuntu.bashrc.txt").read_bytes()


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
