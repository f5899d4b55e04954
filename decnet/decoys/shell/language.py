"""The subset of the shell's language that intruders use: lists, pipes, quotes, variables, redirections."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MOST_TOKENS = 400
MOST_WORD = 1024 * 1024
OPERATORS = ("&&", "||", ";", "|", "&", "\n")
REDIRECTIONS = ("2>&1", "1>&2", ">&2", "&>>", "&>", "2>>", "2>", "1>", ">>", ">", "<")
VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*)|([?$#!0-9@]))")
OPERATOR = re.compile("|".join(re.escape(each) for each in (*REDIRECTIONS, *OPERATORS)))
PLAIN = re.compile(r"""(?:[^\s'"\\$#;|&<>]++|'[^']*+'|"[^"\\]*+(?:\\.[^"\\]*+)*+"|\\.)++""", re.DOTALL)
BLANK = re.compile(r"[ \t\r]+")
TEXT = re.compile(r"[^'\"\\$~]+")
QUOTED = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
BRACKET = re.compile(r"[()]")
ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")


class BadSyntax(Exception):
    """A line with a syntax error; the message is bash's, without its name."""


@dataclass
class Simple:
    """One command of a pipe. Words keep their quotes until they are expanded."""

    words: list[str] = field(default_factory=list)
    redirections: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Step:
    """One pipe, and the operator before it."""

    after: str
    pipe: list[Simple]


def parse(line: str) -> list[Step]:
    """The steps of a line. Raises BadSyntax."""
    steps: list[Step] = []
    command = Simple()
    pipe = [command]
    before = ";"
    tokens = _tokens(line)
    for at, token in enumerate(tokens):
        if token in OPERATORS:
            if not command.words and not command.redirections:
                if token == "\n":
                    continue
                raise BadSyntax(f"syntax error near unexpected token `{token.strip() or 'newline'}'")
            if token == "|":
                command = Simple()
                pipe.append(command)
                continue
            steps.append(Step(before, pipe))
            before = token if token in ("&&", "||") else ";"
            command = Simple()
            pipe = [command]
        elif token in REDIRECTIONS:
            if token.endswith(("&1", "&2")):
                command.redirections.append((token, ""))
            elif at + 1 >= len(tokens) or tokens[at + 1] in (*OPERATORS, *REDIRECTIONS):
                raise BadSyntax("syntax error near unexpected token `newline'")
            else:
                command.redirections.append((token, tokens[at + 1]))
                tokens[at + 1] = "\0taken"
        elif token != "\0taken":
            command.words.append(token)
    if command.words or command.redirections:
        steps.append(Step(before, pipe))
    elif len(pipe) > 1 or before in ("&&", "||"):
        raise BadSyntax("syntax error: unexpected end of file")
    return steps


def _tokens(line: str) -> list[str]:
    tokens: list[str] = []
    word = ""
    at = 0
    while at < len(line):
        char = line[at]
        found = OPERATOR.match(line, at)
        operator = found[0] if found and not (word and char.isdigit()) else None
        plain = None if operator else PLAIN.match(line, at)
        if plain:
            word += plain[0]
            at = plain.end()
        elif char in "'\"":
            _closing(line, at)  # cannot be closed: PLAIN has matched closed quotes
        elif char == "$" and line.startswith("$(", at):
            end = _parenthesis(line, at + 1)
            word += line[at : end + 1]
            at = end + 1
        elif char == "#" and not word:
            end = line.find("\n", at)
            at = len(line) if end < 0 else end
        elif operator or char in " \t\r":
            if word:
                tokens.append(word)
                word = ""
            if operator:
                tokens.append(operator)
            at += len(operator or _run(BLANK, line, at))
        else:
            word += char
            at += 1
        if len(tokens) > MOST_TOKENS:
            raise BadSyntax("syntax error: line too long")
    return [*tokens, word] if word else tokens


def _run(kind: re.Pattern[str], line: str, at: int) -> str:
    """The characters of this kind that begin at a place, at least one character."""
    found = kind.match(line, at)
    return found[0] if found else line[at]


def _closing(line: str, start: int) -> int:
    """Where the quotes end that begin at `start`."""
    if line[start] == "'":
        end = line.find("'", start + 1)
    else:
        found = QUOTED.match(line, start + 1)
        end = found.end() - 1 if found else -1
    if end < 0:
        raise BadSyntax(f"unexpected EOF while looking for matching `{line[start]}'")
    return end


def _parenthesis(line: str, start: int) -> int:
    depth = 0
    for found in BRACKET.finditer(line, start):
        depth += 1 if found[0] == "(" else -1
        if depth == 0:
            return found.start()
    raise BadSyntax("unexpected EOF while looking for matching `)'")


def expand(word: str, variables: Mapping[str, str], run: Callable[[str], str]) -> list[str]:
    """The words that one word expands to: variables and `$(...)` substituted, quotes removed. Cut at
    MOST_WORD."""
    out = ""
    quoted = False
    at = 0
    while at < len(word) and len(out) < MOST_WORD:
        char = word[at]
        if char == "'":
            end = word.find("'", at + 1)
            out += word[at + 1 : end]
            quoted, at = True, end + 1
        elif char == '"':
            end = _closing(word, at)
            out += _inside(word[at + 1 : end], variables, run)
            quoted, at = True, end + 1
        elif char == "\\":
            out += word[at + 1 : at + 2]
            at += 2
        elif word.startswith("$(", at):
            end = _parenthesis(word, at + 1)
            out += run(word[at + 2 : end]).rstrip("\n")
            at = end + 1
        elif char == "$" and (found := VARIABLE.match(word, at)):
            out += variables.get(found[1] or found[2] or found[3], "")
            at = found.end()
        elif char == "~" and at == 0 and word[1:2] in ("", "/"):
            out += variables.get("HOME", "/root")
            at += 1
        else:
            plain = _run(TEXT, word, at)
            out += plain
            at += len(plain)
    return [out] if out or quoted else []


def _inside(text: str, variables: Mapping[str, str], run: Callable[[str], str]) -> str:
    """The text between double quotes."""
    out = ""
    at = 0
    while at < len(text) and len(out) < MOST_WORD:
        if text[at] == "\\" and text[at + 1 : at + 2] in ("$", '"', "\\", "`"):
            out += text[at + 1]
            at += 2
        elif text.startswith("$(", at):
            end = _parenthesis(text, at + 1)
            out += run(text[at + 2 : end]).rstrip("\n")
            at = end + 1
        elif text[at] == "$" and (found := VARIABLE.match(text, at)):
            out += variables.get(found[1] or found[2] or found[3], "")
            at = found.end()
        else:
            plain = _run(TEXT, text, at)
            out += plain
            at += len(plain)
    return out
