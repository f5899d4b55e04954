# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""apache2 and apache2ctl, by the configuration in /etc/apache2. Source: apache2 2.4.68 of Debian 12."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ..printing import serving, started
from ..process import Command, Process, Running
from ..state import Shell
from ..text.common import Failure, Options, parse
from .common import guarded, is_root, main_process, recorded

ROOT, MAIN = "/etc/apache2", "/etc/apache2/apache2.conf"
MOST_FILES, MOST_LINES, DEEPEST = 300, 20_000, 8
STATIC = ["core", "so", "watchdog", "http", "log_config", "logio", "version", "unixd"]
SECTIONS = (
    "virtualhost",
    "directory",
    "files",
    "location",
    "ifmodule",
    "ifdefine",
    "limit",
    "directorymatch",
    "filesmatch",
    "locationmatch",
    "ifversion",
    "macro",
    "proxy",
    "requireall",
    "requireany",
    "requirenone",
    "if",
    "else",
    "elseif",
    "limitexcept",
)
NO_NAME = "AH00558: apache2: Could not reliably determine the server's fully qualified domain name, using {name}. Set the 'ServerName' directive globally to suppress this message\n"
USAGE = """Usage: {0} start|stop|restart|graceful|graceful-stop|configtest|status|fullstatus|help
       {0} <apache2 args>
       {0} -h            (for help on <apache2 args>)
"""
BROWSER = """{0}: 113: www-browser: not found
'www-browser -dump http://localhost:80/server-status' failed.
Maybe you need to install a package providing www-browser or you
need to adjust the APACHE_LYNX variable in /etc/apache2/envvars
"""
VARIABLES = {
    "APACHE_RUN_USER": "www-data",
    "APACHE_RUN_GROUP": "www-data",
    "APACHE_PID_FILE": "/var/run/apache2/apache2.pid",
    "APACHE_RUN_DIR": "/var/run/apache2",
    "APACHE_LOCK_DIR": "/var/lock/apache2",
    "APACHE_LOG_DIR": "/var/log/apache2",
}
"""As /etc/apache2/envvars sets them."""


@dataclass
class Host:
    """One <VirtualHost>: its addresses, where it begins, and the values of its directives."""

    addresses: list[str]
    file: str
    line: int
    values: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Configuration:
    """What the files say: `includes` are depth, line and path; `error` is the first mistake."""

    values: dict[str, list[str]] = field(default_factory=dict)
    hosts: list[Host] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    includes: list[tuple[int, int, str]] = field(default_factory=list)
    error: str = ""


class Reading:
    """Reads the configuration as a visitor sees it, within bounds."""

    def __init__(self, shell: Shell) -> None:
        self.shell, self.found = shell, Configuration()
        self._lines = 0

    def read(self, path: str, depth: int = 0) -> Iterator[float]:
        """Read one file and what it includes; yields in between."""
        open_: list[tuple[str, int]] = []
        host: Host | None = None
        for number, line in _joined(self.shell.read(path) or ""):
            self._lines += 1
            if self._lines > MOST_LINES or self.found.error:
                return
            if self._lines % 200 == 0:
                yield 0.0
            word, _, rest = line.partition(" ")
            rest = rest.strip()
            name = word.lower().strip("<>/")
            if line.startswith("</"):
                if not open_ or open_[-1][0] != name:
                    self._fail(
                        path, number, f"{word.rstrip('>')}> without matching <{word[2:].rstrip('>')}> section"
                    )
                    return
                open_.pop()
                host = None if name == "virtualhost" else host
            elif line.startswith("<"):
                if name not in SECTIONS:
                    self._fail(
                        path,
                        number,
                        f"Invalid command '{word}', perhaps misspelled or defined by a module not included in the server configuration",
                    )
                    return
                open_.append((name, number))
                if name == "virtualhost":
                    host = Host(rest.rstrip(">").split(), path, number)
                    self.found.hosts.append(host)
            elif name in ("include", "includeoptional"):
                yield from self._include(path, number, rest, depth, optional=name != "include")
            else:
                self._directive(name, rest, host)
        if open_:
            name, number = open_[-1]
            title = {"virtualhost": "VirtualHost", "ifmodule": "IfModule"}.get(name, name.capitalize())
            self._fail(path, number, f"<{title}> was not closed.")

    def _directive(self, name: str, rest: str, host: Host | None) -> None:
        if name == "loadmodule":
            self.found.modules.append(rest.split(" ")[0].removesuffix("_module"))
        else:
            (host.values if host is not None else self.found.values)[name] = rest.split()

    def _include(
        self, path: str, number: int, pattern: str, depth: int, *, optional: bool
    ) -> Iterator[float]:
        wanted = pattern.strip('"')
        wanted = wanted if wanted.startswith("/") else f"{ROOT}/{wanted}"
        folder, _, name = wanted.rpartition("/")
        names = (
            sorted(each for each in self.shell.entries(folder) if fnmatchcase(each, name))
            if self.shell.node(folder)
            else []
        )
        if not names and not optional and "*" not in name:
            self._fail(
                path,
                number,
                f"Could not open configuration file {wanted}: No such file or directory",
                head="Syntax error",
            )
        for each in names:
            if depth < DEEPEST and len(self.found.includes) < MOST_FILES:
                self.found.includes.append((depth + 1, number, f"{folder}/{each}"))
                yield from self.read(f"{folder}/{each}", depth + 1)

    def _fail(self, path: str, number: int, text: str, head: str = "AH00526: Syntax error") -> None:
        joint = " " if head == "Syntax error" else "\n"
        before = "apache2: " if head == "Syntax error" else ""
        self.found.error = self.found.error or f"{before}{head} on line {number} of {path}:{joint}{text}\n"


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, those that end with a backslash joined to the next one."""
    held, first = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = " ".join(raw.split())
        first = first or number
        if line.endswith("\\"):
            held += line[:-1] + " "
            continue
        line = (held + line).strip()
        if line and not line.startswith("#"):
            yield first if held else number, line
        held, first = "", 0


def own_name(shell: Shell) -> tuple[str, bool]:
    """The name that Apache takes for the machine without ServerName, and whether it is a full one."""
    for line in (shell.read("/etc/hosts") or "").splitlines():
        words = line.split("#")[0].split()
        if shell.world.hostname in words[1:]:
            return (words[1], True) if "." in words[1] else (words[0], False)
    return "127.0.0.1", False


def read_all(shell: Shell) -> Generator[float, None, Configuration]:
    """Read the configuration: `found = yield from read_all(shell)`, a Configuration."""
    reading = Reading(shell)
    if shell.node(MAIN) is None:
        reading.found.error = (
            f"apache2: Could not open configuration file {MAIN}: No such file or directory\n"
        )
    yield from reading.read(MAIN)
    return reading.found


def apache2(process: Process) -> Running:
    """The server itself: without the variables of envvars it stops at its configuration."""
    return (yield from _served(process, process.args, process.shell.variables))


def apache2ctl(process: Process) -> Running:
    """The server with the variables of envvars."""
    name = process.name if "/" in process.name else f"/usr/sbin/{process.name}"
    words, first = process.args, (process.args or [""])[0]
    process.name = "apache2"
    if not words or words[0] in ("help", "-H", "--help"):
        process.err(USAGE.format(name))
        return 1
    if words[0] in ("status", "fullstatus"):
        process.err(BROWSER.format(name))
        return int(words[0] == "fullstatus")
    if words[0] in ("start", "stop", "restart", "graceful", "graceful-stop"):
        words = ["-k", *words]
    elif words[0] == "configtest":
        words = ["-t"]
    status = yield from _served(process, words, VARIABLES)
    if status and words[0] != "-k":
        process.out(
            f"Action '{' '.join(words) if first != 'configtest' else first}' failed.\nThe Apache error log may have more information.\n"
        )
    return status


def _served(process: Process, words: list[str], variables: Mapping[str, str]) -> Running:
    bad = next((word for word in words if not word.startswith("-")), "")
    if words and bad == words[0]:
        return (yield from recorded(process, "-h"))
    process.args = words
    try:
        options = parse(process, "D:C:c:d:f:k:E:e:vVlLtTSMhXR:?")
    except Failure as failure:
        process.err(
            f"{process.name}: illegal option -- {failure.message.rpartition(' ')[2].strip(chr(39))}\n"
        )
        return (yield from recorded(process, "-h"))
    for letter in "vlLh?":
        if letter in options:
            return (yield from recorded(process, f"-{letter}"))
    if "APACHE_RUN_DIR" not in variables:
        if "V" in options:
            return (yield from recorded(process, "-V"))
        stamp = time.strftime("%a %b %d %H:%M:%S", time.gmtime())
        pid = process.pid or process.shell.own_pid
        thread = f":tid {pid}" if process.shell.world.system.version != "22.04" else ""
        process.err(
            f"[{stamp}.{pid * 7919 % 1_000_000:06} {time.gmtime().tm_year}] [core:warn] [pid {pid}{thread}] AH00111: Config variable ${{APACHE_RUN_DIR}} is not defined\n"
            f"apache2: Syntax error on line 80 of {MAIN}: DefaultRuntimeDir must be a valid directory, absolute or relative to ServerRoot\n"
        )
        return 1
    found = yield from read_all(process.shell)
    if found.error:
        process.err(found.error)
        return 1
    return (yield from _shown(process, options, found))


def _shown(process: Process, options: Options, found: Configuration) -> Running:
    shell, asked = process.shell, {value.upper() for value in options.values("D")}
    name, is_full = own_name(shell)
    if "V" in options:
        yield from _settings(process, found)
        return 0
    if "servername" not in found.values and not is_full:
        process.err(NO_NAME.format(name=name))
    if "M" in options or "DUMP_MODULES" in asked:
        shared = [f" {each}_module (shared)\n" for each in found.modules]
        process.out(
            "Loaded Modules:\n" + "".join(f" {each}_module (static)\n" for each in STATIC) + "".join(shared)
        )
    elif "S" in options or asked & {"DUMP_VHOSTS", "DUMP_RUN_CFG"}:
        _hosts_and_settings(process, found, asked if "S" not in options else {"DUMP_VHOSTS", "DUMP_RUN_CFG"})
    elif "DUMP_INCLUDES" in asked:
        rows = "".join(f"{'  ' * depth}  ({line}) {path}\n" for depth, line, path in found.includes)
        process.out(f"Included configuration files:\n  (*) {MAIN}\n{rows}")
    elif "t" in options:
        process.err("Syntax OK\n")
    else:
        return (yield from _signalled(process, options.value("k") or "start"))
    return 0


def _settings(process: Process, found: Configuration) -> Running:
    """-V with what the modules add to it."""
    known = serving(process.shell, ["apache2", "-V"])
    if known is None:
        return 0
    child = Process(process.shell, "apache2", ["-V"])
    yield from started(known, child)
    mpm = next((each.removeprefix("mpm_") for each in found.modules if each.startswith("mpm_")), "")
    threaded = "no" if mpm == "prefork" else "yes (fixed thread count)"
    text = b"".join(data for number, data in child.chunks if number == 1).decode()
    process.out(
        text.replace(
            "Server MPM:     \n",
            f"Server MPM:     {mpm}\n  threaded:     {threaded}\n    forked:     yes (variable process count)\n",
        )
    )
    return 0


def _hosts_and_settings(process: Process, found: Configuration, asked: set[str]) -> None:
    shell = process.shell
    if "DUMP_VHOSTS" in asked:
        process.out("VirtualHost configuration:\n" + _host_lines(shell, found))
    if "DUMP_RUN_CFG" not in asked:
        return
    first = found.hosts[0].values if found.hosts else {}
    root = (first.get("documentroot") or found.values.get("documentroot") or ["/var/www/html"])[0]
    log = (found.values.get("errorlog") or [""])[0].replace("${APACHE_LOG_DIR}", "/var/log/apache2")
    user, group = (shell.world.accounts.user("www-data"), 33)
    number = user.uid if user else group
    defines = "".join(f"Define: {each}\n" for each in ("DUMP_VHOSTS", "DUMP_RUN_CFG") if each in asked)
    process.out(
        f'ServerRoot: "{ROOT}"\nMain DocumentRoot: "{root}"\nMain ErrorLog: "{log}"\nMutex default: dir="/var/run/apache2/" mechanism=default \n'
        + (
            "Mutex ssl-stapling-refresh: using_defaults\nMutex ssl-stapling: using_defaults\nMutex ssl-cache: using_defaults\n"
            if "ssl" in found.modules
            else ""
        )
        + f'Mutex watchdog-callback: using_defaults\nPidFile: "/var/run/apache2/apache2.pid"\n{defines}'
        f'User: name="www-data" id={number}\nGroup: name="www-data" id={number}\n'
    )


def _host_lines(shell: Shell, found: Configuration) -> str:
    by_address: dict[str, list[Host]] = {}
    for host in found.hosts:
        for address in host.addresses:
            by_address.setdefault(address, []).append(host)
    usual, lines = own_name(shell)[0], []
    for address, hosts in by_address.items():
        named = [((each.values.get("servername") or [usual])[0], each) for each in hosts]
        places = [f"{name} ({each.file}:{each.line})" for name, each in named]
        if len(hosts) == 1:
            lines.append(f"{address:<22} {places[0]}\n")
        else:
            port = address.rpartition(":")[2]
            lines.append(f"{address:<22} is a NameVirtualHost\n         default server {places[0]}\n")
            lines += [f"         port {port} namevhost {place}\n" + "".join(f"                 alias {alias}\n" for alias in each.values.get("serveralias", []))
                      for place, (_, each) in zip(places, named, strict=True)]  # fmt: skip
    return "".join(lines)


def _signalled(process: Process, verb: str) -> Running:
    """start, stop and others: the server runs."""
    shell, master = process.shell, main_process(process.shell, "apache2")
    yield 0.1
    if verb not in ("start", "stop", "restart", "graceful", "graceful-stop"):
        return (yield from recorded(process, "-h"))
    if master is not None and verb == "start":
        process.out(f"httpd (pid {master.pid}) already running\n")
        return 0
    if not is_root(shell):
        stamp = time.strftime("%a %b %d %H:%M:%S", time.gmtime())
        pid = process.pid or shell.own_pid
        if verb == "start":
            process.err(
                "(13)Permission denied: AH00072: make_sock: could not bind to address [::]:80\n(13)Permission denied: AH00072: make_sock: could not bind to address 0.0.0.0:80\nno listening sockets available, shutting down\nAH00015: Unable to open logs\n"
            )
        elif master is not None:
            process.err(
                f"[{stamp}.{pid * 7919 % 1_000_000:06} {time.gmtime().tm_year}] [core:error] [pid {pid}:tid {pid}] (1)Operation not permitted: AH00095: failed to send signal to pid {master.pid}\n"
            )
        return 1
    if verb.endswith("stop"):
        if master is None:
            process.out("httpd (no pid file) not running\n")
            return 0
        for each in shell.processes(time.time()):
            if each.name == "apache2":
                shell.files.kill(each.pid)
    elif master is None:
        if verb != "start":
            process.out("httpd not running, trying to start\n")
        for each in shell.world.processes(int(time.time())):
            if each.name == "apache2":
                shell.files.killed.discard(each.pid)
    return 0


COMMANDS: dict[str, Command] = guarded(
    {"apache2": apache2, "apache2ctl": apache2ctl, "apachectl": apache2ctl}
)
