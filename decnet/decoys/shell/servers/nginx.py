# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""nginx, by the configuration in /etc/nginx. Source: nginx 1.22.1 of Debian 12."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from fnmatch import fnmatchcase

from ..process import Command, Process, Running
from ..state import Shell
from .common import guarded, is_root, main_process, recorded

MAIN, PREFIX, PID_FILE = "/etc/nginx/nginx.conf", "/etc/nginx", "/run/nginx.pid"
MOST_FILES, MOST_TOKENS, DEEPEST = 200, 20_000, 8
SIGNALS = ("stop", "quit", "reopen", "reload")
SHORT = "?hvVtTqs:c:g:p:e:"


class Wrong(Exception):
    """A mistake in the configuration: the text of its line in the log."""


class Reading:
    """Reads the configuration as a visitor sees it, within bounds."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.files: list[str] = []
        self.directives: set[str] = set()
        self._tokens = 0

    def read(self, path: str, depth: int = 0, where: str = "") -> Iterator[float]:
        """Read a file and what it includes. Raises Wrong."""
        text = self.shell.read(path)
        if text is None:
            raise Wrong(f'[emerg] {{0}}: open() "{path}" failed (2: No such file or directory){where}')
        if len(self.files) >= MOST_FILES or depth > DEEPEST:
            return
        self.files.append(path)
        open_, words, line = 0, list[str](), 1
        for word, line in _tokens(text):
            self._tokens += 1
            if self._tokens > MOST_TOKENS:
                return
            if self._tokens % 300 == 0:
                yield 0.0
            if word not in ("{", "}", ";"):
                words.append(word)
                continue
            place = f" in {path}:{line}"
            if word == "}" and (open_ == 0 or words):
                raise Wrong(f'[emerg] {{0}}: unexpected "}}}}"{place}')
            if word != "}" and not words:
                raise Wrong(f'[emerg] {{0}}: unexpected "{"{{" if word == "{" else word}"{place}')
            open_ += {"{": 1, "}": -1}.get(word, 0)
            if words and words[0] == "include" and word == ";":
                yield from self._include(words[-1], depth, place)
            elif words and not _is_known(words[0]):
                raise Wrong(f'[emerg] {{0}}: unknown directive "{words[0]}"{place}')
            words = []
        if open_ or words:
            last = text.count("\n") + 1
            expected = '";" or "}}"' if words else '"}}"'
            raise Wrong(f"[emerg] {{0}}: unexpected end of file, expecting {expected} in {path}:{last}")

    def _include(self, pattern: str, depth: int, where: str) -> Iterator[float]:
        wanted = pattern if pattern.startswith("/") else f"{PREFIX}/{pattern}"
        folder, _, name = wanted.rpartition("/")
        if "*" not in name:
            yield from self.read(wanted, depth + 1, where)
            return
        names = (
            sorted(each for each in self.shell.entries(folder) if fnmatchcase(each, name))
            if self.shell.node(folder)
            else []
        )
        for each in names:
            yield from self.read(f"{folder}/{each}", depth + 1, where)


def _is_known(word: str) -> bool:
    """Whether it could be a directive: those of modules have at least an underscore, a capital or a usual name."""
    return "_" in word or word in USUAL or not word.isalpha() or word.startswith("$")


USUAL = frozenset(
    [
        "user",
        "events",
        "http",
        "server",
        "location",
        "upstream",
        "listen",
        "root",
        "index",
        "types",
        "charset",
        "gzip",
        "expires",
        "internal",
        "alias",
        "allow",
        "deny",
        "return",
        "rewrite",
        "break",
        "set",
        "if",
        "autoindex",
        "resolver",
        "sendfile",
        "mail",
        "stream",
        "map",
        "geo",
        "split_clients",
        "limit_except",
        "include",
        "satisfy",
        "default",
        "etag",
        "aio",
        "perl",
        "proxy",
        "ssl",
        "zone",
        "hash",
        "ip_hash",
        "least_conn",
        "keepalive",
        "random",
        "ntlm",
        "state",
        "sticky",
        "queue",
        "daemon",
        "env",
        "pid",
        "thread_pool",
        "worker",
        "debug_connection",
        "error_log",
        "access_log",
        "override_charset",
        "source_charset",
        "directio",
        "postpone_output",
        "recursive_error_pages",
        "slice",
        "mirror",
        "dav_methods",
        "flv",
        "mp4",
        "ssi",
        "empty_gif",
        "stub_status",
        "status",
        "api",
        "uwsgi_pass",
        "scgi_pass",
        "memcached_pass",
        "fastcgi_pass",
        "proxy_pass",
        "protocol",
        "timeout",
        "starttls",
        "xclient",
        "js_include",
        "google_perftools_profiles",
    ]
)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    line, at, word, begun = 1, 0, "", False
    while at < len(text):
        each = text[at]
        if each == "#" and not begun:
            at = end if (end := text.find("\n", at)) >= 0 else len(text)
            continue
        if each in "'\"" and not begun:
            end = text.find(each, at + 1)
            end = end if end >= 0 else len(text)
            yield text[at + 1 : end], line
            line += text.count("\n", at, end)
            at = end + 1
            continue
        if each.isspace() or each in ";{}":
            if each == "{" and word.endswith("$"):
                word += each
            else:
                if begun:
                    yield word, line
                word, begun = "", False
                if each in ";{}":
                    yield each, line
            line += each == "\n"
        else:
            word, begun = word + each, True
            if each == "{" and word.endswith("${"):
                word += ""
        at += 1
    if begun:
        yield word, line


def _stamp(process: Process, text: str) -> str:
    pid = process.pid or process.shell.own_pid
    return f"{time.strftime('%Y/%m/%d %H:%M:%S', time.gmtime())} {text.format(f'{pid}#{pid}')}\n"


def nginx(process: Process) -> Running:
    """The server: its configuration is tested; it runs already."""
    wanted = _options(process)
    if isinstance(wanted, int):
        return wanted
    yield 0.0
    for letter in "?hvV":
        if letter in wanted:
            return (yield from recorded(process, f"-{letter}"))
    if "s" in wanted:
        return _signalled(process, wanted["s"])
    path = wanted.get("c", MAIN)
    path = path if path.startswith("/") else f"{PREFIX}/{path}"
    tests = "t" in wanted or "T" in wanted
    files = yield from _checked(process, path, tests=tests, quiet="q" in wanted)
    if isinstance(files, int):
        return files
    if "T" in wanted:
        process.out(
            "".join(f"# configuration file {name}:\n{process.shell.read(name) or ''}\n" for name in files)
        )
    if tests:
        return 0
    return (yield from _started(process))


def _options(process: Process) -> dict[str, str] | int:
    found: dict[str, str] = {}
    words = list(process.args)
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            process.err(f'nginx: invalid option: "{word}"\n')
            return 1
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            at = SHORT.find(letter)
            if at < 0:
                process.err(f'nginx: invalid option: "{letter}"\n')
                return 1
            if SHORT[at + 1 : at + 2] == ":":
                if not letters and not words:
                    process.err(
                        f'nginx: option "-{letter}" requires {"file name" if letter in "ce" else "parameter" if letter == "s" else "directory name" if letter == "p" else "parameter"}\n'
                    )
                    return 1
                found[letter] = letters or words.pop(0)
                letters = ""
            else:
                found[letter] = ""
    if found.get("s", "stop") not in SIGNALS:
        process.err(f'nginx: invalid option: "-s {found["s"]}"\n')
        return 1
    return found


def _checked(
    process: Process, path: str, *, tests: bool, quiet: bool
) -> Generator[float, None, list[str] | int]:
    """The files of the configuration, or the status of a failure."""
    root = is_root(process.shell)
    if not root:
        process.err(
            _stamp(
                process,
                f'[warn] {{0}}: the "user" directive makes sense only if the master process runs with super-user privileges, ignored in {path}:1',
            ).replace("[warn]", "[warn]")
        )
    reading = Reading(process.shell)
    try:
        yield from reading.read(path)
    except Wrong as wrong:
        process.err(
            _nginx(process, str(wrong)) + (f"nginx: configuration file {path} test failed\n" if tests else "")
        )
        return 1
    if tests and not quiet:
        process.err(f"nginx: the configuration file {path} syntax is ok\n")
    if not root:
        process.err(
            _nginx(process, f'[emerg] {{0}}: open() "{PID_FILE}" failed (13: Permission denied)')
            + (f"nginx: configuration file {path} test failed\n" if tests else "")
        )
        return 1
    if tests and not quiet:
        process.err(f"nginx: configuration file {path} test is successful\n")
    return reading.files


def _nginx(process: Process, text: str) -> str:
    """On standard error: on a terminal with the program's name, without it with the time of the log."""
    if process.to_terminal:
        kind, _, rest = text.partition(" {0}: ")
        return f"nginx: {kind} {rest}\n".replace("}}", "}").replace("{{", "{")
    return _stamp(process, text)


def _signalled(process: Process, signal: str) -> int:
    shell, master = process.shell, main_process(process.shell, "nginx")
    lines = "" if process.to_terminal else _stamp(process, "[notice] {0}: signal process started")
    if master is None:
        process.err(
            lines
            + _nginx(process, f'[error] {{0}}: open() "{PID_FILE}" failed (2: No such file or directory)')
        )
        return 1
    if not is_root(shell):
        process.err(
            lines
            + _nginx(
                process,
                f"[alert] {{0}}: kill({master.pid}, {1 if signal == 'reload' else 15}) failed (1: Operation not permitted)",
            )
        )
        return 1
    process.err(lines)
    if signal in ("stop", "quit"):
        for each in shell.processes(time.time()):
            if each.name == "nginx":
                shell.files.kill(each.pid)
    return 0


def _started(process: Process) -> Running:
    shell = process.shell
    if main_process(shell, "nginx") is None:
        for each in shell.world.processes(int(time.time())):
            if each.name == "nginx":
                shell.files.killed.discard(each.pid)
        return 0
    for _ in range(5):
        process.err(_nginx(process, "[emerg] {0}: bind() to 0.0.0.0:80 failed (98: Address already in use)"))
        process.err(_nginx(process, "[emerg] {0}: bind() to [::]:80 failed (98: Address already in use)"))
        yield 0.5
    process.err(_nginx(process, "[emerg] {0}: still could not bind()"))
    return 1


COMMANDS: dict[str, Command] = guarded({"nginx": nginx})
