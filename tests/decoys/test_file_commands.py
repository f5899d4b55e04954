# ruff: noqa: E501 (commands are compared as they are)
"""The commands about files print what coreutils print, and leave the files that those leave."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from decoys.tool_runs import shell_with

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell

FILES = {"a": b"one\n", "b": b"two two\n", "d/x": b"x\n", "d/e/y": b"yy\n", "sp ace": b"", "it's": b"1", "run.sh": b"#!/bin/sh\n",
         "big": b"0123456789" * 1500, "z.tar": b"z", ".hidden": b"h"}  # fmt: skip # noqa: E501
TIMES = re.compile(
    r"\b[A-Z][a-z]{2} [ 0-9]\d (?:\d\d:\d\d| \d{4})|\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d\.\d{9} \+0000)?"
)
SCRIPTS = """
ls
ls -a
ls -A
echo hi | bzip2 | bunzip2; echo hi | xz | xz -d; echo hi | bzip2 -c | bzcat; echo hi | xz | xzcat
bzip2 a; ls; bzcat a.bz2; bunzip2 a.bz2; ls; cat a
xz a b; ls; xzcat a.xz b.xz; unxz a.xz; ls; xz -dk b.xz; ls
xz -k a; xz a; echo $?; bzip2 -k a; bzip2 a; echo $?
xz nope; echo $?; bzip2 nope; echo $?; xz d; echo $?; bzip2 d; echo $?
bunzip2 < a; echo $?; xz -d < a; echo $?; unxz a; echo $?; bunzip2 a; echo $?; xz -dc a; echo $?; bzcat a; echo $?
xz a; xz a.xz; echo $?; bzip2 b; bzip2 b.bz2; echo $?
echo hi | lzma | unlzma; lzma a; ls
xz -t a; echo $?; bzip2 -t a; echo $?
ls --version
ls --help
cp --help
rm -i a b; ls
echo y | rm -i a; ls
rm -ri d; ls d
printf 'y\ny\nn\ny\n' | rm -ri d; ls -R d
rm -I a b run.sh big; ls
ln a h; echo more >> h; cat a; stat -c %h a h; rm a; stat -c %h h; cat h
ln a h; ls -i a h | cut -d' ' -f1 | uniq | wc -l
ls -Z a
ls -sZ a big
ls -1 -r
ls -l a b big
ls -l
ls -lA
ls -ln a d
ls -lh big
ls -l --si big
ls -go a
ls -lG a
ls -s a big
ls -sh big
ls -S
ls -lS
ls -X
ls -F
ls -p
ls -m
ls -x -w 30
ls -C -w 30
ls -C -w 20
ls -C -w 12
ls -Q
ls -b
ls -R
ls -lR d
ls -d d
ls -ld d a
ls d a
ls nope a
ls nope d
ls -l nope
ls -I 'b*'
ls --hide='*.sh'
ls -B
ls --group-directories-first
ls --color=always
ls --color=always -F
ls --color=always -l d
ls --quoting-style=shell-always
ls --full-time a
ls --time-style=long-iso -l a
touch -d 2001-02-03 a; ls --time-style=+%Y -l a
ls --sort=size
ls --sort=bad
ls --zero
ls -v
ls -y
ls --nope
ls d/x/
ln -s a l; ls -l l; ls -F l; ls l
ln -s d l; ls l; ls -l l; ls -ld l; ls -l l/
ln -s nope l; ls -l l; ls -L l; cat l
ln -s l l; ls l
ln a h; ls h; cat h
ln -s a a
ln -sf b l; ln -sf a l; readlink l
ln nope x
ln d x
ln a b d; ls d
ln a b c
ln
ln -sv a q
ln -sr d/x q; readlink q
mkdir
mkdir n; ls -ld n
mkdir a
mkdir n/m
mkdir -p n/m; ls -R n
mkdir -pv n/m o
mkdir -p a/n
mkdir -m 700 n; ls -ld n
mkdir -m 1777 n; ls -ld n
mkdir -m x n
umask 077; mkdir n; ls -ld n
rmdir d
rmdir a
rmdir nope
rmdir d/e
rm d/e/y; rmdir -p d/e; ls d
rmdir
touch
touch new; ls -l new
touch -c nope; ls nope
touch nope/x
touch a/; echo $?
touch -d '2020-01-02 03:04:05' a; ls --full-time a
touch -t 202001020304 a; ls --full-time a
touch -r a b; ls new
touch -d nonsense a
umask 027; touch n; ls -l n
rm
rm -f
rm nope
rm -f nope
rm d
rm -r d; ls
rm -d d
rm -v a b
rm -rf d nope; echo $?
rm -x a
rm d/
rm a/
rm -r .
rm -- -x
cp
cp a
cp a n; cat n
cp a b; cat b
cp nope n
cp a nope/n
cp a b d; ls d
cp a b c
cp d n
cp -r d n; ls -R n
cp -r d d
cp -r d d/e
cp -v a n
cp a a
cp a d/e/y; cat d/e/y
cp -n a b; cat b
cp -t d a b; ls d
cp -t nope a
cp d a
cp -r d a
cp -p a n; ls n
cp -s a n; readlink n
ln -s a l; cp l n; ls -l n
ln -s a l; cp -P l n; ls -l n
chmod 600 a; cp a n; ls -l n
chmod 4755 a; cp a n; ls -l n
mv
mv a
mv a n; ls
mv a b; cat b
mv nope n
mv a b d; ls d
mv a b c
mv d n; ls -R n
mv d d/e
mv a d/e; ls d/e
mv -v a n
mv a a
mv d a
mv a nope/n
mv a n/
mv -n a b; cat b
mkdir n; touch n/d; mv a n; ls n
mkdir -p n/d/q; mv d n
chmod
chmod 755
chmod 999 a
chmod u+s,g-w,o=r a; ls -l a
chmod +x a; ls -l a
chmod -x run.sh; ls -l run.sh
chmod a-r a; ls -l a
chmod u=rwx,g=u,o= a; ls -l a
chmod -R go-rwx d; ls -lR d
chmod -v 600 a
chmod -c 644 a; chmod -c 600 a
chmod 7777 a; ls -l a
chmod 1777 d; ls -ld d
chmod 0 a; ls -l a
chmod X a
chmod +X a d; ls -ld a d
chmod 755 nope
chmod -f 755 nope
ln -s nope l; chmod 755 l
chmod g+s d; chmod 755 d; ls -ld d
chown root a
chown nope a
chown root:nope a
chown 1234:5678 a; ls -l a; ls -ln a
chown -v root:root a
chown daemon: a; ls -l a
chown :daemon a; ls -l a
chown -R daemon d; ls -lR d
chown root nope
chown root
chown
chgrp daemon a; ls -l a
chgrp nope a
chown --reference=a b; ls -l b
stat -c '%n %s %a %A %F %U %u %G %g %h' a d big
stat -c '%N' "it's" 'sp ace'
stat -c '%F' d a 'sp ace'
stat -c '%x' nope
stat
stat --printf '%n\\n%s\\t' a b
stat -c '%04a|%-8s|%8s|' a
ln -s a l; stat -c '%N %F %s' l; stat -L -c '%F' l
mktemp nope/XXXX
mktemp aX
mktemp XXXXXX | wc -c
mktemp -d qXXXXXX.d | wc -c
truncate -s 5 big; cat big
truncate -s +2 a; wc -c a
truncate -s 1K n; wc -c n
truncate a
truncate -s x a
mkfifo p; ls -l p; ls -F p
mkfifo a
du -b a
du -k big a
du -h big
du nope
du -s -a
du -d x
du -a --apparent-size -b a big
df nope
unlink a; ls a
unlink d
unlink
install -m 700 a n; ls -l n
install -d n o; ls -ld n
install a
install nope n
install -v -m 644 a b d; ls d
install -D a q/r/s; ls q/r
shred -u a; ls a
shred nope
"""
LINES = [line.replace("\\\\", "\\") for line in SCRIPTS.strip().split("\n")]


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


def has_coreutils() -> bool:
    found = subprocess.run(["ls", "--version"], capture_output=True, text=True, check=False)
    return found.stdout.startswith("ls (GNU coreutils) 9.1\n") and os.getuid() == 0


def is_confined(line: str) -> bool:
    """Whether a line can only touch the folder that it runs in."""
    return not re.search(r"(^|[\s;='\"|])[/~]|\.\.|\$\(|`|\beval\b", line)


def masked(text: str) -> str:
    text = re.sub(r"(?m)^d.* \.\.?\n", "", TIMES.sub("<time>", text))
    return re.sub(
        r"^total \d+$", "total", re.sub(r"(?m)^(d\S+ +\d+ \S+ +\S+ +)\d+", r"\1<size>", text), flags=re.M
    )


@pytest.mark.skipif(not has_coreutils(), reason="coreutils 9.1 and root are needed")
@pytest.mark.parametrize("line", LINES)
def test_a_command_does_what_the_real_one_does(line: str, shell: Shell, tmp_path: Path) -> None:
    assert is_confined(line)
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    real = subprocess.run(
        ["bash", "-c", f"umask 022; {line}"], cwd=tmp_path, env=environment, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=20, check=False,
    )  # fmt: skip
    own = shell_with(shell, FILES)

    ours = run_at_once(own, line)

    assert (masked(ours.out), masked(ours.error), ours.status) == (
        masked(real.stdout),
        masked(real.stderr),
        real.returncode,
    )


@pytest.mark.parametrize("megabytes", [1, 5])
def test_a_file_that_dd_fills_has_its_size_and_sums(shell: Shell, megabytes: int) -> None:
    answer = run_at_once(
        shell, f"dd if=/dev/zero of=z bs=1M count={megabytes}; wc -c z; stat -c %s z; md5sum z; sha256sum z"
    )
    content = bytes(megabytes << 20)
    sums = [hashlib.md5(content).hexdigest(), hashlib.sha256(content).hexdigest()]
    assert answer.error.startswith(
        f"{megabytes}+0 records in\n{megabytes}+0 records out\n{len(content)} bytes"
    )
    assert answer.out.split() == [str(len(content)), "z", str(len(content)), sums[0], "z", sums[1], "z"]


def test_a_disk_can_be_full(shell: Shell) -> None:
    answer = run_at_once(shell, "dd if=/dev/zero of=/dev/shm/z bs=1G count=100; echo $?")
    assert answer.out == "1\n"
    assert answer.error.startswith("dd: error writing '/dev/shm/z': No space left on device\n")


@pytest.mark.parametrize("name", ["strings", "getfattr", "gawk", "iptables", "nmap"])
def test_a_program_without_a_file_is_not_found(name: str, shell: Shell) -> None:
    answer = run_at_once(shell, f"{name} x; which {name}; type {name}")

    assert f"{name}: command not found" in answer.error and answer.out == ""


def test_programs_that_do_nothing_here_print_their_help_and_their_errors(shell: Shell) -> None:
    answer = run_at_once(
        shell, "numfmt --version | head -1; flock; echo $?; /usr/bin/taskset --help | head -1"
    )

    assert answer.out.startswith("numfmt (GNU coreutils) 9.1\n64\nUsage: /usr/bin/taskset [options]")
    assert answer.error == "flock: not enough arguments\nTry 'flock --help' for more information.\n"


def test_a_library_that_is_preloaded_and_missing_is_reported_by_every_program(shell: Shell) -> None:
    answer = run_at_once(shell, "echo /tmp/x.so > /etc/ld.so.preload; id -u; echo builtin")

    assert answer.out == "0\nbuiltin\n"
    assert answer.error.count("object '/tmp/x.so' from /etc/ld.so.preload cannot be preloaded") == 1


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_a_pair_of_keys_of_ssh_keygen_is_read_by_the_real_one(
    kind: str, shell: Shell, tmp_path: Path
) -> None:
    answer = run_at_once(shell, f"ssh-keygen -t {kind} -N '' -C me -f /tmp/k; cat /tmp/k.pub > /tmp/p")
    ours = run_at_once(shell, "ssh-keygen -lf /tmp/k.pub").out
    for name in ("k", "k.pub"):
        (tmp_path / name).write_bytes(shell.content(f"/tmp/{name}") or b"")
        (tmp_path / name).chmod(0o600)

    real = [
        subprocess.run(
            ["ssh-keygen", *words], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout
        for words in (["-lf", "k.pub"], ["-lf", "k"], ["-lvf", "k.pub"])
    ]

    assert real[:2] == [ours, ours]
    assert answer.out.endswith(real[2].removeprefix(ours))


def test_wtmp_has_the_logins_that_last_shows(shell: Shell, tmp_path: Path) -> None:
    ours = run_at_once(shell, "last -Rw | grep pts/ | cut -d'(' -f1; true").out
    (tmp_path / "wtmp").write_bytes(shell.content("/var/log/wtmp") or b"")
    real = subprocess.run(
        ["last", "-Rw", "-f", "wtmp"], cwd=tmp_path, env={"TZ": "UTC", "PATH": "/usr/bin"},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    lines = [line.partition("(")[0] for line in real.splitlines() if " pts/" in line]

    assert [line.split() for line in ours.splitlines()] == [line.split() for line in lines] != []
    assert run_at_once(shell, "who /var/log/wtmp | wc -l").out == f"{len(lines)}\n"


def test_a_pipe_gets_all_files_of_the_machine(shell: Shell) -> None:
    answer = run_at_once(shell, "find / | tail -n 1; echo ${PIPESTATUS[@]}")

    assert answer.out == "/vmlinuz.old\n0 0\n"


def test_a_link_of_a_descriptor_shows_how_it_was_opened(shell: Shell) -> None:
    shown = run_at_once(shell, "stat -c '%A %s' /proc/1/fd/0 /proc/1/fd/9 /proc/1/exe /proc/self").out

    assert shown == "lrwx------ 64\nlr-x------ 64\nlrwxrwxrwx 0\nlrwxrwxrwx 0\n"
