# ruff: noqa: E501 (formats)
"""Makes the data of one release: `python -m trees.pack RELEASE` in packaging/, by hand, with a mirror.

Writes decnet/decoys/host/data/RELEASE.tree.zip with these entries:

- kinds: a line per kind of entry: letter (d f l h), mode in octal, owner, group;
- packages: a line per package: name, architecture, the version of this data, its time, installed size in KiB, section,
  priority, service or "", versions of the release's lifetime as `version@time` with blanks between them;
- folders: their paths, sorted, a newline before and after each;
- starts: where the block of each folder begins in `blocks`, and the end, in four bytes each (little endian);
- blocks: an entry per line: name, kind, package, size or target, time (as a difference to the package's time), reference,
  all separated by tabs. The name of an entry of a package that has it without /usr begins with "~";
- heads: the first 64 bytes of executable files; sums: 68 bytes each (md5, sha1, sha256), for programs; short: md5 only, for
  libraries and scripts;
- texts: the control fields of the packages in their order, then the contents of files; ends: where each begins, and the end.

The last five are in pieces of the same length, `NAME.0`, `NAME.1` and so on: a decoy reads only those that it needs.
"""

from __future__ import annotations

import calendar
import re
import sys
import time
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError

from .archive import Archive, Stanza, closure
from .releases import ALSO, DEBIAN_ALSO, SERVICES, SNAPSHOTS, SUITES, WITHOUT
from .scan import Entry, Package, package_in
from .stored import Stored, write

CACHE = Path("/var/cache/decnet-trees")
RELEASED = {"debian-11": "2021-08-14", "debian-12": "2023-06-10", "ubuntu-20.04": "2020-04-23", "ubuntu-22.04": "2022-04-21",
            "ubuntu-24.04": "2024-04-25"}  # fmt: skip
MOST_ETC, MOST_SCRIPT = 1_000, 1_000
DROPPED = re.compile(
    r"/usr/share/(locale|i18n|bug|lintian|man/(?!man\d)|zoneinfo/(posix|right)|perl5/Debconf|groff|consolefonts|gdb|zsh|fish|vim|apache2/icons|mysql/[a-z]+_|apache2/error|nano|awk|X11/xkb|GeoIP|mime|xml|ufw|usb_modeswitch|doc/(ncurses|openssl|htop|git)/|man/(?!man[18])|ca-certificates/mozilla/(?=[T-Z])|perl/5[^/]*/|doc/[^/]+/(?!copyright|changelog)|python3/runtime.d|snmp/mibs|perl5/|python3/|lintian|systemd/boot|zoneinfo/(SystemV|US|Brazil|Canada|Chile|Mexico|Pacific|Antarctica|Indian|Arctic|America/[A-Z][a-z]+/))(/|$)?"
)
"""What is left out for its size: no one reads translations on a server."""
KNOWN = re.compile(
    r"/etc/(skel/\.bashrc|initramfs-tools/.*\.conf|grub.d/README|default/grub.d/.*|vsftpd\.conf|apache2/(apache2\.conf|sites-available/.*)|nginx/(nginx\.conf|sites-available/default)|logrotate\.conf|sysctl\.conf|profile|login\.defs|services|pam\.d/.*|ssh/ssh_config|bash\.bashrc|crontab|rsyslog\.conf|snmp/snmpd\.conf|sudoers|adduser\.conf|init\.d/(ssh|cron|rsyslog)|redis/.*|mysql/.*\.cnf|proftpd/proftpd\.conf)$|/usr/share/openssh/sshd_config$"
)
"""Configuration that an intruder reads, whatever its size."""
UNREAD = re.compile(
    r"/etc/(apache2/(mods|conf)-available|exim4/conf.d|libnl-3|groff|ppp|resolvconf|dhcp|network/if-|apparmor.d|X11|logcheck|perl|python3|gprofng|rc\d|init.d/(?!ssh|cron|rsyslog))|/lib/systemd/system/mariadb[@-]|/etc/init\.d/(?!ssh|cron|rsyslog)"
)
LONG = re.compile(
    r"^(openssh-|apache2|nginx|mariadb-server|mysql-server|redis|vsftpd|proftpd|postfix|snmpd|sudo$|bash$|coreutils$|dpkg$|apt$|base-files$|curl$|wget$|libc6$|systemd$)"
)
"""Packages whose long description is kept."""
SCRIPTS = re.compile(
    r"/(usr/)?s?bin/|/etc/|/usr/lib/os-release$|/usr/share/base-files/|/usr/share/(bash|openssh|adduser)/"
)
UNITS = re.compile(
    r"/lib/systemd/system/(ssh|cron|rsyslog|dbus|apache2|nginx|vsftpd|redis-server|mariadb|mysql|postfix|snmpd|proftpd)[^/]*$"
)
PROGRAMS = re.compile(r"^(/usr)?/s?bin/")
PERL = ("perl", "libperl", "perl-modules")


def day(date: str) -> int:
    """The seconds since the epoch of a date."""
    return calendar.timegm(time.strptime(date, "%Y-%m-%d"))


class Release:
    """The packages of one release, with the services that they belong to."""

    def __init__(self, name: str, cache: Path) -> None:
        self.name = name
        self.archive = Archive(SUITES[name], cache)
        self.index = self.archive.index()
        self.packages: list[tuple[str, Package, str]] = []
        base = [
            each
            for each, found in self.index.items()
            if found[-1].get("Priority") in ("required", "important", "standard")
        ]
        more = [*ALSO, *(DEBIAN_ALSO if name.startswith("debian") else ())]
        skipped = set(WITHOUT) | ({"netcat-traditional"} if name.startswith("ubuntu") else set())
        names = closure(self.index, base + more, frozenset(skipped))
        self._add(names, "")
        for service, servers in SERVICES.items():
            for server in servers:
                if self._serves(server):
                    needed = closure(
                        self.index,
                        [server],
                        frozenset({*PERL, *skipped} - {"exim4-base", "exim4-config", "exim4-daemon-light"}),
                    )
                    self._add([each for each in needed if each not in names], f"{service}:{server}")

    def _serves(self, server: str) -> bool:
        debian = self.name.startswith("debian")
        wrong = {"mysql-server-8.0": debian, "mariadb-server": not debian, "telnetd": self.name not in ("debian-11", "ubuntu-20.04", "ubuntu-22.04"),
                 "inetutils-telnetd": self.name in ("debian-11", "ubuntu-20.04", "ubuntu-22.04")}  # fmt: skip
        return server in self.index and not wrong.get(server, False)

    def _add(self, names: list[str], service: str) -> None:
        for name in names:
            if any(known == name and (not group or group == service) for known, _, group in self.packages):
                continue
            self.packages.append((name, self._best(self.index[name]), service))

    def _best(self, versions: list[Stanza]) -> Package:
        """The version that a machine had at the last snapshot, else the newest one."""
        there = [(stanza, each) for stanza in versions if (each := self._fetched(stanza)) is not None]
        source = source_of(there[0][0])
        known = {entry for _, each in there for entry in each.history}
        if not known:
            known = self._histories(source, versions[0]["Version"])
        history = sorted(known, key=lambda entry: -entry[1])
        wanted = version_at(history, FACTS.get((self.name, source), ""), day(SNAPSHOTS[self.name][0]))
        found = next((each for stanza, each in there if stanza["Version"] == wanted), there[0][1])
        return replace(found, history=history)

    def _histories(self, source: str, version: str) -> set[tuple[str, int]]:
        """The changelog of another package of the same source: some have only a link to it."""
        for name, versions in self.index.items():
            if (
                source_of(versions[0]) == source
                and versions[0]["Version"].partition("+b")[0] == version.partition("+b")[0]
                and name in MAIN
            ):
                found = {
                    entry for stanza in versions if (each := self._fetched(stanza)) for entry in each.history
                }
                if found:
                    return found
        return set()

    def _fetched(self, stanza: Stanza) -> Package | None:
        """The package, None if the mirror does not have that version any more."""
        try:
            return package_in(self.archive.package(stanza))
        except HTTPError:
            return None


MAIN = ("openssh-client", "grub-common", "perl-base", "libc6", "libc-bin", "util-linux", "systemd", "python3.11-minimal", "libpam-modules", "bind9-libs", "libssl3", "openssl",
        "mysql-common", "libpython3.10-minimal", "libpython3.12-minimal", "libpython3.8-minimal", "libpython3.9-minimal", "vim-common", "exim4-base", "nginx-common",
        "gcc-12-base", "gcc-14-base", "gcc-10-base", "libkrb5support0", "libgssapi-krb5-2", "e2fsprogs", "apache2-bin", "cron", "ncurses-base", "libtinfo6", "mount",
        "postfix", "mariadb-common", "redis-tools", "snmpd", "libsnmp-base", "curl", "libcurl4", "gnupg", "gpgv", "sudo", "login", "netplan.io", "ubuntu-pro-client")  # fmt: skip
"""Packages that have the changelog of their source."""
FACTS = {
    ("ubuntu-20.04", "openssh"): "1:8.2p1-4ubuntu0.11", ("ubuntu-22.04", "openssh"): "1:8.9p1-3ubuntu0.10",
    ("ubuntu-24.04", "openssh"): "1:9.6p1-3ubuntu13.5", ("ubuntu-20.04", "mysql-8.0"): "8.0.39-0ubuntu0.20.04.1",
    ("ubuntu-22.04", "mysql-8.0"): "8.0.39-0ubuntu0.22.04.1", ("ubuntu-24.04", "mysql-8.0"): "8.0.39-0ubuntu0.24.04.2",
}  # fmt: skip
"""Versions that the greetings of the release show, where the changelog does not go back so far."""


def source_of(stanza: Stanza) -> str:
    """The source package."""
    return stanza.get("Source", stanza["Package"]).split(" ")[0]


def version_at(history: list[tuple[str, int]], known: str, moment: int) -> str:
    """The version that was current then."""
    if known:
        return known
    return next((version for version, when in history if when <= moment), history[-1][0] if history else "")


class Packer:
    """Collects the sections."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.kinds: dict[str, int] = {}
        self.folders: dict[str, dict[str, str]] = {"/": {}}
        self.heads: list[bytes] = []
        self.sums: list[bytes] = []
        self.short: list[bytes] = []
        self.texts: dict[bytes, int] = {}
        self.rows: list[str] = []
        self.controls: list[bytes] = []

    def pack(self) -> Stored:
        """What is written."""
        seen: set[str] = set()
        for number, (name, package, service) in enumerate(self.release.packages):
            self._package(name, package, service)
            for entry in package.entries:
                self._entry(number, entry, package)
            seen.add(name)
        blocks = {
            path: "".join(f"{line}\n" for _, line in sorted(names.items()))
            for path, names in self.folders.items()
        }
        return Stored(
            "".join(f"{each}\n" for each in self.kinds), "".join(self.rows), blocks, b"".join(self.heads),
            b"".join(self.sums), b"".join(self.short), self.controls + list(self.texts),
        )  # fmt: skip

    def _package(self, name: str, package: Package, service: str) -> None:
        control = package.control
        begin = day(RELEASED[self.release.name])
        own = control["Version"]
        when = max(
            (
                entry.changed
                for entry in package.entries
                if entry.kind == "f" and entry.path.startswith("/usr/share/doc")
            ),
            default=0,
        )
        dates = dict(package.history)
        when = dates.get(own, when) or begin
        history: list[tuple[str, int]] = []
        last = max(day(each) for each in SNAPSHOTS[self.release.name])
        for version, moment in package.history:
            if moment <= last:
                history.append((version, moment))
                if moment < begin:
                    break
        shown = " ".join(f"{version}@{moment}" for version, moment in reversed(history or [(own, when)]))
        row = (
            name,
            control["Architecture"],
            own,
            str(when),
            control.get("Installed-Size", "0"),
            control.get("Section", "misc"),
            control.get("Priority", "optional"),
            service,
            shown,
        )
        self.rows.append("\t".join(row) + "\n")
        skipped = (
            "Description-md5",
            "Homepage",
            "Tag",
            "Package",
            "Version",
            "Architecture",
            "Installed-Size",
            "Section",
            "Priority",
            "Build-Ids",
            "Original-Maintainer",
        )
        if not LONG.match(name):
            control = control | {"Description": control.get("Description", "").split("\n")[0]}
        fields = "".join(f"{field}: {value}\n" for field, value in control.items() if field not in skipped)
        scripts = " ".join(sorted(package.scripts))
        sums = {entry.path: entry.sums[0] for entry in package.entries if entry.sums}
        conffiles = "".join(f"{path} {sums[path]}\n" for path in package.conffiles if path in sums)
        self.controls.append(f"{fields}\0{scripts}\0{conffiles}".encode())

    def _entry(self, number: int, entry: Entry, package: Package) -> None:
        path, mark = self._merged(entry.path)
        if path in ("/", "/.", "") or DROPPED.match(path):
            return
        kind = f"{'f' if entry.kind == 'h' else entry.kind} {entry.mode:o} {entry.owner} {entry.group}"
        folder, _, name = path.rpartition("/")
        folder = folder or "/"
        if entry.kind == "d":
            self.folders.setdefault(path, {})
        block = self.folders.setdefault(folder, {})
        if name in block:
            return
        target = entry.target
        source = entry
        if entry.kind == "h":
            source = next(each for each in package.entries if each.path == target)
        size = {"d": "", "l": target}.get(entry.kind, str(source.size))
        when = int(self.rows[number].split("\t")[3]) - entry.changed
        code = self.kinds.setdefault(kind, len(self.kinds))
        block[name] = "\t".join(
            (
                mark + name,
                str(code),
                str(number),
                size,
                str(when) if when and entry.kind == "f" else "",
                self._reference(source),
            )
        ).rstrip("\t")

    def _merged(self, path: str) -> tuple[str, str]:
        """A path below /usr, as on a merged system."""
        if re.match(r"/(bin|sbin|lib|lib32|lib64|libx32)(/|$)", path):
            return "/usr" + path, "~"
        return path, ""

    def _reference(self, entry: Entry) -> str:
        if entry.head:
            self.heads.append(entry.head.ljust(64, b"\0"))
            if PROGRAMS.match(entry.path):
                self.sums.append(b"".join(bytes.fromhex(each) for each in entry.sums))
                return f"p{len(self.heads) - 1},{len(self.sums) - 1}"
            if ".so" in entry.path:
                self.short.append(bytes.fromhex(entry.sums[0]))
                return f"s{len(self.heads) - 1},{len(self.short) - 1}"
            return f"e{len(self.heads) - 1}"
        text = entry.text
        if text is None or not entry.size:
            return ""
        in_etc = (entry.path.startswith("/etc/") and entry.size <= MOST_ETC) or KNOWN.match(entry.path)
        if UNREAD.match(entry.path):
            return ""
        if in_etc or UNITS.search(entry.path) or (SCRIPTS.search(entry.path) and entry.size <= MOST_SCRIPT):
            if text.startswith(b"#!"):
                return self._script(entry, text)
            number = self.texts.setdefault(text, len(self.texts))
            return f"t{number}"
        return ""

    def _script(self, entry: Entry, text: bytes) -> str:
        """Of a program, also of one that is a script, only the first line is kept."""
        self.heads.append(text[: text.index(b"\n") + 1][:64].ljust(64, b"\0"))
        self.short.append(bytes.fromhex(entry.sums[0]))
        return f"s{len(self.heads) - 1},{len(self.short) - 1}"


def main() -> None:
    """Pack the releases that are named, else all."""
    for name in sys.argv[1:] or SUITES:
        release = Release(name, CACHE)
        write(name, Packer(release).pack())
        print(name, len(release.packages))


if __name__ == "__main__":
    main()
