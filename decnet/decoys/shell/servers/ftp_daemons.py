# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""vsftpd and ProFTPD. Sources: vsftpd 3.0.3 and ProFTPD 1.3.8 of Debian 12."""

from __future__ import annotations

import time

from ..printing import serving
from ..process import Command, Process, Running
from .common import guarded, is_root, main_process, recorded, version_of

CONFIGURATION = "/etc/proftpd/proftpd.conf"


def vsftpd(process: Process) -> Running:
    """The server: it prints its version to its standard input, and nothing without a terminal."""
    words, shell = process.args, process.shell
    yield 0.0
    if words[:1] == ["-v"]:
        process.out(f"vsftpd: version {version_of(shell, 'vsftpd')}\n" if process.from_terminal else "")
        return 0
    path = next((word for word in words if not word.startswith("-")), "/etc/vsftpd.conf")
    if shell.read(shell.absolute(path)) is None:
        process.out(f"500 OOPS: vsftpd: cannot read config file: {path}\r\n" if process.to_terminal else "")
        return 2
    if not is_root(shell):
        process.out(
            "500 OOPS: vsftpd: must be started as root (see run_as_launching_user option)\r\n"
            if process.to_terminal
            else ""
        )
        return 2
    process.out("500 OOPS: could not bind listening IPv6 socket\r\n" if process.to_terminal else "")
    return 2


def vsftpdwho(process: Process) -> Running:
    """Its processes."""
    process.out("USER         PID STIME CMD\n")
    yield 0.0
    for each in process.shell.processes(time.time()):
        if each.name == "vsftpd":
            process.out(f"{each.user:<8} {each.pid:7} {_started(each.started)} {each.command}\n")
    return 0


def _started(when: int) -> str:
    today = time.time() // 86_400 == when // 86_400
    return time.strftime("%H:%M" if today else "%b%d", time.gmtime(when))


def proftpd(process: Process) -> Running:
    """The server."""
    words, shell = process.args, process.shell
    yield 0.0
    if not words or words[0] in ("-n", "-q"):
        return 0 if is_root(shell) else (yield from _refused(process))
    letters = "".join(word[1:] for word in words if word.startswith("-") and not word.startswith("--"))
    path = next(
        (after for word, after in zip(words, words[1:], strict=False) if word in ("-c", "--config")),
        CONFIGURATION,
    )
    if "t" in letters or "--configtest" in words:
        process.out("Checking syntax of configuration file\n")
    elif "-c" not in words:
        return (yield from _answered(process, words))
    if path != CONFIGURATION and shell.read(shell.absolute(path)) is None:
        process.err(
            f"{_stamp(process)}: fatal: unable to read configuration file '{path}': No such file or directory\n"
        )
        return 1
    if not is_root(shell):
        return (yield from _refused(process))
    return 0


def _answered(process: Process, words: list[str]) -> Running:
    if serving(process.shell, ["proftpd", *words]) is not None and words[0] not in ("-?", "-~", "--nosuch"):
        return (yield from recorded(process, *words))
    letter = "" if words[0].startswith("--") else words[0].lstrip("-")[:1]
    process.err(f"{_stamp(process, '')}: unknown option: {letter}\n")
    yield from recorded(process, "-h")
    return 1


def _stamp(process: Process, host: str | None = None) -> str:
    pid, now = process.pid or process.shell.own_pid, time.time()
    host = process.shell.hostname if host is None else host
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(now))},{int(now * 1000) % 1000:03} {host} proftpd[{pid}]"


def _refused(process: Process) -> Running:
    yield 0.0
    front = _stamp(process)
    process.err(
        f"{front}: mod_ctrls/0.9.5: unable to open ControlsLog '/var/log/proftpd/controls.log': Permission denied\n"
        f"{front}: fatal: ControlsLog: unable to open '/var/log/proftpd/controls.log': No such file or directory on line 125 of '{CONFIGURATION}'\n"
    )
    return 1


def ftpwho(process: Process) -> Running:
    """Who is logged in by FTP: a visitor is not to see another one."""
    daemon = main_process(process.shell, "proftpd")
    yield 0.0
    words = [word for word in process.args if word.startswith("-") and word != "-v"]
    if words:
        return (yield from recorded(process, *words))
    if daemon is None:
        process.out("no users connected\n")
        return 0
    up = max(0, int(time.time()) - daemon.started) // 60
    days, hours = up // 1440, up // 60
    shown = (
        f"{days} day{'s' if days > 1 else ''}, {hours % 24:2} hr{'s' if hours % 24 > 1 else ''} {up % 60} min"
        if days
        else f"{hours} hr{'s' if hours > 1 else ''} {up % 60} min"
        if hours
        else f"{up} min"
    )
    if process.name.rpartition("/")[2] == "ftpcount":
        process.out(f"Master proftpd process {daemon.pid}:\n0 users\n")
    else:
        process.out(f"standalone FTP daemon [{daemon.pid}], up for {shown}\nno users connected\n")
    return 0


COMMANDS: dict[str, Command] = guarded({
    "vsftpd": vsftpd, "vsftpdwho": vsftpdwho, "proftpd": proftpd, "in.proftpd": proftpd, "ftpwho": ftpwho, "ftpcount": ftpwho,
})  # fmt: skip
