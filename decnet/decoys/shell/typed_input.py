"""What a visitor types for a command that reads the terminal: lines that can be corrected, ^D."""

from collections import deque

END, INTERRUPT, KILL = "\x04", "\x03", "\x15"
SUSPEND, QUIT = "\x1a", "\x1c"
SIGNALS = {INTERRUPT: (2, "^C"), SUSPEND: (20, "^Z"), QUIT: (3, "^\\")}
"""Keys that send a signal: its number, and what the terminal shows."""
ERASE, ERASE_WORD = "\x7f", "\x17"


class TypedInput:
    """The input as the terminal's driver passes it on: a line can be corrected until its end. At most `most`
    characters of a line are kept; `end` is the key that ended the input, "" until then."""

    def __init__(self, most: int) -> None:
        self.end = ""
        self._most = most
        self._passed: list[str] = []
        self._line = ""
        self._after_return = False

    def passed_on(self) -> bytes:
        """The lines that were completed since the last call."""
        text = "".join(self._passed)
        self._passed.clear()
        return text.encode("utf-8", "surrogateescape")

    def unfinished(self) -> bytes:
        """The line that was being typed."""
        return self._line.encode("utf-8", "surrogateescape")

    def take(self, keys: deque[str]) -> str:
        """Take the keys up to the end of a line; what the terminal shows for them."""
        shown: list[str] = []
        while keys and not self.end and not self._passed:
            shown.append(self._take(keys.popleft()))
        return "".join(shown)

    def _take(self, key: str) -> str:
        is_second_half, self._after_return = self._after_return and key == "\n", key == "\r"
        if is_second_half:
            return ""
        if key in "\r\n":
            self._pass_on("\n")
            return "\r\n"
        if key == END:
            if self._line:
                self._pass_on("")
            else:
                self.end = END
            return ""
        if key in SIGNALS:
            self.end, self._line = key, ""
            return SIGNALS[key][1] + "\r\n" * (key == INTERRUPT)
        if key in (ERASE, ERASE_WORD, KILL):
            return self._erase(key)
        return self._add(key)

    def _erase(self, key: str) -> str:
        line = self._line
        if key == ERASE:
            self._line = line[:-1]
        else:
            self._line = _without_word(line) if key == ERASE_WORD else ""
        return "\b \b" * sum(map(_width, line[len(self._line) :]))

    def _add(self, key: str) -> str:
        if len(self._line) >= self._most:
            return ""
        self._line += key
        return key if key >= " " or key == "\t" else f"^{chr(ord(key) + 64)}"

    def _pass_on(self, newline: str) -> None:
        self._passed.append(self._line + newline)
        self._line = ""


def _width(key: str) -> int:
    """Columns that a key takes: a control character two, as ^X."""
    return 1 if key >= " " or key == "\t" else 2


def _without_word(line: str) -> str:
    """What ^W leaves: words are letters, digits and underscores."""
    at = len(line)
    while at and not (line[at - 1].isalnum() or line[at - 1] == "_"):
        at -= 1
    while at and (line[at - 1].isalnum() or line[at - 1] == "_"):
        at -= 1
    return line[:at]
