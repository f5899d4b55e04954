# ruff: noqa: E501 (programs of one line)
"""`python3` of the shell does what a real one does with the same text, and no program of a visitor holds the loop."""

from __future__ import annotations

import builtins
import contextlib
import io
import time
import tracemalloc
from typing import Any

import pytest
from decoys.plain_shell import shell_of

from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.process import Call, OutOfWork, Process
from decnet.decoys.shell.python.program import run_text

SAME = (
    "import time\nprint(time.gmtime(0), time.gmtime(86400).tm_mday, time.strftime('%Y', time.gmtime(0)), time.asctime(time.gmtime(0)))",
    "import zlib, gzip, html, codecs, hmac, statistics\nprint(zlib.decompress(zlib.compress(b'a')), gzip.decompress(gzip.compress(b'x')), html.escape('<a>'), "
    "codecs.encode('hi', 'rot13'), hmac.new(b'k', b'm', 'sha256').hexdigest(), statistics.mean([1, 2, 3]))",
    "print(1 + 1, 2 ** 64, 'a' * 3, [1, 2][0], {'a': 1}, None, 3 / 2, 7 // 2, -7 % 3, True and 0 or 'x')",
    "print('%s-%d|%5.2f|%-4s|%x' % ('a', 5, 3.14159, 'b', 255), f'{1 + 1:03d} {3.14159:.2f} {[1]!r}', '{} {0}'.replace('{0}', '{}').format(1, 'z'))",
    "a, *b = range(5)\nprint(a, b, b[::-1], b[1:], sum(b), sorted([3, 1, 2], reverse=True), max('ab', 'cd'))",
    "def f(x, *rest, y=2, **more):\n    return x, rest, y, more\nprint(f(1, 2, 3, y=4, z=5), f(*[1], **{'y': 7}))",
    "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nprint([fib(n) for n in range(10)])",
    "def count(n):\n    for i in range(n):\n        yield i * i\nprint(list(count(4)), sum(x for x in count(3)))",
    "class A:\n    size = 1\n    def __init__(self, n):\n        self.n = n\n    def __str__(self):\n        return 'A%d' % self.n\n"
    "class B(A):\n    def __init__(self, n):\n        super().__init__(n + 1)\nb = B(3)\nprint(b, b.n, B.size, isinstance(b, A), type(b).__name__)",
    "try:\n    int('x')\nexcept (KeyError, ValueError) as error:\n    print('bad', error)\nelse:\n    print('no')\nfinally:\n    print('end')",
    "class E(Exception):\n    pass\ntry:\n    raise E('m', 1)\nexcept Exception as error:\n    print(error, error.args, type(error).__name__)",
    "total = 0\nfor i in range(10):\n    if i % 2:\n        continue\n    if i > 6:\n        break\n    total += i\nelse:\n    print('no')\nprint(total)",
    "print({k: v for k, v in zip('abc', range(3))}, {x % 2 for x in range(4)}, [(i, j) for i in range(2) for j in range(2) if i != j])",
    "print(list(map(lambda x: x * 2, [1, 2])), list(filter(None, [0, 1])), list(enumerate('ab', 1)), dict(a=1), 'b' in 'abc')",
    "x = 1\ndef g():\n    global x\n    x += 1\n    def h():\n        nonlocal y\n        y = 5\n    y = 1\n    h()\n    return y\nprint(g(), x)",
    "import base64, hashlib, json, re, math\nprint(base64.b64encode(b'hi'), hashlib.sha1(b'a').hexdigest(), json.dumps({'a': [1, None, 'é']}, indent=1), math.sqrt(2))",
    "import re\nprint(re.sub(r'(\\w)(\\d)', r'\\2\\1', 'a1 b2'), re.findall('[a-z]+', 'ab1cd'), re.search('b+', 'abbc').group(), re.split(',', 'a,b'))",
    "print(b'ab'.hex(), bytes.fromhex('4142'), 'é'.encode(), int('ff', 16), chr(65), ord('a'), hex(255), round(2.567, 1), 'a,b'.split(','))",
    "d = {}\nd.setdefault('k', []).append(1)\nd['z'] = d.get('q', 2)\ndel d['k']\nprint(d, len(d), list(d.items()), 'x'.join(['1', '2']))",
    "import time, random\nassert 1600000000 < time.time()\nprint(random.choice([5]), str(1.0), repr('a\\'b'), (1,), set(), [[]])",
    "with open('/dev/null', 'w') as file:\n    file.write('x')\nprint(not 0, -(-3), ~5, 1 < 2 < 3, 1 if 0 else 2, [] or 'e', 5 & 3 | 8 ^ 1 << 2)",
    "x = [1, 2, 3]\nx[0] = 9\nx[1:] = [4]\nx += [7]\nprint(x, x.index(4), x.pop(), x * 2, (y := 5), y, 'abc'[-2:], {1: 2} == {1: 2})",
    "eval_me = eval('1 + 2')\nexec('z = 3')\nprint(eval_me, z, any([0, 1]), all([]), abs(-2), divmod(7, 2), next(iter([4])), callable(print))",
)
"""Programs that a real interpreter runs as well, in this process: they are ours."""
ERRORS = (
    ("1/0", "ZeroDivisionError: division by zero"),
    ("x", "NameError: name 'x' is not defined"),
    ("import nosuch", "ModuleNotFoundError: No module named 'nosuch'"),
    ("[][1]", "IndexError: list index out of range"),
    ("{}['a']", "KeyError: 'a'"),
    ("''.nope", "AttributeError: 'str' object has no attribute 'nope'"),
    ("1 + 'a'", "TypeError: unsupported operand type(s) for +: 'int' and 'str'"),
    ("def f(a): pass\nf()", "TypeError: f() missing 1 required positional argument: 'a'"),
    ("open('/nope')", "FileNotFoundError: [Errno 2] No such file or directory: '/nope'"),
    ("import os; os.nope", "AttributeError: module 'os' has no attribute 'nope'"),
    ("5()", "TypeError: 'int' object is not callable"),
    ("a, b = 1,", "ValueError: not enough values to unpack (expected 2, got 1)"),
)
HOSTILE = (
    "while True: pass",
    "x = 'a'\nwhile True: x += x",
    "x = []\nwhile True: x.append('a' * 1000)",
    "x = 9 ** 9 ** 9",
    "x = 2\nwhile True: x = x * x",
    "'a' * 10 ** 9",
    "list(range(10 ** 9))",
    "'%1000000000d' % 1",
    "f'{1:1000000000}'",
    "'{:>1000000000}'.format(1)",
    "'a'.ljust(10 ** 9)",
    "bytes(10 ** 9)",
    "x = ()\nfor i in range(100): x = (x, x)\nhash(x)",
    "x = []\nfor i in range(100): x = [x, x]\nprint(x)",
    "x = []\nfor i in range(60): x = [x, x]\nprint(x == x[:])",
    "def f(): f()\nf()",
    "f = lambda g: g(g)\nf(f)",
    "'a'.replace('', 'b' * 100000)",
    "x = 'a' * 200000\nfor i in range(10 ** 9): y = x.replace('a', 'b')",
    "import re\nprint(re.sub('(a*)*b', '', 'a' * 5000))",
    "import json\nx = []\nx.append(x)\njson.dumps(x)",
    "print(1 << 10 ** 9)",
    "[[0] * 1000 for i in range(10 ** 6)]",
    "sum([i for i in range(10 ** 7)])",
    "(" * 3000,
    "-" * 20000 + "1",
    "().__class__.__bases__[0].__subclasses__()",
    "print('{0.__class__}'.format(1))",
    "import os\nos.fork.__globals__",
    "def g():\n    while True: yield 1\nfor x in g(): pass",
)
MOST_SECONDS = 0.25
"""Of processor time between two yields, on a slow machine; about 0.01 are wanted."""
MOST_MEMORY = 32 * 1024 * 1024
TURNS = 30


def printed(text: str) -> tuple[str, str, int]:
    """What the shell's interpreter prints on both channels, and the status."""
    with shell_of("debian-12") as shell:
        process = Process(shell, "python3", [], b"")
        running, chunks = run_text(process, text, "<string>", ["-c"]), []
        status = 0
        while True:
            try:
                item = next(running)
            except StopIteration as stop:
                status = stop.value
                break
            assert not isinstance(item, Call)
            process.rest()
        chunks = process.chunks
    out, error = (b"".join(data for number, data in chunks if number == each).decode() for each in (1, 2))
    return out, error, status


def really(text: str) -> str:
    """What the interpreter of the tests prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        builtins.exec(compile(text, "<string>", "exec"), {"__name__": "__main__"})
    return out.getvalue()


@pytest.mark.parametrize("text", SAME)
def test_a_program_prints_what_a_real_interpreter_prints(text: str) -> None:
    assert printed(text) == (really(text), "", 0)


@pytest.mark.parametrize(("text", "wanted"), ERRORS)
def test_an_exception_ends_the_program_with_its_own_text(text: str, wanted: str) -> None:
    out, error, status = printed(text)

    assert (out, error.splitlines()[0], error.splitlines()[-1], status) == (
        "", "Traceback (most recent call last):", wanted, 1,
    )  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_program_holds_the_loop_or_the_memory(text: str) -> None:
    with shell_of("debian-12") as shell:
        process: Any = Process(shell, "python3", [], b"")
        tracemalloc.start()
        running, longest = run_text(process, text, "<string>", ["-c"]), 0.0
        try:
            for _ in range(TURNS):
                began = time.thread_time()
                try:
                    next(running)
                except (StopIteration, OutOfWork):
                    break
                finally:
                    longest = max(longest, time.thread_time() - began)
                process.rest()
                process.chunks.clear()
            running.close()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert (longest < MOST_SECONDS, peak < MOST_MEMORY) == (True, True), (longest, peak)


def at_shell(line: str) -> tuple[str, str, int]:
    with shell_of("debian-12") as shell:
        answer = run_at_once(shell, line)
    return answer.out, answer.error, answer.status


def test_a_program_starts_other_programs_and_its_own_output_comes_last() -> None:
    line = (
        'python3 -c \'import os; print("mine"); os.system("echo theirs"); print(os.popen("echo x").read())\''
    )

    assert at_shell(line) == ("theirs\nmine\nx\n\n", "", 0)


def test_a_script_marks_the_place_of_an_error_in_its_line() -> None:
    line = "printf 'import sys\\ndef f(x):\\n    return 1 / x + 2\\nprint(f(0))\\n' > /tmp/a.py; python3 /tmp/a.py"
    trace = (
        'Traceback (most recent call last):\n  File "/tmp/a.py", line 4, in <module>\n    print(f(0))\n          ^^^^\n'
        '  File "/tmp/a.py", line 3, in f\n    return 1 / x + 2\n           ~~^~~\nZeroDivisionError: division by zero\n'
    )

    assert at_shell(line) == ("", trace, 1)


def test_a_program_writes_and_reads_the_visitors_files() -> None:
    line = 'python3 -c \'open("/tmp/w", "w").write("data\\n"); print(open("/tmp/w").read())\'; cat /tmp/w; echo in | python3 -c \'print(input())\''

    assert at_shell(line) == ("data\n\ndata\nin\n", "", 0)


def test_a_shell_that_pty_spawns_runs_commands() -> None:
    line = "echo 'echo $((1 + 2))' | python3 -c 'import pty; pty.spawn(\"/bin/sh\")'"

    assert at_shell(line) == ("3\n", "", 0)


def test_a_connection_fails_as_on_a_network_that_refuses_it() -> None:
    line = "python3 -c 'import socket; socket.socket().connect((\"127.0.0.1\", 1))' 2>&1 | tail -1"

    assert at_shell(line) == ("ConnectionRefusedError: [Errno 111] Connection refused\n", "", 0)
