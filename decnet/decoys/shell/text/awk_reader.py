"""awk's records, and its patterns as extended expressions."""

from dataclasses import dataclass

from ..regex import Regex


@dataclass
class Reader:
    """A text and how far it is read."""

    text: str
    at: int = 0

    def record(self, separator: "str | Regex") -> str | None:
        """The next record; `separator` is a character, "" for paragraphs, or a pattern."""
        text = self.text
        if separator == "":
            while text.startswith("\n", self.at):
                self.at += 1
        if self.at >= len(text):
            return None
        if isinstance(separator, Regex):
            found = separator.search(text, self.at)
            begin, end = found[0] if found else (-1, -1)
            if begin == end and begin >= 0:
                begin = -1
        else:
            begin = text.find(separator or "\n\n", self.at)
            end = begin + len(separator or "\n\n")
        if begin < 0:
            begin, end = len(text), len(text)
            begin -= separator == "" and text.endswith("\n") and begin > self.at
        start, self.at = self.at, end
        return text[start:begin]


def awk_pattern(pattern: str) -> str:
    """A pattern of awk as an extended expression: the escapes of strings replaced."""
    if "\\" not in pattern:
        return pattern
    plain = {
        "n": "\n",
        "t": "\t",
        "r": "\r",
        "f": "\f",
        "v": "\v",
        "a": "\a",
        "b": "\b",
        '"': '"',
        "/": "/",
        "&": "&",
    }
    out, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        following = pattern[at + 1 : at + 2]
        if char != "\\" or not following:
            out += char
            at += 1
        elif following in plain:
            out += plain[following]
            at += 2
        elif following in "01234567":
            end = at + 2
            while end < at + 4 and pattern[end : end + 1] in tuple("01234567"):
                end += 1
            made = chr(int(pattern[at + 1 : end], 8) & 255)
            out += "\\" + made if made in "\\.[]*+?(){}|^$" else made
            at = end
        else:
            out += char + following
            at += 2
    return out
