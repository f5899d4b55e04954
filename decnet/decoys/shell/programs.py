# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Programs that work with the shell that runs them: other shells, `sudo`, and what reads its input as it comes."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from .commands import command_of, place_of
from .context import Context, Work
from .passing_on import cat, tee
from .process import Process
from .shells import enter, sh
from .state import Shell
from .superuser import su, sudo
from .text.common import quoted
from .transfers import SFTP_SERVERS

Run = Callable[[Context, Process], Any]
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST_SLEEP = 86400.0 * 30
FULL_SCREEN = ("editors.", "less", "pager", "watching", "system.screens")
"""Programs that take the keys which are typed before they have started."""


@dataclass(frozen=True)
class Program:
    """`run` gets the evaluator and the process; `exists` tells on which machines it is installed."""

    run: Run
    exists: Callable[[Shell], bool] = lambda shell: True

    def command(self, process: Process) -> Any:
        """The command as the evaluator calls it."""
        return self.run(process.context, process)


def sleep(context: Context, process: Process) -> Work:
    """`sleep`."""
    if not process.args:
        if context.shell.world.system.busybox:
            context.err("BusyBox v1.35.0 multi-call binary.\n\nUsage: sleep [N]...\n")
        else:
            context.err("sleep: missing operand\nTry 'sleep --help' for more information.\n")
        return 1
    seconds = 0.0
    for word in process.args:
        found = re.fullmatch(r"((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?|inf|infinity)([smhd]?)", word)
        if not found:
            if context.shell.world.system.busybox:
                context.err(f"sleep: invalid number '{word}'\n")
            else:
                reason = f"invalid time interval {quoted(process, word)}"
                if len(word) > 1 and word[0] == "-":
                    is_long = word.startswith("--")
                    reason = f"unrecognized option '{word}'" if is_long else f"invalid option -- '{word[1]}'"
                context.err(f"sleep: {reason}\nTry 'sleep --help' for more information.\n")
            return 1
        seconds += min(LONGEST_SLEEP, float(found[1])) * UNITS[found[2]]
    if seconds:
        yield min(seconds, LONGEST_SLEEP)
    return 0


def time_(context: Context, process: Process) -> Work:
    """`time` of BusyBox."""
    words = [word for word in process.args if word != "-p"]
    if not words:
        return 1
    began = context.engine.now()
    child = context.fork()
    status = yield child.whole(child.program(words))
    seconds = context.engine.now() - began
    if "-p" in process.args:
        context.err(f"real {seconds:.2f}\nuser 0.00\nsys 0.00\n")
    else:
        context.err(f"real\t{int(seconds) // 60}m {seconds % 60:.2f}s\nuser\t0m 0.00s\nsys\t0m 0.00s\n")
    return status


def which(context: Context, process: Process) -> int:
    """`which`, by the PATH alone."""
    names = [word for word in process.args if not word.startswith("-")]
    every = "-a" in process.args[: len(process.args) - len(names)]
    status = 0 if names else 1
    for name in names:
        path = context.where(name)
        if path is None:
            status = 1
        elif every and "/" not in name and not context.shell.world.system.busybox:
            process.out("".join(f"{each}\n" for each in _all_paths(context.shell, name)) or f"{path}\n")
        else:
            process.out(f"{path}\n")
    return status


def _all_paths(shell: Shell, name: str) -> list[str]:
    """The files of this name in all folders of the PATH that can be executed."""
    folders = shell.variables.get("PATH", "").split(":")
    paths = [shell.absolute(f"{folder or '.'}/{name}") for folder in folders]
    nodes = [(path, shell.node(path)) for path in paths]
    return [path for path, node in nodes if node is not None and not node.folder and node.mode & 0o111]


def as_builtin(name: str) -> Run:
    """A builtin as a program of the same name (`/bin/echo`)."""

    def run(context: Context, process: Process) -> Any:
        from .conditions import BadTest, Tests
        from .echoing import Printf, echo, has_groups

        if name == "echo":
            process.out(echo(process.args, "ash" if context.shell.world.system.busybox else "bash"))
            return 0
        if name == "printf" and process.args:
            done = Printf(
                process.args[0], process.args[1:], "bash", groups=has_groups(context.shell.variables)
            )
            process.out(done.text)
            return done.status
        if name in ("test", "["):
            words = process.args[:-1] if name == "[" else process.args
            try:
                return int(not Tests(context, words).holds())
            except BadTest as error:
                process.err(f"{name}: {error}\n")
                return 2
        if name == "pwd":
            process.out(context.shell.cwd + "\n")
        return int(name == "false")

    return run


def scp(context: Context, process: Process) -> Any:
    """`scp`: as a client on another machine starts it here, or as a client."""
    from .transfers.scp import is_remote
    from .transfers.scp import scp as remote

    client = command_of("scp")
    if client is None or is_remote(process.args):
        return remote(context, process)
    return client(process)


def has_busybox(shell: Shell) -> bool:
    """Debian and Ubuntu need it for their first steps of a boot."""
    return shell.world.system.busybox or shell.world.system.id in ("debian", "ubuntu", "qts")


def command_not_found(context: Context, process: Process) -> int:
    """What Ubuntu's bash asks: its database comes with the first `apt update`. Source: command-not-found 22.04."""
    words = [word for word in process.args if word != "--"]
    if len(words) == 1:
        context.err(
            "Could not find command-not-found database. Run 'sudo apt update' to populate it.\n"
            f"{words[0]}: command not found\n"
        )
    return 127


@dataclass(frozen=True)
class Lazy:
    """A program of a module of this package that is loaded when it is first used."""

    module: str
    name: str

    def __call__(self, context: Context, process: Process) -> Any:
        return getattr(import_module(f".{self.module}", __package__), self.name)(context, process)


def _is_full(shell: Shell) -> bool:
    return not shell.world.system.busybox


PROGRAMS = {
    "sh": Program(sh), "bash": Program(sh, lambda shell: not shell.world.system.has_ash and shell.world.system.id != "freebsd"),
    "dash": Program(sh, lambda shell: shell.world.system.id in ("debian", "ubuntu")),
    "ash": Program(sh, lambda shell: shell.world.system.has_ash or shell.world.system.id == "dsm"), "busybox": Program(Lazy("busybox.program", "busybox"), has_busybox),
    "sudo": Program(sudo, lambda shell: not shell.world.system.has_ash), "su": Program(su), "cat": Program(cat),
    "tee": Program(tee), "less": Program(Lazy("less", "less")), "more": Program(Lazy("pager", "more"), lambda shell: shell.world.system.id != "openwrt"),
    "vi": Program(Lazy("editors.vi", "vi")), "view": Program(Lazy("editors.vi", "vi"), _is_full),
    "vim": Program(Lazy("editors.vi", "vi"), lambda shell: shell.world.system.id == "ubuntu"),
    "nano": Program(Lazy("editors.nano", "nano"), lambda shell: shell.world.system.id in ("debian", "ubuntu")),
    "python3": Program(Lazy("python.program", "python"), lambda shell: shell.node("/usr/bin/python3") is not None),
    "perl": Program(Lazy("perl.program", "perl"), lambda shell: shell.node("/usr/bin/perl") is not None),
    "watch": Program(Lazy("watching", "watch")), "top": Program(Lazy("watching", "top")),
    "screen": Program(Lazy("system.screens", "screen"), lambda shell: shell.node("/usr/bin/screen") is not None),
    **{name: Program(Lazy("servers.mysql_client", "mysql"), lambda shell: "mysql" in {each.service for each in shell.world.services()} and shell.world.packages is not None) for name in ("mysql", "mariadb")},
    **{name: Program(Lazy("servers.apache_sites", "at_terminal"), lambda shell: shell.node("/usr/sbin/a2enmod") is not None) for name in ("a2enmod", "a2dismod", "a2ensite", "a2dissite", "a2enconf", "a2disconf")},
    "redis-cli": Program(Lazy("servers.redis_cli", "redis_cli"), lambda shell: shell.node("/usr/bin/redis-cli") is not None),
    "bc": Program(Lazy("text.bc_prompt", "bc_at_prompt"), lambda shell: shell.node("/usr/bin/bc") is not None),
    "sleep": Program(sleep), "time": Program(time_, lambda shell: shell.world.system.busybox), "which": Program(which),
    "scp": Program(scp, lambda shell: shell.world.system.id != "buildroot" or shell.world.persona.service == "ssh"),
    **{name: Program(as_builtin(name)) for name in ("echo", "printf", "test", "[", "true", "false", "pwd")},
}  # fmt: skip
BY_PATH = {
    path: Program(Lazy("transfers.sftp", "sftp_server"), lambda shell: shell.world.system.id in SFTP_SERVERS)
    for path in SFTP_SERVERS.values()
}
BY_PATH["/usr/lib/command-not-found"] = Program(
    command_not_found, lambda shell: shell.node("/usr/lib/command-not-found") is not None
)
"""Programs outside of the folders in the PATH."""
__all__ = ["BY_PATH", "PROGRAMS", "Generator", "enter"]


def module_of(name: str) -> str | None:
    """The module of this package that a program needs, None if it is loaded, small or unknown."""
    program = PROGRAMS.get(name)
    if program is None:
        return place_of(name)
    module = program.run.module if isinstance(program.run, Lazy) else ""
    return module if module and not module.startswith(FULL_SCREEN) else None
