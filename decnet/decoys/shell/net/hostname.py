# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`hostname` and its other names (hostname 3.23, and BusyBox's)."""

from __future__ import annotations

from ...visitors import HOSTNAME
from ..process import Process
from ..text.common import Failure, Options, parse
from .usage import HOSTNAME_USAGE

LONG = "alias=a all-fqdns=A boot=b domain=d fqdn=f long=f file:=F ip-address=i all-ip-addresses=I short=s yp=y nis=y version=V help=h"


def hostname(process: Process) -> int:
    """`hostname`."""
    shell, world, busybox = process.shell, process.shell.world, process.applet
    try:
        options = parse(process, "sidfF:" if busybox else "aAbdfF:iIsyvVh", LONG)
    except Failure as failure:
        process.err(f"hostname: {failure.message}\n")
        process.out("" if busybox else HOSTNAME_USAGE)
        return 1 if busybox else 255
    if "h" in options:
        process.out(HOSTNAME_USAGE)
        return 0
    if options.operands or "F" in options:
        return _set(process, options)
    name = shell.hostname
    if process.name == "dnsdomainname" or "d" in options:
        process.out(_domain(process) + "\n" if _domain(process) else "")
    elif process.name in ("domainname", "nisdomainname", "ypdomainname") or "y" in options:
        if "y" in options:
            process.err("hostname: Local domain name not set\n")
            return 1
        process.out("(none)\n")
    elif "I" in options:
        process.out(f"{world.address} \n")
    elif "A" in options:
        process.out(f"{_full(process)} \n")
    elif "i" in options:
        process.out(f"{address_of(process, name) or world.address}\n")
    elif "f" in options:
        process.out(f"{_full(process)}\n")
    elif "s" in options:
        process.out(f"{name.partition('.')[0]}\n")
    elif "a" in options:
        process.out(f"{_alias(process)}\n")
    else:
        process.out(f"{name}\n")
    return 0


def hosts(process: Process) -> list[list[str]]:
    """The lines of /etc/hosts as address and names."""
    text = process.shell.read("/etc/hosts") or ""
    process.spend(len(text) // 8)
    found = (line.partition("#")[0].split() for line in text.splitlines()[:1000])
    return [fields for fields in found if len(fields) > 1]


def address_of(process: Process, name: str) -> str:
    """The address that /etc/hosts gives a name, "" for none."""
    wanted = name.lower().rstrip(".")
    lines = [fields for fields in hosts(process) if wanted in (each.lower() for each in fields[1:])]
    return next((fields[0] for fields in lines if ":" not in fields[0]), lines[0][0] if lines else "")


def _full(process: Process) -> str:
    name = process.shell.hostname
    return next((fields[1] for fields in hosts(process) if name in fields[1:]), name)


def _alias(process: Process) -> str:
    name = process.shell.hostname
    return next((" ".join(fields[2:]) for fields in hosts(process) if name in fields[1:]), "")


def _domain(process: Process) -> str:
    return _full(process).partition(".")[2]


def _set(process: Process, options: Options) -> int:
    busybox = process.applet
    if process.shell.user != "root":
        process.err(
            "hostname: sethostname: Operation not permitted\n"
            if busybox
            else "hostname: you must be root to change the host name\n"
        )
        return 1
    if len(options.operands) > 1 and not busybox:
        process.err(HOSTNAME_USAGE)
        return 255
    name = options.operands[0] if options.operands else ""
    if "F" in options:
        text = process.shell.read(process.shell.absolute(options.value("F")))
        if text is None:
            process.err(f"hostname: can't open `{options.value('F')}'\n")
            return 1
        lines = (line.strip() for line in text[:4096].splitlines())
        name = next((line for line in lines if line and not line.startswith("#")), "")
    if not busybox and not _is_valid(name):
        process.err("hostname: the specified hostname is invalid\n")
        return 1
    process.shell.files.note(HOSTNAME, name[:64])
    return 0


def _is_valid(name: str) -> bool:
    """Letters, digits, hyphens and dots, none of these two at an end."""
    plain = name.replace("-", "a").replace(".", "a")
    return (
        name.isascii()
        and plain.isalnum()
        and name[0] not in "-."
        and name[-1] not in "-."
        and len(name) <= 64
    )


COMMANDS = dict.fromkeys(
    ("hostname", "dnsdomainname", "domainname", "nisdomainname", "ypdomainname"), hostname
)
