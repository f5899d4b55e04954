# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""From tokens to the tree: the grammar of POSIX, and bash's additions where the dialect has them."""

from __future__ import annotations

import re
from collections.abc import Callable

from .dialect import A_WORD, BASH_RESERVED, RESERVED, BadSyntax, Incomplete
from .parser_tests import ConditionParser
from .scanner import Token
from .syntax import (
    AndOr,
    Calculation,
    Case,
    Coprocess,
    CountingFor,
    For,
    Function,
    Group,
    If,
    Literal,
    Loop,
    Node,
    Pipeline,
    Redirection,
    Sequence,
    Subshell,
    Word,
)  # fmt: skip

FUNCTION_NAME = re.compile(r"[^\s$`'\"\\;&|<>(){}=#]+$")
VARIABLE_NAME = re.compile(r"[A-Za-z_]\w*$")
CLOSING = frozenset(("then", "elif", "else", "fi", "do", "done", "esac", "}"))


class Parser(ConditionParser):
    """Parses one complete command after the other, so that a script runs up to its first error."""

    def next_command(self) -> Sequence | None:
        """The next list, up to the end of its line; None at the end. Raises BadSyntax, Incomplete."""
        self._count, self.depth = 0, 0
        while self.peek().kind == "newline":
            self.next()
        if self.peek().kind == "end":
            return None
        self.last_start = self.peek().start
        found = self._list(on_one_line=True)
        token = self.peek()
        if token.kind == "newline":
            self.next()
        elif token.kind == "end":
            if self.waits_for_document():
                self.finish_documents(complete=self.complete)
        else:
            raise self._unexpected(token)
        return found

    @property
    def is_at_end(self) -> bool:
        """Whether nothing comes after the commands that were read."""
        return not self.text[self.at :].strip()

    # Lists

    def _list(self, *, on_one_line: bool = False) -> Sequence:
        sequence = Sequence(line=self.line)
        while True:
            token = self.peek()
            if token.kind == "newline" and not on_one_line:
                self.next()
                continue
            if token.kind in ("end", "newline") or (
                token.kind == "operator" and token.text in (")", ";;", ";&", ";;&")
            ):
                return sequence
            if self._is_reserved(token, *CLOSING):
                if on_one_line and not sequence.items:
                    raise self._unexpected(token)
                return sequence
            item = self._and_or()
            sequence.items.append(item)
            token = self.peek()
            if token.kind == "operator" and token.text in (";", "&"):
                item.background = token.text == "&"
                self.next()
            elif token.kind != "newline" or on_one_line:
                return sequence

    def _and_or(self) -> AndOr:
        start = self.peek().start
        whole = AndOr(line=self._line_of(self.peek()))
        operator = ""
        while True:
            whole.parts.append((operator, self._pipeline()))
            token = self.peek()
            if token.kind != "operator" or token.text not in ("&&", "||"):
                whole.text = self.text[start : token.start].strip()
                return whole
            operator = self.next().text
            self._skip_newlines()

    def _pipeline(self) -> Pipeline:
        start = self.peek()
        pipeline = Pipeline(line=self._line_of(start))
        while self._is_reserved(self.peek(), "!"):
            self.next()
            pipeline.negated = not pipeline.negated
        if self.dialect.bash and self._is_reserved(self.peek(), "time"):
            self.next()
            pipeline.timed = "-"
            if self._is_reserved(self.peek(), "-p"):
                self.next()
                pipeline.timed = "-p"
            if self.peek().kind in ("newline", "end") or self.peek().text == ";":
                return pipeline
        while True:
            command = self._command()
            pipeline.commands.append(command)
            token = self.peek()
            if token.kind != "operator" or token.text not in ("|", "|&"):
                pipeline.text = self.text[start.start : token.start].strip()
                return pipeline
            if self.next().text == "|&":
                command.redirections.append(Redirection(">&", 2, Word([Literal("1")], "1")))
            self._skip_newlines()

    # Commands

    def _command(self) -> Node:
        self._alias()
        token = self.peek()
        line = self._line_of(token)
        self.deeper()
        node = self._compound(token)
        if node is None:
            node = self._simple()
        else:
            node.line = line
            self._redirections(node)
        self.depth -= 1
        return node

    def _compound(self, token: Token) -> Node | None:
        if token.kind == "operator" and token.text == "(":
            if self.dialect.bash and self.text.startswith("((", token.start):
                found = self._calculation(token)
                if found is not None:
                    return found
            self.next()
            return Subshell(body=self._until(")"))
        if token.kind != "word" or token.word is None or token.word.literal != token.text:
            return None
        words: dict[str, Callable[[], Node | None]] = {"{": self._group, "if": self._if, "while": self._loop, "until": self._loop, "for": self._for,
                 "case": self._case}  # fmt: skip
        if self.dialect.bash:
            words |= {"[[": self._condition, "select": self._for, "coproc": self._coprocess}
        if self.dialect.extended:
            words |= {"function": self._function_word}
        make = words.get(token.text)
        if make is not None:
            return make()
        if token.text in CLOSING or (token.text == "in" and not self.dialect.bash):
            raise self._unexpected(token)
        return self._function(token)

    def _until(self, *ends: str) -> Sequence:
        body = self._list()
        token = self.peek()
        if not body.items and token.kind != "end":
            raise self._unexpected(token, "" if token.text in ends or token.text == ")" else ends[0])
        self._expect(*ends)
        return body

    def _body(self, *ends: str) -> tuple[Sequence, str]:
        """Commands up to one of these words, which is taken."""
        body = self._list()
        token = self.peek()
        if not body.items and token.kind != "end":
            raise self._unexpected(token, "" if token.text in ends else ends[0])
        if not self._is_reserved(token, *ends):
            raise self._unexpected(token, ends[0])
        self.next()
        return body, token.text

    def list_until_parenthesis(self) -> Sequence:
        """The commands of a substitution."""
        inner = self._peeked
        self._peeked = None
        self.deeper()
        body = self._list()
        token = self.peek()
        if token.kind == "end":
            raise Incomplete(
                self.line, quote=")" if self.dialect.bash else "", expecting=")", start=self.line + 1
            )
        if token.text != ")":
            raise self._unexpected(token, ")")
        self._peeked = inner
        self.depth -= 1
        return body

    def _group(self) -> Node:
        self.next()
        return Group(body=self._until("}"))

    def _if(self) -> Node:
        node = If()
        self.next()
        condition, _ = self._body("then")
        while True:
            body, word = self._body("fi", "else", "elif")
            node.branches.append((condition, body))
            if word == "fi":
                return node
            if word == "else":
                node.otherwise, _ = self._body("fi")
                return node
            condition, _ = self._body("then")

    def _loop(self) -> Node:
        until = self.next().text == "until"
        condition, _ = self._body("do")
        body, _ = self._body("done")
        return Loop(condition=condition, body=body, until=until)

    def _for(self) -> Node:
        select = self.next().text == "select"
        token = self.peek()
        if self.dialect.bash and token.text == "(" and self.text.startswith("((", token.start) and not select:
            return self._counting_for(token)
        if token.kind != "word":
            if self.dialect.bash:
                raise self._unexpected(token if token.kind != "end" else token._replace(kind="newline"))
            message = "Bad for loop variable" if self.dialect.name == "dash" else "bad for loop variable"
            raise BadSyntax("", self._line_of(token), message=message)
        if not VARIABLE_NAME.match(token.text):
            message = (
                f"`{token.text}': not a valid identifier" if self.dialect.bash else "Bad for loop variable"
            )
            raise BadSyntax(
                "", self._line_of(token), message=message if self.dialect.name != "ash" else message.lower()
            )
        self.next()
        node = For(name=token.text, select=select)
        self._skip_newlines()
        if self._is_reserved(self.peek(), "in"):
            self.next()
            node.words = []
            while self.peek().kind == "word":
                word = self.next().word
                node.words += [word] if word else []
            if self.peek().kind != "newline" and self.peek().text != ";":
                raise self._unexpected(self.peek())
            self.next()
        elif self.peek().text == ";":
            self.next()
        self._skip_newlines()
        node.body = self._do()
        return node

    def _do(self) -> Sequence:
        if self.dialect.bash and self._is_reserved(self.peek(), "{"):
            self.next()
            return self._until("}")
        if not self._is_reserved(self.peek(), "do"):
            raise self._unexpected(self.peek(), "do")
        self.next()
        return self._body("done")[0]

    def _counting_for(self, token: Token) -> Node:
        end = self.closing(token.start + 2, "(", ")")
        if end is None or self.text[end : end + 2] != "))":
            raise self._unexpected(token)
        text = self.text[token.start + 2 : end]
        parts = [self._inside(part, self.line) for part in text.split(";")]
        if len(parts) != 3:
            raise BadSyntax("", self._line_of(token), message="syntax error: arithmetic expression required")
        self._peeked, self.at = None, end + 2
        if self.peek().text == ";":
            self.next()
        self._skip_newlines()
        first, test, step = parts
        return CountingFor(first=first, test=test, step=step, body=self._do())

    def _calculation(self, token: Token) -> Node | None:
        end = self.closing(token.start + 2, "(", ")")
        if end is None:
            self.at = token.start
            raise self._open(")")
        if self.text[end : end + 2] != "))":
            return None
        word = self._inside(self.text[token.start + 2 : end], self.line)
        self._peeked, self.at = None, end + 2
        return Calculation(word=word)

    def _case(self) -> Node:
        self.next()
        token = self.peek()
        if token.kind != "word" or token.word is None:
            raise self._unexpected(token, "" if self.dialect.bash else A_WORD)
        node = Case(word=token.word)
        self.next()
        self._skip_newlines()
        if not self._is_reserved(self.peek(), "in"):
            raise self._unexpected(self.peek(), "in")
        self.next()
        self._skip_newlines()
        while not self._is_reserved(self.peek(), "esac"):
            patterns = self._patterns()
            body = self._list()
            token = self.peek()
            end = token.text if token.kind == "operator" and token.text in (";;", ";&", ";;&") else ""
            node.items.append((patterns, body, end or ";;"))
            if end:
                self.next()
                self._skip_newlines()
            elif not self._is_reserved(token, "esac"):
                raise self._unexpected(token, ";;" if token.kind != "end" else ";;")
        self.next()
        return node

    def _patterns(self) -> list[Word]:
        if self.peek().text == "(":
            self.next()
        patterns: list[Word] = []
        while True:
            token = self.peek()
            is_word = token.kind == "word" and token.word is not None
            if not is_word and (self.dialect.bash or token.kind == "end"):
                raise self._unexpected(token, ")")
            # The other shells look only at what is behind a pattern.
            patterns.append(token.word or Word([]))
            self.next()
            token = self.peek()
            if token.text == ")" and token.kind == "operator":
                self.next()
                return patterns
            if token.text != "|" or token.kind != "operator":
                if token.kind == "end" and self.dialect.bash:
                    token = token._replace(kind="newline")
                if token.kind == "word" and not self.dialect.bash:
                    raise BadSyntax(A_WORD, self._line_of(token), expecting=")")
                raise self._unexpected(token, ")")
            self.next()

    def _coprocess(self) -> Node:
        start = self.next()
        name, token = "", self.peek()
        body = self._compound(token)
        if body is None and VARIABLE_NAME.match(token.text):
            self.next()
            name, body = token.text, self._compound(self.peek())
            if body is None:
                name = ""
                self.back_to(token)
        body = body or self._simple()
        self._redirections(body)
        text = self.text[start.start : self.peek().start].strip()
        return Coprocess(name=name or "COPROC", body=body, named=bool(name), text=text)

    def _function_word(self) -> Node | None:
        start = self.next()
        token = self.peek()
        if token.kind != "word":
            raise self._unexpected(
                token._replace(kind="newline") if token.kind == "end" and self.dialect.bash else token
            )
        self.next()
        if self.peek().text == "(" and self.peek().kind == "operator":
            self.next()
            self._expect(")")
        return self._function_body(token.text, start)

    def _function(self, token: Token) -> Node | None:
        """A definition `name() body`, if this is one."""
        if not FUNCTION_NAME.match(token.text) or not re.compile(r"[ \t]*\(").match(self.text, self.at):
            return None
        self.next()
        self.next()
        if self.peek().text != ")":
            raise self._unexpected(
                self.peek(), ")" if self.peek().kind != "end" or not self.dialect.bash else ""
            )
        self.next()
        return self._function_body(token.text, token)

    def _function_body(self, name: str, start: Token) -> Node:
        self._skip_newlines()
        token = self.peek()
        line = self._line_of(token)
        body = self._compound(token)
        if body is None or isinstance(body, Function):
            if self.dialect.bash:
                raise self._unexpected(token)
            body = self._simple()
        body.line = line
        self._redirections(body)
        return Function(name=name, body=body, text=self.text[start.start : self.peek().start].strip())


KEYWORDS = {"bash": BASH_RESERVED, "dash": RESERVED, "ash": RESERVED | {"function"}}
"""What `type` and `command -v` call keywords."""
