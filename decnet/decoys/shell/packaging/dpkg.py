# ruff: noqa: E501 (messages)
"""dpkg and dpkg-query."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ...host.dpkg_files import full_name, stanza
from ...host.packages import Package, Packages
from ..paged import DPKG, paged
from ..process import Command, Process, Running
from ..text.common import Failure, glob, tool

HELP = """
Type dpkg --help for help about installing and deinstalling packages [*];
Use 'apt' or 'aptitude' for user-friendly package management;
Type dpkg -Dhelp for a list of dpkg debug flag values;
Type dpkg --force-help for a list of forcing options;
Type dpkg-deb --help for help about manipulating *.deb files;

Options marked [*] produce a lot of output - pipe it through 'less' or 'more' !
"""
HEADS = """Desired=Unknown/Install/Remove/Purge/Hold
| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend
|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)
"""
RELATIONS = {
    "lt": (-1,), "le": (-1, 0), "eq": (0,), "ne": (-1, 1), "ge": (0, 1), "gt": (1,), "<<": (-1,), "<=": (-1, 0), "=": (0,),
    ">=": (0, 1), ">>": (1,), "<": (-1, 0), ">": (0, 1), "lt-nl": (-1,), "le-nl": (-1, 0), "ge-nl": (0, 1), "gt-nl": (1,),
}  # fmt: skip
"""What `--compare-versions` accepts, by its relation."""
ACTIONS = {"-l": "list", "--list": "list", "-s": "status", "--status": "status", "-L": "files", "--listfiles": "files", "-S": "search",
           "--search": "search", "-p": "status", "--print-avail": "status", "-W": "show", "--show": "show", "--get-selections": "selections", "-V": "verify",
           "--verify": "verify", "-i": "install", "--install": "install", "-r": "remove", "--remove": "remove", "-P": "remove",
           "--purge": "remove", "--configure": "configure", "--print-architecture": "architecture", "--version": "version", "--unpack": "install",
           "--print-foreign-architectures": "nothing", "-C": "nothing", "--audit": "nothing", "--clear-avail": "nothing", "--add-architecture": "nothing"}  # fmt: skip


OF_DPKG_DEB = ("-b", "--build", "-c", "--contents", "-I", "--info", "-f", "--field", "-x", "--extract", "-X", "--vextract", "-e", "--control", "-R", "--raw-extract", "--fsys-tarfile", "--ctrl-tarfile")  # fmt: skip # noqa: E501
"""What dpkg gives to dpkg-deb."""


def packages_here(process: Process) -> Packages:
    """The machine's packages. Raises Failure if it has none."""
    packages = process.shell.world.packages
    if packages is None:
        raise Failure("error: failed to open package info file", 2)
    return packages


@tool
def dpkg(process: Process) -> Running:
    """The queries; an archive cannot be installed."""
    action, template, words = "", "", list(process.args)
    if process.name == "dpkg" and words and words[0] in OF_DPKG_DEB:
        return (yield from process.call(["dpkg-deb", *words]))
    operands: list[str] = []
    while words:
        word = words.pop(0)
        if word in ACTIONS:
            action = ACTIONS[word]
        elif (
            word in ("-f", "--showformat")
            or word.startswith(("-f=", "--showformat=", "-f"))
            and process.name == "dpkg-query"
        ):
            template = (
                word.partition("=")[2]
                if "=" in word
                else words.pop(0)
                if words and word in ("-f", "--showformat")
                else word[2:]
            )
        elif word.startswith("--force") or word in (
            "--no-pager",
            "-E",
            "-G",
            "-R",
            "--recursive",
            "-a",
            "--pending",
            "-B",
        ):
            action = "nothing" if action == "configure" and word in ("-a", "--pending") else action
            continue
        elif word == "--compare-versions":
            return _compared(words)
        elif word.startswith("-") and len(word) > 1:
            raise Failure(
                f"error: unknown option {word if word.startswith('--') else '-' + word[1]}\n{HELP.rstrip(chr(10))}",
                2,
            )
        else:
            operands.append(word)
    if not action:
        raise Failure(f"error: need an action option\n{HELP.rstrip(chr(10))}", 2)
    packages = packages_here(process)
    yield 0.0
    return (yield from _act(process, packages, action, operands, template))


def _compared(words: list[str]) -> int:
    """`--compare-versions A OP B`. Raises Failure."""
    if len(words) != 3:
        wrong = "--compare-versions takes three arguments: <version> <relation> <version>"
        raise Failure(f"error: {wrong}\n{HELP.rstrip(chr(10))}", 2)
    first, relation, second = words
    if relation not in RELATIONS:
        raise Failure(f"error: --compare-versions bad relation\n{HELP.rstrip(chr(10))}", 2)
    order = (_order(first) > _order(second)) - (_order(first) < _order(second))
    return int(order not in RELATIONS[relation])


def _order(version: str) -> tuple[object, ...]:
    """A version as deb-version(7) orders them: its epoch, its upstream version, its revision."""
    epoch, colon, rest = version[:200].partition(":")
    upstream, _, revision = (rest if colon else version[:200]).rpartition("-")
    number = int(epoch) if colon and epoch.isdecimal() else 0
    return number, _pieces(upstream or revision), _pieces(revision if upstream else "")


def _pieces(text: str) -> tuple[object, ...]:
    """Letters and numbers by turns; a tilde is before everything, letters are before other signs."""
    found: list[object] = []
    while text:
        head = text[: next((at for at, char in enumerate(text) if char.isdecimal()), len(text))]
        found.append(
            tuple(-1 if each == "~" else ord(each) + (0 if each.isalpha() else 256) for each in head) + (0,)
        )
        text = text[len(head) :]
        sign = len(text) - len(text.lstrip("0123456789"))
        found.append(int(text[:sign] or "0"))
        text = text[sign:]
    return (*found, (0,))


def _act(process: Process, packages: Packages, action: str, operands: list[str], template: str) -> Running:
    match action:
        case "list":
            return _list(process, packages, operands)
        case "status":
            return _each(
                process, packages, operands, "is not installed and no information is available", "info"
            )
        case "files":
            return (yield from _files(process, packages, operands))
        case "search":
            return (yield from _search(process, packages, operands))
        case "show":
            return _show(process, packages, operands, template)
        case "selections":
            for package in _matching(process, packages, operands):
                name = full_name(packages, package)
                process.out(name + "\t" * max(1, 6 - len(name) // 8) + "install\n")
        case "architecture":
            process.out("amd64\n")
        case "version":
            _version(process, packages)
        case "install" | "remove" | "configure":
            return _changes(process, packages, action, operands)
        case "verify":
            return _missing(process, packages, [each for each in operands if each not in packages])
    return 0


def _version(process: Process, packages: Packages) -> None:
    version = packages["dpkg"].version
    name = "package management program" if process.name == "dpkg" else "package management program query tool"
    process.out(f"Debian '{process.name}' {name} version {version} (amd64).\n")
    process.out(
        "This is free software; see the GNU General Public License version 2 or\nlater for copying conditions. There is NO warranty.\n"
    )


def bold(process: Process, text: str) -> str:
    """The name in front of a message, as a terminal shows it."""
    return f"\x1b[1m{text}\x1b[0m" if process.to_terminal else text


def _missing(process: Process, packages: Packages, names: list[str]) -> int:
    for name in names:
        process.err(f"dpkg: package '{name}' is not installed\n")
    return 1 if names else 0


def _changes(process: Process, packages: Packages, action: str, operands: list[str]) -> int:
    shell = process.shell
    if shell.user != "root":
        process.err("dpkg: error: requested operation requires superuser privilege\n")
        return 2
    if not operands:
        what = "package archive file argument" if action == "install" else "package name argument"
        process.err(f"dpkg: error: --{action} needs at least one {what}\n{HELP}")
        return 2
    for name in operands:
        if action == "install":
            node = shell.node(shell.absolute(name))
            if node is None:
                process.err(f"dpkg: error: cannot access archive '{name}': No such file or directory\n")
                return 2
            process.err(f"dpkg-deb: error: '{name}' is not a Debian format archive\ndpkg: error processing archive {name} (--install):\n"
                        f" dpkg-deb --control subprocess returned error exit status 2\nErrors were encountered while processing:\n {name}\n")  # fmt: skip
            return 1
        if name not in packages:
            process.err(f"dpkg: warning: ignoring request to remove {name} which isn't installed\n")
            continue
        process.err(
            f"dpkg: error: dpkg frontend lock was locked by another process with pid {shell.world.booted() % 900 + 800}\nNote: removing the lock file is always wrong, can damage the locked area\nand the entire system. See <https://wiki.debian.org/Teams/Dpkg/FAQ#db-lock>.\n"
        )
        return 2
    return 0


def _matching(process: Process, packages: Packages, patterns: list[str]) -> list[Package]:
    found: list[Package] = []
    for package in packages.values():
        names = (package.name, f"{package.name}:{package.architecture}")
        if not patterns or any(_fits(process, pattern, names) for pattern in patterns):
            found.append(package)
    return found


def _fits(process: Process, pattern: str, names: tuple[str, ...]) -> bool:
    if not set(pattern) & set("*?["):
        return pattern in names
    expression = glob(pattern, process.spend)
    return any(expression.search(name) is not None for name in names)


def _unknown(process: Process, packages: Packages, patterns: list[str]) -> int:
    status = 0
    for pattern in patterns:
        if not _matching(process, packages, [pattern]):
            process.err(f"{bold(process, 'dpkg-query:')} no packages found matching {pattern}\n")
            status = 1
    return status


def _description(packages: Packages, package: Package) -> str:
    fields, _, _ = packages.control(package)
    return fields.partition("Description: ")[2].partition("\n")[0]


def _list(process: Process, packages: Packages, patterns: list[str]) -> int:
    found = _matching(process, packages, patterns)
    if found:
        rows = [
            (full_name(packages, each), each.version, each.architecture, _description(packages, each))
            for each in found
        ]
        name, version, arch = (
            max(least, *(len(row[at]) for row in rows)) for at, least in ((0, 14), (1, 12), (2, 12))
        )
        text = max(33, *(len(row[3]) for row in rows))
        if process.to_terminal:
            text = max(1, process.columns - name - version - arch - 7)
        process.out(HEADS)
        process.out(
            f"||/ {'Name'.ljust(name)} {'Version'.ljust(version)} {'Architecture'.ljust(arch)} Description\n"
        )
        process.out(f"+++-{'=' * name}-{'=' * version}-{'=' * arch}-{'=' * text}\n")
        for row in rows:
            process.spend(50)
            process.out(
                f"ii  {row[0].ljust(name)} {row[1].ljust(version)} {row[2].ljust(arch)} {row[3][:text]}\n"
            )
    return _unknown(process, packages, patterns)


def _each(process: Process, packages: Packages, names: list[str], missing: str, hint: str) -> int:
    status = 0
    if not names and hint == "info":
        for each in packages.values():
            process.out(stanza(packages, each) + "\n")
    for at, name in enumerate(names):
        package = packages.get(name.partition(":")[0])
        if package is None:
            process.err(
                f"{bold(process, 'dpkg-query:')} package '{name}' {missing}\nUse dpkg --info (= dpkg-deb --info) to examine archive files.\n"
            )
            status = 1
            continue
        process.out(stanza(packages, package) + ("\n" if at < len(names) - 1 else ""))
    return status


def _files(process: Process, packages: Packages, names: list[str]) -> Running:
    status = 0
    for at, name in enumerate(names):
        package = packages.get(name.partition(":")[0])
        if package is None:
            process.err(
                f"{bold(process, 'dpkg-query:')} package '{name}' is not installed\nUse dpkg --contents (= dpkg-deb --contents) to list archive files contents.\n"
            )
            status = 1
            continue
        process.spend(20_000)
        yield 0.0
        paths = yield from packages.paths_by_pieces(package)
        process.out("".join(f"{path}\n" for path in paths) + "\n" * (at < len(names) - 1))
    return status


def _search(process: Process, packages: Packages, patterns: list[str]) -> Running:
    if not patterns:
        raise Failure("error: --search needs at least one file name pattern argument", 2)
    status = 0
    for pattern in patterns:
        found: list[tuple[str, str]] = []
        if pattern.startswith("/") and not set(pattern) & set("*?["):
            owners = packages.of_path(pattern.rstrip("/") or "/")
            found = [(", ".join(_qualified(packages, owners)), pattern.rstrip("/"))] if owners else []
        else:
            found = yield from _containing(process, packages, pattern)
        for names, path in found:
            process.out(f"{names}: {path}\n")
        if not found:
            process.err(
                f"{bold(process, 'dpkg-query:')} no path found matching pattern {pattern if set(pattern) & set('*?[') or pattern.startswith('/') else f'*{pattern}*'}\n"
            )
            status = 1
        yield 0.0
    return status


def _qualified(packages: Packages, names: list[str]) -> list[str]:
    return [full_name(packages, packages[name]) for name in names]


def _containing(
    process: Process, packages: Packages, pattern: str
) -> Generator[Any, Any, list[tuple[str, str]]]:
    """Packages and paths that a pattern fits, or that contain a text."""
    wild = set(pattern) & set("*?[")
    expression = glob(pattern, process.spend) if wild else None
    found: list[tuple[str, str]] = []
    for folder in packages.data.folders():
        for name, entry in packages.data.folder(folder):
            package = packages.numbered(entry.package)
            if package is None:
                continue
            path = f"{folder.rstrip('/')}/{name}"
            path = path.removeprefix("/usr") if entry.split else path
            if (expression.search(path) is not None) if expression else pattern in path:
                found.append((full_name(packages, package), path))
            process.spend(20)
        if process.tired:
            yield 0.0
    return sorted(found)


def _show(process: Process, packages: Packages, patterns: list[str], template: str) -> int:
    for package in _matching(process, packages, patterns):
        if not template:
            process.out(f"{full_name(packages, package)}\t{package.version}\n")
            continue
        process.out(_formatted(template, packages, package))
    return _unknown(process, packages, patterns)


def _formatted(template: str, packages: Packages, package: Package) -> str:
    text = template.replace("\\n", "\n").replace("\\t", "\t")
    fields = dict(
        line.partition(": ")[::2] for line in stanza(packages, package).split("\n") if line[:1].isalpha()
    )
    fields |= {"binary:Package": full_name(packages, package), "binary:Summary": fields.get("Description", ""), "db:Status-Abbrev": "ii ",
               "db:Status-Status": "installed", "db:Status-Want": "install", "source:Package": fields.get("Source", package.name).split(" ")[0]}  # fmt: skip
    out = ""
    while "${" in text:
        before, _, rest = text.partition("${")
        name, _, text = rest.partition("}")
        name, _, width = name.partition(";")
        value = fields.get(name, "")
        number = int(width) if width.lstrip("-").isdecimal() and len(width) < 5 else 0
        out += before + (value.ljust(-number) if number < 0 else value.rjust(number))
    return out + text


def _is_list(process: Process) -> bool:
    return any(word == "--list" or (word[:1] == "-" and word[1:2] == "l") for word in process.args[:1])


COMMANDS: dict[str, Command] = dict.fromkeys(("dpkg", "dpkg-query"), paged(dpkg, DPKG, _is_list))
