# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`perl` as a program: its options, what it runs."""

from __future__ import annotations

from importlib import import_module

from ..context import Context, Work
from ..process import Process
from .lexer import Lexer, SyntaxProblem
from .machine import Machine, Value
from .parser import Parser, Tree
from .system import close_all, readline
from .values import ERRNO, Code, Died, Jump, Left, text_of

PERLS = {
    "debian 11": "5.32.1",
    "debian 12": "5.36.0",
    "ubuntu 20": "5.30.0",
    "ubuntu 22": "5.34.0",
    "ubuntu 24": "5.38.2",
}
LONGEST = 32 * 1024
"""Characters of a program: parsing them must not delay the other visitors."""
KNOWN = ("strict", "warnings", "utf8", "Socket", "IO::Socket", "IO::Socket::INET", "IO::Handle", "POSIX", "MIME::Base64", "Data::Dumper", "feature",
         "vars", "File::Basename", "Getopt::Long", "Time::HiRes", "Cwd", "List::Util", "Encode", "constant", "lib", "integer", "bytes", "open", "Digest::MD5", "Digest::SHA", "JSON::PP", "Sys::Hostname", "Scalar::Util", "Carp", "Config", "Storable", "Benchmark",
         "IO::File", "File::Spec", "File::Path", "File::Copy", "File::Temp", "File::Find", "Time::Local", "Term::ANSIColor", "Text::Wrap", "Fcntl", "Errno", "English")  # fmt: skip
ABOUT = """
This is perl 5, version {minor}, subversion {patch} (v{version}) built for x86_64-linux-gnu-thread-multi
(with {patches} registered patches, see perl -V for more detail)

Copyright 1987-{year}, Larry Wall

Perl may be copied only under the terms of either the Artistic License or the
GNU General Public License, which may be found in the Perl 5 source kit.

Complete documentation for Perl, including FAQ lists, should be found on
this system using "man perl" or "perldoc perl".  If you have access to the
Internet, point your browser at https://www.perl.org/, the Perl Home Page.

"""
YEARS = {
    "5.30.0": (57, 2019),
    "5.32.1": (48, 2021),
    "5.34.0": (57, 2021),
    "5.36.0": (51, 2022),
    "5.38.2": (44, 2023),
}
FOLDERS = (
    "/etc/perl /usr/local/lib/x86_64-linux-gnu/perl/{0} /usr/local/share/perl/{0} /usr/lib/x86_64-linux-gnu/perl5/{1} /usr/share/perl5 "
    "/usr/lib/x86_64-linux-gnu/perl-base /usr/lib/x86_64-linux-gnu/perl/{1} /usr/share/perl/{1} /usr/local/lib/site_perl"
)
for _module in ("evaluating", "loops", "functions", "system", "libraries"):
    import_module(f".{_module}", __package__)


class Options:
    """What the command line asks for."""

    def __init__(self) -> None:
        self.code: list[str] = []
        self.modules: list[str] = []
        self.letters, self.separator = "", ""
        self.in_place: str | None = None
        self.record: str | None = "\n"


def version_of(process: Process) -> str:
    """The version that the system has."""
    system = process.shell.world.system
    named = f"{system.id} {system.version}"
    return next((each for name, each in PERLS.items() if named.startswith(name)), "5.36.0")


def perl(context: Context, process: Process) -> Work:
    """`perl`."""
    words, options = list(process.args), Options()
    while words and words[0].startswith("-") and words[0] not in ("-", "--"):
        status = _take(context, process, options, words)
        if status is not None:
            return status
    if words[:1] == ["--"]:
        words.pop(0)
    machine = Machine(process, "-e", words, version_of(process))
    if options.code:
        text = "\n".join(options.code)
        if {"n", "p"} & set(options.letters) and "}{" in text:
            # The loop around the program ends there  early.
            text = text.replace("}{", ";END{", 1) + "}"
    elif words and words[0] != "-":
        machine.name = words[0]
        found = _file(context, process, words[0])
        if found is None:
            return 2
        text = found
        machine.container("@", "ARGV").pop(0)
        machine.globals["$0"] = words[0]
    else:
        machine.name, lines = "-", []
        while (line := (yield from machine.input_line())) is not None:
            lines.append(line)
        text = "".join(lines)
    return (yield from run(machine, text, options))


def _take(context: Context, process: Process, options: Options, words: list[str]) -> int | None:
    """Take one word of options; the status if the program ends here."""
    word = words.pop(0)
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in "eE":
            if not letters and not words:
                context.err("No code specified for -e.\n")
                return 2
            options.code.append(letters or words.pop(0))
            return None
        if letter == "v":
            context.out(_about(version_of(process)))
            return 0
        if letter == "V":
            context.out(
                f"version='{version_of(process)}';\n" if letters == ":version" else "Summary of my perl5\n"
            )
            return 0
        if letter in "Mm":
            options.modules.append((letters or (words.pop(0) if words else "")).partition("=")[0])
            return None
        if letter == "F":
            options.separator, options.letters = letters.strip("/") or ",", options.letters + "an"
            return None
        if letter == "i":
            options.in_place = letters
            return None
        if letter == "I":
            return None
        if letter == "0":
            options.record = "\0" if not letters[:1].isdigit() else None if letters.startswith("777") else ""
        if letter in "0l" and letters[:1].isdigit():
            letters = letters.lstrip("0123456789x")
        if letter not in "acdlnpsStTuUwWX0C-h":
            context.err(f"Unrecognized switch: -{letter}{letters}  (-h will show valid options).\n")
            return 25
        options.letters += letter
    return None


def _about(version: str) -> str:
    patches, year = YEARS.get(version, (51, 2022))
    _, minor, patch = version.split(".")
    return ABOUT.format(minor=minor, patch=patch, version=version, patches=patches, year=year)


def _file(context: Context, process: Process, name: str) -> str | None:
    shell = process.shell
    where = shell.absolute(name)
    node = shell.node(where)
    if node is None or not shell.allowed(where, 4):
        context.err(
            f'Can\'t open perl script "{name}": {"No such file or directory" if node is None else "Permission denied"}\n'
        )
        return None
    return (shell.read(where) or "").removeprefix("\ufeff")


def parsed(machine: Machine, text: str) -> list[Tree]:
    """The program's tree. Raises SyntaxProblem, MemoryError."""
    if len(text) > LONGEST:
        raise MemoryError
    try:
        return Parser(Lexer(text, machine.name).all(), machine.name).program()
    except (RecursionError, IndexError):
        raise SyntaxProblem(f"syntax error at {machine.name} line 1, near end of file\n") from None


def run(machine: Machine, text: str, options: Options) -> Value:
    process = machine.process
    try:
        tree = parsed(machine, text)
        for name in options.modules:
            _use(machine, name, 0)
        tree = _without_uses(machine, tree)
        if "c" in options.letters:
            process.err(f"{machine.name} syntax OK\n")
            return 0
        status = yield from _executed(machine, tree, options)
    except SyntaxProblem as problem:
        text = str(problem)
        is_grammar = text.startswith("syntax error")
        process.err(
            text + (f"Execution of {machine.name} aborted due to compilation errors.\n" if is_grammar else "")
        )
        status = 255 if not text.startswith("Can't locate") else 2
    except MemoryError:
        process.err("Out of memory!\n")
        status = 1
    machine.flush()
    yield 0.0
    return status


def _without_uses(machine: Machine, tree: list[Tree]) -> list[Tree]:
    kept = []
    for statement in tree:
        if statement[2][0] in ("BEGIN", "END"):
            body = machine.begins if statement[2][0] == "BEGIN" else machine.ends
            body.append(statement[2][1])
        elif statement[2][0] == "use":
            _use(machine, statement[2][1], statement[1])
        else:
            kept.append(statement)
    for statement in kept:
        if statement[2][0] == "sub":
            machine.subroutines[statement[2][1]] = Code(statement[2][2], list(machine.scopes))
    return kept


def _use(machine: Machine, name: str, line: int) -> None:
    machine.strict = machine.strict or name == "strict"
    if name in KNOWN or not name[:1].isalpha():
        return
    major, minor, _ = machine.version.split(".")
    folders = FOLDERS.format(machine.version, f"{major}.{minor}")
    path = name.replace("::", "/")
    where = f" at {machine.name} line {line}" if line else ""
    note = f"Can't locate {path}.pm in @INC (you may need to install the {name} module) (@INC contains: {folders})"
    raise SyntaxProblem(f"{note}{where}.\nBEGIN failed--compilation aborted{where}.\n")


def _executed(machine: Machine, tree: list[Tree], options: Options) -> Value:
    process, status, message = machine.process, 0, ""
    machine.globals["$/"] = options.record
    try:
        for body in machine.begins:
            yield from machine.block(body, machine.globals)
        if {"n", "p"} & set(options.letters):
            yield from _each_line(machine, tree, options)
        else:
            if "l" in options.letters:
                machine.globals["$\\"] = "\n"
            yield from machine.block(tree, machine.globals)
        yield from _ended(machine)
    except Left as left:
        status = left.status
        try:
            yield from _ended(machine)
        except (Left, Died):
            yield from close_all(machine)
    except Died as died:
        status, message = ERRNO.get(text_of(machine.globals["$!"]), 255), text_of(died.value)
    except Jump as jump:
        status, message = (
            255,
            f'Can\'t "{jump.kind}" outside a loop block at {machine.name} line {machine.line}.\n',
        )
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError, KeyError):
        status, message = 255, f"syntax error at {machine.name} line {machine.line}.\n"
    machine.flush()
    yield 0.0
    process.err(message.encode("utf-8", "surrogateescape"))
    return status


def _ended(machine: Machine) -> Value:
    """The blocks of END, the last one first, and the files that are open."""
    ends, machine.ends = machine.ends, []
    for body in reversed(ends):
        yield from machine.block(body, machine.globals)
    yield from close_all(machine)


def _each_line(machine: Machine, tree: list[Tree], options: Options) -> Value:
    """`-n` and `-p`: the program for each line of the input, with -i into the files themselves."""
    letters, place = options.letters, machine.globals
    paths = list(machine.container("@", "ARGV"))
    before = ""
    if "l" in letters:
        place["$\\"] = "\n"
    while True:
        machine.many = False
        line = yield from readline(machine, ("readline", ""))
        if options.in_place is not None and paths and (line is None or _path(machine) != before):
            _save(machine, before, options.in_place)
            before = _path(machine)
        if line is None:
            break
        place["$_"] = line.removesuffix("\n") if "l" in letters else line
        if "a" in letters:
            place["@F"] = _fields(place["$_"], options.separator)
        try:
            yield from machine.block(tree, machine.globals)
        except Jump as jump:
            if jump.kind == "last":
                break
            if jump.kind != "next":
                raise
        if "p" in letters:
            machine.print(text_of(place["$_"]) + text_of(place["$\\"]))


def _fields(line: str, separator: str) -> list[str]:
    if not separator:
        return line.split()
    found = line.rstrip("\n").split(separator.replace("\\", ""))
    found[-1] += "\n" if line.endswith("\n") else ""
    return found


def _path(machine: Machine) -> str:
    file = machine.handles.get("ARGV")
    return file.path if file is not None else ""


def _save(machine: Machine, path: str, suffix: str) -> None:
    """Write what was printed for a file of -i into it."""
    data, machine._output = bytes(machine._output), bytearray()
    if not path:
        return
    shell = machine.process.shell
    where = shell.absolute(path)
    if suffix:
        shell.write(where + suffix, (shell.read(where) or "").encode("utf-8", "surrogateescape"))
    shell.write(where, data)
