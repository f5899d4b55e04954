# ruff: noqa: E501 (tables)
"""The words of a Perl program."""

from __future__ import annotations

from dataclasses import dataclass, field

PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">"}
QUOTES = ("q", "qq", "qw", "m", "s", "tr", "y", "qr", "qx")
OPERATORS = (
    "<=>", "**=", "||=", "&&=", "//=", "...", "->", "++", "--", "**", "=~", "!~", "==", "!=", "<=", ">=", "&&", "||", "//",
    "..", "::", "+=", "-=", "*=", "/=", ".=", "%=", "x=", "<<", ">>", "=>", "|=", "&=", "^=",
)  # fmt: skip
AFTER_VALUE = ("name", "number", "string", "variable", "close")
"""Kinds of words after which a slash divides."""
TAKES_PATTERN = (
    "if", "unless", "and", "or", "not", "while", "split", "grep", "map", "return", "print", "x", "lt", "gt", "eq", "ne",
)  # fmt: skip


class SyntaxProblem(Exception):
    """A program that cannot be parsed, with the message of perl."""


@dataclass(frozen=True)
class Token:
    """`kind`: name, number, variable, string, match, subst, trans, words, op, heredoc or end. `text` is its
    content; `parts` has more of it: the replacement and flags of patterns; `line` where it stands."""

    kind: str
    text: str
    line: int
    parts: tuple[str, ...] = field(default=())
    raw: bool = False
    """Whether a string is taken as it is."""


class Lexer:
    """Reads a text from its begin to its end. `name`: of the program, for messages."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.at, self.line = 0, 1
        self.tokens: list[Token] = []
        self._pending: list[tuple[int, str, bool]] = []

    def all(self) -> list[Token]:
        """All words. Raises SyntaxProblem."""
        while self._skip():
            self._token()
        self._add("end", "")
        return self.tokens

    def _add(self, kind: str, text: str, parts: tuple[str, ...] = (), *, raw: bool = False) -> None:
        self.tokens.append(Token(kind, text, self.line, parts, raw))

    def _skip(self) -> bool:
        text = self.text
        while self.at < len(text):
            char = text[self.at]
            if char == "\n":
                self.line += 1
                self.at += 1
                if self._pending:
                    self._here_documents()
            elif char.isspace():
                self.at += 1
            elif char == "#":
                end = text.find("\n", self.at)
                self.at = len(text) if end < 0 else end
            elif (
                char == "="
                and text[self.at - 1 : self.at] in ("", "\n")
                and text[self.at + 1 : self.at + 2].isalpha()
            ):
                end = text.find("\n=cut", self.at)
                self.at = len(text) if end < 0 else end + 5
            else:
                return not text.startswith(("__END__", "__DATA__"), self.at)
        return False

    def _token(self) -> None:
        char, text = self.text[self.at], self.text
        if char in "$@%&" and self._variable(char):
            return
        if char.isdigit() or (char == "." and text[self.at + 1 : self.at + 2].isdigit()):
            self._number()
        elif char.isalpha() or char == "_":
            self._word()
        elif char in "\"'`":
            body = self._delimited()
            self._add("backtick" if char == "`" else "string", body, raw=char == "'")
        elif char == "/" and self._wants_value():
            self._add("match", self._delimited(), (self._flags(),))
        elif char == "<" and self._wants_value() and self._angle():
            return
        else:
            self._operator()

    def _wants_value(self) -> bool:
        if not self.tokens:
            return True
        last = self.tokens[-1]
        if last.kind == "name":
            return last.text in TAKES_PATTERN
        return not (last.kind in AFTER_VALUE or (last.kind == "op" and last.text in (")", "]", "}")))

    def _variable(self, sigil: str) -> bool:
        text, start = self.text, self.at
        follows_name = bool(self.tokens) and self.tokens[-1].kind == "name"
        if sigil in "%&" and not follows_name and not self._wants_value():
            return False
        at = start + 1
        if (
            text.startswith("$#", start)
            and text[start + 2 : start + 3] in ("{", "$", "_")
            or (text.startswith("$#", start) and text[start + 2 : start + 3].isalpha())
        ):
            sigil, at = "$#", start + 2
        if text[at : at + 1] in ("{", "$") and (text[at : at + 1] == "{" or text[at + 1 : at + 2].isalpha()):
            if (
                text[at] == "{"
                and (end := text.find("}", at)) > 0
                and text[at + 1 : end].replace("_", "").isalnum()
            ):
                self._add("variable", text[at + 1 : end], (sigil,))
                self.at = end + 1
                return True
            self._add("cast", sigil)
            self.at = at
            return True
        end = at
        while end < len(text) and (text[end].isalnum() or text[end] == "_" or text.startswith("::", end)):
            end += 2 if text.startswith("::", end) else 1
        if end == at and sigil == "$" and text[at : at + 1] in tuple('$!@,;./\\&0<>()[]+|"?'):
            end = at + 1
        if end == at and sigil == "$" and text[at : at + 1] == "^" and text[at + 1 : at + 2].isupper():
            end = at + 2
        if end == at and sigil == "@" and text[at : at + 1] in ("_", "$"):
            end = at + 1
        if end == at:
            return False
        self._add("variable", text[at:end], (sigil,))
        self.at = end
        return True

    def _number(self) -> None:
        text, end = self.text, self.at
        if text[end : end + 2].lower() in ("0x", "0b"):
            end += 2
            while end < len(text) and (text[end] in "_" or text[end].isalnum()):
                end += 1
        else:
            while end < len(text) and (
                text[end].isdigit() or text[end] == "_" or (text[end] == "." and text[end : end + 2] != "..")
            ):
                end += 1
            if text[end : end + 1] in ("e", "E") and text[end + 1 : end + 3].lstrip("+-")[:1].isdigit():
                end += 2
                while end < len(text) and text[end].isdigit():
                    end += 1
        self._add("number", text[self.at : end].replace("_", ""))
        self.at = end

    def _word(self) -> None:
        text, end = self.text, self.at
        while end < len(text) and (text[end].isalnum() or text[end] == "_" or text.startswith("::", end)):
            end += 2 if text.startswith("::", end) else 1
        word = text[self.at : end]
        if word[0] == "x" and word[1:].isdecimal() and not self._wants_value():
            end, word = self.at + 1, "x"
        after = text[end:].lstrip()[:2]
        in_hash = after == "=>" or (self.tokens[-1:] and self.tokens[-1].text == "{" and after[:1] == "}")
        if (
            word in QUOTES
            and not in_hash
            and after
            and after[0] not in ",;)="
            and not (self.tokens and self.tokens[-1].text == "->")
            and not (text[self.at - 1 : self.at] == "-" and after[0] in "\"'$/" and len(word) == 1)
        ):
            self.at = end
            self._quoted(word)
            return
        self._add("name", word)
        self.at = end

    def _quoted(self, word: str) -> None:
        while self.text[self.at].isspace():
            self.at += 1
        raw = self.text[self.at] == "'"
        paired = self.text[self.at] in PAIRS
        body = self._delimited()
        if word in ("q", "qq", "qx"):
            self._add("backtick" if word == "qx" else "string", body, raw=word == "q")
        elif word == "qw":
            self._add("words", body)
        elif word in ("m", "qr"):
            self._add("match" if word == "m" else "pattern", body, (self._flags(),), raw=raw)
        else:
            if paired:
                while self.text[self.at : self.at + 1].isspace():
                    self.at += 1
            else:
                self.at -= 1
            by = self._delimited()
            self._add("subst" if word == "s" else "trans", body, (by, self._flags()), raw=raw)

    def _flags(self) -> str:
        start = self.at
        while self.at < len(self.text) and self.text[self.at].isalpha():
            self.at += 1
        return self.text[start : self.at]

    def _delimited(self) -> str:
        """The text between the delimiter here and its end."""
        text, first = self.text, self.text[self.at]
        last, depth, at, line = PAIRS.get(first, first), 1, self.at + 1, self.line
        out = []
        while at < len(text):
            char = text[at]
            if char == "\\" and at + 1 < len(text):
                out.append(text[at + 1] if text[at + 1] == last and last in "'`/|!#,~" else text[at : at + 2])
                at += 2
                continue
            if char == last:
                depth -= 1
                if not depth:
                    self.at = at + 1
                    return "".join(out)
            elif char == first:
                depth += 1
            self.line += char == "\n"
            out.append(char)
            at += 1
        if first in "\"'`":
            raise SyntaxProblem(
                f"Can't find string terminator {_quote(first)} anywhere before EOF at {self.name} line {line}.\n"
            )
        raise SyntaxProblem(f"Search pattern not terminated at {self.name} line {line}.\n")

    def _angle(self) -> bool:
        end = self.text.find(">", self.at)
        inside = self.text[self.at + 1 : end] if end > 0 else " "
        if self.text.startswith("<<", self.at):
            return self._here()
        if inside.replace("$", "").replace("_", "").isalnum() or not inside:
            self._add("readline", inside)
            self.at = end + 1
            return True
        return False

    def _here(self) -> bool:
        at = self.at + 2
        quote = self.text[at : at + 1]
        if quote in ("'", '"'):
            end = self.text.find(quote, at + 1)
            word = self.text[at + 1 : end]
            end += 1
        else:
            end = at
            while self.text[end : end + 1].isalnum() or self.text[end : end + 1] == "_":
                end += 1
            word = self.text[at:end]
        if not word:
            return False
        self._pending.append((len(self.tokens), word, quote == "'"))
        self._add("string", "", raw=quote == "'")
        self.at = end
        return True

    def _here_documents(self) -> None:
        for place, word, raw in self._pending:
            lines = []
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                line = self.text[self.at : end]
                self.at, self.line = end + 1, self.line + 1
                if line == word:
                    break
                lines.append(line + "\n")
            self.tokens[place] = Token("string", "".join(lines), self.line, (), raw)
        self._pending = []

    def _operator(self) -> None:
        for each in OPERATORS:
            if self.text.startswith(each, self.at) and not each[0].isalpha():
                self._add("op", each)
                self.at += len(each)
                return
        self._add("op", self.text[self.at])
        self.at += 1


def _quote(first: str) -> str:
    return "'\"'" if first == '"' else f'"{first}"'
