"""The tree of an awk program."""

from dataclasses import dataclass, field

MOST_DEPTH = 40
COMPARE = ("<", "<=", "==", "!=", ">", ">=")
ASSIGN = ("=", "+=", "-=", "*=", "/=", "%=", "^=")
LVALUES = ("name", "field", "index")
TEXT_FUNCTIONS = """length substr index split sub gsub match sprintf tolower toupper"""
OTHER_FUNCTIONS = """sin cos atan2 exp log sqrt int rand srand system close fflush mktime strftime systime"""
GAWK_FUNCTIONS = """gensub strtonum and or xor lshift rshift compl asort asorti"""
BUILTINS = frozenset(TEXT_FUNCTIONS.split() + OTHER_FUNCTIONS.split())
EXTENDED = frozenset(GAWK_FUNCTIONS.split())


@dataclass
class Tree:
    """A statement or an expression: its kind, its parts, its name or text."""

    kind: str
    parts: list["Tree"] = field(default_factory=list)
    text: str = ""
    line: int = 0
    number: float = 0.0


@dataclass
class Function:
    """A function of the program."""

    name: str
    parameters: list[str]
    body: Tree


@dataclass
class Program:
    """Rules in their order: (kind, patterns, action); kinds are BEGIN, END, always, when, range."""

    rules: list[tuple[str, list[Tree], Tree | None]] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)
