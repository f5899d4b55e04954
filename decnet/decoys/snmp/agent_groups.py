# ruff: noqa: E501 (the options of one build are one text)
"""What net-snmp reports about itself: its modules, caches, access control, version. Nothing of it is the machine's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from . import ber
from .ber import Oid
from .storage import UCD
from .tree import Rows, Section, Table, Value

if TYPE_CHECKING:
    from .host_view import Host

FIXED: tuple[Oid, ...] = (
    (1, 3, 6, 1, 2, 1, 28), (1, 3, 6, 1, 2, 1, 88), (1, 3, 6, 1, 2, 1, 92), (1, 3, 6, 1, 4, 1, 8072, 1, 3),
    (1, 3, 6, 1, 4, 1, 8072, 1, 5), (1, 3, 6, 1, 4, 1, 8072, 1, 7), (1, 3, 6, 1, 4, 1, 8072, 1, 9), (1, 3, 6, 1, 6, 3, 11),
    (1, 3, 6, 1, 6, 3, 12), (1, 3, 6, 1, 6, 3, 15), (1, 3, 6, 1, 6, 3, 16),
)  # fmt: skip
"""Groups that depend only on the agent's build and configuration, in data/fixed.txt: name, type, value."""
MODULES: Oid = (1, 3, 6, 1, 4, 1, 8072, 1, 2, 1, 1)
"""Its modules, in data/modules.txt: name, priority, modes, timeout, text."""
BUILT = " '--build=x86_64-linux-gnu' '--includedir=${prefix}/include' '--mandir=${prefix}/share/man' '--infodir=${prefix}/share/info' '--localstatedir=/var' '--disable-option-checking' '--disable-silent-rules' '--libdir=${prefix}/lib/x86_64-linux-gnu' '--runstatedir=/run' '--disable-maintainer-mode' '--disable-dependency-tracking' '--prefix=/usr' '--sysconfdir=/etc' '--mandir=/usr/share/man' '--with-persistent-directory=/var/lib/snmp' '--enable-ucd-snmp-compatibility' '--with-cflags=-g -O2 -ffile-prefix-map=/build/reproducible-path/net-snmp-5.9.3+dfsg=. -fstack-protector-strong -Wformat -Werror=format-security -DNETSNMP_USE_INLINE' '--with-ldflags=-Wl,-z,relro -Wl,-z,now' '--with-perl-modules=INSTALLDIRS=vendor' '--enable-as-needed' '--with-logfile=none' '--without-rpm' '--with-libwrap' '--with-openssl' '--without-dmalloc' '--without-efence' '--without-rsaref' '--with-sys-contact=root' '--with-sys-location=Unknown' '--with-mib-modules=smux ucd-snmp/dlmod mibII/mta_sendmail disman/event-mib ucd-snmp/diskio ucd-snmp/lms"


def scalars(host: Host) -> Iterator[tuple[Oid, Value]]:
    """Version and settings of the agent (UCD-SNMP-MIB)."""
    yield (*UCD, 13, 14, 1, 0), ber.integer(1)
    yield (*UCD, 16, 1, 0), ber.integer(250)
    yield (*UCD, 100, 1, 0), ber.integer(1)
    built = BUILT.replace("net-snmp-5.9.3", f"net-snmp-{host.release}")
    for number, text in ((2, host.release), (3, "$Date$"), (5, "$Id$"), (6, built)):
        yield (*UCD, 100, number, 0), ber.text(text)
    yield (*UCD, 100, 4, 0), lambda: ber.text(time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime()))
    for number in (10, 11, 12, 13, 20):
        yield (*UCD, 100, number, 0), ber.integer(0)
    for number, value in ((1, 0), (100, 0)):
        yield (*UCD, 101, number, 0), ber.integer(value)
    yield (*UCD, 101, 2, 0), ber.text("snmp")
    yield (*UCD, 101, 101, 0), ber.text("")
    serial = host.persona.number("snmp serial", 1, 0x7FFFFFFF)
    yield (1, 3, 6, 1, 6, 3, 1, 1, 6, 1, 0), ber.integer(serial)


def sections(folder: Path) -> list[Section | Table]:
    """The groups of FIXED, and the table of modules."""

    def group(entry: Oid) -> Section:
        return Section(entry, lambda: _fixed(folder, entry))

    modules = Table(MODULES, (4, 5, 6), lambda: _modules(folder), seconds=float("inf"))
    return [*map(group, FIXED), modules]


def _fixed(folder: Path, entry: Oid) -> dict[Oid, bytes]:
    found = {}
    for line in folder.joinpath("fixed.txt").read_text("ascii").splitlines():
        name, kind, value = f"{line} ".split(" ", 2)
        arcs = _arcs(name)
        if arcs[: len(entry)] == entry:
            found[arcs] = _encoded(kind, value.rstrip(" "))
    return found


def _encoded(kind: str, value: str) -> bytes:
    """A value of data/fixed.txt: i integer, g gauge, c counter, t ticks, s string, x hexadecimal string, o object."""
    if kind == "s":
        return ber.text(value)
    if kind == "x":
        return ber.string(bytes.fromhex(value))
    if kind == "o":
        return ber.oid(_arcs(value))
    encode = {"i": ber.integer, "g": ber.gauge, "c": ber.counter, "t": ber.ticks}[kind]
    return encode(int(value))


def _modules(folder: Path) -> Rows:
    rows = {}
    for line in folder.joinpath("modules.txt").read_text("ascii").splitlines():
        name, priority, modes, timeout, text = f"{line} ".split(" ", 4)
        arcs = _arcs(name)
        flags = bytes.fromhex(modes)
        rows[0, len(arcs), *arcs, int(priority)] = (
            ber.text(text.rstrip(" ")),
            ber.string(flags),
            ber.integer(int(timeout)),
        )
    return rows


def _arcs(name: str) -> Oid:
    return tuple(map(int, name.split(".")))
