"""What a program makes of the bytes of a packaged file belongs together, by whichever way the bytes come."""

from __future__ import annotations

import zipfile
from importlib.resources import files

import pytest
from decoys.plain_shell import shell_of

from decnet.decoys.host.readable import ARCHIVE
from decnet.decoys.host.release_data import release_data
from decnet.decoys.shell.at_once import run_at_once

SAME = (
    ("md5sum < /bin/ls", "cat /bin/ls | md5sum"),
    ("md5sum < /bin/ls", "base64 /bin/ls | base64 -d | md5sum"),
    ("md5sum < /bin/ls", "gzip -c /bin/ls | zcat | md5sum"),
    ("md5sum /bin/ls | cut -c1-32", "cat /bin/ls > /tmp/x; md5sum /tmp/x | cut -c1-32"),
    ("md5sum /bin/ls | cut -c1-32", "dd if=/bin/ls of=/tmp/x status=none; md5sum /tmp/x | cut -c1-32"),
    ("sha1sum < /usr/sbin/sshd", "cat /usr/sbin/sshd | sha1sum"),
    ("stat -c %s /bin/bash", "cat /bin/bash | wc -c"),
    ("stat -c %s /bin/bash", "wc -c < /bin/bash"),
    ("stat -c %s /bin/bash", "cat /bin/bash > /tmp/x; stat -c %s /tmp/x"),
    ("stat -c %s /bin/ls", "dd if=/bin/ls of=/dev/null 2>&1 | tail -1 | cut -d' ' -f1"),
    ("echo same", "cat /bin/ls > /tmp/x; cmp /bin/ls /tmp/x && echo same"),
    ("printf '\\177ELF' | xxd -p", "head -c 4 /bin/ls | xxd -p"),
    ("/bin/ls /etc/hostname", "cat /bin/ls > /tmp/x; chmod +x /tmp/x; /tmp/x /etc/hostname"),
)


@pytest.mark.parametrize("release", ["debian-12", "ubuntu-22.04"])
@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_ways_to_the_bytes_of_a_file_agree(release: str, one: str, other: str) -> None:
    with shell_of(release) as shell:
        first, second = run_at_once(shell, one), run_at_once(shell, other)

    assert (first.out, first.error) == (second.out, second.error)
    assert first.out


def test_bytes_that_a_visitor_changes_are_his_own() -> None:
    line = "cat /bin/ls > /tmp/x; echo y >> /tmp/x; wc -c < /tmp/x; cat /tmp/x | md5sum; md5sum < /bin/ls"
    with shell_of("debian-12") as shell:
        size, changed, whole = run_at_once(shell, line).out.splitlines()

    assert int(size) > 0
    assert changed != whole


@pytest.mark.parametrize("release", ["debian-12", "ubuntu-22.04"])
@pytest.mark.parametrize(
    "path", ["/etc/protocols", "/etc/gai.conf", "/usr/bin/zgrep", "/etc/systemd/logind.conf"]
)
def test_configuration_and_scripts_are_texts_of_their_size(release: str, path: str) -> None:
    with shell_of(release) as shell:
        line = f"head -1 {path} | cut -c1; wc -c < {path}; stat -c %s {path}; grep -c '^[0-9a-f]*$' {path}"
        mark, size, shown, _ = run_at_once(shell, line).out.splitlines()

    assert mark == "#"
    assert size == shown


@pytest.mark.parametrize(
    "release", ["debian-11", "debian-12", "ubuntu-20.04", "ubuntu-22.04", "ubuntu-24.04"]
)
def test_no_program_code_is_stored(release: str) -> None:
    data = release_data(release)
    entries = (entry for folder in data.folders() for _, entry in data.folder(folder))
    texts = (data.text(int(entry.reference[1:])) for entry in entries if entry.reference.startswith("t"))
    assert [text[:40] for text in texts if text.startswith(b"#!")] == []


def test_of_a_script_only_the_first_line_is_stored() -> None:
    archive = zipfile.ZipFile(str(files("decnet.decoys.host").joinpath("data", ARCHIVE)))
    texts = [archive.read(name) for name in archive.namelist()]
    assert [text[:40] for text in texts if text.startswith(b"#!") and text.index(b"\n") < len(text) - 1] == []


def test_a_file_of_zeros_is_no_copy_of_a_larger_one() -> None:
    large = "dd if=/dev/zero of=/tmp/large bs=1M count=9 status=none; cat /tmp/large | wc -c"
    small = "dd if=/dev/zero of=/tmp/small bs=4k count=1 status=none; stat -c %s /tmp/small"
    with shell_of("debian-12") as shell:
        assert run_at_once(shell, f"{large}; {small}").out.split() == ["9437184", "4096"]
