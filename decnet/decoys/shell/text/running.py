# ruff: noqa: E501 (options and messages)
"""Tools that run others: xargs, env, nohup, nice, timeout; and yes."""

from ..process import Call, Process, Running
from ..signal_numbers import NAMES, SIGNALS
from ..signals import signal_name
from ..tasks import ITSELF, KILL, Killed
from .common import Failure, Options, content, parse, quoted, text_of, tool

MOST_WORDS = 20_000
MOST_RUNS = 2_000
MOST_LINE = 131_072


@tool
def xargs(process: Process) -> Running:
    """Run a command with words from the input."""
    long = "null=0 arg-file=a delimiter=d eof:: replace:: max-lines=L max-args=n interactive=p max-procs=P no-run-if-empty=r max-chars=s verbose=t exit=x show-limits"  # fmt: skip # noqa: E501
    options = parse(process, "0a:d:E:e::I:i::L:l::n:P:prs:tx", long, stop=True)
    command = options.operands or ["echo"]
    data = text_of(content(process, options.value("a")) if "a" in options else process.given)
    process.spend(1 + len(data) // 8)
    mark = options.value("I") or ("{}" if "i" in options else "")
    words, broken = _words(data, options, lines=bool(mark) or "L" in options)
    most = options.value("n") or options.value("L")
    if most and not most.lstrip("-").isdecimal():
        letter = "n" if "n" in options else "L"
        raise Failure(f'invalid number "{most}" for -{letter} option', hint=True)
    if most and not (most.isdecimal() and int(most[:9]) > 0):
        raise Failure(f"value {most} for -{'n' if 'n' in options else 'L'} option should be >= 1", hint=True)
    if mark:
        runs = [[part.replace(mark, word) for part in command] for word in words if word]
    elif "L" in options and "n" not in options:
        size = int(most[:9])
        runs = [command + " ".join(words[at : at + size]).split() for at in range(0, len(words), size)]
    else:
        runs = _batches(command, words, int(most[:9]) if most else len(words))
    if not words and "r" not in options and not mark:
        runs = [command]
    if broken and (not words or (process.applet and not most)):
        raise Failure(broken)
    status = yield from _runs(process, options, runs)
    if broken:
        process.err(f"{process.name}: {broken}\n")
    return 1 if broken else status


def _batches(command: list[str], words: list[str], size: int) -> list[list[str]]:
    runs: list[list[str]] = []
    batch: list[str] = []
    length = 0
    for word in words:
        if batch and (len(batch) >= size or length + len(word) > MOST_LINE):
            runs.append(command + batch)
            batch, length = [], 0
        batch.append(word)
        length += len(word) + 1
    return [*runs, command + batch] if batch else runs


def _runs(process: Process, options: Options, runs: list[list[str]]) -> Running:
    status = 0
    for words in runs[:MOST_RUNS]:
        if "p" in options:
            process.err(" ".join(words) + (" ?..." if process.applet else "?..."))
            answer = yield from process.context.read_line(process.context.engine.input)
            if answer[:1] not in (b"y", b"Y"):
                continue
        elif "t" in options:
            process.err(" ".join(words) + "\n")
        found = yield from process.call(words, b"")
        if found in (126, 127):
            return found
        if found == 255:
            process.err(f"xargs: {words[0]}: exited with status 255; aborting\n")
            return 124
        status = 123 if found else status
    return status


def _words(data: str, options: Options, *, lines: bool) -> tuple[list[str], str]:
    """The words, and the error at which they end."""
    if "0" in options or "d" in options:
        sign = (
            "\0"
            if "0" in options
            else {"\\n": "\n", "\\t": "\t", "\\0": "\0"}.get(options.value("d"), options.value("d"))
        )
        words = data.split(sign or "\0")
        return (words[:-1] if words and not words[-1] else words)[:MOST_WORDS], ""
    end = options.value("E")
    found: list[str] = []
    for line in data.split("\n"):
        try:
            words = [_unquoted(line.strip(" \t"))] if lines else _split(line)
        except Failure as failure:
            before = line[: min(_quotes_in(line))]
            whole = before.split() if before[-1:] in ("", " ", "\t") else before.split()[:-1]
            return found + whole, failure.message
        if end and end in words:
            return found + words[: words.index(end)], ""
        found += [word for word in words if word or not lines]
        if len(found) > MOST_WORDS:
            break
    return found, ""


def _quotes_in(line: str) -> list[int]:
    """Where quotes are in a line that has one."""
    return [at for at in (line.find("'"), line.find('"')) if at >= 0]


def _split(line: str) -> list[str]:
    words: list[str] = []
    word: list[str] = []
    started = False
    at = 0
    while at < len(line):
        char = line[at]
        if char in "'\"":
            close = line.find(char, at + 1)
            if close < 0:
                kind = "single" if char == "'" else "double"
                raise Failure(
                    f"unmatched {kind} quote; by default quotes are special to xargs unless you use the -0 option"
                )
            word.append(line[at + 1 : close])
            started, at = True, close
        elif char == "\\" and at + 1 < len(line):
            at += 1
            word.append(line[at])
            started = True
        elif char in " \t":
            if started:
                words.append("".join(word))
            word, started = [], False
        else:
            word.append(char)
            started = True
        at += 1
    return [*words, "".join(word)] if started else words


def _unquoted(line: str) -> str:
    return " ".join(_split(line)) if any(char in line for char in "'\"\\") else line


@tool
def env(process: Process) -> Running:
    """Print the environment, or run a command with another one."""
    options = parse(process, "iu:0C:S:v", "ignore-environment=i unset=u null=0 chdir=C split-string=S debug=v", status=125, stop=True)  # fmt: skip # noqa: E501
    words = [*options.value("S").split(), *options.operands]
    added: dict[str, str] = {}
    if words[:1] == ["-"]:
        options.given.append(("i", words.pop(0)))
    while words and "=" in words[0][1:]:
        name, _, value = words.pop(0).partition("=")
        added[name] = value
    if words:
        if "i" not in options and not options.values("u"):
            return (yield from process.call(words, None, added))
        kept = {} if "i" in options else exported(process)
        for name in (*options.values("u"), "_"):
            kept.pop(name, None)
        return int((yield Call(words, None, kept | added, clean=True)))
    end = "\0" if "0" in options else "\n"
    environment = {} if "i" in options else exported(process)
    for name in options.values("u"):
        environment.pop(name, None)
    for name, value in (environment | added).items():
        process.out(f"{name}={value}{end}")
    return 0


def exported(process: Process) -> dict[str, str]:
    """The shell's environment."""
    return process.shell.environment()


def _simple(process: Process, options: Options, status: int) -> list[str]:
    if not options.operands:
        raise Failure("missing operand", status, hint=True)
    return options.operands


@tool
def nohup(process: Process) -> Running:
    """Run a command that stays after a hangup."""
    options = parse(process, "", "", status=125, stop=True)
    words = _simple(process, options, 125)
    if process.to_terminal:
        process.err("nohup: ignoring input and appending output to 'nohup.out'\n")
        status, data = yield from process.output_of(words, b"")
        where = process.shell.absolute("nohup.out")
        before = (process.shell.read(where) or "").encode("utf-8", "surrogateescape")
        process.shell.write(where, before + data, 0o600)
        return status
    return (yield from process.call(words))


@tool
def nice(process: Process) -> Running:
    """Run a command with another priority."""
    words, shell = process.args, process.shell
    if words and words[0][:1] == "-" and words[0][1:].lstrip("-+").isdecimal():
        process.args = ["-n", words[0][1:], *words[1:]]
    options = parse(process, "n:", "adjustment=n", status=125, stop=True)
    if not options.operands:
        if "n" in options:
            raise Failure("a command must be given with an adjustment", 125, hint=True)
        process.out(f"{shell.nice}\n")
        return 0
    number = options.value("n", "10").strip()
    if not number.lstrip("+-").isdecimal() or len(number) > 18:
        raise Failure(f"invalid adjustment {quoted(process, number)}", 125)
    before, more = shell.nice, int(number)
    if more < 0 and shell.user != "root":
        process.err("nice: cannot set niceness: Permission denied\n")
        more = 0
    shell.nice = max(-20, min(19, before + more))
    try:
        return (yield from process.call(options.operands))
    finally:
        shell.nice = before


@tool
def timeout(process: Process) -> Running:
    """Run a command, and send it a signal after some time."""
    options = parse(process, "k:s:vp", "kill-after=k signal=s verbose=v foreground preserve-status=p", status=125, stop=True)  # fmt: skip # noqa: E501
    words = options.operands
    if len(words) < 2:
        process.err(f"Try '{process.name} --help' for more information.\n")
        return 125
    seconds, kill_after = _seconds(words[0]), _seconds(options.value("k") or "0")
    for value, given in ((kill_after, options.value("k")), (seconds, words[0])):
        if value is None:
            raise Failure(f"invalid time interval {quoted(process, given)}", 125, hint=True)
    signal = SIGNALS.get(signal_name(options.value("s") or "TERM") or "")
    if signal is None:
        raise Failure(f"{quoted(process, options.value('s'))}: invalid signal", 125, hint=True)
    if not seconds:
        return (yield from process.call(words[1:]))
    status, is_late = yield Call(words[1:], None, None, False, seconds, signal, kill_after or 0.0)
    if is_late and "v" in options:
        process.err(f"timeout: sending signal {NAMES[signal]} to command {quoted(process, words[1])}\n")
    if is_late and (status == 128 + KILL or process.shell.world.system.busybox):
        raise Killed(status - 128 if status > 128 else signal, ITSELF)
    if not is_late or "p" in options:
        return int(status)
    return 124


def _seconds(text: str) -> float | None:
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}.get(text[-1:], 0)
    number = text[:-1] if unit else text
    if not number or number.count(".") > 1 or not number.replace(".", "").isdecimal():
        return None
    return float(number[:12]) * (unit or 1)


@tool
def yes(process: Process) -> Running:
    """A line again and again, until the reader ends."""
    line = " ".join(process.args or ["y"]) + "\n"
    block = line * max(1, 8192 // len(line))
    while True:
        process.out(block)
        yield 0.0


COMMANDS = {
    "xargs": xargs, "env": env, "nohup": nohup, "nice": nice, "timeout": timeout, "yes": yes,
}  # fmt: skip
