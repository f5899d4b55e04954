"""What the machine's own programs print by themselves, also those that do nothing else here."""

from __future__ import annotations

from ..host.packages import Packages
from .process import Command, Process, Running
from .state import Shell

SHORT = {"-V": "--version", "-h": "--help"}
"""What programs that are not imitated take these options for, as most do."""
LIBRARIES = "/usr/lib/x86_64-linux-gnu"


def printing(shell: Shell, words: list[str]) -> Command | None:
    """A command that prints a program's help, its version, or its complaint without an argument; None if that
    is not known."""
    world = shell.world
    if world.packages is None or len(words) > 2:
        return None
    from ..host.printed import printed

    name = words[0].rpartition("/")[2]
    asked = words[1:]
    if known := serving(shell, words):
        return known
    words = [words[0], *(SHORT.get(each, each) for each in words[1:])]
    if words[1:] not in ([], ["--help"], ["--version"]):
        return None
    if name.startswith("python"):
        return None
    found = printed((world.system.id, world.system.version), world.packages, [name, *words[1:]])
    if found is None:
        return None
    status, out, error = found
    if letter := next((each[1] for each in asked if each in SHORT), ""):
        error = error.replace(b"option -- '-'", f"option -- '{letter}'".encode())
    if words[0] != name:
        called = words[0].encode("utf-8", "surrogateescape")
        out, error = (_called(text, name.encode(), called) for text in (out, error))

    def command(process: Process) -> Running:
        process.out(out)
        process.err(error)
        yield 0.0
        return status

    return command


def serving(shell: Shell, words: list[str]) -> Command | None:
    """A command that prints what a program of a service answers to exactly these words; None if that is not
    known."""
    found = _served(shell, words)
    return None if found is None else _printing(*found)


def _served(shell: Shell, words: list[str]) -> tuple[int, bytes, bytes] | None:
    world = shell.world
    if world.packages is None:
        return None
    from ..host.printed import served

    name = words[0].rpartition("/")[2]
    return served((world.system.id, world.system.version), world.packages, [name, *words[1:]])


def _printing(status: int, out: bytes, error: bytes) -> Command:
    def command(process: Process) -> Running:
        process.out(out)
        process.err(error)
        yield 0.0
        return status

    return command


def of_service(shell: Shell, path: str, words: list[str]) -> Command | None:
    """What stands for a program of a service's package: its usage, or nothing; None for another program."""
    packages, real = shell.world.packages, shell.real(path)
    names = packages.of_path(real) if packages is not None else []
    if packages is None or not names or not packages.data.packages[packages[names[0]].number].service:
        return None
    return wrong_option(shell, words) or serving(shell, [real]) or (lambda process: 0)


def wrong_option(shell: Shell, words: list[str]) -> Command | None:
    """What a program of a service answers to an option that it does not have; None if that is not known."""
    option = words[1] if len(words) > 1 else ""
    if not option.startswith("-") or option == "-":
        return None
    asked = "--nosuch" if option.startswith("--") else "-~"
    found = _served(shell, [words[0], asked])
    if found is None:
        return None
    shown = option.partition("=")[0] if option.startswith("--") else option[:2]
    before, after = asked.lstrip("-").encode(), shown.lstrip("-").encode("utf-8", "surrogateescape")
    return _printing(found[0], found[1].replace(before, after), found[2].replace(before, after))


def refusing(shell: Shell, words: list[str]) -> str:
    """What a program prints that is called with an option which its help does not have; "" for none."""
    world = shell.world
    if world.packages is None or len(words) < 2:
        return ""
    from ..host.printed import printed

    name = words[0].rpartition("/")[2]
    found = printed((world.system.id, world.system.version), world.packages, [name, "--help"])
    if found is None or found[0] or not found[1]:
        return ""
    text = found[1].decode("utf-8", "replace")
    for word in words[1:]:
        if word == "--" or not word.startswith("-") or word == "-":
            break
        if word.startswith("--") and word.partition("=")[0] not in text:
            reason = f"unrecognized option '{word}'"
        elif not word.startswith("--") and f"-{word[1]}" not in text:
            reason = f"invalid option -- '{word[1]}'"
        else:
            continue
        hint = "" if f"{name} [OPTIONS" in text else f"Try '{words[0]} --help' for more information.\n"
        return f"{words[0]}: {reason}\n{hint}"
    return ""


def _called(text: bytes, name: bytes, path: bytes) -> bytes:
    """The texts that show how a program was called."""
    for before in (b"Usage: ", b"usage: ", b" or:  ", b"Try '"):
        text = text.replace(before + name + b" ", before + path + b" ")
    return path + text[len(name) :] if text.startswith(name + b": ") else text


def library_of(shell: Shell, path: str) -> str:
    """A library that a program of a package needs: the first of those that its package depends on."""
    packages = shell.world.packages
    names = packages.of_path(shell.real(path)) if packages is not None else []
    if packages is None or not names:
        return "libc.so.6"
    fields = packages.control(packages[names[0]])[0]
    needed = next((line[9:] for line in fields.splitlines() if line.startswith("Depends: ")), "")
    wanted = {
        each.split()[0].partition(":")[0] for each in needed.split(",") if each.strip().startswith("lib")
    }
    return _shared_object(packages, wanted - {"libc6"}) or "libc.so.6"


def _shared_object(packages: Packages, wanted: set[str]) -> str:
    for name, entry in packages.data.folder(LIBRARIES):
        package = packages.numbered(entry.package)
        if package is not None and package.name in wanted and ".so." in name:
            return name
    return ""


def started(command: Command, process: Process) -> Running:
    """A command as a generator, whether it is one or answers at once."""
    answer = command(process)
    return answer if isinstance(answer, int) else (yield from answer)
