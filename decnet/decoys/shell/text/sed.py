"""sed: the whole language of GNU sed."""

from collections.abc import Generator, Iterator

from ..process import Process, Running
from ..regex import Syntax
from .common import Failure, Options, await_input, bytes_of, content, parse, text_of, tool, why_not
from .sed_editor import Editor, flush, perform, selected
from .sed_help import BUSYBOX, USAGE, VERSION
from .sed_script import BadScript, Script

LONG = """quiet=n silent=n expression=e file=f regexp-extended=E in-place=i separate=s unbuffered=u
null-data=z line-length=l posix debug sandbox follow-symlinks zero-terminated=z version help"""


@tool
def sed(process: Process) -> Running:
    """Status 0, 1 for a bad script, 2 for an input that cannot be read, or that of `q`."""
    try:
        options = parse(process, "ne:f:Eri::suzl:", LONG)
    except Failure as failure:
        process.err(f"{process.name}: {failure.message}\n{USAGE}")
        return 1
    if "version" in options or "help" in options:
        version = BUSYBOX if process.shell.world.system.busybox else VERSION
        process.out(version if "version" in options else USAGE)
        return 0
    script = _script(process, options)
    failed: list[str] = []
    paths = options.operands or ["-"]
    await_input(process, paths)
    groups = [[path] for path in paths] if "i" in options or "s" in options else [paths]
    editor: Editor | None = None
    for group in groups:
        editor = yield from _edit(process, options, script, group, failed, editor)
        if editor.leaving:
            break
    for path, text in (editor.files if editor else {}).items():
        process.shell.write(process.shell.absolute(path), bytes_of(text))
    status = editor.status if editor else 0
    return status or (4 if "" in failed else 2 if failed else 0)


def _script(process: Process, options: Options) -> Script:
    parts: list[tuple[str, str]] = []
    for option, value in options.given:
        if option == "e":
            parts.append(("", value))
        elif option == "f":
            try:
                parts.append((value, text_of(content(process, value)).removesuffix("\n")))
            except Failure as failure:
                text = (
                    f"{value}: {failure.message}"
                    if process.applet
                    else f"couldn't open file {value}: {failure.message}"
                )
                raise Failure(text, 4) from None
    if not parts:
        if not options.operands:
            process.err(USAGE)
            raise Failure("", 1)
        parts.append(("", options.operands.pop(0)))
    extended = "E" in options or "r" in options
    try:
        return Script(parts, Syntax(extended=extended), process.spend, applet=process.applet)
    except BadScript as error:
        raise Failure(str(error), 4 if "jump" in str(error) else 1) from None


def _lines(
    process: Process, paths: list[str], separator: str, failed: list[str]
) -> Iterator[tuple[str, bool, str]]:
    for path in paths:
        try:
            data = content(process, path)
        except Failure as failure:
            directory = failure.message == "Is a directory"
            refused = f"read error on {path}: Is a directory" if directory else ""
            message = refused or f"can't read {path}: {failure.message}"
            process.err(f"{process.name}: {message}\n")
            failed.append("" if directory else path)
            if directory:
                return
            continue
        text = text_of(data)
        process.spend(1 + len(text) // 128)
        pieces = text.split(separator)
        last = pieces.pop()
        for piece in pieces:
            yield piece, True, path
        if last:
            yield last, False, path


def _edit(
    process: Process,
    options: Options,
    script: Script,
    paths: list[str],
    failed: list[str],
    before: Editor | None,
) -> Generator[object, object, Editor]:
    """Edit these files as one input. `before` is the editor of the former file with -s and -i."""
    separator = "\0" if "z" in options else "\n"
    written: list[str] = []
    in_place = "i" in options
    if in_place and why_not(process, paths[0]) == "Is a directory":
        process.err(f"{process.name}: couldn't edit {paths[0]}: not a regular file\n")
        failed.append("")
        paths = []
    lines = _lines(process, paths, separator, failed)
    editor = Editor(process, options, script.commands, "n" in options or script.quiet, separator, lines,
                    written.append if in_place else process.out)  # fmt: skip
    if before is not None:
        editor.hold, editor.files, editor.regex = before.hold, before.files, before.regex
        editor.owes = before.owes and not in_place
        editor.number = 0 if in_place or "s" in options else before.number
    editor.ahead = next(lines, None)
    fresh = True
    while not editor.leaving and (not fresh or editor.next_line()):
        fresh = yield from _cycle(editor)
        if process.tired:
            yield 0.0
    if in_place and paths and paths[0] not in failed:
        while editor.leaving and editor.next_line():
            editor.show(editor.space)
        _replace(process, options, paths[0], "".join(written))
    return editor


def _replace(process: Process, options: Options, path: str, text: str) -> None:
    shell, suffix = process.shell, options.value("i")
    where = shell.absolute(path)
    if suffix:
        name = path.rsplit("/", 1)[-1]
        backup = suffix.replace("*", name) if "*" in suffix else name + suffix
        folder = where.rsplit("/", 1)[0]
        shell.write(f"{folder}/{backup}", bytes_of(shell.read(where) or ""))
    reason = shell.write(where, bytes_of(text))
    if reason:
        raise Failure(f"couldn't open temporary file {path}: {reason}", 4)


def _cycle(editor: Editor) -> Generator[object, object, bool]:
    """Run the script once; whether the next cycle reads a new line."""
    editor.substituted = False
    at = 0
    commands = editor.commands
    action = ""
    while at < len(commands):
        editor.process.spend(4)
        if editor.process.tired:
            yield 0.0
        command = commands[at]
        at += 1
        if selected(editor, command) == command.negated:
            at = command.target if command.name == "{" else at
            continue
        if command.name in "btT":
            jumps = command.name == "b" or editor.substituted == (command.name == "t")
            editor.substituted = editor.substituted and command.name == "b"
            at = (len(commands) if command.target < 0 else command.target) if jumps else at
        elif command.name == "e":
            yield from editor.process.call(["sh", "-c", command.text or editor.space])
        else:
            action = perform(editor, command)
            if action:
                break
    if action in ("", "quit") and not editor.quiet:
        editor.show(editor.space)
    flush(editor)
    return action != "restart"


COMMANDS = {"sed": sed}
