"""What a visitor types for a command that reads the terminal: `cat > file`, lines, ^D."""

from collections import deque

from .language import BadSyntax, Simple, parse

END, INTERRUPT, KILL = "\x04", "\x03", "\x15"
ERASE = "\x7f\x08"


def reads_terminal(line: str) -> bool:
    """Whether a command of this line would wait for input."""
    try:
        steps = parse(line)
    except BadSyntax:
        return False
    return any(_reads(step.pipe[0]) for step in steps)


def repeats_input(line: str) -> bool:
    """Whether that command prints each line again as soon as it was typed."""
    steps = parse(line)
    first = steps[0].pipe[0]
    is_alone = len(steps) == 1 and len(steps[0].pipe) == 1 and not first.redirections
    return is_alone and _name(first) in ("cat", "tee")


def _reads(command: Simple) -> bool:
    if not command.words or any(operator == "<" for operator, _ in command.redirections):
        return False
    files = [word for word in command.words[1:] if word == "-" or not word.startswith("-")]
    return _name(command) == "tee" or (_name(command) in ("cat", "base64") and files in ([], ["-"]))


def _name(command: Simple) -> str:
    return command.words[0].rsplit("/", 1)[-1] if command.words else ""


class TypedInput:
    """The input as the terminal's driver passes it on: a line can be corrected until its end. At most `most`
    characters are kept; `end` is the key that ended it, "" until then."""

    def __init__(self, most: int, *, repeats: bool) -> None:
        self.end = ""
        self.is_whole = True
        self._most = most
        self._repeats = repeats
        self._lines: list[str] = []
        self._size = 0
        self._line = ""
        self._after_return = False

    @property
    def text(self) -> str:
        """All that the command got, and what was typed after that."""
        return "".join(self._lines) + (self._line if self.end != INTERRUPT else "")

    def take(self, keys: deque[str]) -> str:
        """Take the keys up to the end; what the terminal shows for them."""
        shown: list[str] = []
        while keys and not self.end:
            shown.append(self._take(keys.popleft()))
        return "".join(shown)

    def _take(self, key: str) -> str:
        is_second_half, self._after_return = self._after_return and key == "\n", key == "\r"
        if is_second_half:
            return ""
        if key in "\r\n":
            return "\r\n" + self._pass_on("\n")
        if key == END:
            return self._pass_on("") if self._line else self._ends(key)
        if key == INTERRUPT:
            return "^C\r\n" + self._ends(key)
        if key in ERASE:
            erased, self._line = self._line[-1:], self._line[:-1]
            return "\b \b" if erased else ""
        if key == KILL:
            erased, self._line = self._line, ""
            return "\b \b" * len(erased)
        return self._add(key)

    def _add(self, key: str) -> str:
        if self._size + len(self._line) >= self._most:
            self.is_whole = False
            return ""
        self._line += key
        return key if key >= " " or key == "\t" else f"^{chr(ord(key) + 64)}"

    def _pass_on(self, newline: str) -> str:
        line, self._line = self._line + newline, ""
        self._lines.append(line)
        self._size += len(line)
        return line.replace("\n", "\r\n") if self._repeats else ""

    def _ends(self, key: str) -> str:
        self.end = key
        return ""
