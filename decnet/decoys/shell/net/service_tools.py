# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""start-stop-daemon, invoke-rc.d, logrotate, rsyslogd -N, ifup and other programs of services."""

from __future__ import annotations

import time

from ..process import Command, Process, Running
from ..system.loaded import find
from ..system.volumes import version_of
from ..text.common import Failure, parse, why_not
from ..text.packaged import packaged

START = """start=S stop=K status=T name:=n exec:=x pidfile:=p user:=u chuid:=c startas:=a signal:=s retry:=R background=b make-pidfile=m oknodo=o test=t
quiet=q verbose=v chdir:=d chroot:=r group:=g nicelevel:=N procsched:=P iosched:=I umask:=k pid:=I ppid: remove-pidfile no-close=C output:=O notify-await notify-timeout: help=H version=V"""


@packaged()
def start_stop_daemon(process: Process) -> Running:
    """Start or stop programs that run in the background."""
    options = parse(process, "SKTHVn:x:p:u:c:a:s:R:bmotqvd:r:g:N:P:I:k:CO:", START, status=3, stop=True)
    shell, name = process.shell, options.value("n") or options.value("x").rpartition("/")[2]
    if not options.last("SKT"):
        raise Failure("need one of --start or --stop or --status", 3, hint=True)
    if not any(letter in options for letter in "xpunI"):
        raise Failure("need at least one of --exec, --pid, --ppid, --pidfile, --user or --name", 3, hint=True)
    if "x" in options and shell.node(shell.absolute(options.value("x"))) is None:
        raise Failure(f"unable to stat {options.value('x')} (No such file or directory)", 2)
    found = [
        each
        for each in shell.processes(time.time())
        if (not name or each.name == name) and options.value("u") in ("", each.user)
    ]
    if "p" in options and not name:
        pid = (shell.read(shell.absolute(options.value("p"))) or "").strip()
        found = [each for each in found if str(each.pid) == pid]
    yield 0.0
    if "T" in options:
        return 0 if found else 1 if shell.node(shell.absolute(options.value("p") or "/nonexistent")) else 3
    if "K" in options:
        what = options.value("x") or name or options.value("p")
        if not found:
            process.out("" if "q" in options else f"No {what} found running; none killed.\n")
            return 0 if "o" in options else 1
        return (
            yield from process.call(
                ["kill", f"-{options.value('s') or 'TERM'}", *(str(each.pid) for each in found)]
            )
        )
    if found:
        process.out("" if "q" in options else f"{options.value('x') or name} already running.\n")
        return 0 if "o" in options else 1
    if "t" in options:
        return 0
    return (yield from process.call([options.value("a") or options.value("x"), *options.operands]))


@packaged()
def invoke_rc(process: Process) -> Running:
    """Actions of init scripts, as maintainer scripts ask for them."""
    words = [word for word in process.args if not word.startswith("-")]
    query = "--query" in process.args
    yield 0.0
    if len(words) < 2:
        process.err("invoke-rc.d: syntax error: missing required parameter\n")
        return 103
    unit = find(process.shell, words[0])
    if query:
        return 104 if unit is not None else 100
    if unit is None:
        process.err(f"invoke-rc.d: unknown initscript, /etc/init.d/{words[0]} not found.\n")
        return 100
    return (yield from process.call(["systemctl", words[1], unit.name]))


@packaged(bare=True, refuses=False)
def deb_systemd(process: Process) -> Running:
    """Helpers of maintainer scripts."""
    name = process.name.rpartition("/")[2]
    yield 0.0
    if name == "deb-systemd-helper":
        process.err("/usr/bin/deb-systemd-helper was not called from dpkg. Exiting.\n")
        return 1
    words = [word for word in process.args if not word.startswith("-")]
    if len(words) < 2:
        process.err("Syntax: /usr/bin/deb-systemd-invoke <action> <unit file> [<unit file> ...]\n")
        return 1
    return (yield from process.call(["systemctl", *words]))


DEBUG = "warning: logrotate in debug mode does nothing except printing debug messages!  Consider using verbose mode (-v) instead if this is not what you want.\n\n"


@packaged()
def logrotate(process: Process) -> Running:
    """Rotate logs: timers have done it."""
    options = parse(
        process,
        "dfm:s:vl:?",
        "debug=d force=f mail:=m state:=s skip-state-lock wait-for-state-lock verbose=v log:=l version help=? usage",
    )
    shell, status = process.shell, 0
    debug, state = "d" in options, options.value("s") or "/var/lib/logrotate/status"
    yield 0.0
    talks = debug or "v" in options
    old = process.shell.world.system.version in ("11", "20.04", "22.04")
    lock = "" if old else f"acquired lock on state file {state}"
    process.err(("WARNING" + DEBUG[7:] if old else DEBUG) if debug else "")
    for path in options.operands:
        node = shell.node(shell.absolute(path))
        if node is None:
            process.err(f"error: cannot stat {path}: No such file or directory\n")
            status = 1
        elif node.kind:
            process.err(f"Ignoring {path} because it's not a regular file.\n" if talks else "")
        elif talks:
            process.err(f"reading config file {path}\n")
    if not talks:
        return status
    if shell.node(shell.absolute(state)) is None:
        if debug:
            process.err(
                f"Reading state from file: {state}\nstate file {state} does not exist\nAllocating hash table for state file, size 64 entries\n"
            )
        else:
            shell.write(shell.absolute(state), b"logrotate state -- version 2\n", 0o640)
            process.err(
                f"Creating stub state file: {state}\n{lock}Reading state from file: {state}\nAllocating hash table for state file, size 64 entries\n"
            )
    else:
        process.err(
            ("" if debug else lock)
            + f"Reading state from file: {state}\nAllocating hash table for state file, size 64 entries\n"
        )
    process.err("\nHandling 0 logs\n")
    return status


@packaged(bare=True)
def rsyslogd(process: Process) -> Running:
    """The log daemon: its configuration is checked."""
    options = parse(process, "46AaC:dDf:hi:I:l:m:M:N:nqQr:s:S:t:T:u:vwxo:")
    version = version_of(process.shell, "rsyslog", "8.2302.0")
    path = options.value("f") or "/etc/rsyslog.conf"
    yield 0.0
    if "v" in options:
        process.out(
            f"rsyslogd  {version} (aka 20{version[2:4]}.{version[4:6]}) compiled with:\n\tPLATFORM:\t\t\t\tx86_64-pc-linux-gnu\n"
        )
        return 0
    if "N" not in options:
        process.err(
            "rsyslogd: pidfile '/run/rsyslogd.pid' and pid 1 already exist.\nIf you want to run multiple instances of rsyslog, you need to specify\ndifferent pid files for them (-i option).\nrsyslogd: run failed with error -3000 (see rsyslog.h or try https://www.rsyslog.com/e/3000 to learn what that number means)\n"
        )
        return 1
    process.err(
        f"rsyslogd: version {version}, config validation run (level {options.value('N')}), master config {path}\n"
    )
    if reason := why_not(process, path):
        process.err(
            f"rsyslogd: could not open config file '{path}': {reason} [v{version} try https://www.rsyslog.com/e/2104 ]\nrsyslogd: run failed with error -2104 (see rsyslog.h or try https://www.rsyslog.com/e/2104 to learn what that number means)\n"
        )
        return 1
    process.err("rsyslogd: End of config validation run. Bye.\n")
    return 0


def _interfaces(process: Process) -> list[tuple[str, bool]]:
    """The interfaces of /etc/network/interfaces, and whether each comes up by itself."""
    lines = [line.split() for line in (process.shell.read("/etc/network/interfaces") or "").splitlines()]
    own = {name for words in lines if words[:1] in (["auto"], ["allow-auto"]) for name in words[1:]}
    hot = {name for words in lines if words[:1] == ["allow-hotplug"] for name in words[1:]}
    names = [words[1] for words in lines if words[:1] == ["iface"] and len(words) > 1]
    return (
        [(name, name in own) for name in dict.fromkeys(["lo", *names])]
        if own | hot | set(names)
        else [("lo", True)]
    )


@packaged()
def ifup(process: Process) -> Running:
    """Network cards by /etc/network/interfaces: they are up."""
    name = process.name.rpartition("/")[2]
    options = parse(
        process,
        "ahVvni:Xo:lLs",
        "all=a allow: interfaces:=i exclude:=X no-act=n no-mappings no-scripts force option:=o list=l list-allow=L state=s verbose=v help=h version=V read-environment ignore-errors",
    )
    found = _interfaces(process)
    known = [each for each, _ in found]
    yield 0.0
    if name == "ifquery" and "l" in options:
        process.out("".join(f"{each}\n" for each, auto in found if auto or "a" in options))
        return 0
    status = 0
    for word in options.operands:
        if word not in known:
            process.err(
                f"{name}: unknown interface {word}\n"
                if name != "ifdown"
                else f"ifdown: interface {word} not configured\n"
            )
            status = 1
        elif name == "ifup":
            process.err(f"ifup: interface {word} already configured\n")
        elif name == "ifdown" and process.shell.user != "root":
            process.err("ifdown: failed to open lockfile /run/network/.ifstate.lock: Permission denied\n")
            status = 1
    return status


DHCP_OLD = "4.4.1\nCopyright 2004-2018"
DHCP = "Internet Systems Consortium DHCP Client 4.4.3-P1\nCopyright 2004-2022 Internet Systems Consortium.\nAll rights reserved.\nFor info, please visit https://www.isc.org/software/dhcp/\n\n"
BUG = """
If you think you have received this message due to a bug rather
than a configuration issue please read the section on submitting
bugs on either our web page at www.isc.org or in the README file
before submitting a bug.  These pages explain the proper
process and the information we find helpful for debugging.

exiting.
"""


@packaged(bare=True, refuses=False)
def dhclient(process: Process) -> Running:
    """Ask for an address: no server answers."""
    from .ip_show import links

    words = [word for word in process.args if not word.startswith("-")]
    yield 0.0
    if "-x" in process.args or "-r" in process.args:
        return 0
    if process.shell.user != "root":
        process.err(f"RTNETLINK answers: Operation not permitted\n{BUG}")
        return 1
    cards = [each.name for each in links(process.shell.world)]
    old = process.shell.world.system.version in ("20.04", "22.04", "11")
    process.err(
        (DHCP.replace("4.4.3-P1\nCopyright 2004-2022", DHCP_OLD) if old else DHCP)
        if "-v" in process.args
        else ""
    )
    for word in words:
        if word not in cards:
            detail = (
                f'cat: /sys/class/net/{word}/ifindex: No such file or directory\nError getting hardware address for "{word}": No such device\n'
                if old
                else "Failed to get interface index: No such device\n"
            )
            process.err(f'Cannot find device "{word}"\n{detail}{BUG}')
            return 1
    return 0


COMMANDS: dict[str, Command] = {
    "start-stop-daemon": start_stop_daemon, "invoke-rc.d": invoke_rc, "deb-systemd-helper": deb_systemd, "deb-systemd-invoke": deb_systemd, "logrotate": logrotate, "rsyslogd": rsyslogd,
    "ifup": ifup, "ifdown": ifup, "ifquery": ifup, "dhclient": dhclient,
}  # fmt: skip
