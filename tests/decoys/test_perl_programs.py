# ruff: noqa: E501 (programs of one line)
"""`perl` of the shell prints what a real one prints, and no program of a visitor holds the loop."""

from __future__ import annotations

import shlex
import time
import tracemalloc
from typing import Any

import pytest
from decoys.plain_shell import shell_of

from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.perl.machine import Machine
from decnet.decoys.shell.perl.program import Options, run
from decnet.decoys.shell.process import OutOfWork, Process

SAME: tuple[tuple[str, str], ...] = (
    (
        'use POSIX; print strftime("%Y-%m-%d", gmtime(0)), floor(-3.5), ceil(1.2), fmod(7, 3), POSIX::strtol("ff", 16), "\\n";',
        "1970-01-01-4212550\n",
    ),
    (
        'use List::Util qw(sum max first uniq); print sum(1 .. 4), max(3, 9), first { $_ > 2 } (1, 3, 4); print join(",", uniq(1, 1, 2)), "\\n";',
        "10931,2\n",
    ),
    (
        'use Digest::MD5 qw(md5_hex); use File::Basename; print md5_hex("a"), basename("/a/b"), dirname("/a/b"), (1) x3, "\\n"; print -s "/etc/nosuch" ? 1 : 0, $?, "\\n";',
        "0cc175b9c0f1b6a831c399e269772661b/a111\n00\n",
    ),
    (
        'use Data::Dumper; $Data::Dumper::Indent = 1; print Dumper([1, "a", undef]); eval "1 +"; print $@ ? "bad\\n" : "good\\n"; print eval("2*3"), "\\n";',
        "$VAR1 = [\n  1,\n  'a',\n  undef\n];\nbad\n6\n",
    ),
    ('END { print "end\\n" } BEGIN { print "begin\\n" } print "middle\\n";', "begin\nmiddle\nend\n"),
    (
        'my @a = (1 .. 5); print "@a[1,2] $#a $a[-1] ", scalar(@a), "\\n"; push @a, 6; print join("-", map { $_ * 2 } grep { $_ % 2 } @a), "\\n";',
        "2 3 4 5 5\n2-6-10\n",
    ),
    (
        'my %h = (a => 1, b => 2); $h{c}{d} = [1, 2]; print join(",", sort keys %h), " $h{c}{d}[1] $h{a}\\n"; delete $h{a}; print exists $h{a} ? "y" : "n", "\\n";',
        "a,b,c 2 1\nn\n",
    ),
    (
        'sub f { my ($x, $y) = @_; return $x + ($y // 10); } print f(1), " ", f(1, 2), "\\n"; my $s = sub { "code @_" }; print $s->(1, 2), "\\n";',
        "11 3\ncode 1 2\n",
    ),
    (
        '$_ = "foo=bar; baz=qux"; while (/(\\w+)=(\\w+)/g) { print "$1:$2\\n" } my @m = /(\\w)=/g; print "@m\\n"; (my $t = $_) =~ s/o/0/g; print "$t\\n";',
        "foo:bar\nbaz:qux\no z\nf00=bar; baz=qux\n",
    ),
    (
        'my $s = "hello"; $s =~ tr/a-y/b-z/; print "$s ", ucfirst("abc"), " ", reverse("abc") . "", " ", length $s, "\\n"; printf "%05.2f|%-5s|%x\\n", 3.14159, "ab", 255;',
        "ifmmp Abc cba 5\n03.14|ab   |ff\n",
    ),
    (
        'my $i = 0; while (1) { $i++; next if $i == 2; last if $i > 4; print $i; } print "\\n"; for (my $j = 0; $j < 3; $j++) { print $j } print "\\n"; print "ok\\n" unless 0;',
        "134\n012\nok\n",
    ),
    (
        'eval { die "oops\\n" }; print "caught $@"; eval { die { code => 5 } }; print $@->{code}, "\\n"; my $r = eval { 1 / 0 }; print $@;',
        "caught oops\n5\nIllegal division by zero at -e line 1.\n",
    ),
    (
        'my @s = sort { $b <=> $a } (10, 9, 100); print "@s\\n"; my ($x, @rest) = split /,/, "a,b,c"; print "$x|@rest\\n"; print "a" . 1 + 2, "\\n";',
        "100 10 9\na|b c\n2\n",
    ),
    (
        'print "yes\\n" if "abc" =~ /^a.c$/i && "x" ne "y"; my $h = { list => [1, 2, 3] }; print scalar @{ $h->{list} }, " @{$h->{list}}\\n"; print "@{[ 1 + 2 ]}\\n";',
        "yes\n3 1 2 3\n3\n",
    ),
    (
        'my $text = <<"END"; print $text;\nline $0\nEND\nprint qq{a "b"\\n}, q(c $d), "\\n"; print join(":", qw(a b c)), "\\n";',
        'line -e\na "b"\nc $d\na:b:c\n',
    ),
    (
        'my ($a, $b) = (3, 4); ($a, $b) = ($b, $a); print "$a$b\\n"; my $n = "5 apples"; { no warnings; print $n + 1, "\\n"; } print 10 % 3, " ", -7 / 2, " ", 2 ** 0.5, " ", 1e21, "\\n";',
        "43\n6\n1 -3.5 1.4142135623731 1e+21\n",
    ),
    (
        'my $str = "a1b22"; (my $d = $str) =~ s/(\\d+)/<$1>/g; print "$d\\n"; $str =~ s/(\\d+)/$1 * 2/e; print "$str\\n"; print join("|", split(//, "abc")), "\\n"; print "x" x 3, "-" x 2, "\\n";',
        "a<1>b<22>\na2b22\na|b|c\nxxx--\n",
    ),
    (
        'my @l = map { { name => $_, n => length } } qw(aa b); print join(",", map { "$_->{name}=$_->{n}" } @l), "\\n"; my %c; $c{$_}++ for qw(a b a); print "$_$c{$_} " for sort keys %c; print "\\n";',
        "aa=2,b=1\na2 b1 \n",
    ),
    (
        'my $v = undef; print defined $v ? 1 : 0, ref([]), ref({}), ref(sub {}), "\\n"; print substr("hello", 1, 3), index("hello", "l"), uc("x"), lc("Y"), chr(65), ord("a"), "\\n"; print "last\\n";',
        "0ARRAYHASHCODE\nell2XyA97\nlast\n",
    ),
    (
        'local $, = "-"; local $\\ = "!\\n"; print 1, 2; my @e = (); print "empty" if !@e; print "a" lt "b" ? "lt" : "ge", 5 <=> 3, "b" cmp "a";',
        "1-2!\nempty!\nlt-1-1!\n",
    ),
)
"""Programs, and what perl 5.36 printed."""
LINES = (
    ("printf 'a b\\nc d\\n' | perl -lane 'print $F[1]'", "b\nd\n"),
    ("printf 'x\\n' > /tmp/f; perl -pi.bak -e 's/x/y/' /tmp/f; cat /tmp/f /tmp/f.bak", "y\nx\n"),
    ('perl -e \'print STDERR "e"; print "o\\n"; exit 4\' 2> /dev/null; echo $?', "o\n4\n"),
    ("printf 'print \"$0 @ARGV\\\\n\";' > /tmp/p.pl; perl /tmp/p.pl 1 2", "/tmp/p.pl 1 2\n"),
    (
        'printf \'#!/usr/bin/perl\\nprint `echo x`; system("echo", "y");\' > /tmp/q; chmod +x /tmp/q; /tmp/q',
        "x\ny\n",
    ),
    ('perl -e \'exec "/bin/sh", "-c", "echo shell"\'', "shell\n"),
    (
        'perl -e \'open(F, ">", "/tmp/w"); print F "line\\n"; close F; open(G, "/tmp/w"); print <G>;\'',
        "line\n",
    ),
)
HOSTILE = (
    "while (1) {}",
    "my $x = 'a'; while (1) { $x .= $x }",
    "my @x; while (1) { push @x, 'a' x 1000 }",
    "my $x = 'a' x 1e9;",
    "my @x = (1 .. 1e9);",
    "$x[1e9] = 1;",
    "sub f { f() } f();",
    "printf '%1000000000d', 1;",
    "print 2 ** 1e9; print 9 ** 9 ** 9;",
    "('a' x 5000) =~ /(a*)*b/;",
    "my $x = 'a' x 200000; while (1) { (my $y = $x) =~ s/a/bb/g }",
    "tr/a-z/b/ while 1;",
    "(" * 3000,
    "{" * 3000,
    "$x = {}; $x = { a => $x, b => $x } for 1 .. 100; print $x;",
    "print join(',', sort { $a <=> $b } 1 .. 100000);",
    "1 while fork;",
)
MOST_SECONDS = 0.25
"""Of processor time between two yields, on a slow machine; about 0.01 are wanted."""
MOST_MEMORY = 32 * 1024 * 1024
TURNS = 30


@pytest.mark.parametrize(("text", "wanted"), SAME)
def test_a_program_prints_what_perl_prints(text: str, wanted: str) -> None:
    with shell_of("debian-12") as shell:
        answer = run_at_once(shell, f"perl -e {shlex.quote(text)}")

    assert (answer.out, answer.error, answer.status) == (wanted, "", 0)


@pytest.mark.parametrize(("line", "wanted"), LINES)
def test_perl_reads_and_writes_what_the_shell_has(line: str, wanted: str) -> None:
    with shell_of("debian-12") as shell:
        answer = run_at_once(shell, line)

    assert (answer.out, answer.error) == (wanted, "")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_program_holds_the_loop_or_the_memory(text: str) -> None:
    with shell_of("debian-12") as shell:
        process: Any = Process(shell, "perl", [], b"")
        tracemalloc.start()
        running, longest = run(Machine(process, "-e", [], "5.36.0"), text, Options()), 0.0
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
