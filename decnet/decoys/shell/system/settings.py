# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""sysctl, locale, getconf, stty."""

from __future__ import annotations

import time

from ...host.sysctls import sysctls
from ..process import Command, Process, Running
from ..regex import BadRegex, Regex, Syntax
from ..text.common import Failure, Options, parse, quoted, tool

BEFORE_PROCPS_4 = ("11", "20.04", "22.04", "8.10", "9.4")
"""Versions of systems whose sysctl ends with -1."""
CATEGORIES = (
    "CTYPE",
    "NUMERIC",
    "TIME",
    "COLLATE",
    "MONETARY",
    "MESSAGES",
    "PAPER",
    "NAME",
    "ADDRESS",
    "TELEPHONE",
    "MEASUREMENT",
    "IDENTIFICATION",
)


@tool
def sysctl(process: Process) -> Running:
    """The settings of the kernel."""
    try:
        options = parse(
            process,
            "aAXbeNnp::f::r:qwoxdhV",
            "all=a binary=b ignore=e names=N values=n load::=p pattern:=r quiet=q write=w help=h version=V system deprecated dry-run",
        )
    except Failure as failure:
        process.err(f"sysctl: {failure.message}\nTry `sysctl --help' for more information.\n")
        return 1
    shell = process.shell
    values = sysctls(shell.world)
    yield 0.0
    if any(name in options for name in ("p", "f", "system")):
        return _loaded(process, options)
    if any(letter in options for letter in "aAX"):
        try:
            fits = Regex(options.value("r"), Syntax(extended=True), process.spend) if "r" in options else None
        except BadRegex:
            return 1
        for name in values:
            if fits is not None and not fits.test(name):
                continue
            path = "/proc/sys/" + name.replace(".", "/")
            changed = shell.read(path) if path in shell.files.changes else None
            _show(process, options, name, values[name] if changed is None else changed.strip())
            if process.tired:
                yield 0.0
        return 0
    if not options.operands and process.applet:
        return 0
    if not options.operands:
        process.err("sysctl: no variables specified\nTry `sysctl --help' for more information.\n")
        return 1
    failed = 255 if shell.world.system.version in BEFORE_PROCPS_4 else 1
    status = 0
    for word in options.operands:
        name, equals, value = word.partition("=")
        name = name.strip().replace("/", ".")
        path = "/proc/sys/" + name.replace(".", "/")
        node = shell.node(path)
        if name not in values and (node is None or node.folder):
            if node is not None:
                for each in (each for each in values if each.startswith(name + ".")):
                    _show(process, options, each, values[each])
                continue
            if equals and process.applet and "e" not in options:
                process.err(f"sysctl: error: '{name}' is an unknown key\n")
                status = 1
            elif "e" not in options:
                process.err(f"sysctl: cannot stat {path}: No such file or directory\n")
                status = failed
        elif equals and shell.user != "root":
            process.err(f'sysctl: permission denied on key "{name}"\n')
            status = 1
        elif equals:
            _set(process, path, value.strip())
            if "q" not in options:
                _show(process, options, name, value.strip())
        else:
            _show(process, options, name, (shell.read(path) or "").rstrip("\n"))
    return status


def _loaded(process: Process, options: Options) -> int:
    """Settings from files."""
    shell, status = process.shell, 0
    names = [value for letter, value in options.given if letter in "pf" and value] + options.operands
    if "system" in options:
        return 0
    for name in names or ["/etc/sysctl.conf"]:
        text = shell.read(shell.absolute(name))
        if text is None:
            process.err(f'sysctl: cannot open "{name}": No such file or directory\n')
            status = 255 if shell.world.system.version in BEFORE_PROCPS_4 else 1
            continue
        for line in text.splitlines():
            key, equals, value = (part.strip() for part in line.partition("="))
            path = "/proc/sys/" + key.lstrip("-").replace(".", "/")
            if not equals or key[:1] in "#;":
                continue
            if shell.node(path) is None:
                process.err(f"sysctl: cannot stat {path}: No such file or directory\n")
                status = 1
                continue
            _set(process, path, value)
            _show(process, options, key.lstrip("-"), value)
    return status


def _set(process: Process, path: str, value: str) -> None:
    from dataclasses import replace

    node = process.shell.node(path)
    if node is not None:
        data = value[:200].encode("utf-8", "surrogateescape") + b"\n"
        process.shell.change(path, replace(node, live=None, content=data, size=-1))


def _show(process: Process, options: Options, name: str, value: str) -> None:
    if "N" in options:
        process.out(f"{name}\n")
    elif "b" in options:
        process.out(value)
    else:
        process.out(f"{value}\n" if "n" in options else f"{name} = {value}\n")


@tool
def locale(process: Process) -> Running:
    """The locale of the environment."""
    options = parse(
        process, "amckvV", "all-locales=a charmaps=m category-name=c keyword-name=k verbose=v help version=V"
    )
    variables = process.shell.variables
    yield 0.0
    if "a" in options:
        process.out("C\nC.utf8\nen_US.utf8\nPOSIX\n")
        return 0
    if "m" in options:
        process.out("ANSI_X3.4-1968\nISO-8859-1\nISO-8859-15\nUTF-8\n")
        return 0
    if options.operands:
        known = {
            "charmap": "UTF-8" if "UTF" in variables.get("LANG", "").upper() else "ANSI_X3.4-1968",
            "decimal_point": ".",
            "thousands_sep": ",",
        }
        for word in options.operands:
            if word not in known:
                process.err(f'locale: unknown name "{word}"\n')
                return 1
            process.out(known[word] + "\n")
        return 0
    every, lang = variables.get("LC_ALL", ""), variables.get("LANG", "")
    process.out(f"LANG={lang}\nLANGUAGE={variables.get('LANGUAGE', '')}\n")
    for name in CATEGORIES:
        own = variables.get(f"LC_{name}", "")
        process.out(f'LC_{name}="{every or lang or "POSIX"}"\n' if every or not own else f"LC_{name}={own}\n")
    process.out(f"LC_ALL={every}\n")
    return 0


@tool
def getconf(process: Process) -> Running:
    """Limits of the system."""
    options = parse(process, "av:", "")
    world = process.shell.world
    yield 0.0
    values = {
        "LINK_MAX": 127, "_POSIX_LINK_MAX": 127, "MAX_CANON": 255, "_POSIX_MAX_CANON": 255, "MAX_INPUT": 255, "_POSIX_MAX_INPUT": 255, "_NPROCESSORS_ONLN": world.processors, "_NPROCESSORS_CONF": world.processors, "PAGE_SIZE": 4096, "PAGESIZE": 4096, "LONG_BIT": 64, "ARG_MAX": 2_097_152, "CLK_TCK": 100,
        "OPEN_MAX": 1024, "CHILD_MAX": world.memory_kib // 264, "_PHYS_PAGES": world.memory_kib // 4, "_AVPHYS_PAGES": world.memory(int(time.time())).free // 4, "HOST_NAME_MAX": 64,
        "NAME_MAX": 255, "PATH_MAX": 4096, "PATH": "/bin:/usr/bin", "INT_MAX": 2_147_483_647, "WORD_BIT": 32, "CHAR_BIT": 8, "GNU_LIBC_VERSION": "glibc 2.36", "LOGIN_NAME_MAX": 256,
        "LEVEL1_DCACHE_SIZE": world.processor.l1d * 1024, "LEVEL2_CACHE_SIZE": world.processor.l2 * 1024, "LEVEL3_CACHE_SIZE": world.processor.l3 * 1024, "SYMLOOP_MAX": "",
        "_POSIX_VERSION": 200809, "_POSIX2_VERSION": 200809, "_XOPEN_VERSION": 700, "GNU_LIBPTHREAD_VERSION": "NPTL 2.36", "NGROUPS_MAX": 65536, "PIPE_BUF": 4096,
        "LINE_MAX": 2048, "UINT_MAX": 4_294_967_295, "SSIZE_MAX": 32767, "IOV_MAX": 1024, "_POSIX_ARG_MAX": 2_097_152,
    }  # fmt: skip
    if "a" in options:
        process.out("".join(f"{name:<34} {value}\n" for name, value in values.items()))
        return 0
    if not options.operands or (len(options.operands) > 1 and not options.operands[0].endswith("_MAX")):
        process.err(
            "Usage: getconf [-v specification] variable_name [pathname]\n       getconf -a [pathname]\n"
        )
        return 2
    if options.operands[0] not in values:
        process.err(f"getconf: Unrecognized variable `{options.operands[0]}'\n")
        return 2
    process.out(f"{values[options.operands[0]]}\n")
    return 0


KEYS = "intr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>;\neol2 = <undef>; swtch = <undef>; start = ^Q; stop = ^S; susp = ^Z; rprnt = ^R;\n"


def _sized(process: Process, words: list[str]) -> bool:
    """Take the settings of the terminal's size from the words; whether they were all."""
    shell, pairs = process.shell, list(zip(words, [*words[1:], ""], strict=False))
    found = [(name, number) for name, number in pairs if name in ("rows", "cols", "columns")]
    for name, number in found:
        if not number:
            raise Failure(f"missing argument to {quoted(process, name)}", hint=True)
        if not number.isdecimal() or len(number) > 4:
            raise Failure(f"invalid integer argument: {quoted(process, number)}")
        if name == "rows":
            shell.rows = int(number)
        else:
            shell.columns = process.columns = int(number)
    if found and process.context is not None:
        process.context.engine.resize(shell.rows, shell.columns)
    return bool(found) and 2 * len(found) == len(words)


@tool
def stty(process: Process) -> Running:
    """The settings of the terminal."""
    words = process.args
    yield 0.0
    if not process.from_terminal:
        if words[:1] == ["--help"]:
            process.out("Usage: stty [-F DEVICE | --file=DEVICE] [SETTING]...\n")
            return 0
        raise Failure("'standard input': Inappropriate ioctl for device")
    if _sized(process, words):
        return 0
    echoes = [word for word in words if word in ("echo", "-echo", "sane", "raw", "cooked")]
    if echoes and process.context is not None:
        process.context.engine.input.echo = echoes[-1] != "-echo"
    rows = process.shell.rows
    if words == ["size"]:
        process.out(f"{rows} {process.columns}\n")
    elif words == ["speed"]:
        process.out("38400\n")
    elif words in (["-g"], ["--save"]):
        process.out(
            "4500:5:bf:8a3b:3:1c:7f:15:4:0:1:0:11:13:1a:0:12:f:17:16:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0\n"
        )
    elif not words:
        shown = f"{KEYS}werase = ^W; lnext = ^V; flush = ^O; min = 1; time = 0;\n" if process.applet else ""
        process.out(f"speed 38400 baud; line = 0;\n{shown}-brkint -imaxbel iutf8\n")
    elif words in (["-a"], ["--all"]):
        process.out(
            f"speed 38400 baud; rows {rows}; columns {process.columns}; line = 0;\n{KEYS}"
            f"werase = ^W; lnext = ^V; {'flush' if process.applet else 'discard'} = ^O; min = 1; time = 0;\n-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts\n-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr icrnl ixon -ixoff\n"
            "-iuclc -ixany -imaxbel iutf8\nopost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0\nisig icanon iexten echo echoe echok -echonl -noflsh -xcase -tostop -echoprt\nechoctl echoke -flusho -extproc\n"
        )
    return 0


COMMANDS: dict[str, Command] = {
    "sysctl": sysctl,
    "locale": locale,
    "getconf": getconf,
    "stty": stty,
}
