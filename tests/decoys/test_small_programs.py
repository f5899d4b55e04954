# ruff: noqa: E501 (what real programs print)
"""Small programs of Debian 12 that intruders seldom use print what the real ones print."""

from __future__ import annotations

import pytest
from decoys.plain_shell import shell_of

from decnet.decoys.shell.at_once import run_at_once

ANSWERS = (
    (
        "echo -n abc | b2sum | cut -c1-16; md5sum -c < /dev/null",
        "ba80a53f981c4d0d\n",
        "md5sum: 'standard input': no properly formatted checksum lines found\n",
    ),
    (
        "numfmt --to=iec 1048576 1500; numfmt --from=iec 2K; echo 'x 3000' | numfmt --field=2 --to=si",
        "1.0M\n1.5K\n2048\nx 3.0K\n",
        "",
    ),
    ("tsort <<< 'a b b c'", "a\nb\nc\n", ""),
    ("cd /tmp; seq 5 > l; csplit -s l 3 && cat xx00", "1\n2\n", ""),
    (
        "namei -l /etc/passwd",
        "f: /etc/passwd\ndrwxr-xr-x root root /\ndrwxr-xr-x root root etc\n-rw-r--r-- root root passwd\n",
        "",
    ),
    (
        "namei /bin/sh",
        "f: /bin/sh\n d /\n l bin -> usr/bin\n   d usr\n   d bin\n l sh -> dash\n   - dash\n",
        "",
    ),
    (
        "mknod /tmp/p p && stat -c %F /tmp/p; mknod /tmp/q b 1",
        "fifo\n",
        "mknod: missing operand after ‘1’\nTry 'mknod --help' for more information.\n",
    ),
    (
        "link /etc/hostname /tmp/h; stat -c %h /tmp/h; pathchk -p 'a b'",
        "2\n",
        "pathchk: nonportable character ‘ ’ in file name 'a b'\n",
    ),
    (
        "fallocate -l 1M /tmp/f; stat -c %s /tmp/f; flock /tmp/k echo locked; runuser -u nobody -- id -un",
        "1048576\nlocked\nnobody\n",
        "",
    ),
    ("look roo /etc/passwd; printf '%q\\n' \"a b'c\"", "root:x:0:0:root:/root:/bin/bash\na\\ b\\'c\n", ""),
    (
        "cat --nope; tee --nope; sleep -1",
        "",
        "".join(
            f"{name}: {what}\nTry '{name} --help' for more information.\n"
            for name, what in (
                ("cat", "unrecognized option '--nope'"),
                ("tee", "unrecognized option '--nope'"),
                ("sleep", "invalid option -- '1'"),
            )
        ),
    ),
    (
        "sfdisk -z; busctl --nope",
        "",
        "sfdisk: invalid option -- 'z'\nTry 'sfdisk --help' for more information.\nbusctl: unrecognized option '--nope'\n",
    ),
    (
        "dpkg --compare-versions 1.2 lt 1.10 && echo lt; dpkg --compare-versions 1.0~rc1 lt 1.0 && echo tilde; dpkg --compare-versions 1:1 gt 2 && echo epoch",
        "lt\ntilde\nepoch\n",
        "",
    ),
    ("trap 'echo bye' EXIT; kill -0 $$ && echo alive", "alive\nbye\n", ""),
    (
        "bash -x -c 'echo hi'; set -x; (echo a); : $(echo b)",
        "hi\na\n",
        "+ echo hi\n+ echo a\n++ echo b\n+ : b\n",
    ),
    (
        "compgen -W 'apple banana' b; compgen -d /et; compgen -A signal | head -2; hostnamectl --static",
        "banana\n/etc\nEXIT\nSIGHUP\nweb01\n",
        "",
    ),
    (
        "journalctl --since nope; tar --nope",
        "",
        "Failed to parse timestamp: nope\ntar: unrecognized option '--nope'\nTry 'tar --help' or 'tar --usage' for more information.\n",
    ),
    (
        "less /nope; more /nope; more /etc",
        "/nope: No such file or directory\n\n*** /etc: directory ***\n\n",
        "more: cannot open /nope: No such file or directory\n",
    ),
    (
        "find /etc -user nosuch; find /etc/passwd -user root; tail -f /nope",
        "/etc/passwd\n",
        "find: ‘nosuch’ is not the name of a known user\ntail: cannot open '/nope' for reading: No such file or directory\ntail: no files remaining\n",
    ),
    (
        "mkfs -V; getconf CLK_TCK NAME_MAX 2>&1 | head -1",
        "mkfs from util-linux 2.38.1\nUsage: getconf [-v specification] variable_name [pathname]\n",
        "",
    ),
)


@pytest.mark.parametrize(("line", "out", "error"), ANSWERS)
def test_a_program_prints_what_the_real_one_prints(line: str, out: str, error: str) -> None:
    with shell_of("debian-12") as shell:
        answer = run_at_once(shell, line)

    assert (answer.out, answer.error) == (out, error)
