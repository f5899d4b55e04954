# ruff: noqa: E501 (tables)
"""Expressions of Perl as trees: tuples of a kind and its parts."""

from __future__ import annotations

from typing import Any

from .lexer import SyntaxProblem, Token

Tree = tuple[Any, ...]
UNARY = frozenset((
    "defined", "ref", "scalar", "lc", "uc", "lcfirst", "ucfirst", "length", "chr", "ord", "int", "abs",
    "sqrt", "hex", "oct", "chomp", "chop", "shift", "pop", "exit", "sleep", "rand", "srand", "quotemeta",
    "chdir", "rmdir", "readline", "close", "exists", "delete", "each", "keys", "values", "undef", "umask",
    "log", "exp", "sin", "cos", "caller", "require", "local", "eof", "fileno", "readlink", "stat", "alarm",
    "lock",
))  # fmt: skip
"""Functions of one argument, which bind tighter than a comma."""
WITHOUT = frozenset(
    ["time", "times", "wait", "getppid", "wantarray", "fork", "__FILE__", "__LINE__", "__PACKAGE__"]
)
BLOCKS = frozenset(["map", "grep", "sort"])
LIST_BLOCKS = frozenset(["first", "any", "all", "none"])
"""Functions of List::Util that take a block."""
PRINTS = frozenset(["print", "printf", "say"])
LEVELS: tuple[tuple[str, ...], ...] = (
    ("..", "..."), ("||", "//"), ("&&",), ("|", "^"), ("&",), ("==", "!=", "<=>", "eq", "ne", "cmp"),
    ("<", ">", "<=", ">=", "lt", "gt", "le", "ge"), ("<<", ">>"), ("+", "-", "."), ("*", "/", "%", "x"), ("=~", "!~"),
)  # fmt: skip
ASSIGN = frozenset(
    ("=", "+=", "-=", "*=", "/=", ".=", "%=", "**=", "x=", "||=", "&&=", "//=", "|=", "&=", "^=")
)
MODIFIERS = ("if", "unless", "while", "until", "for", "foreach")
DEEPEST = 60


class Expressions:
    """Reads tokens. `name`: of the program, for messages."""

    def __init__(self, tokens: list[Token], name: str) -> None:
        self.tokens, self.name = tokens, name
        self.at, self.depth = 0, 0

    @property
    def now(self) -> Token:
        """The next word."""
        return self.tokens[min(self.at, len(self.tokens) - 1)]

    def _is(self, *texts: str) -> bool:
        return self.now.kind in ("op", "name") and self.now.text in texts

    def _take(self, *texts: str) -> bool:
        found = self._is(*texts)
        self.at += found
        return found

    def _need(self, text: str) -> None:
        if not self._take(text):
            self.wrong()

    def wrong(self) -> None:
        """Raise the error of a word that may not stand here."""
        token = self.now
        if token.kind == "end":
            raise SyntaxProblem(f"syntax error at {self.name} line {token.line}, at EOF\n")
        raise SyntaxProblem(f'syntax error at {self.name} line {token.line}, near "{token.text}"\n')

    def block(self) -> list[Tree]:
        """Statements in braces."""
        raise NotImplementedError

    def expression(self) -> Tree:
        """An expression with `or`, `and`, `not` and commas."""
        left = self._and()
        while self._is("or", "xor"):
            self.at += 1
            left = ("or", left, self._and())
        return left

    def _and(self) -> Tree:
        left = self._not()
        while self._take("and"):
            left = ("and", left, self._not())
        return left

    def _not(self) -> Tree:
        return ("not", self._not()) if self._take("not") else self._list()

    def _list(self) -> Tree:
        first = self._assignment()
        if not self._is(",", "=>"):
            return first
        items = [first]
        while self._take(",", "=>"):
            if self._ends():
                break
            items.append(self._assignment())
        return ("list", tuple(items))

    def _ends(self) -> bool:
        return self.now.kind == "end" or self._is(")", "]", "}", ";", ":", *MODIFIERS, "or", "and", "xor")

    def _assignment(self) -> Tree:
        self.depth += 1
        if self.depth > DEEPEST * 3:
            self.wrong()
        left = self._conditional()
        if self.now.kind == "op" and self.now.text in ASSIGN:
            sign = self.now.text
            self.at += 1
            left = ("assign", sign, left, self._assignment())
        self.depth -= 1
        return left

    def _conditional(self) -> Tree:
        test = self._level(0)
        if not self._take("?"):
            return test
        yes = self._assignment()
        self._need(":")
        return ("if-else", test, yes, self._assignment())

    def _level(self, number: int) -> Tree:
        if number == len(LEVELS):
            return self._prefix()
        left = self._level(number + 1)
        while self._is(*LEVELS[number]):
            sign = self.now.text
            self.at += 1
            right = self._level(number + 1)
            if sign in ("&&", "||", "//"):
                left = ({"&&": "and", "||": "or", "//": "defined-or"}[sign], left, right)
            elif sign in ("=~", "!~"):
                left = ("bind", left, right) if sign == "=~" else ("not", ("bind", left, right))
            else:
                left = ("binary", sign, left, right)
        return left

    def _prefix(self) -> Tree:
        if self._take("!"):
            return ("not", self._prefix())
        if self._take("\\"):
            return ("reference", self._prefix())
        if self._is("++", "--"):
            self.at += 1
            return ("change", self.tokens[self.at - 1].text, self._prefix(), True)
        if self._is("-", "+", "~"):
            return self._signed()
        left = self._postfix()
        if self._take("**"):
            left = ("binary", "**", left, self._prefix())
        return left

    def _signed(self) -> Tree:
        sign = self.now.text
        self.at += 1
        after = self.tokens[self.at]
        if sign == "-" and after.kind == "name" and len(after.text) == 1 and after.text in "edfrwxszl":
            self.at += 1
            return ("test", after.text, ("variable", "$", "_") if self._ends() else self._prefix())
        return ("sign", sign, self._prefix())

    def _postfix(self) -> Tree:
        tree = self._primary()
        while True:
            if self._take("->"):
                tree = self._arrow(tree)
            elif self._is("[", "{") and tree[0] in ("element", "arrow-call"):
                tree = self._subscript(tree)
            elif self._is("++", "--"):
                self.at += 1
                return ("change", self.tokens[self.at - 1].text, tree, False)
            elif self._is("(") and tree[0] == "element":
                tree = ("arrow-call", tree, self._arguments())
            else:
                return tree

    def _arrow(self, tree: Tree) -> Tree:
        if self._is("[", "{"):
            return self._subscript(tree)
        if self._is("("):
            return ("arrow-call", tree, self._arguments())
        if self.now.kind == "cast" or (self.now.kind == "op" and self.now.text == "@"):
            self.at += 1
            self._take("*")
            return ("dereference", "@", tree)
        name = self.now.text
        self.at += 1
        return ("method", tree, name, self._arguments() if self._is("(") else ())

    def _arguments(self) -> tuple[Tree, ...]:
        self._need("(")
        if self._take(")"):
            return ()
        tree = self.expression()
        self._need(")")
        return tree[1] if tree[0] == "list" else (tree,)

    def _subscript(self, tree: Tree) -> Tree:
        kind = "[" if self._take("[") else "{"
        if kind == "{":
            self.at += 1
        key = self._key() if kind == "{" else self.expression()
        self._need("]" if kind == "[" else "}")
        return ("element", kind, tree, key)

    def _key(self) -> Tree:
        if self.now.kind == "name" and self.tokens[self.at + 1].text == "}":
            self.at += 1
            return ("string", self.tokens[self.at - 1].text)
        return self.expression()

    def _variable(self, sigil: str, name: str) -> Tree:
        if self._is("[") and sigil in "$@":
            tree = self._subscript(("variable", "@", name))
            return tree if sigil == "$" else ("slice", tree)
        if self._is("{") and sigil in "$@" and name != "_" or (self._is("{") and sigil == "$"):
            tree = self._subscript(("variable", "%", name))
            return tree if sigil == "$" else ("slice", tree)
        if sigil == "&":
            return ("call", name, self._arguments() if self._is("(") else (("variable", "@", "_"),))
        return ("variable", sigil, name)

    def _primary(self) -> Tree:
        token = self.now
        self.at += 1
        if token.kind == "number":
            return ("number", _number(token.text))
        if token.kind == "string":
            return ("string", token.text) if token.raw else ("text", token.text, token.line)
        if token.kind == "variable":
            return self._variable(token.parts[0], token.text)
        if token.kind == "cast":
            return self._cast(token.text)
        if token.kind in ("match", "subst", "trans", "pattern"):
            return (token.kind, token.text, *token.parts, token.raw)
        if token.kind == "words":
            return ("list", tuple(("string", each) for each in token.text.split()))
        if token.kind in ("backtick", "readline"):
            return (token.kind, token.text)
        if token.kind == "name":
            return self._named(token)
        return self._bracketed(token)

    def _bracketed(self, token: Token) -> Tree:
        if token.text == "(":
            tree = ("list", ()) if self._is(")") else self.expression()
            self._need(")")
            tree = tree if tree[0] == "list" else ("list", (tree,))
            return ("slice", self._subscript(tree)) if self._is("[") else tree
        if token.text in ("[", "{"):
            last = "]" if token.text == "[" else "}"
            tree = ("list", ()) if self._is(last) else self.expression()
            self._need(last)
            return ("array" if token.text == "[" else "hash", tree)
        self.at -= 1
        self.wrong()
        return ("nothing",)

    def _cast(self, sigil: str) -> Tree:
        if self._is("{"):
            self.at += 1
            inner = self.expression()
            self._need("}")
        else:
            inner = ("variable", "$", self.now.text)
            self.at += 1
        if sigil == "$" and self._is("[", "{"):
            return self._subscript(inner)
        return ("dereference", sigil, inner)

    def _named(self, token: Token) -> Tree:
        name = token.text
        if self._is("=>"):
            return ("string", name)
        if name in ("my", "our", "local", "state"):
            return ("my", self._primary(), name)
        if name == "sub":
            return ("anonymous", self.block())
        if name in ("do", "eval") and self._is("{"):
            return (name, self.block(), token.line)
        if name in WITHOUT:
            self._arguments() if self._is("(") else ()
            return ("function", name, (), token.line)
        if name == "__LINE__":
            return ("number", token.line)
        if name == "__FILE__":
            return ("string", self.name)
        if name == "__PACKAGE__":
            return ("string", "main")
        if name in PRINTS:
            return self._print(name, token.line)
        if name in BLOCKS or (name in LIST_BLOCKS and self._begins_block()):
            return self._with_block(name)
        if name in UNARY:
            return ("function", name, self._one(), token.line)
        if self._is("("):
            return ("function", name, self._arguments(), token.line)
        if (
            self._is("::", "->")
            or self._ends()
            or self.now.kind == "op"
            and self.now.text not in ("\\", "-", "[", "{", "!")
        ):
            return ("bare", name, token.line)
        tree = self._list()
        return ("function", name, tree[1] if tree[0] == "list" else (tree,), token.line)

    def _one(self) -> tuple[Tree, ...]:
        if self._is("("):
            return self._arguments()
        if (
            self._ends()
            or (self.now.kind == "op" and self.now.text not in ("\\", "-", "[", "{", "!", "$", "@"))
            or self._is("eq", "ne", "x", "cmp", "lt", "gt", "le", "ge")
        ):
            return ()
        return (self._level(7),)

    def _print(self, name: str, line: int) -> Tree:
        enclosed = self._take("(")
        handle: Any = "STDOUT"
        after = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if self._take("{"):
            handle = self.expression()
            self._need("}")
        elif self.now.kind == "name" and self.now.text.isupper() and after.text not in (",", "(", "."):
            handle = self.now.text
            self.at += 1
        elif (
            self.now.kind == "variable"
            and self.now.parts == ("$",)
            and after.kind in ("string", "variable", "number")
        ):
            handle = ("variable", "$", self.now.text)
            self.at += 1
        empty = self._is(")") if enclosed else self._ends()
        tree = (
            ("list", (("variable", "$", "_"),)) if empty else self.expression() if enclosed else self._list()
        )
        if enclosed:
            self._need(")")
        return ("print", name, handle, tree, line)

    def _begins_block(self) -> bool:
        return self._is("{") or (self._is("(") and self.tokens[self.at + 1].text == "{")

    def _with_block(self, name: str) -> Tree:
        enclosed = self._take("(")
        by: Any = None
        if self._is("{"):
            by = ("body", self.block())
            self._take(",")
        elif name == "sort" and self.now.kind == "variable" and self.tokens[self.at + 1].kind == "variable":
            by = self._primary()
        elif name != "sort":
            by = self._assignment()
            self._need(",")
        tree = ("list", ()) if self._ends() else self._list()
        if enclosed:
            self._need(")")
        return ("each", name, by, tree)


def _number(text: str) -> int | float:
    if text[:2].lower() in ("0x", "0b"):
        return int(text[2:] or "0", 16 if text[1] in "xX" else 2)
    if text.isdigit():
        return int(text, 8) if text[0] == "0" and len(text) > 1 and not set(text) & set("89") else int(text)
    return float(text)
