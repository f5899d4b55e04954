"""What an awk program works on: variables, the record and its fields, input and output."""

from collections.abc import Callable, Generator
from random import Random

from ..process import Process
from ..regex import BadRegex, Regex, Syntax
from .awk_lexer import escaped
from .awk_reader import Reader, awk_pattern
from .awk_values import MOST_STRING, Array, Input, Value, number_of, text_of_number
from .common import Failure, content

MOST_HELD = 4 * 1024 * 1024
"""Characters in arrays, frames and buffers."""
ELEMENT = 100
MOST_FIELDS = 20_000
MOST_STREAMS = 30
REGEX_WORDS = {
    "Unmatched ( or \\(": "missing ')'",
    "Unmatched [, [^, [:, [., or [=": "bad class -- [], [^] or [",
    "Invalid preceding regular expression": "missing operand",
}
Waits = Generator[object, object, float]


class Machine:
    """One run of a program."""

    def __init__(self, process: Process, *, extended: bool) -> None:
        self.process = process
        self.extended = extended
        self.variables: dict[str, Value] = {
            "FS": " ", "OFS": " ", "ORS": "\n", "RS": "\n", "SUBSEP": "\034", "CONVFMT": "%.6g",
            "OFMT": "%.6g", "NR": 0.0, "FNR": 0.0, "RSTART": 0.0, "RLENGTH": -1.0, "FILENAME": "",
        }  # fmt: skip
        self.arrays: dict[str, Array] = {"ENVIRON": {}, "ARGV": {}}
        self.frame: list[Value | Array] = []
        self.held = 0
        self.readers: dict[str, Reader] = {}
        self.outputs: dict[tuple[str, str], list[str]] = {}
        self.random = Random()
        self.seed = 0.0 if extended else float(self.random.randrange(2**31))
        self._record = ""
        self._fields: list[str] | None = []
        self._stale = False
        self._regexes: dict[str, Regex] = {}
        self._main: Reader | None = None
        self._next_argument = 1
        self._used_input = False

    # Texts -------------------------------------------------------------------------------------------------

    def decoded(self, data: bytes) -> str:
        """mawk works on bytes, gawk on characters."""
        return data.decode("utf-8", "surrogateescape") if self.extended else data.decode("latin-1")

    def encoded(self, text: str) -> bytes:
        """The inverse of decoded."""
        return text.encode("utf-8", "surrogateescape") if self.extended else text.encode("latin-1", "replace")

    def text(self, value: Value, name: str = "CONVFMT") -> str:
        """A value as a string."""
        if isinstance(value, float):
            if value == value and abs(value) < 1e9 and value == int(value):
                return str(int(value))
            return text_of_number(value, str(self.variables[name]), wide=self.extended or self.process.applet)
        return value or ""

    def checked(self, text: str) -> str:
        """Bound the size of a string. Raises Failure."""
        self.process.spend(len(text) // 64)
        if len(text) > MOST_STRING:
            raise Failure("out of memory", 2)
        return text

    def hold(self, size: int) -> None:
        """Account for what is kept. Raises Failure."""
        self.held += size
        if self.held > MOST_HELD:
            raise Failure("out of memory", 2)

    def regex(self, pattern: str) -> Regex:
        """A pattern, compiled once. Raises Failure."""
        found = self._regexes.get(pattern)
        if found is None:
            if len(self._regexes) > 100:
                self._regexes.clear()
            syntax = Syntax(extended=True, intervals=self.extended)
            try:
                found = Regex(awk_pattern(pattern), syntax, self.process.spend)
            except BadRegex as error:
                reason = REGEX_WORDS.get(str(error), str(error))
                raise Failure(f"line 1: regular expression compile failed ({reason})\n{pattern}", 2) from None
            self._regexes[pattern] = found
        return found

    # Variables and fields ----------------------------------------------------------------------------------

    def get(self, name: str) -> Value:
        """A global variable."""
        return float(len(self.fields())) if name == "NF" else self.variables.get(name)

    def set(self, name: str, value: Value) -> None:
        """Assign to a global variable."""
        if name == "NF":
            count = int(max(0.0, min(number_of(value), MOST_FIELDS + 1.0)))
            self._check_fields(count)
            fields = self.fields()
            self._fields = (fields + [""] * (count - len(fields)))[:count]
            self._stale = True
            return
        self.variables[name] = value

    def fields(self) -> list[str]:
        """The fields of the record."""
        if self._fields is None:
            self._fields = self.split(self._record, self.variables["FS"], whole=True)
        return self._fields

    def field(self, number: float) -> Value:
        """`$number`. Raises Failure for a negative number."""
        if number == 0:
            return Input(self.record())
        if not 0 < number < 1e9:
            raise Failure(f"run time error: negative field index ${self.text(number)}{self.place()}", 2)
        fields = self.fields()
        at = int(number)
        return Input(fields[at - 1]) if 0 < at <= len(fields) else None if at else Input(self.record())

    def set_field(self, number: float, value: Value) -> None:
        """Assign to a field. Raises Failure."""
        text = self.checked(self.text(value))
        at = int(number) if abs(number) < 1e9 else MOST_FIELDS + 1
        if at == 0:
            self.set_record(text)
            return
        if at < 0:
            raise Failure(f"run time error: negative field index ${self.text(number)}{self.place()}", 2)
        self._check_fields(at)
        fields = self.fields()
        fields += [""] * (at - len(fields))
        fields[at - 1] = text
        self._stale = True
        self.process.spend(len(fields) // 8)

    def _check_fields(self, count: int) -> None:
        if count > MOST_FIELDS:
            raise Failure(f"program limit exceeded: maximum number of fields size={MOST_FIELDS}", 2)

    def record(self) -> str:
        """`$0`, joined again after a field has changed."""
        if self._stale:
            self._record = self.checked(self.text(self.variables["OFS"]).join(self.fields()))
            self._stale = False
        return self._record

    def set_record(self, text: str) -> None:
        """A new `$0`."""
        self._record, self._fields, self._stale = text, None, False

    def split(self, text: str, separator: Value, *, whole: bool = False) -> list[str]:
        """The parts of a text, as FS separates fields."""
        sign = self.text(separator)
        self.process.spend(len(text) // 16)
        paragraphs = whole and self.variables["RS"] == ""
        if sign == " ":
            parts = text.replace("\t", " ").replace("\n", " ").split(" ")
            return [part for part in parts if part]
        if not text:
            return []
        if paragraphs and len(sign) <= 1:
            return text.replace("\n", sign).split(sign) if sign else list(text)
        if sign == "":
            return list(text)
        if len(sign) == 1 and sign != "\\":
            return text.split(sign)
        return self._split_by(self.regex(sign + "|\n" if paragraphs else sign), text)

    def split_by(self, pattern: str, text: str) -> list[str]:
        """The parts of a text between the matches of a pattern."""
        return self._split_by(self.regex(pattern), text) if text else []

    def _split_by(self, regex: Regex, text: str) -> list[str]:
        parts, last = [], 0
        for start, end in regex.matches(text):
            if end > start:
                parts.append(text[last:start])
                last = end
                self.process.spend(4)
                self._check_fields(len(parts))
        return [*parts, text[last:]]

    def place(self) -> str:
        """Where mawk reports that an error has occurred."""
        number, file_number = (self.text(self.variables[name]) for name in ("NR", "FNR"))
        name = self.text(self.variables["FILENAME"])
        return f'\n\tFILENAME="{name}" FNR={file_number} NR={number}'

    # Input -------------------------------------------------------------------------------------------------

    def _separator(self) -> "str | Regex":
        sign = self.text(self.variables["RS"])
        return sign if len(sign) <= 1 else self.regex(sign)

    def next_main(self) -> str | None:
        """The next record of the files of ARGV; None at the end. Raises Failure."""
        while True:
            if self._main is None and not self._open_next():
                return None
            assert self._main is not None
            record = self._main.record(self._separator())
            if record is not None:
                self.process.spend(8)
                return record
            self._main = None

    def skip_file(self) -> None:
        """nextfile."""
        self._main = Reader("")

    def _open_next(self) -> bool:
        arguments = self.arrays["ARGV"]
        while self._next_argument < number_of(self.variables.get("ARGC")):
            word = self.text(arguments.get(str(self._next_argument)))
            self._next_argument += 1
            if not word:
                continue
            name, equals, value = word.partition("=")
            if equals and name.isidentifier() and name.isascii():
                self.set(name, Input(escaped(value)))
                continue
            self._open(word)
            return True
        if self._used_input:
            return False
        self._open("-")
        if self.process.shell.world.system.busybox:
            self.variables["FILENAME"] = ""
        return True

    def _open(self, path: str) -> None:
        self._used_input = True
        self.variables["FILENAME"], self.variables["FNR"] = path, 0.0
        try:
            self._main = self._reader(path)
        except Failure as failure:
            if failure.message == "Is a directory":
                raise Failure("read error (Is a directory)", 2) from None
            raise Failure(f"cannot open {path} ({failure.message})", 2) from None

    def _reader(self, path: str) -> Reader:
        data = content(self.process, self.encoded(path).decode("utf-8", "surrogateescape"))
        self.process.spend(len(data) // 256)
        return Reader(self.decoded(data))

    def counted(self) -> None:
        """One more record of the main input."""
        for name in ("NR", "FNR"):
            self.variables[name] = number_of(self.variables[name]) + 1

    def from_file(self, path: str) -> "str | None | int":
        """The next record of a file for getline; None at the end, -1 if it cannot be read."""
        if path not in self.readers:
            try:
                self._add_reader(path, self._reader(path))
            except Failure:
                return -1
        return self.readers[path].record(self._separator())

    def _add_reader(self, name: str, reader: Reader) -> None:
        if len(self.readers) >= MOST_STREAMS:
            raise Failure(f'cannot open "{name}" (Too many open files)', 2)
        self.hold(len(reader.text))
        self.readers[name] = reader

    def from_command(self, command: str) -> Generator[object, object, "str | None"]:
        """The next record of a command's output for getline."""
        if command not in self.readers:
            yield from self.flush()
            words = ["sh", "-c", self.encoded(command).decode("utf-8", "surrogateescape")]
            _, data = yield from self.process.output_of(words)
            self._add_reader(command, Reader(self.decoded(data)))
        return self.readers[command].record(self._separator())

    # Output ------------------------------------------------------------------------------------------------

    def write(self, operator: str, target: str, text: str) -> None:
        """print: to standard output ("" as operator), to a file, or to a command."""
        if not operator or (operator != "|" and target in ("/dev/stdout", "-", "/dev/fd/1")):
            self.process.out(self.encoded(text))
            return
        if operator != "|" and target == "/dev/stderr":
            self.process.err(self.encoded(text))
            return
        kind = "|" if operator == "|" else ">"
        if (kind, target) not in self.outputs:
            if len(self.outputs) >= MOST_STREAMS:
                raise Failure(f'cannot open "{target}" for output (Too many open files)', 2)
            self.outputs[kind, target] = []
            if kind == ">":
                self._begin(operator, target)
        self.hold(len(text) + 8)
        self.outputs[kind, target].append(text)

    def _begin(self, operator: str, path: str) -> None:
        """The file is there from the first print on."""
        shell = self.process.shell
        where = shell.absolute(path)
        before = (shell.read(where) or "").encode("utf-8", "surrogateescape") if operator == ">>" else b""
        if before:
            self.outputs[">", path].append(self.decoded(before))
            return
        reason = "" if where == "/dev/null" else shell.write(where, b"")
        if reason:
            raise Failure(f'cannot open "{path}" for output ({reason})', 2)

    def close(self, name: str) -> Waits:
        """close(): the status of what was open, -1 if nothing was."""
        status = -1.0
        reader = self.readers.pop(name, None)
        if reader is not None:
            self.held -= len(reader.text)
            status = 0.0
        for kind in (">", "|"):
            if (kind, name) in self.outputs:
                status = yield from self._finish(kind, name)
        return status

    def _finish(self, kind: str, name: str) -> Waits:
        parts = self.outputs.pop((kind, name))
        data = self.encoded("".join(parts))
        self.held -= sum(len(part) + 8 for part in parts)
        shell = self.process.shell
        if kind == "|":
            words = ["sh", "-c", self.encoded(name).decode("utf-8", "surrogateescape")]
            return float((yield from self.process.call(words, data)))
        if shell.absolute(name) != "/dev/null":
            shell.write(shell.absolute(name), data)
        return 0.0

    def flush(self) -> Waits:
        """Write the files as far as they are printed; commands wait for their end."""
        for kind, name in [key for key in self.outputs if key[0] == ">"]:
            parts = self.outputs[kind, name]
            self.process.shell.write(self.process.shell.absolute(name), self.encoded("".join(parts)))
        yield 0.0
        return 0.0

    def finish(self) -> Waits:
        """Close everything at the end."""
        for kind, name in list(self.outputs):
            yield from self._finish(kind, name)
        return 0.0


Get = Callable[[], Value]
