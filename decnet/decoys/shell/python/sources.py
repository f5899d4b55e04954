# ruff: noqa: E501 (the text of programs)
"""Modules of Python's library whose own text is executed: their names and behaviour, in few lines."""

FUNCTOOLS = """
WRAPPER_ASSIGNMENTS = ("__module__", "__name__", "__qualname__", "__doc__")
def reduce(function, iterable, *initial):
    it = iter(iterable)
    if initial:
        value = initial[0]
    else:
        try:
            value = next(it)
        except StopIteration:
            raise TypeError("reduce() of empty iterable with no initial value") from None
    for each in it:
        value = function(value, each)
    return value
def partial(function, *args, **keywords):
    return lambda *more, **others: function(*args, *more, **{**keywords, **others})
def wraps(wrapped, *rest, **keywords):
    return lambda function: function
def cache(function):
    kept = {}
    def call(*args):
        if args not in kept:
            kept[args] = function(*args)
        return kept[args]
    return call
def lru_cache(maxsize=128, typed=False):
    return cache(maxsize) if callable(maxsize) else cache
class _Key:
    def __init__(self, compare, value):
        self.compare, self.value = compare, value
    def __lt__(self, other):
        return self.compare(self.value, other.value) < 0
def cmp_to_key(compare):
    return lambda value: _Key(compare, value)
"""
ITERTOOLS = """
def count(start=0, step=1):
    while True:
        yield start
        start += step
def cycle(iterable):
    kept = list(iterable)
    while kept:
        for each in kept:
            yield each
def repeat(value, times=None):
    while times is None or times > 0:
        yield value
        times = None if times is None else times - 1
def chain(*iterables):
    for each in iterables:
        yield from each
def islice(iterable, *edges):
    start, stop, step = (0, edges[0], 1) if len(edges) == 1 else (*edges, 1)[:3]
    at = 0
    if stop is not None and stop <= 0:
        return
    for each in iterable:
        if at >= (start or 0) and (at - (start or 0)) % (step or 1) == 0:
            yield each
        at += 1
        if stop is not None and at >= stop:
            return
def takewhile(test, iterable):
    for each in iterable:
        if not test(each):
            return
        yield each
def dropwhile(test, iterable):
    dropping = True
    for each in iterable:
        dropping = dropping and test(each)
        if not dropping:
            yield each
def filterfalse(test, iterable):
    for each in iterable:
        if not (test(each) if test else each):
            yield each
def starmap(function, iterable):
    for each in iterable:
        yield function(*each)
def accumulate(iterable, function=None, initial=None):
    total, first = initial, initial is None
    if not first:
        yield total
    for each in iterable:
        total = each if first else function(total, each) if function else total + each
        first = False
        yield total
def groupby(iterable, key=None):
    group, last, first = [], None, True
    for each in iterable:
        value = key(each) if key else each
        if not first and value != last:
            yield last, iter(group)
            group = []
        group.append(each)
        last, first = value, False
    if not first:
        yield last, iter(group)
def zip_longest(*iterables, fillvalue=None):
    lists = [list(each) for each in iterables]
    for at in range(max([len(each) for each in lists], default=0)):
        yield tuple([each[at] if at < len(each) else fillvalue for each in lists])
def pairwise(iterable):
    items = list(iterable)
    return zip(items, items[1:])
def product(*iterables, repeat=1):
    found = [()]
    for pool in [list(each) for each in iterables] * repeat:
        found = [(*one, each) for one in found for each in pool]
    return iter(found)
def permutations(iterable, r=None):
    pool = list(iterable)
    def choose(used, left):
        if not left:
            yield tuple([pool[at] for at in used])
            return
        for at in range(len(pool)):
            if at not in used:
                yield from choose([*used, at], left - 1)
    return choose([], len(pool) if r is None else r)
def combinations(iterable, r):
    pool = list(iterable)
    def choose(start, used):
        if len(used) == r:
            yield tuple([pool[at] for at in used])
            return
        for at in range(start, len(pool)):
            yield from choose(at + 1, [*used, at])
    return choose(0, [])
def combinations_with_replacement(iterable, r):
    pool = list(iterable)
    def choose(start, used):
        if len(used) == r:
            yield tuple([pool[at] for at in used])
            return
        for at in range(start, len(pool)):
            yield from choose(at, [*used, at])
    return choose(0, [])
"""
QUEUE = """
class Empty(Exception): pass
class Full(Exception): pass
class Queue:
    def __init__(self, maxsize=0):
        self.maxsize, self.queue = maxsize, []
    def put(self, item, block=True, timeout=None):
        if self.maxsize and len(self.queue) >= self.maxsize:
            raise Full
        self.queue.append(item)
    def get(self, block=True, timeout=None):
        if not self.queue:
            raise Empty
        return self._take()
    def _take(self):
        return self.queue.pop(0)
    def get_nowait(self):
        return self.get(False)
    def put_nowait(self, item):
        self.put(item, False)
    def empty(self):
        return not self.queue
    def full(self):
        return 0 < self.maxsize <= len(self.queue)
    def qsize(self):
        return len(self.queue)
    def task_done(self): pass
    def join(self): pass
class LifoQueue(Queue):
    def _take(self):
        return self.queue.pop()
class PriorityQueue(Queue):
    def _take(self):
        self.queue.sort()
        return self.queue.pop(0)
SimpleQueue = Queue
"""
PATHLIB = """
import os
class PurePath:
    def __init__(self, *parts):
        text = os.path.join("", *[str(each) for each in parts]) if parts else ""
        names = [each for each in text.split("/") if each and each != "."]
        self._text = ("/" if text.startswith("/") else "") + "/".join(names) or "."
    def __str__(self):
        return self._text
    def __repr__(self):
        return f"PosixPath({self._text!r})"
    def __fspath__(self):
        return self._text
    def __truediv__(self, other):
        return Path(self._text, other)
    def __rtruediv__(self, other):
        return Path(other, self._text)
    def __eq__(self, other):
        return isinstance(other, PurePath) and self._text == other._text
    def __lt__(self, other):
        return self.parts < other.parts
    def joinpath(self, *others):
        return Path(self._text, *others)
    def as_posix(self):
        return self._text
    def is_absolute(self):
        return self._text.startswith("/")
    def with_name(self, name):
        return Path(self.parent, name)
    def with_suffix(self, suffix):
        return Path(self.parent, self.stem + suffix)
    def with_stem(self, stem):
        return Path(self.parent, stem + self.suffix)
    def relative_to(self, other):
        front = str(other).rstrip("/")
        if self._text == str(other):
            return Path(".")
        if not self._text.startswith(front + "/"):
            raise ValueError(f"{self._text!r} is not in the subpath of {str(other)!r} OR one path is relative and the other is absolute.")
        return Path(self._text[len(front) + 1:])
    def match(self, pattern):
        import fnmatch
        return fnmatch.fnmatch(self.name, pattern.split("/")[-1])
    @property
    def parts(self):
        names = [each for each in self._text.split("/") if each and each != "."]
        return tuple(["/", *names] if self.is_absolute() else names)
    @property
    def name(self):
        return "" if self._text in ("/", ".") else self._text.split("/")[-1]
    @property
    def suffix(self):
        at = self.name.rfind(".")
        return self.name[at:] if 0 < at < len(self.name) - 1 else ""
    @property
    def suffixes(self):
        return [] if self.name.endswith(".") else ["." + each for each in self.name.lstrip(".").split(".")[1:]]
    @property
    def stem(self):
        return self.name[:len(self.name) - len(self.suffix)]
    @property
    def parent(self):
        head = self._text.rpartition("/")
        return Path(head[0] or head[1] or ".")
    @property
    def parents(self):
        found, at = [], self
        while str(at.parent) != str(at):
            at = at.parent
            found.append(at)
        return found
    @property
    def root(self):
        return "/" if self.is_absolute() else ""
class Path(PurePath):
    @classmethod
    def home(cls):
        return Path(os.path.expanduser("~"))
    @classmethod
    def cwd(cls):
        return Path(os.getcwd())
    def exists(self):
        return os.path.exists(self._text)
    def is_dir(self):
        return os.path.isdir(self._text)
    def is_file(self):
        return os.path.isfile(self._text)
    def is_symlink(self):
        return os.path.islink(self._text)
    def stat(self):
        return os.stat(self._text)
    def open(self, mode="r", *rest, **keywords):
        return open(self._text, mode)
    def read_text(self, *rest, **keywords):
        with open(self._text) as file:
            return file.read()
    def read_bytes(self):
        with open(self._text, "rb") as file:
            return file.read()
    def write_text(self, text, *rest, **keywords):
        if not isinstance(text, str):
            raise TypeError(f"data must be str, not {type(text).__name__}")
        with open(self._text, "w") as file:
            return file.write(text)
    def write_bytes(self, data):
        with open(self._text, "wb") as file:
            return file.write(data)
    def unlink(self, missing_ok=False):
        try:
            os.remove(self._text)
        except FileNotFoundError:
            if not missing_ok:
                raise
    def mkdir(self, mode=511, parents=False, exist_ok=False):
        if parents:
            os.makedirs(self._text, exist_ok=exist_ok)
        elif not (exist_ok and self.is_dir()):
            os.mkdir(self._text)
    def rmdir(self):
        os.rmdir(self._text)
    def touch(self, mode=438, exist_ok=True):
        open(self._text, "a").close()
    def chmod(self, mode):
        os.chmod(self._text, mode)
    def rename(self, target):
        os.rename(self._text, str(target))
        return Path(target)
    def replace(self, target):
        return self.rename(target)
    def symlink_to(self, target):
        os.symlink(str(target), self._text)
    def resolve(self, strict=False):
        return Path(os.path.realpath(self._text))
    def absolute(self):
        return Path(os.getcwd(), self._text)
    def expanduser(self):
        return Path(os.path.expanduser(self._text))
    def iterdir(self):
        for name in os.listdir(self._text):
            yield Path(self._text, name)
    def glob(self, pattern):
        import glob
        for each in glob.glob(os.path.join(self._text, pattern), recursive="**" in pattern):
            yield Path(each)
    def rglob(self, pattern):
        import fnmatch
        for folder, folders, files in os.walk(self._text):
            for name in [*folders, *files]:
                if fnmatch.fnmatch(name, pattern):
                    yield Path(folder, name)
PosixPath = Path
PurePosixPath = PurePath
"""
ARGPARSE = """
import os
import sys
SUPPRESS, REMAINDER = "==SUPPRESS==", "..."
class ArgumentTypeError(Exception): pass
class ArgumentError(Exception): pass
class Namespace:
    def __init__(self, **values):
        for name in values:
            setattr(self, name, values[name])
    def __repr__(self):
        return "Namespace(" + ", ".join([f"{name}={vars(self)[name]!r}" for name in vars(self)]) + ")"
    def __contains__(self, name):
        return name in vars(self)
class _Argument:
    def __init__(self, flags, given):
        self.flags, self.given = [each for each in flags if each.startswith("-")], given
        name = next((each[2:] for each in self.flags if each.startswith("--")), flags[0].lstrip("-"))
        self.dest = given.get("dest", name.replace("-", "_"))
        self.name = flags[0]
        self.action, self.nargs = given.get("action", "store"), given.get("nargs")
        self.default = given.get("default", False if self.action == "store_true" else True if self.action == "store_false" else None)
        self.required = given.get("required", False)
        self.takes = self.action in ("store", "append")
        choices = given.get("choices")
        shown = "{" + ",".join([str(each) for each in choices]) + "}" if choices else self.dest.upper() if self.flags else self.dest
        self.metavar = given.get("metavar", shown)
    def values(self):
        many = {"*": f"[{self.metavar} ...]", "+": f"{self.metavar} [{self.metavar} ...]", "?": f"[{self.metavar}]"}
        if isinstance(self.nargs, int):
            return " ".join([self.metavar] * self.nargs)
        return many.get(self.nargs, self.metavar)
    def usage(self):
        if not self.flags:
            return self.values()
        text = self.flags[0] + (" " + self.values() if self.takes else "")
        return text if self.required else f"[{text}]"
    def head(self):
        if not self.flags:
            return self.metavar
        return ", ".join([each + (" " + self.values() if self.takes else "") for each in self.flags])
    def label(self):
        return "/".join(self.flags) if self.flags else self.metavar
class ArgumentParser:
    def __init__(self, prog=None, usage=None, description=None, epilog=None, add_help=True, **rest):
        self.prog, self.own_usage = prog or os.path.basename(sys.argv[0]), usage
        self.description, self.epilog, self.arguments = description, epilog, []
        if add_help:
            self.add_argument("-h", "--help", action="help", help="show this help message and exit")
    def add_argument(self, *flags, **given):
        made = _Argument(flags, given)
        self.arguments.append(made)
        return made
    def add_argument_group(self, *rest, **given):
        return self
    def add_mutually_exclusive_group(self, **given):
        return self
    def set_defaults(self, **values):
        for each in self.arguments:
            if each.dest in values:
                each.default = values[each.dest]
    def format_usage(self):
        if self.own_usage:
            return f"usage: {self.own_usage}\\n"
        flagged = [each.usage() for each in self.arguments if each.flags]
        plain = [each.usage() for each in self.arguments if not each.flags]
        front, line, lines = f"usage: {self.prog}", f"usage: {self.prog}", []
        if len(" ".join([front, *flagged, *plain])) <= 78:
            return " ".join([front, *flagged, *plain]) + "\\n"
        for words in (flagged, plain):
            for each in words:
                if len(line) + len(each) + 1 > 78:
                    lines.append(line)
                    line = " " * len(front)
                line += " " + each
            if words and words is flagged and plain:
                lines.append(line)
                line = " " * len(front)
        return "\\n".join([*lines, line]) + "\\n"
    def format_help(self):
        text = self.format_usage()
        if self.description:
            text += f"\\n{self.description}\\n"
        width = min(24, max([len(each.head()) for each in self.arguments], default=0) + 4)
        version = "options" if sys.version_info >= (3, 10) else "optional arguments"
        for title, chosen in (("positional arguments", [each for each in self.arguments if not each.flags]), (version, [each for each in self.arguments if each.flags])):
            if chosen:
                text += f"\\n{title}:\\n"
            for each in chosen:
                about = each.given.get("help") or ""
                about = about.replace("%(default)s", str(each.default)).replace("%(prog)s", self.prog)
                head = "  " + each.head()
                if not about:
                    text += head + "\\n"
                elif len(head) > width - 2:
                    text += head + "\\n" + " " * width + about + "\\n"
                else:
                    text += head.ljust(width) + about + "\\n"
        return text + (f"\\n{self.epilog}\\n" if self.epilog else "")
    def print_help(self, file=None):
        print(self.format_help(), end="", file=file or sys.stdout)
    def print_usage(self, file=None):
        print(self.format_usage(), end="", file=file or sys.stdout)
    def exit(self, status=0, message=None):
        if message:
            sys.stderr.write(message)
        sys.exit(status)
    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: error: {message}\\n")
    def _value(self, argument, text):
        kind = argument.given.get("type")
        if kind is not None:
            try:
                text = kind(text)
            except ArgumentTypeError as wrong:
                self.error(f"argument {argument.label()}: {wrong}")
            except (TypeError, ValueError):
                self.error(f"argument {argument.label()}: invalid {kind.__name__} value: {text!r}")
        choices = argument.given.get("choices")
        if choices and text not in choices:
            listed = ", ".join([repr(each) for each in choices])
            self.error(f"argument {argument.label()}: invalid choice: {text!r} (choose from {listed})")
        return text
    def parse_args(self, args=None, namespace=None):
        found, rest = self.parse_known_args(args, namespace)
        if rest:
            self.error("unrecognized arguments: " + " ".join(rest))
        return found
    def parse_known_args(self, args=None, namespace=None):
        words = [str(each) for each in (sys.argv[1:] if args is None else args)]
        found, rest, plain, seen = namespace or Namespace(), [], [], []
        for each in self.arguments:
            if each.action not in ("help", "version"):
                setattr(found, each.dest, each.default)
        while words:
            word = words.pop(0)
            if word == "--":
                plain += words
                break
            number = word[1:].replace(".", "", 1).isdigit()
            if not word.startswith("-") or word == "-" or number:
                plain.append(word)
                continue
            flag, equals, value = word.partition("=")
            chosen = next((each for each in self.arguments if flag in each.flags), None)
            if chosen is None and word[:2] != "--":
                chosen = next((each for each in self.arguments if word[:2] in each.flags), None)
                if chosen is not None and chosen.takes:
                    flag, equals, value = word[:2], "=", word[2:]
                elif chosen is not None:
                    words.insert(0, "-" + word[2:])
                    flag = word[:2]
            if chosen is None and word[:2] == "--":
                fits = [each for each in self.arguments if any([one.startswith(flag) for one in each.flags])]
                chosen = fits[0] if len(fits) == 1 else None
            if chosen is None:
                rest.append(word)
                continue
            seen.append(chosen)
            self._apply(found, chosen, value if equals else None, words)
        rest += self._plain(found, plain, seen)
        return found, rest
    def _apply(self, found, chosen, value, words):
        if chosen.action == "help":
            self.print_help()
            self.exit()
        if chosen.action == "version":
            print(chosen.given.get("version", "").replace("%(prog)s", self.prog))
            self.exit()
        if chosen.action in ("store_true", "store_false"):
            setattr(found, chosen.dest, chosen.action == "store_true")
        elif chosen.action == "store_const":
            setattr(found, chosen.dest, chosen.given.get("const"))
        elif chosen.action == "count":
            setattr(found, chosen.dest, (getattr(found, chosen.dest) or 0) + 1)
        else:
            values = [] if value is None else [value]
            most = {None: 1, "?": 1}.get(chosen.nargs, chosen.nargs if isinstance(chosen.nargs, int) else 10000)
            while value is None and len(values) < most and words and (not words[0].startswith("-") or words[0][1:].isdigit()):
                values.append(words.pop(0))
            if not values and chosen.nargs is None:
                self.error(f"argument {chosen.label()}: expected one argument")
            if not values and chosen.nargs == "+":
                self.error(f"argument {chosen.label()}: expected at least one argument")
            values = [self._value(chosen, each) for each in values]
            result = values[0] if chosen.nargs is None else values
            if chosen.nargs == "?":
                result = values[0] if values else chosen.given.get("const")
            if chosen.action == "append":
                result = [*(getattr(found, chosen.dest) or []), result]
            setattr(found, chosen.dest, result)
    def _plain(self, found, plain, seen):
        missing = [each for each in self.arguments if each.required and each not in seen]
        wanted = [each for each in self.arguments if not each.flags]
        least = [each.nargs if isinstance(each.nargs, int) else {None: 1, "+": 1}.get(each.nargs, 0) for each in wanted]
        for at, each in enumerate(wanted):
            room = len(plain) - sum(least[at + 1:])
            if each.nargs is None or each.nargs == "?":
                taken = plain[:1] if room > 0 else []
            else:
                taken = plain[:each.nargs] if isinstance(each.nargs, int) else plain[:max(0, room)]
            if len(taken) < least[at]:
                missing.append(each)
                continue
            plain = plain[len(taken):]
            values = [self._value(each, one) for one in taken]
            if each.nargs in (None, "?"):
                setattr(found, each.dest, values[0] if values else each.default)
            else:
                setattr(found, each.dest, values or each.default or [])
        if missing:
            self.error("the following arguments are required: " + ", ".join([each.label() for each in self.arguments if each in missing]))
        return plain
"""
FNMATCH = """
import re
def translate(pattern):
    out, at = "", 0
    while at < len(pattern):
        sign, at = pattern[at], at + 1
        end = pattern.find("]", at + 1) if sign == "[" else -1
        if end > 0:
            inside = pattern[at:end]
            out += "[" + ("^" + inside[1:] if inside.startswith("!") else inside) + "]"
            at = end + 1
        else:
            out += {"*": ".*", "?": "."}.get(sign) or re.escape(sign)
    return out
def fnmatchcase(name, pattern):
    return re.match("(" + translate(pattern) + ")$", name) is not None
def fnmatch(name, pattern):
    return fnmatchcase(name, pattern)
def filter(names, pattern):
    return [each for each in names if fnmatch(each, pattern)]
"""
CSV = """
QUOTE_MINIMAL, QUOTE_ALL, QUOTE_NONNUMERIC, QUOTE_NONE = 0, 1, 2, 3
class Error(Exception): pass
def _fields(line, delimiter, quote):
    found, field, inside, at = [], "", False, 0
    while at < len(line):
        sign = line[at]
        if inside and sign == quote and line[at + 1:at + 2] == quote:
            field, at = field + quote, at + 1
        elif sign == quote and (inside or not field):
            inside = not inside
        elif sign == delimiter and not inside:
            found, field = [*found, field], ""
        else:
            field += sign
        at += 1
    return [*found, field], inside
def reader(lines, dialect="excel", delimiter=",", quotechar='"', **rest):
    before = ""
    for line in lines:
        found, is_open = _fields(before + line.rstrip("\\r\\n"), delimiter, quotechar)
        before = before + line if is_open else ""
        if not is_open:
            yield found if line.strip("\\r\\n") else []
class writer:
    def __init__(self, file, dialect="excel", delimiter=",", quotechar='"', quoting=0, lineterminator="\\r\\n", **rest):
        self.file, self.delimiter, self.quote, self.quoting, self.end = file, delimiter, quotechar, quoting, lineterminator
    def _field(self, value):
        text = "" if value is None else str(value)
        special = [each for each in (self.delimiter, self.quote, "\\n", "\\r") if each in text]
        if special or self.quoting == 1 or (self.quoting == 2 and not isinstance(value, (int, float))):
            return self.quote + text.replace(self.quote, self.quote * 2) + self.quote
        return text
    def writerow(self, row):
        return self.file.write(self.delimiter.join([self._field(each) for each in row]) + self.end)
    def writerows(self, rows):
        for each in rows:
            self.writerow(each)
class DictReader:
    def __init__(self, lines, fieldnames=None, **rest):
        self.rows = reader(lines, **rest)
        self.fieldnames = fieldnames or next(self.rows)
    def __iter__(self):
        for row in self.rows:
            yield dict(zip(self.fieldnames, row))
class DictWriter:
    def __init__(self, file, fieldnames, **rest):
        self.fieldnames, self.writer = fieldnames, writer(file, **rest)
    def writeheader(self):
        return self.writer.writerow(self.fieldnames)
    def writerow(self, row):
        return self.writer.writerow([row.get(each, "") for each in self.fieldnames])
    def writerows(self, rows):
        for each in rows:
            self.writerow(each)
"""
STAT = """
S_IFDIR, S_IFREG, S_IFLNK, S_ISUID, S_ISGID, S_ISVTX = 16384, 32768, 40960, 2048, 1024, 512
S_IRUSR, S_IWUSR, S_IXUSR, S_IRWXU, S_IRWXG, S_IRWXO = 256, 128, 64, 448, 56, 7
ST_MODE, ST_UID, ST_GID, ST_SIZE, ST_MTIME = 0, 4, 5, 6, 8
def S_IMODE(mode): return mode & 4095
def S_IFMT(mode): return mode & 61440
def S_ISDIR(mode): return mode & 61440 == 16384
def S_ISREG(mode): return mode & 61440 == 32768
def S_ISLNK(mode): return mode & 61440 == 40960
def filemode(mode):
    kind = {16384: "d", 32768: "-", 40960: "l", 8192: "c", 24576: "b", 4096: "p", 49152: "s"}.get(mode & 61440, "?")
    text = "".join([sign if mode & (256 >> at) else "-" for at, sign in enumerate("rwxrwxrwx")])
    for bit, at, low, high in ((2048, 2, "s", "S"), (1024, 5, "s", "S"), (512, 8, "t", "T")):
        if mode & bit:
            text = text[:at] + (low if text[at] == "x" else high) + text[at + 1:]
    return kind + text
"""
IO = """
SEEK_SET, SEEK_CUR, SEEK_END, DEFAULT_BUFFER_SIZE = 0, 1, 2, 8192
class UnsupportedOperation(OSError): pass
class StringIO:
    empty, newline = "", "\\n"
    def __init__(self, initial=None, newline=None):
        self.content, self.at, self.closed = initial or self.empty, 0, False
    def _check(self):
        if self.closed:
            raise ValueError("I/O operation on closed file.")
    def write(self, data):
        self._check()
        self.content = self.content[:self.at] + data + self.content[self.at + len(data):]
        self.at += len(data)
        return len(data)
    def writelines(self, lines):
        for each in lines:
            self.write(each)
    def read(self, size=-1):
        self._check()
        taken = self.content[self.at:] if size is None or size < 0 else self.content[self.at:self.at + size]
        self.at += len(taken)
        return taken
    def readline(self, size=-1):
        end = self.content.find(self.newline, self.at)
        return self.read(-1 if end < 0 else end + 1 - self.at)
    def readlines(self):
        return list(self)
    def getvalue(self):
        self._check()
        return self.content
    def seek(self, at, whence=0):
        self.at = at + (self.at if whence == 1 else len(self.content) if whence == 2 else 0)
        return self.at
    def tell(self):
        return self.at
    def truncate(self, size=None):
        self.content = self.content[:self.at if size is None else size]
    def close(self):
        self.closed = True
    def flush(self): pass
    def readable(self): return True
    def writable(self): return True
    def seekable(self): return True
    def isatty(self): return False
    def __iter__(self):
        while line := self.readline():
            yield line
    def __enter__(self):
        return self
    def __exit__(self, *rest):
        self.close()
class BytesIO(StringIO):
    empty, newline = b"", b"\\n"
    def getbuffer(self):
        return self.content
open = open
"""
SOURCES = {
    "functools": FUNCTOOLS, "itertools": ITERTOOLS, "queue": QUEUE, "pathlib": PATHLIB, "argparse": ARGPARSE,
    "fnmatch": FNMATCH, "io": IO, "csv": CSV, "stat": STAT,
}  # fmt: skip
"""By the module's name, its text."""
