# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""AppArmor, ldconfig, locales, terminals, kmod and other helpers of the system."""

from __future__ import annotations

from ..process import Command, Process, Running
from ..text.common import Failure, parse, why_not
from ..text.packaged import packaged

MODES = ("enforce", "complain", "kill", "unconfined")


def _profiles(process: Process, log: bytes) -> list[str]:
    """The profiles that the kernel's log has as loaded."""
    found = []
    for line in log.decode("utf-8", "replace").splitlines():
        if 'operation="profile_load"' in line and 'name="' in line:
            found.append(line.partition('name="')[2].partition('"')[0])
    return sorted(dict.fromkeys(found))


@packaged(bare=True)
def aa_status(process: Process) -> Running:
    """The profiles of AppArmor."""
    words = process.args
    if process.shell.user != "root":
        process.out("apparmor module is loaded.\n")
        process.err("You do not have enough privilege to read the profile set.\n")
        return 4
    _, log = yield from process.output_of(["dmesg"])
    found = _profiles(process, log)
    counts = {
        "--profiled": len(found),
        "--enforced": len(found),
        "--complaining": 0,
        "--kill": 0,
        "--prompt": 0,
    }
    if words and words[0] in counts:
        process.out(f"{counts[words[0]]}\n")
    elif words == ["--enabled"]:
        return 0
    elif words and words[0] in ("--json", "--pretty-json"):
        inner = ", ".join(f'"{name}": "enforce"' for name in found)
        process.out(f'{{"version": "2", "profiles": {{{inner}}}, "processes": {{}}}}\n')
    else:
        process.out(
            f"apparmor module is loaded.\n{len(found)} profiles are loaded.\n{len(found)} profiles are in enforce mode.\n"
        )
        process.out("".join(f"   {name}\n" for name in found))
        process.out("".join(f"0 profiles are in {mode} mode.\n" for mode in MODES[1:]))
        process.out(
            "0 processes have profiles defined.\n0 processes are in enforce mode.\n0 processes are in complain mode.\n0 processes are unconfined but have a profile defined.\n0 processes are in mixed mode.\n0 processes are in kill mode.\n"
        )
    return 0


@packaged(bare=True)
def aa_enabled(process: Process) -> Running:
    """Whether AppArmor is on."""
    yield 0.0
    process.out("" if "-q" in process.args else "Yes\n")
    return 0


@packaged()
def aa_exec(process: Process) -> Running:
    """A command under a profile."""
    options = parse(
        process, "dhin:p:v", "debug=d immediate=i namespace:=n profile:=p verbose=v help=h", stop=True
    )
    yield 0.0
    profile = options.value("p")
    if profile and profile != "unconfined":
        process.err(f"[{process.pid}] aa-exec: ERROR: profile '{profile}' does not exist\n\n")
        return 1
    if not options.operands:
        process.err(f"[{process.pid}] aa-exec: ERROR: no command specified\n\n")
        return 1
    return (yield from process.call(options.operands))


@packaged(refuses=False)
def apparmor_parser(process: Process) -> Running:
    """Load profiles."""
    status = 0
    for path in (word for word in process.args if not word.startswith("-")):
        if process.shell.node(process.shell.absolute(path)) is None:
            process.err(f"File {path} not found, skipping...\n")
            status = 2
    yield 0.0
    return status


LIBRARIES = ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu")


@packaged(bare=True)
def ldconfig(process: Process) -> Running:
    """The cache of libraries."""
    options = parse(
        process, "C:f:i:lnNpr:vVX?", "print-cache=p verbose=v help=? version=V format: ignore-aux-cache"
    )
    shell = process.shell
    yield 0.0
    if shell.user != "root" and "p" not in options and "N" not in options:
        raise Failure("Can't create temporary cache file /etc/ld.so.cache~: Permission denied")
    folder = "/usr/lib/x86_64-linux-gnu"
    names = (
        [name for name in shell.entries(folder) if ".so." in name] if "p" in options or "v" in options else []
    )
    if "p" in options:
        process.out(f"{len(names)} libs found in cache `/etc/ld.so.cache'\n")
        for name in sorted(names, reverse=True):
            process.out(f"\t{name} (libc6,x86-64) => /lib/x86_64-linux-gnu/{name}\n")
    elif "v" in options:
        process.err(
            "/sbin/ldconfig.real: Can't stat /usr/local/lib/x86_64-linux-gnu: No such file or directory\n"
            if shell.world.system.id == "ubuntu"
            else "ldconfig: Can't stat /usr/local/lib/x86_64-linux-gnu: No such file or directory\n"
        )
        process.out(
            "/usr/local/lib: (from /etc/ld.so.conf.d/libc.conf:2)\n/lib/x86_64-linux-gnu: (from /etc/ld.so.conf.d/x86_64-linux-gnu.conf:3)\n"
        )
        process.out("".join(f"\t{name} -> {name}\n" for name in names))
    return 0


LOCALES = ("C.UTF-8", "C", "POSIX", "en_US.UTF-8", "C.utf8", "en_US.utf8")


@packaged(bare=True, refuses=False)
def locales(process: Process) -> Running:
    """validlocale, update-locale and localedef: only English is there."""
    name = process.name.rpartition("/")[2]
    words = [word for word in process.args if not word.startswith("-")]
    yield 0.0
    if name == "validlocale":
        if not words:
            raise Failure("", 1)
        if words[0] in LOCALES:
            process.err(f"locale '{words[0]}' valid and available\n")
            return 0
        process.err(f"locale '{words[0]}' not available\n")
        process.out(f"{words[0]} {'UTF-8' if words[0].upper().endswith('UTF-8') else 'ISO-8859-1'}\n")
        return 1
    if name == "update-locale":
        wrong = [word for word in words if word.partition("=")[2] and word.partition("=")[2] not in LOCALES]
        if wrong and "--no-checks" not in process.args:
            process.err(f"*** update-locale: Error: invalid locale settings:  {' '.join(wrong)}\n")
            return 255
        return 0
    if "--list-archive" in process.args:
        process.out("en_US.utf8\n")
        return 0
    given = dict(zip(process.args, process.args[1:], strict=False))
    source = given.get("-i", "")
    if source and process.shell.node(f"/usr/share/i18n/locales/{source}") is None:
        process.err(f"[error] cannot open locale definition file `{source}': No such file or directory\n")
        return 4
    return 0


@packaged(bare=True, refuses=False)
def terminal(process: Process) -> Running:
    """tset, setterm, tabs and clear_console, which need a terminal."""
    name = process.name.rpartition("/")[2]
    term = process.shell.environment().get("TERM", "")
    yield 0.0
    if name == "setterm":
        if word := next(
            (
                each
                for each in process.args
                if each.startswith("-") and each.lstrip("-") not in SETTERM and each.lstrip("-") != "reset"
            ),
            "",
        ):
            raise Failure(f"unrecognized option '{word}'", hint=True)
        if not term:
            raise Failure("$TERM is not defined.")
        process.out({"--reset": "\x1bc", "-reset": "\x1bc"}.get((process.args or [""])[0], ""))
        return 0
    if name == "clear_console":
        process.err("clear_console: terminal is not a console\n")
        return 1
    if name == "tabs":
        columns = process.columns if process.to_terminal else 80
        step = next((int(word[1:4]) for word in process.args if word[:1] == "-" and word[1:].isdecimal()), 8)
        stops = "".join((" " * (step if at else 0)) + "\x1bH" for at in range(0, columns, step))
        process.out(f"\x1b[3g\r{stops}\r" if step else "\x1b[3g\r")
        return 0
    if not process.from_terminal:
        process.err(f"{name}: terminal attributes: No such device or address\n\n")
        return 10
    return 0


SETTERM = ("blank", "cursor", "repeat", "appcursorkeys", "linewrap", "inversescreen", "default", "foreground", "background", "ulcolor", "hbcolor", "bold", "half-bright", "blink", "reverse",
           "underline", "store", "clear", "tabs", "clrtabs", "regtabs", "initialize", "dump", "append", "msg", "msglevel", "powersave", "powerdown", "blength", "bfreq", "file", "resize", "term")  # fmt: skip


@packaged(bare=True, refuses=False)
def terminfo(process: Process) -> Running:
    """infocmp, toe and tic: the descriptions of terminals."""
    name = process.name.rpartition("/")[2]
    shell = process.shell
    words = [word for word in process.args if not word.startswith("-")]
    yield 0.0
    if name in ("tic", "captoinfo", "infotocap"):
        path = (words or [""])[0]
        if reason := why_not(process, path):
            process.err(f"{name}: {path} {reason}\n")
            return 1
        return 0
    if name == "toe":
        return 0
    term = (words or [shell.environment().get("TERM", "")])[0]
    if not term:
        process.err("infocmp: environment variable TERM not set\n")
        return 1
    for folder in ("/lib/terminfo", "/usr/share/terminfo", "/etc/terminfo"):
        if shell.node(f"{folder}/{term[0]}/{term}") is not None:
            process.out(f"#\tReconstructed via infocmp from file: {folder}/{term[0]}/{term}\n{term},\n")
            return 0
    process.err(f"infocmp: couldn't open terminfo file /usr/share/terminfo/{term[0]}/{term}.\n")
    return 1


@packaged(refuses=False)
def kmod(process: Process) -> Running:
    """Modules of the kernel."""
    word = process.args[0]
    yield 0.0
    if word == "list":
        return (yield from process.call(["lsmod"]))
    if word == "static-nodes":
        process.out(
            "Module: fuse\n\tDevice node: /dev/fuse\n\t\tType: character device\n\t\tMajor: 10\n\t\tMinor: 229\n"
        )
        return 0
    process.err(f"invalid command '{word}'\n")
    yield from process.call(["kmod", "--help"])
    return 1


@packaged(bare=True, refuses=False)
def depmod(process: Process) -> Running:
    """The dependencies of modules."""
    words = [word for word in process.args if not word.startswith("-")]
    version = (words or [process.shell.world.system.kernel])[0]
    yield 0.0
    if not version[:1].isdigit():
        process.err(f"depmod: ERROR: Bad version passed {version}\n")
        return 1
    if (
        process.shell.node(f"/lib/modules/{version}") is None
        and process.shell.node(f"/usr/lib/modules/{version}") is None
    ):
        process.err(
            f"depmod: ERROR: could not open directory /lib/modules/{version}: No such file or directory\ndepmod: FATAL: could not search modules: No such file or directory\n"
        )
        return 1
    return 0


@packaged(bare=True, refuses=False)
def tape(process: Process) -> Running:
    """mt and rmt: there is no tape."""
    name = process.name.rpartition("/")[2]
    given = dict(zip(process.args, process.args[1:], strict=False))
    path = given.get("-f", process.shell.environment().get("TAPE", "/dev/tape"))
    yield 0.0
    if name.startswith("rmt"):
        process.given  # noqa: B018
        return 0
    there = process.shell.node(process.shell.absolute(path)) is not None
    process.err(
        f"{name}: {path}: {'Inappropriate ioctl for device' if there else 'rmtopen failed: No such file or directory'}\n"
    )
    return 1 if not there else 2


@packaged(bare=True, refuses=False)
def dmi_tools(process: Process) -> Running:
    """Old programs that look into the memory of the firmware, which this kernel does not let them."""
    name = process.name.rpartition("/")[2]
    yield 0.0
    process.out(f"# {name} 3.4\n" if name != "ownership" else "")
    if process.shell.user != "root" or process.shell.node("/dev/mem") is None:
        process.err(
            f"/dev/mem: {'Permission denied' if process.shell.node('/dev/mem') else 'No such file or directory'}\n"
        )
        return 1
    process.err("/dev/mem: Operation not permitted\n")
    return 1


@packaged(refuses=False)
def setpci(process: Process) -> Running:
    """Registers of PCI devices."""
    words = [word for word in process.args if word[:1] != "-"]
    yield 0.0
    if not words:
        process.err("setpci: No operation specified.\nTry `setpci --help' for more information.\n")
        return 1
    return 0


@packaged(refuses=False)
def chcon(process: Process) -> Running:
    """chcon and runcon: there is no SELinux."""
    name = process.name.rpartition("/")[2]
    words = [word for word in process.args if not word.startswith("-")]
    yield 0.0
    if name == "runcon":
        raise Failure("runcon may be used only on a SELinux kernel")
    partial = any(word in ("-t", "-u", "-r", "-l") for word in process.args)
    path = words[-1] if words else ""
    if reason := why_not(process, path):
        raise Failure(f"cannot access '{path}': {reason}")
    raise Failure(
        f"can't apply partial context to unlabeled file '{path}'"
        if partial
        else f"failed to change context of '{path}' to ‘{words[0]}’: Operation not supported"
    )


COMMANDS: dict[str, Command] = {
    "aa-status": aa_status, "apparmor_status": aa_status, "aa-enabled": aa_enabled, "aa-exec": aa_exec, "apparmor_parser": apparmor_parser, "ldconfig": ldconfig, "ldconfig.real": ldconfig,
    **dict.fromkeys(("validlocale", "update-locale", "localedef"), locales), **dict.fromkeys(("tset", "setterm", "tabs", "clear_console"), terminal),
    **dict.fromkeys(("infocmp", "toe", "tic", "captoinfo", "infotocap"), terminfo), "kmod": kmod, "depmod": depmod, **dict.fromkeys(("mt-gnu", "mt", "rmt-tar", "rmt"), tape),
    **dict.fromkeys(("ownership", "biosdecode", "vpddecode"), dmi_tools), "setpci": setpci, "chcon": chcon, "runcon": chcon,
}  # fmt: skip
