# ruff: noqa: E501 (tables, and what real programs print)
"""Modules about the system: os, sys, time, platform and what is like them."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable
from typing import Any

from ...host.node import Node
from .files import File, os_error
from .machine import Machine, Value
from .values import Module, Native, Record, Thrown, check, str_of

Run = Callable[[Machine, list[Any], dict[str, Any]], Any]
FAR_PID = 5


def natives(**functions: Run) -> dict[str, Any]:
    """Functions by their names."""
    return {name.strip("_"): Native(name.strip("_"), run) for name, run in functions.items()}


def _system(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    status = yield from machine.call(["/bin/sh", "-c", str(args[0])])
    return status << 8


def _popen(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    _, data = yield from machine.output_of(["/bin/sh", "-c", str(args[0])])
    return File("<fdopen>", "r", data)


def _exec(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    from .machine import Exit

    words = [str(each) for each in (args[1] if isinstance(args[1], (list, tuple)) else args[1:])]
    raise Exit((yield from machine.call([str(args[0]), *words[1:]])))


def _path(machine: Machine, args: list[Any]) -> str:
    path = str_of(args[0]) if args else "."
    check(len(path))
    return machine.process.shell.absolute(path)


def _node(machine: Machine, args: list[Any]) -> Node | None:
    return machine.process.shell.node(_path(machine, args))


def _listdir(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> list[str]:
    node = _node(machine, args)
    if node is None or not node.folder:
        raise os_error(
            "No such file or directory" if node is None else "Not a directory", args[0] if args else "."
        )
    return machine.process.shell.entries(_path(machine, args))


def _stat(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Record:
    node = _node(machine, args)
    if node is None:
        raise os_error("No such file or directory", args[0])
    world = machine.process.shell.world
    facts = {
        "st_size": node.bytes,
        "st_mode": node.type_and_mode,
        "st_mtime": float(node.changed),
        "st_uid": world.number_of(node.owner),
    }
    return Record("os.stat_result", facts)


def _by_program(*words: str) -> Run:
    """What another program does as well, without its messages."""

    def run(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
        path = str_of(args[-1])
        numbers = [format(args[1], "o")] if words[0] == "chmod" else [str_of(each) for each in args[:-1]]
        operands = [*numbers, str_of(args[0])] if words[0] == "chmod" else [*numbers, path]
        status, _ = yield from machine.output_of(["sh", "-c", '"$@" 2>/dev/null', "sh", *words, *operands])
        if status:
            raise Thrown(os_error(_reason(machine, words[0], operands[-1]), operands[-1]))

    return run


def _reason(machine: Machine, program: str, path: str) -> str:
    node = machine.process.shell.node(machine.process.shell.absolute(path))
    if program == "mkdir" and node is not None:
        return "File exists"
    if node is None:
        return "No such file or directory"
    return "Directory not empty" if program == "rmdir" and node.folder else "Permission denied"


def _chdir(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> None:
    node = _node(machine, args)
    if node is None or not node.folder:
        raise os_error("No such file or directory" if node is None else "Not a directory", args[0])
    machine.process.shell.cwd = machine.process.shell.real(_path(machine, args))


def _walk(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    shell, folders = machine.process.shell, [_path(machine, args)]
    found: list[Any] = []
    while folders and len(found) < 2000:
        where = folders.pop(0)
        names = shell.entries(where)
        inner = [
            name for name in names if (node := shell.node(f"{where}/{name}")) is not None and node.folder
        ]
        found.append((where, inner, [name for name in names if name not in inner]))
        folders += [f"{where.rstrip('/')}/{name}" for name in inner]
        machine.process.spend(len(names) * 20)
    return iter(found)


def _join(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> str:
    check(sum(len(str_of(each)) for each in args))
    return os.path.join(*(str_of(each) for each in args))  # noqa: PTH118 (a visitor's text)


def _of_text(run: Callable[..., Any]) -> Run:
    return lambda machine, args, keywords: run(str_of(args[0]))


def _id(name: str) -> Run:
    def run(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> int:
        shell = machine.process.shell
        account = shell.world.accounts.user(shell.user)
        return 0 if account is None else account.gid if "gid" in name else account.uid

    return run


def _getenv(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    return machine.process.shell.environment().get(args[0], args[1] if len(args) > 1 else None)


def _write(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> int:
    if args[0] == 2:
        machine.process.err(bytes(args[1]))
    else:
        machine.flush()
        machine.process.out(bytes(args[1]))
    return len(args[1])


def _uname(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Record:
    system, shell = machine.process.shell.world.system, machine.process.shell
    names = ("sysname", "nodename", "release", "version", "machine")
    values = ("Linux", shell.hostname, system.kernel, system.build, system.machine)
    shown = ", ".join(f"{name}={value!r}" for name, value in zip(names, values, strict=True))
    return Record("posix.uname_result", dict(zip(names, values, strict=True)), f"posix.uname_result({shown})")


def _kill(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    words = ["sh", "-c", '"$@" 2>/dev/null', "sh", "kill", f"-{int(args[1])}", str(int(args[0]))]
    status, _ = yield from machine.output_of(words)
    if status:
        raise Thrown(ProcessLookupError(errno.ESRCH, "No such process"))


def _exit_now(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    from .machine import Exit

    raise Exit(int(args[0]) & 255)


def _os(machine: Machine) -> dict[str, Any]:
    functions = natives(
        system=_system, popen=_popen, execl=_exec, execv=_exec, execvp=_exec, execlp=_exec, execve=_exec, listdir=_listdir,
        stat=_stat, chdir=_chdir, walk=_walk, getenv=_getenv, write=_write, uname=_uname, kill=_kill,
        getcwd=lambda machine, args, keywords: machine.process.shell.cwd,
        getpid=lambda machine, args, keywords: machine.process.pid or machine.process.shell.pid,
        getppid=lambda machine, args, keywords: machine.process.shell.pid,
        mkdir=_by_program("mkdir"), makedirs=_by_program("mkdir", "-p"), rmdir=_by_program("rmdir"), remove=_by_program("rm"),
        unlink=_by_program("rm"), chmod=_by_program("chmod"), rename=_by_program("mv"), symlink=_by_program("ln", "-s"),
        getuid=_id("uid"), geteuid=_id("uid"), getgid=_id("gid"), getegid=_id("gid"), setuid=_nothing, setgid=_nothing,
        setsid=_id("uid"), umask=lambda machine, args, keywords: machine.process.shell.umask, putenv=_putenv, dup2=_second,
        fork=lambda machine, args, keywords: machine.process.shell.world.new_pid(FAR_PID), waitpid=lambda machine, args, keywords: (args[0], 0),
        getlogin=lambda machine, args, keywords: machine.process.shell.user, close=_nothing, _exit=_exit_now,
        cpu_count=lambda machine, args, keywords: machine.process.shell.world.processors, access=lambda machine, args, keywords: _node(machine, args) is not None,
        urandom=_random,
    )  # fmt: skip
    functions["_exit"] = functions.pop("exit")
    constants = {
        "name": "posix",
        "sep": "/",
        "linesep": "\n",
        "devnull": "/dev/null",
        "R_OK": 4,
        "W_OK": 2,
        "X_OK": 1,
    }
    environment = dict(machine.process.shell.environment())
    return {**functions, **constants, "environ": environment, "error": OSError, "pathsep": ":", "curdir": "."}


def _random(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> bytes:
    check(args[0])
    return os.urandom(args[0])


def _nothing(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> None:
    return None


def _second(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    return args[1]


def _putenv(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> None:
    from .. import variables

    variables.assign(machine.process.shell, str(args[0]), str(args[1]))
    machine.process.shell.exported.add(str(args[0]))


def _path_module(machine: Machine) -> dict[str, Any]:
    def holds(test: Callable[[Node], bool]) -> Run:
        return lambda machine, args, keywords: (node := _node(machine, args)) is not None and test(node)

    return natives(
        exists=holds(lambda node: True), isfile=holds(lambda node: not node.folder and not node.kind),
        isdir=holds(lambda node: node.folder), join=_join, basename=_of_text(os.path.basename),
        dirname=_of_text(os.path.dirname), split=_of_text(os.path.split), splitext=_of_text(os.path.splitext),
        abspath=lambda machine, args, keywords: _path(machine, args), isabs=_of_text(os.path.isabs),
        realpath=lambda machine, args, keywords: machine.process.shell.real(_path(machine, args)),
        getsize=lambda machine, args, keywords: _stat(machine, args, keywords).attributes["st_size"],
        islink=lambda machine, args, keywords: (node := machine.process.shell.lstat(_path(machine, args))) is not None and bool(node.target),
        expanduser=lambda machine, args, keywords: machine.process.shell.world.home(machine.process.shell.user) + args[0][1:] if args[0].startswith("~") else args[0],
        expandvars=_of_text(str),
    )  # fmt: skip


def _sys(machine: Machine) -> dict[str, Any]:
    numbers = [int(each) for each in machine.version.split(".")]
    short = f"{numbers[0]}.{numbers[1]}"
    compiler = "[GCC 12.2.0]" if short == "3.11" else "[GCC 11.4.0]"
    return {
        "argv": machine.arguments, "version_info": (*numbers, "final", 0), "platform": "linux", "maxsize": 2**63 - 1,
        "version": f"{machine.version} (main, {BUILT.get(machine.version, 'Mar 13 2023, 12:18:29')}) {compiler}", "byteorder": "little",
        "executable": "/usr/bin/python3", "prefix": "/usr", "stdin": File("<stdin>", "r", stream="in"),
        "stdout": File("<stdout>", "w", stream="out"), "stderr": File("<stderr>", "w", stream="err"),
        "path": ["", f"/usr/lib/python{short.replace('.', '')}.zip", f"/usr/lib/python{short}", f"/usr/lib/python{short}/lib-dynload",
                 f"/usr/local/lib/python{short}/dist-packages", "/usr/lib/python3/dist-packages"],
        "modules": {}, "flags": None, "implementation": Record("types.SimpleNamespace", {"name": "cpython"}),
        **natives(exit=_leave, getrecursionlimit=lambda machine, args, keywords: 1000, setrecursionlimit=_nothing,
                  getdefaultencoding=lambda machine, args, keywords: "utf-8", exc_info=_exc_info),
    }  # fmt: skip


BUILT = {
    "3.11.2": "May  2 2024, 11:59:08",
    "3.10.12": "Jul 29 2024, 16:56:48",
    "3.9.2": "Feb 28 2021, 17:03:44",
}
"""When the packages of a release were built."""


def _exc_info(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    value = machine.handled[-1].value if machine.handled else None
    return (type(value) if value is not None else None, value, None)


def _leave(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    raise Thrown(SystemExit(*args[:1]))


def _platform(machine: Machine) -> dict[str, Any]:
    system, shell = machine.process.shell.world.system, machine.process.shell
    facts = {
        "system": "Linux", "machine": system.machine, "release": system.kernel, "version": system.build, "processor": "",
        "node": shell.hostname, "python_version": machine.version, "architecture": ("64bit", "ELF"), "python_implementation": "CPython",
        "platform": f"Linux-{system.kernel}-{system.machine}-with-glibc2.36",
    }  # fmt: skip
    return {
        name: Native(name, lambda machine, args, keywords, value=value: value)
        for name, value in facts.items()
    } | natives(uname=_uname)


def _account(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Record:
    accounts = machine.process.shell.world.accounts
    by_name = isinstance(args[0], str)
    user = next((each for each in accounts.users if args[0] == (each.name if by_name else each.uid)), None)
    if user is None:
        raise KeyError(f"getpwnam(): name not found: {args[0]!r}")
    return Record(
        "pwd.struct_passwd",
        {
            "pw_name": user.name,
            "pw_uid": user.uid,
            "pw_gid": user.gid,
            "pw_dir": user.home,
            "pw_shell": user.shell,
        },
    )


def _glob(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    _, data = yield from machine.output_of(
        ["sh", "-c", f'for f in {args[0]}; do [ -e "$f" ] && echo "$f"; done']
    )
    return data.decode("utf-8", "surrogateescape").splitlines()


def _temporary(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> str:
    name = "".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789_", k=8))
    return f"/tmp/tmp{name}"


def _which(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    return machine.process.context.where(str(args[0])) if machine.process.context is not None else None


MODULES: dict[str, Callable[[Machine], dict[str, Any]]] = {
    "os": _os, "os.path": _path_module, "sys": _sys, "platform": _platform,
    "getpass": lambda machine: natives(getuser=lambda machine, args, keywords: machine.process.shell.user),
    "pwd": lambda machine: natives(getpwnam=_account, getpwuid=_account),
    "shutil": lambda machine: natives(which=_which, copy=_by_program("cp"), copyfile=_by_program("cp"), move=_by_program("mv"), rmtree=_by_program("rm", "-r")),
    "glob": lambda machine: natives(glob=_glob),
    "tempfile": lambda machine: natives(gettempdir=lambda machine, args, keywords: "/tmp", mktemp=_temporary),
    "signal": lambda machine: {**natives(signal=_nothing, alarm=_nothing), "SIGINT": 2, "SIGTERM": 15, "SIGKILL": 9, "SIGHUP": 1, "SIG_IGN": 1, "SIG_DFL": 0, "SIGCHLD": 17},
}  # fmt: skip
__all__ = ["MODULES", "Module", "natives"]
