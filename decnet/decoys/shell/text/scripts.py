# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Scripts of packages and programs with another name: sensible-pager, which.debianutils, python3.11, tzselect, groff's filters."""

from __future__ import annotations

from ..process import Command, Process, Running
from .common import Failure, content, why_not
from .packaged import packaged

MOST_TEXT = 64_000


def _named(process: Process) -> str:
    return process.name.rpartition("/")[2]


def another(name: str) -> Command:
    """A program that is another one under its own name."""

    def run(process: Process) -> Running:
        return (yield from process.call([name, *process.args], process.input if process.input else None))

    return run


@packaged(bare=True, refuses=False)
def sensible(process: Process) -> Running:
    """The user's editor, pager or browser."""
    kind = _named(process).partition("-")[2]
    variables = process.shell.environment()
    usual = {"pager": "pager", "editor": "editor"}.get(kind, "")
    program = variables.get(kind.upper()) or (variables.get("VISUAL") if kind == "editor" else "") or usual
    if not program:
        process.err(
            "Couldn't find a suitable web browser!\n\nSet the BROWSER environment variable to your desired browser.\n\n"
        )
        return 1
    return (yield from process.call([program, *process.args]))


@packaged(bare=True)
def ischroot(process: Process) -> Running:
    """Whether this is a root of its own: it is not."""
    yield 0.0
    return 1


@packaged(bare=True, refuses=False)
def lesspipe(process: Process) -> Running:
    """What less shows of packed files."""
    name = _named(process)
    yield 0.0
    if not process.args:
        quote = '"'
        process.out(
            f"export LESSOPEN={quote}| /usr/bin/{name} %s{quote};\nexport LESSCLOSE={quote}/usr/bin/{name} %s %s{quote};\n"
        )
        return 0
    path = process.args[0]
    for end, words in (
        (".gz", ["gzip", "-dc", "--"]),
        (".bz2", ["bzip2", "-dc", "--"]),
        (".xz", ["xz", "-dc", "--"]),
        (".zip", ["unzip", "-v"]),
        (".tar", ["tar", "tvvf"]),
        (".deb", ["dpkg-deb", "--info"]),
    ):
        if path.endswith(end) and not why_not(process, path):
            return (yield from process.call([*words, path]))
    return 0


@packaged(refuses=False)
def lessecho(process: Process) -> Running:
    """Words with quotes where less needs them."""
    yield 0.0
    words = [word for word in process.args if not word.startswith("-")]
    process.out(" ".join(words) + "\n")
    return 0


@packaged(bare=True, refuses=False)
def lesskey(process: Process) -> Running:
    """Keys of less from a file."""
    path = next((word for word in process.args if not word.startswith("-")), "")
    yield 0.0
    if path and why_not(process, path):
        process.err("-1 errors; no output produced\n")
        return 1
    return 0


@packaged(bare=True, refuses=False)
def tzselect(process: Process) -> Running:
    """Ask for a time zone."""
    process.err(ASKED)
    yield 0.0
    process.given  # noqa: B018
    process.err("Please enter a number in range.\n" if process.given.strip() else "")
    return 1


ASKED = """Please identify a location so that time zone rules can be set correctly.
Please select a continent, ocean, "coord", or "TZ".
1) Africa\t\t\t\t\t\t\t     7) Europe
2) Americas\t\t\t\t\t\t\t     8) Indian Ocean
3) Antarctica\t\t\t\t\t\t\t     9) Pacific Ocean
4) Asia\t\t\t\t\t\t\t\t    10) coord - I want to use geographical coordinates.
5) Atlantic Ocean\t\t\t\t\t\t    11) TZ - I want to specify the timezone using the Posix TZ format.
6) Australia
#? """
HEADS = {
    "tbl": ".if !\\n(.g .ab GNU tbl requires GNU troff.\n.if !dTS .ds TS\n.if !dTE .ds TE\n", "pic": ".if !dPS .ds PS\n.if !dPE .ds PE\n", "preconv": "", "soelim": "", "eqn": ".if !dEQ .ds EQ\n.if !dEN .ds EN\n",
}  # fmt: skip


@packaged(bare=True, refuses=False)
def filters(process: Process) -> Running:
    """Filters of groff: text without their own marks passes."""
    name = {"gtbl": "tbl", "gpic": "pic", "geqn": "eqn", "neqn": "eqn"}.get(_named(process), _named(process))
    words = [word for word in process.args if not word.startswith("-")]
    yield 0.0
    process.out(HEADS[name])
    for path in words or ["-"]:
        if path != "-" and (reason := why_not(process, path)):
            process.err(f"{name}: {'fatal error: ' if name == 'eqn' else ''}can't open '{path}': {reason}\n")
            return 3 if name == "eqn" else 1
        data = content(process, path)
        process.out(f".lf 1 {path}\n".encode() + data)
    return 0


@packaged(bare=True, refuses=False)
def nroff(process: Process) -> Running:
    """Text without requests as a page of 66 lines; requests and macros are left."""
    words = [word for word in process.args if not word.startswith("-")]
    paths = words if _named(process) == "nroff" or process.args[:1] != ["-T"] else words[1:]
    text = ""
    for path in paths or ["-"]:
        if path != "-" and (reason := why_not(process, path)):
            process.err(f"troff: fatal error: can't open '{path}': {reason}\n")
            return 1
        text += content(process, path).decode("utf-8", "replace")
    text = text[:MOST_TEXT]
    lines: list[str] = []
    filled: list[str] = []
    for line in text.split("\n")[:-1]:
        if line.startswith((".", "'")) or not line.strip():
            lines += _filled(filled) + ([""] if not line.strip() else [])
            filled = []
        else:
            filled += line.split()
    lines += _filled(filled)
    yield 0.0
    process.out("".join(f"{line}\n" for line in lines) + "\n" * (-len(lines) % 66))
    return 0


def _filled(words: list[str]) -> list[str]:
    lines, line = [], ""
    for word in words:
        if line and len(line) + 1 + len(word) > 65:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines


@packaged(refuses=False)
def lexgrog(process: Process) -> Running:
    """What manual pages say of themselves."""
    status = 0
    for path in (word for word in process.args if not word.startswith("-")):
        reason = why_not(process, path)
        process.err(f"lexgrog: can't open {path}: {reason}\n" if reason else "")
        process.out(f"{path}: parse failed\n")
        status = 2
    yield 0.0
    return status


@packaged(bare=True, refuses=False)
def manpath(process: Process) -> Running:
    """Where manual pages are."""
    yield 0.0
    process.out("/usr/local/man:/usr/local/share/man:/usr/share/man\n")
    return 0


@packaged(bare=True, refuses=False)
def helpztags(process: Process) -> Running:
    """Tags of vim's help."""
    yield 0.0
    if not process.args:
        process.err("Error: no directories given. Check manpage for details.\n")
        return 255
    return 0


@packaged(bare=True, refuses=False)
def mailcap(process: Process) -> Running:
    """run-mailcap and its like: no program shows a file here."""
    name = _named(process)
    action = {"see": "view", "edit": "edit", "compose": "compose", "print": "print"}.get(name, "view")
    paths = [word for word in process.args if not word.startswith("--")]
    yield 0.0
    for path in paths:
        process.err(f'Warning: unknown mime-type for "{path}" -- using "application/octet-stream"\n')
        if why_not(process, path):
            process.err(f'Error: no such file "{path}"\n')
            return 2
        process.err(f'Error: no "{action}" mailcap rules found for type "application/octet-stream"\n')
        return 3
    return 0


@packaged(bare=True, refuses=False)
def complains(process: Process) -> Running:
    """Scripts that only maintainer scripts or other scripts call."""
    name = _named(process)
    yield 0.0
    if name == "ssh-argv0":
        process.err("ssh-argv0: This script should not be run like this, see ssh-argv0(1) for details\n")
        return 1
    if name == "update-ca-certificates":
        process.out(
            "/usr/sbin/update-ca-certificates: [--verbose] [--fresh]\n"
            if process.args[:1] and process.args[0] not in ("--verbose", "-v", "--fresh", "-f")
            else "Updating certificates in /etc/ssl/certs...\n0 added, 0 removed; done.\nRunning hooks in /etc/ca-certificates/update.d...\ndone.\n"
        )
        return 0
    if name == "update-shells":
        wrong = next(
            (
                word
                for word in process.args
                if word.startswith("--") and word not in ("--no-act", "--verbose", "--root")
            ),
            "",
        )
        process.err(f"unrecognized option {wrong}\n" if wrong else "")
        return int(bool(wrong))
    path = process.args[0] if process.args else ""
    if name in ("ucf", "ucfq") and name == "ucf" and why_not(process, path):
        process.err(f"Error: The new file {path} does not exist!\n")
        return 1
    return 0


@packaged(refuses=False)
def copied(process: Process) -> Running:
    """cppw and cpgr: copies of the files of accounts, with locks."""
    name = _named(process)
    path = next((word for word in process.args if not word.startswith("-")), "")
    target = "/etc/group" if name == "cpgr" else "/etc/passwd"
    yield 0.0
    if reason := why_not(process, path):
        process.err(f"{name}: {path}: {reason}\n{name}: {target} is unchanged\n")
        return 1
    if process.shell.user != "root":
        raise Failure(f"Couldn't lock file: Permission denied\n{name}: {target} is unchanged")
    data = content(process, path)
    process.shell.put(target, data, len(data))
    return 0


@packaged(refuses=False)
def vigr(process: Process) -> Running:
    """vipw and vigr: an editor for the files of accounts."""
    name = _named(process)
    wrong = next(
        (
            word
            for word in process.args
            if word.startswith("--") and word not in ("--group", "--passwd", "--quiet", "--shadow")
        ),
        "",
    )
    if wrong:
        process.err(f"{name}: unrecognized option '{wrong}'\n")
        _, text = yield from process.output_of([name, "--help"])
        process.err(text)
        return 2
    return (yield from process.call(["editor", "/etc/group" if name == "vigr" else "/etc/passwd"]))


@packaged(refuses=False)
def replays(process: Process) -> Running:
    """scriptreplay and scriptlive: what script has recorded."""
    name = _named(process)
    words = [word for word in process.args if not word.startswith("-")]
    yield 0.0
    if name == "scriptlive" and len(words) < 2:
        raise Failure("stdin typescript file not specified")
    for path in words[:2]:
        if reason := why_not(process, path):
            raise Failure(f"cannot open {path}: {reason}")
    if len(words) > 1:
        process.out(b"\n".join(content(process, words[1]).split(b"\n")[1:-2]) + b"\n")
    return 0


@packaged(bare=True, refuses=False)
def pydoc(process: Process) -> Running:
    """The documentation of Python's modules, which are not installed with theirs."""
    name = _named(process)
    words = [word for word in process.args if not word.startswith("-")]
    yield 0.0
    if name.startswith("pdb"):
        process.out(f"Error: {words[0]} does not exist\n" if words and why_not(process, words[0]) else "")
        return 1
    for word in words:
        process.out(
            f"No Python documentation found for '{word}'.\nUse help() to get the interactive help utility.\nUse help(str) for help on the str class.\n\n"
            if not word.isidentifier() or word not in ("os", "sys", "re")
            else ""
        )
    return int(bool(words))


@packaged(bare=True, refuses=False)
def py3versions(process: Process) -> Running:
    """The versions of Python 3."""
    version = {"12": "3.11", "22.04": "3.10", "24.04": "3.12", "11": "3.9", "20.04": "3.8"}.get(
        process.shell.world.system.version, "3.11"
    )
    bare = any(word in ("-v", "--version", "-vd", "-dv") for word in process.args)
    yield 0.0
    process.out(f"{version}\n" if bare else f"python{version}\n")
    return 0


COMMANDS: dict[str, Command] = {
    **dict.fromkeys(("sensible-pager", "sensible-editor", "sensible-browser"), sensible), "which.debianutils": another("which"), "ischroot": ischroot, "lesspipe": lesspipe, "lessfile": lesspipe,
    "lessecho": lessecho, "lesskey": lesskey, "tzselect": tzselect, **dict.fromkeys(("tbl", "gtbl", "pic", "gpic", "eqn", "geqn", "neqn", "preconv", "soelim"), filters), "nroff": nroff, "groff": nroff,
    "lexgrog": lexgrog, "manpath": manpath, "helpztags": helpztags, **dict.fromkeys(("run-mailcap", "see", "edit", "compose", "print"), mailcap),
    **dict.fromkeys(("ssh-argv0", "update-ca-certificates", "update-shells", "ucf", "ucfq"), complains), "cppw": copied, "cpgr": copied, "vipw": vigr, "vigr": vigr, "scriptreplay": replays, "scriptlive": replays,
    **dict.fromkeys(("pydoc3", "pydoc3.11", "pydoc3.10", "pdb3", "pdb3.11", "pdb3.10"), pydoc), "py3versions": py3versions,
    **dict.fromkeys(("python3.11", "python3.10", "python3.12"), another("python3")), **dict.fromkeys(("perl5.36.0", "perl5.34.0"), another("perl")),
}  # fmt: skip
