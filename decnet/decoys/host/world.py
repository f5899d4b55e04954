# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The machine behind every service: its users, its addresses, and enough plausible files for an intruder who
looks around. All of it is generated from the seed."""

import time
from dataclasses import replace
from functools import cached_property
from time import gmtime, strftime
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from ..facts import newest_pid
from ..machine import Machine
from ..persona import Persona
from ..server_logs import logs_of
from . import (
    dmi,
    host_keys,
    journal_files,
    pid_files,
    proc,
    proc_net,
    run_files,
    service_files,
    sys_files,
    temporary,
    vulnerabilities,
)
from .accounts import gshadow_of, shadow_of
from .administrators import accounts_with_first
from .devices import device_of
from .devices.device import OF_A_SERVER, Build
from .filesystem import generated
from .hardware import Memory, memory
from .mount import Mount
from .mounts import is_below_read_only, mounts, targets
from .network import NetworkFacts, network_of
from .node import Node
from .packaged import PackagedFiles
from .packages import Packages, packages_of
from .pids import new_pid, pid_at
from .processes import Fixed, ProcessEntry, processes
from .services import ServiceEntry, services
from .sockets import MAPPED, SocketEntry, sockets_of
from .tree import Tree
from .web import Pages

FOLDERS = """/ /bin /boot /dev /etc /etc/apt /etc/cron.d /etc/cron.daily /etc/default /etc/init.d /etc/network /etc/ssh
/etc/ssl /etc/systemd /home /lib /lib64 /media /mnt /opt /proc /root /root/.ssh /run /sbin /srv /sys /tmp /usr /usr/bin
/usr/lib /usr/local /usr/local/bin /usr/sbin /usr/share /var /var/backups /var/cache /var/lib /var/log /var/mail
/var/spool /var/spool/cron /var/tmp /var/www /var/www/html /dev/shm /dev/fd /dev/pts"""

PROGRAMS = """bash cat chmod chown cp date dd df dmesg echo grep gzip hostname id kill ln ls mkdir more mount mv nano ps
pwd rm rmdir sed sh sleep su tar touch uname vi"""
USER_PROGRAMS = """awk base64 crontab curl cut diff du env find free groups gpg head htop less lscpu lsof md5sum nohup
passwd perl python3 scp screen sha256sum sort ssh ssh-keygen stat sudo systemctl tail tee test top tr uniq uptime vim w
wc wget which who whoami xargs"""


SERVICES_SECONDS = 5.0
"""How long the list of services is not looked up again."""
ACCOUNT_FILES = ("/etc/passwd", "/etc/group", "/etc/shadow")


IN_MEMORY = ("/run/", "/dev/")


class World(Machine):
    """One machine as its services and its shell show it, before any visitor changes it."""

    def __init__(self, persona: Persona) -> None:
        super().__init__(persona)
        self.device = device_of(self.system)
        if self.device is not None:
            self.memory_kib, self.processors = self.device.memory_kib, self.device.processors
        self._services: tuple[float, list[ServiceEntry]] = (0.0, [])
        self.user, self.accounts = accounts_with_first(self, self.services())
        self._made: tuple[object, ...] = ()
        self._sessions = 0
        self._fixed: Fixed | None = None
        self._listed: tuple[int, list[ProcessEntry], dict[int, ProcessEntry]] | None = None
        self.arrivals: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        """What the shells of one connection share (shell.arrivals.Arrival), by its session."""
        self.visits: WeakSet[Any] = WeakSet()
        """The logins of visitors (shell.visit.Visit) that have not ended."""

    @property
    def build(self) -> Build:
        """How its BusyBox was built."""
        return self.device.build if self.device is not None else OF_A_SERVER

    @cached_property
    def packages(self) -> Packages | None:
        """Its packages, None if nothing is known about those of its release."""
        return packages_of(self)

    @cached_property
    def nodes(self) -> Tree:
        """Its files; made at the first use, because most services never look at one."""
        if self.packages is None:
            return Tree(_tree(self))
        logs = logs_of(self.persona.seed)
        packaged = PackagedFiles(self.packages, lambda: logs.total)
        own = generated(self, packaged) | temporary.files(self, proc.boot_id(self))
        if "openssh-server" in self.packages:
            own |= host_keys.files(self)
        packaged.made |= Pages(self, self.services).folders() | proc.setting_folders(self)
        own |= service_files.files(self, packaged)
        own |= sys_files.files(self.machine)
        for kernel in (proc_net, proc, dmi, vulnerabilities, run_files, pid_files, journal_files):
            own |= kernel.files(self)
        return Tree(_with_sizes(own), packaged)

    def make_files(self) -> None:
        """Make `nodes` for a visitor who comes: again if the machine was started since, or has other services.
        That takes a twentieth of a second: in a thread, it delays no one."""
        made = self.booted(), *((each.service, each.since) for each in self.services())
        if self._made and made != self._made:
            self.__dict__.pop("packages", None)
            self.user, self.accounts = accounts_with_first(self, self.services())
            self.__dict__.pop("nodes", None)
        self._made = made
        for path in ("/", "/var/log/syslog"):
            self.nodes.get(path)

    @property
    def shadow(self) -> str:
        """/etc/shadow."""
        return shadow_of(self, self.accounts, self.user)

    def history(self, user: str) -> bytes:
        """What a user has typed before any visitor came."""
        return _history(self, user)

    def services(self) -> list[ServiceEntry]:
        """The services that the machine has now, by name."""
        until, found = self._services
        if time.monotonic() > until:
            found = services(self)
            self._services = time.monotonic() + SERVICES_SECONDS, found
        return found

    def processes(self, now: int) -> list[ProcessEntry]:
        """All processes but those of visitors, by number. `now`: seconds since the epoch."""
        if self._listed is None or self._listed[0] != now:
            found, self._fixed = processes(self, self.services(), now, self._fixed)
            self._listed = now, found, {entry.pid: entry for entry in found}
        return list(self._listed[1])

    def process(self, pid: int, now: int) -> ProcessEntry | None:
        """The process of this number."""
        self.processes(now)
        return self._listed[2].get(pid) if self._listed is not None else None

    @property
    def mounts(self) -> list[Mount]:
        """What is mounted, in the order of /proc/mounts."""
        return mounts(self)

    def is_read_only(self, path: str) -> bool:
        """Whether a path without links is on a file system that is mounted `ro`: a device's firmware."""
        return self.device is not None and is_below_read_only(self._targets, path)

    @cached_property
    def _targets(self) -> list[tuple[str, bool]]:
        return targets(self)

    def memory(self, now: int) -> Memory:
        """How its memory is used at a time (seconds since the epoch)."""
        return memory(self, sum(each.resident for each in self.processes(now)), now)

    @property
    def newest_pid(self) -> int:
        """The number of the process that was started last."""
        booted, newest = newest_pid(self.persona.seed)
        started = pid_at(self, int(time.time()))
        return max(newest, started) if booted == self.booted() else started

    def new_session(self) -> int:
        """The number of a login session that begins now: cron has opened others, one an hour and more."""
        up = int(time.time()) - self.booted()
        self._sessions = max(self._sessions + 1, up // 3300)
        return self._sessions

    def new_pid(self, skip: int = 0) -> int:
        """The number of a process that starts now; `skip` others were started just before it."""
        return new_pid(self, skip)

    @property
    def machine(self) -> Machine:
        """The machine itself."""
        return self

    @property
    def network(self) -> NetworkFacts:
        """Its network now."""
        return network_of(self)

    def sockets(self) -> list[SocketEntry]:
        """Its sockets now. Those of visitors who have logged in belong to the server's process for them."""
        owners = self._owners()
        found = sockets_of(self, lambda port, protocol: owners.get((port, protocol), ("", 0)))
        servers = {
            (session.source, session.port): arrival.server for session, arrival in self.arrivals.items()
        }
        now = int(time.time())

        def owned(each: SocketEntry) -> SocketEntry:
            server = servers.get((each.peer.removeprefix(MAPPED), each.peer_port))
            if server is not None:
                program = each.program if self.persona.service != "telnet" else "in.telnetd"
                return replace(each, pid=server, program=program)
            owner = self.process(each.pid, now)
            return replace(each, uid=self.number_of(owner.user)) if owner is not None else each

        return [owned(each) for each in found]

    def _owners(self) -> dict[tuple[int, str], tuple[str, int]]:
        """Program and process of the sockets that listen, by port and protocol."""
        first: dict[str, tuple[str, int]] = {}
        found: dict[tuple[int, str], tuple[str, int]] = {}
        for process in self.processes(int(time.time())):
            if process.service:
                first.setdefault(process.service, (process.name, process.pid))
            else:
                found.setdefault((0, process.name), (process.name, process.pid))
        return found | {
            port: first.get(entry.service, (entry.program, 0))
            for entry in self.services()
            for port in entry.ports
        }

    def home(self, user: str) -> str:
        """A user's home folder."""
        account = self.accounts.user(user)
        return account.home if account else f"/home/{user}"

    def number_of(self, user: str) -> int:
        """A user's id."""
        account = self.accounts.user(user)
        return account.uid if account else 1000


def _with_sizes(nodes: dict[str, Node]) -> dict[str, Node]:
    """The nodes, with the sizes of folders in memory: tmpfs counts 20 bytes for each entry."""
    counts: dict[str, int] = {}
    for path in nodes:
        if path.startswith(IN_MEMORY):
            parent = path.rpartition("/")[0]
            counts[parent] = counts.get(parent, 0) + 1
    for path, node in nodes.items():
        if node.folder and (path.startswith(IN_MEMORY) or path in counts):
            nodes[path] = replace(node, size=40 + 20 * counts.get(path, 0) if path != "/dev/pts" else 0)
    return nodes


def _tree(world: World) -> dict[str, Node]:
    """Every path of an unchanged machine."""
    when = world.installed
    if world.device is not None:
        texts = {path: Node(_mode(path), content=text.encode(), changed=when) for path, text in _texts(world).items()
                 if path in ACCOUNT_FILES}  # fmt: skip
        cpu = Node(0o444, content=world.device.cpuinfo.encode(), changed=when)
        return {
            **proc.files(world),
            **proc.settings(world),
            **world.device.nodes(world),
            **texts,
            "/proc/cpuinfo": cpu,
            **proc_net.files(world),
        }
    nodes = {path: Node(0o755, folder=True, changed=when) for path in FOLDERS.split()}
    nodes["/root"] = Node(0o700, folder=True, changed=when)
    nodes["/root/.ssh"] = Node(0o700, folder=True, changed=when)
    for path in ("/tmp", "/var/tmp", "/dev/shm"):
        nodes[path] = Node(0o1777, folder=True, changed=world.booted())
    for folder, programs in (("/bin", PROGRAMS), ("/usr/bin", USER_PROGRAMS)):
        for name in programs.split():
            size = world.persona.number(f"size {name}", 14_000, 180_000)
            nodes[f"{folder}/{name}"] = Node(0o755, content=b"\x7fELF\x02\x01\x01", changed=when, size=size)
    _homes(world, nodes)
    for path, text in _texts(world).items():
        nodes[path] = Node(_mode(path), content=text.encode(), changed=when)
    nodes |= proc_net.files(world)
    nodes |= proc.files(world) | proc.settings(world)
    nodes |= dmi.files(world)
    nodes |= pid_files.files(world)
    nodes |= sys_files.files(world.machine)
    nodes |= vulnerabilities.files(world)
    for path, target in (("/etc/os-release", "../usr/lib/os-release"),):
        nodes[path] = Node(0o777, target=target, changed=when)
    return nodes


def _homes(world: World, nodes: dict[str, Node]) -> None:
    home = world.home(world.user)
    nodes[home] = Node(0o755, folder=True, owner=world.user, changed=world.installed)
    profile = b"# ~/.profile: executed by the command interpreter for login shells.\n"
    for folder, owner in (("/root", "root"), (home, world.user)):
        nodes[f"{folder}/.profile"] = Node(content=profile, owner=owner, changed=world.installed)
        bashrc = b"# ~/.bashrc: executed by bash(1) for non-login shells.\n\nalias ll='ls -alF'\n"
        nodes[f"{folder}/.bashrc"] = Node(content=bashrc, owner=owner, changed=world.installed)
        history = _history(world, owner)
        nodes[f"{folder}/.bash_history"] = Node(0o600, content=history, owner=owner, changed=world.installed)


def _history(world: World, user: str) -> bytes:
    lines = (
        "ls", "cd /var/log", "tail -n 50 syslog", "df -h", "systemctl status ssh", "apt update", "apt upgrade -y",
        "reboot", "free -m", "top", "vi /etc/hosts", "ip a", "journalctl -xe", "crontab -l", "passwd", "exit",
    )  # fmt: skip
    count = world.persona.number(f"history {user}", 5, 14)
    start = world.persona.number(f"history start {user}", 0, len(lines) - 1)
    return "".join(lines[(start + n) % len(lines)] + "\n" for n in range(count)).encode()


def _mode(path: str) -> int:
    return 0o640 if path in ("/etc/shadow", "/etc/gshadow", "/var/log/auth.log") else 0o644


def _texts(world: World) -> dict[str, str]:
    texts = {
        "/etc/hostname": world.hostname + "\n",
        "/etc/hosts": f"127.0.0.1\tlocalhost\n127.0.1.1\t{world.hostname}\n",
        "/etc/passwd": "".join(f"{each.line}\n" for each in world.accounts.users),
        "/etc/group": "".join(f"{each.line}\n" for each in world.accounts.groups),
        "/etc/shadow": shadow_of(world, world.accounts, world.user),
        "/etc/gshadow": gshadow_of(world.accounts),
        "/etc/resolv.conf": f"nameserver {_neighbour(world, 1)}\n",
        "/etc/issue": f"{world.system.name.split(' (')[0]} \\n \\l\n\n",
        "/etc/fstab": "UUID=" + _uuid(world) + " /               ext4    errors=remount-ro 0       1\n",
        "/etc/crontab": "SHELL=/bin/sh\n17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n",
        "/etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin yes\nUsePAM yes\nX11Forwarding yes\n"
        "PrintMotd no\nAcceptEnv LANG LC_*\nSubsystem sftp /usr/lib/openssh/sftp-server\n",
        "/usr/lib/os-release": _os_release(world),
        "/var/www/html/index.html": "<html><body><h1>It works!</h1></body></html>\n",
        "/var/log/syslog": _log(world, "systemd[1]: Started Daily apt download activities."),
        "/var/log/auth.log": _log(
            world, "CRON[2211]: pam_unix(cron:session): session opened for user root(uid=0)"
        ),
        "/var/log/dpkg.log": "",
        "/var/log/kern.log": _log(world, "kernel: [    0.000000] Linux version " + world.system.kernel),
    }
    if world.system.id == "debian":
        texts["/etc/debian_version"] = {"11": "11.10\n", "12": "12.6\n"}.get(world.system.version, "12.6\n")
    if world.system.id == "rocky":
        texts["/etc/redhat-release"] = world.system.name.replace("Linux ", "Linux release ") + "\n"
    return texts


def _uuid(world: World) -> str:
    raw = world.persona.bytes_for("disk", 16).hex()
    return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}"


def _neighbour(world: World, last: int) -> str:
    return world.address.rsplit(".", 1)[0] + f".{last}"


def _os_release(world: World) -> str:
    """Of Rocky Linux as its package rocky-release has it."""
    system = world.system
    if system.id != "rocky":
        return f'NAME={system.name.split(" ")[0]}\nVERSION="{system.version}"\nID={system.id}\nPRETTY_NAME="{system.name}"\n'
    version = system.name.removeprefix("Rocky Linux ")
    major = system.version.split(".")[0]
    support = {"8": "2029-05-31", "9": "2032-05-31"}[major]
    return f'''NAME="Rocky Linux"
VERSION="{version}"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="{system.version}"
PLATFORM_ID="platform:el{major}"
PRETTY_NAME="{system.name}"
ANSI_COLOR="0;32"
LOGO="fedora-logo-icon"
CPE_NAME="cpe:/o:rocky:rocky:{major}{"::baseos" if major == "9" else ":GA"}"
HOME_URL="https://rockylinux.org/"
BUG_REPORT_URL="https://bugs.rockylinux.org/"
SUPPORT_END="{support}"
ROCKY_SUPPORT_PRODUCT="Rocky-Linux-{major}"
ROCKY_SUPPORT_PRODUCT_VERSION="{system.version}"
REDHAT_SUPPORT_PRODUCT="Rocky Linux"
REDHAT_SUPPORT_PRODUCT_VERSION="{system.version}"
'''


def _log(world: World, message: str) -> str:
    start = world.booted()
    stamps = (strftime("%b %e %H:%M:%S", gmtime(start + 3600 * n)) for n in range(12))
    return "".join(f"{stamp} {world.hostname} {message}\n" for stamp in stamps)
