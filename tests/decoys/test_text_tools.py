"""The text tools of the shell print what the real ones print, and no visitor can make them work for long."""

from __future__ import annotations

import os
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from decoys.tool_runs import differences, ours, shell_with

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.regex import BadRegex, Regex, Syntax
from decnet.decoys.shell.state import Shell

VERSIONS = {
    "grep": ("grep", "grep (GNU grep) 3.8"),
    "sed": ("sed", "sed (GNU sed) 4.9"),
    "sed_lines": ("sed", "sed (GNU sed) 4.9"),
    "awk": ("awk", "mawk 1.3.4 20200120"),
    "lines": ("sort", "sort (GNU coreutils) 9.1"),
    "dumps": ("od", "od (GNU coreutils) 9.1"),
    "numbers": ("expr", "expr (GNU coreutils) 9.1"),
    "dates": ("date", "date (GNU coreutils) 9.1"),
    "find": ("find", "find (GNU findutils) 4.9.0"),
    "bc": ("bc", "bc 1.07.1"),
}
NEEDED = {"dumps": ("xxd", "hexdump", "strings"), "lines": ("column", "rev"), "find": ("diff",)}
MOST_SECONDS = 0.25
"""Of processor time between two yields, on a slow machine; about 0.01 are wanted."""
MOST_MEMORY = 24 * 1024 * 1024


@pytest.fixture
def shell() -> Iterator[Shell]:
    out, into = os.pipe()
    os.set_blocking(out, False)
    os.set_blocking(into, False)
    persona = Persona(
        "ssh",
        "web01",
        "linux",
        "debian-12",
        "",
        "ab" * 16,
        ((22, "tcp"),),
        {},
        "192.0.2.7",
        "00:50:56:01:02:03",
    )
    yield Shell(World(persona), "root", Recorder(into).session("192.0.2.9", 4000))
    os.close(out)
    os.close(into)


def is_installed(name: str) -> bool:
    """Whether this machine has the programs whose answers are imitated."""
    program, wanted = VERSIONS[name]
    option = ["-W", "version"] if program == "awk" else ["--version"]
    words = [[program, *option], *([each] for each in NEEDED.get(name, ()))]
    try:
        found = [
            subprocess.run(each, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
            for each in words
        ]
    except FileNotFoundError:
        return False
    return found[0].stdout.split("\n")[0] == wanted


@pytest.mark.parametrize("name", VERSIONS)
def test_a_tool_answers_as_the_real_one_does(name: str, shell: Shell, tmp_path: Path) -> None:
    if not is_installed(name):
        pytest.skip(f"{VERSIONS[name][1]} is not installed")
    assert list(differences(name, shell, tmp_path, any_order=name == "find")) == []


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["grep", "-E", "(a*)*b"], b"a" * 60_000),
        (["grep", "-E", "(a|aa)*$"], b"a" * 60_000 + b"b"),
        (["grep", "-E", "a{1,1000}{1,1000}"], b"a" * 1000),
        (["grep", "-E", "(.*)(.*)(.*)(.*)(.*)(.*)[^a]x"], b"a" * 60_000),
        (["grep", "-E", r"(.+)\1\1\1x"], b"ab" * 20_000),
        (["grep", "(" * 5000], b"a"),
        (["grep", "-E", "(" * 5000], b"a"),
        (["grep", "-o", "."], b"x" * 400_000),
        (["sed", ":a;s/x/xx/;ta"], b"x\n"),
        (["sed", ":a;ba"], b"x\n"),
        (["sed", ":a;G;h;ba"], b"x\n"),
        (["sed", r"s/\(.*\)*\(.*\)*x/\1/g"], b"a" * 50_000),
        (["sed", "-n", ":a;p;ba"], b"x\n"),
        (["awk", "BEGIN{while(1);}"], b""),
        (["awk", 'BEGIN{while(1)s=s s "x"}'], b""),
        (["awk", "BEGIN{while(1)a[i++]=i}"], b""),
        (["awk", 'BEGIN{while(1)print "y"}'], b""),
        (["awk", 'BEGIN{printf "%999999999d",1}'], b""),
        (["awk", 'BEGIN{printf "%.999999999f",1}'], b""),
        (["awk", 'BEGIN{printf "%*d",1e300,1}'], b""),
        (["awk", 'function f(x){return f(x x)}BEGIN{f("aaaa")}'], b""),
        (["awk", "BEGIN{$1000000000=1}"], b""),
        (["awk", "BEGIN{NF=1e9}"], b""),
        (["awk", "BEGIN{x=" + "(" * 4000 + "1" + ")" * 4000 + "}"], b""),
        (["awk", 'BEGIN{for(;;)split("a b c",z)}'], b""),
        (["awk", 'BEGIN{s=sprintf("%60000s","");while(gsub(/ /,"  ",s));}'], b""),
        (["sort"], b"".join(b"%d\n" % (number * 7919 % 100_003) for number in range(55_000))),
        (["sort", "-k2,2n", "-k1,1r"], b"".join(b"k%d %d\n" % (n % 97, n % 13) for n in range(40_000))),
        (["uniq", "-c"], b"a\nb\n" * 100_000),
        (["wc", "-L"], b"x\ty\n" * 100_000),
        (["find", "/", "-name", "*a*b*c*d*e*f*g*h*"], b""),
        (["find", "/", "-type", "f", "-exec", "grep", "-l", "root", "{}", ";"], b""),
        (["seq", "1e15"], b""),
        (["seq", "-w", "1", "1e-9", "2"], b""),
        (["yes"], b""),
        (["factor", "18446744073709551557", "18446743979220271189"], b""),
        (["expr", "9" * 4000, "*", "9" * 4000], b""),
        (["expr", *(["("] * 1500), "1"], b""),
        (["dd", "if=/dev/zero", "bs=1G", "count=1000"], b""),
        (["xargs", "-n1", "echo"], b"x " * 50_000),
        (["split", "-b", "1"], b"x" * 100_000),
        (["fold", "-w", "1"], b"x" * 200_000),
        (["tr", "-s", "a-z"], b"aabbcc" * 80_000),
        (["od", "-c"], bytes(range(256)) * 1000),
        (["base64", "-w1"], b"x" * 300_000),
        (["column", "-t"], b"a b c\n" * 30_000 + b"x " * 5000),
        (["join", "/w/f", "/w/f"], b""),
        (["paste", "-s"], b"x\n" * 200_000),
        (["nl", "-w", "999999999"], b"x\n" * 100),
        (["cut", "-c", ",".join(f"{n}-" for n in range(1, 4000))], b"x" * 100_000),
        (["date", "-d", "9" * 5000], b""),
        (["date", "+" + "%999999999d" * 100], b""),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_no_input_makes_a_tool_work_for_long(words: list[str], given: bytes, shell: Shell) -> None:
    own = shell_with(shell, {"f": b"1 a\n" * 3000})
    (_, _, status), run = ours(own, words, given, limit=600_000)
    assert run.stopped or status in (0, 1, 2, 3, 4, 123, 137), status
    assert run.longest < MOST_SECONDS


@pytest.mark.parametrize(
    "program",
    [
        "BEGIN{while(1)a[i++]=i}",
        'BEGIN{while(1)s=s s s s "x"}',
        'function f(x){return f(x x)}BEGIN{f("aaaa")}',
        'BEGIN{while(1)print "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" > "f"}',
        "{for(i=0;i<1000000;i++)$i=i}",
        "{while(1)a[$0 i++]=$0}",
    ],
)
def test_an_awk_program_holds_little(program: str, shell: Shell) -> None:
    own = shell_with(shell, {})
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        ours(own, ["awk", program], b"x" * 10_000, limit=600_000)
        most = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert most < MOST_MEMORY


@pytest.mark.parametrize("kind", [True, False], ids=["extended", "basic"])
def test_a_pattern_with_many_repetitions_is_refused(kind: bool) -> None:
    pattern = "((a{1,100}){1,100}){1,100}" if kind else r"\(\(a\{1,100\}\)\{1,100\}\)\{1,100\}"
    with pytest.raises(BadRegex, match="too big"):
        Regex(pattern, Syntax(extended=kind))


def test_groups_are_those_of_the_longest_match() -> None:
    found = Regex("(a|ab)(c|bcd)(d*)", Syntax(extended=True)).search("xabcdx", groups=True)
    assert found == [(1, 5), (1, 3), (3, 4), (4, 5)]


def test_awk_reads_the_file_that_it_has_written(shell: Shell) -> None:
    program = 'BEGIN { print 1 + 1 > "f"; close("f"); getline x < "f"; print "read", x }'
    (out, err, status), _ = ours(shell_with(shell, {}), ["awk", program])
    assert (out, err, status) == (b"read 2\n", b"", 0)


def test_sed_edits_a_file_in_its_place(shell: Shell) -> None:
    own = shell_with(shell, {"f": b"one\ntwo\n"})
    (out, err, status), _ = ours(own, ["sed", "-i.bak", "s/one/1/", "f"])
    assert (out, err, status) == (b"", b"", 0)
    assert (own.read("/w/f"), own.read("/w/f.bak")) == ("1\ntwo\n", "one\ntwo\n")
