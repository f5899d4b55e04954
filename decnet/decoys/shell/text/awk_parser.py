"""The grammar of awk: a program as a tree."""

from .awk_expressions import ExpressionParser
from .awk_lexer import AwkError
from .awk_tree import Function, Program, Tree


class Parser(ExpressionParser):
    """Parses a program; `program` is the result. Raises AwkError."""

    def __init__(self, text: str, *, extended: bool, more: frozenset[str] = frozenset()) -> None:
        super().__init__(text, extended=extended, more=more)
        self.program = Program()
        self._skip_ends()
        while self._kind() != "end":
            self._item()
            self._skip_ends()

    def _item(self) -> None:
        if self._kind() == "}":
            self._fail()
        if self._take("function"):
            self._function()
            return
        kind = self._kind()
        if kind in ("BEGIN", "END"):
            self._next()
            if self._kind() != "{":
                self._fail()
            self.program.rules.append((kind, [], self._block()))
            return
        patterns: list[Tree] = []
        if kind != "{":
            patterns.append(self._expression())
            if self._take(","):
                self._skip_newlines()
                patterns.append(self._expression())
        action = self._block() if self._kind() == "{" else None
        if action is None and self._kind() not in ("newline", ";", "end"):
            self._fail()
        self.program.rules.append((("always", "when", "range")[len(patterns)], patterns, action))

    def _function(self) -> None:
        name = self._take("name", "call") or self._fail()
        if name.text in self.program.functions:
            raise AwkError(f"line {name.line}: function {name.text} has multiple definitions")
        self._need("(")
        parameters: list[str] = []
        while self._kind() != ")":
            parameters.append(self._need("name").text)
            if not self._take(","):
                break
            self._skip_newlines()
        self._need(")")
        self._skip_newlines()
        function = Function(name.text, parameters, Tree("block"))
        self.program.functions[name.text] = function
        function.body = self._block()

    def _block(self) -> Tree:
        line = self._need("{").line
        self._deeper()
        parts: list[Tree] = []
        self._skip_ends()
        while self._kind() != "}":
            parts.append(self._statement())
            self._skip_ends()
        self._next()
        self._depth -= 1
        return Tree("block", parts, line=line)

    def _statement(self) -> Tree:
        kind, line = self._kind(), self._tokens[self._at].line
        if kind == "{":
            return self._block()
        if kind in ("if", "while", "for", "do"):
            self._next()
            self._deeper()
            made: Tree = getattr(self, f"_{kind}")(line)
            self._depth -= 1
            return made
        if kind == ";":
            self._next()
            return Tree("block")
        made = self._simple(line)
        if not self._take(";", "newline") and self._kind() not in ("}", "end"):
            self._fail()
        return made

    def _body(self) -> Tree:
        self._skip_newlines()
        return self._statement()

    def _if(self, line: int) -> Tree:
        parts = [self._condition(), self._body()]
        before = self._at
        self._skip_ends()
        if self._take("else"):
            parts.append(self._body())
        else:
            self._at = before
        return Tree("if", parts, line=line)

    def _condition(self) -> Tree:
        self._need("(")
        condition = self._expression()
        self._need(")")
        return condition

    def _while(self, line: int) -> Tree:
        condition = self._condition()
        if self._take(";"):
            return Tree("while", [condition, Tree("block")], line=line)
        return Tree("while", [condition, self._body()], line=line)

    def _do(self, line: int) -> Tree:
        body = self._body()
        self._skip_ends()
        self._need("while")
        condition = self._condition()
        return Tree("do", [body, condition], line=line)

    def _for(self, line: int) -> Tree:
        self._need("(")
        if (
            self._kind() == "name"
            and self._kind(1) == "in"
            and self._kind(2) == "name"
            and self._kind(3) == ")"
        ):
            name, array = self._next().text, self._tokens[self._at + 1].text
            self._at += 3
            return Tree(
                "for in", [Tree("name", text=name), Tree("name", text=array), self._body()], line=line
            )
        parts = [Tree("block") if self._kind() == ";" else self._simple(line)]
        self._need(";")
        self._skip_newlines()
        parts.append(Tree("number", number=1.0) if self._kind() == ";" else self._expression())
        self._need(";")
        self._skip_newlines()
        parts.append(Tree("block") if self._kind() == ")" else self._simple(line))
        self._need(")")
        parts.append(Tree("block") if self._take(";") else self._body())
        return Tree("for", parts, line=line)

    def _simple(self, line: int) -> Tree:
        kind = self._kind()
        if kind in ("break", "continue", "next", "nextfile"):
            self._next()
            return Tree(kind, line=line)
        if kind in ("exit", "return"):
            self._next()
            bare = self._kind() in (";", "newline", "}", "end")
            return Tree(kind, [] if bare else [self._expression()], line=line)
        if kind in ("print", "printf"):
            return self._print()
        if kind == "delete":
            self._next()
            array = self._need("name")
            parts = [Tree("name", text=array.text)]
            if self._take("["):
                parts.append(self._subscript())
            return Tree("delete", parts, line=line)
        return Tree("expression", [self._expression()], line=line)

    def _print(self) -> Tree:
        token = self._next()
        made = Tree(token.kind, line=token.line)
        self._no_greater += 1
        if self._kind() == "(":
            made.parts = self._print_brackets()
        elif self._kind() not in (";", "newline", "}", ">", ">>", "|", "end"):
            made.parts = self._list()
        self._no_greater -= 1
        arguments = Tree("list", made.parts)
        made.parts = [arguments]
        operator = self._take(">", ">>", "|")
        if operator:
            made.text = operator.kind
            self._no_greater += 1
            target = self._concatenation(target=True)
            if self._kind() == "?":
                target = self._chosen(target)
            made.parts.append(target)
            self._no_greater -= 1
        return made

    def _print_brackets(self) -> list[Tree]:
        """`print (a, b) > "x"`, `print (a)(b)`: what the bracket holds, as far as it is the whole list."""
        start, greater = self._at, self._no_greater
        self._next()
        self._no_greater = 0
        parts = self._list()
        self._need(")")
        self._no_greater = greater
        if self._kind() in (";", "newline", "}", ">", ">>", "|", "end"):
            return parts
        self._at = start
        return self._list()
