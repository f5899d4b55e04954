# ruff: noqa: E501 (commands are compared as they are)
"""Programs of packages work on the visitor's files and on the machine's own facts."""

from __future__ import annotations

import base64
import io
import os
import zipfile
from collections.abc import Iterator

import pytest

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.commands import is_installed
from decnet.decoys.shell.crypto.openssl_more import Aes
from decnet.decoys.shell.files.capabilities import parsed, text_of
from decnet.decoys.shell.files.cpio_members import BadArchive, Member, members, packed, trailer
from decnet.decoys.shell.files.placing import MOST_UNPACKED
from decnet.decoys.shell.state import Shell
from decnet.decoys.shell.system.sudoers_files import wrong_column
from decnet.decoys.shell.system.systemd_analyze import human_span, normalized


@pytest.fixture
def shell() -> Iterator[Shell]:
    out, into = os.pipe()
    os.set_blocking(out, False)
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
    yield Shell(World(persona), "root", Recorder(into).session("192.0.2.9", 4000), cwd="/tmp")
    os.close(out)
    os.close(into)


def run(shell: Shell, line: str) -> tuple[str, str, int]:
    """What a command line prints, its errors, and its status."""
    answer = run_at_once(shell, line)
    return answer.out, answer.error, answer.status


@pytest.mark.parametrize("form", ["bin", "odc", "newc", "crc"])
def test_a_cpio_archive_has_what_was_put_into_it(form: str) -> None:
    given = [
        Member("d", 0o040755, 0, 0, 2, 1_700_000_000, b"", 7),
        Member("d/odd", 0o100644, 0, 0, 1, 1_700_000_001, b"abc", 8),
    ]
    data = b"".join(packed(each, form) for each in given) + trailer(form)
    assert list(members(data)) == given


@pytest.mark.parametrize("data", [b"", b"web01\n", b"070701" + b"F" * 104, b"\xc7\x71" + b"\xff" * 24])
def test_what_is_no_cpio_archive_is_refused(data: bytes) -> None:
    with pytest.raises(BadArchive):
        list(members(data))


def test_cpio_brings_files_to_another_folder(shell: Shell) -> None:
    line = (
        "mkdir a b; echo 1 > a/x; ln -s x a/l; find a | cpio -o -H newc > t.cpio; cd b; cpio -id < ../t.cpio"
    )
    assert run(shell, f"{line}; cat a/x; readlink a/l; cpio -t < ../t.cpio | sort") == (
        "1\nx\na\na/l\na/x\n",
        "1 block\n1 block\n1 block\n",
        0,
    )


def test_no_member_of_an_archive_leaves_the_folder(shell: Shell) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../etc/cron.d/x", "bad\n")
    text = base64.b64encode(buffer.getvalue()).decode()
    run(shell, f"mkdir in; cd in; echo {text} | base64 -d > a.zip; unzip a.zip")
    assert run(shell, "ls /etc/cron.d/x; cat etc/cron.d/x")[0] == "bad\n"


def test_a_bomb_is_unpacked_up_to_a_bound(shell: Shell) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a", "b", "c"):
            archive.writestr(name, bytes(5_000_000))
    text = base64.b64encode(buffer.getvalue()).decode()
    run(shell, f"echo {text} | base64 -d > a.zip; unzip -q a.zip")
    sizes = run(shell, "stat -c %s a b c 2> /dev/null")[0].split()
    assert 0 < sum(map(int, sizes)) <= MOST_UNPACKED


def test_packed_files_are_searched_and_compared(shell: Shell) -> None:
    line = "printf 'a\\nb\\n' > f; gzip -k f; bzip2 -k f; xz -k f; zgrep -c . f.gz; bzgrep b f.bz2; xzgrep -n a f.xz"
    assert run(shell, f"{line}; zcmp f.gz f && zdiff f f.gz; zgrep nosuch f.gz f") == ("2\nb\n1:a\n", "", 1)


def test_a_capability_of_a_file_is_found_by_a_search(shell: Shell) -> None:
    line = "cp /bin/sh /tmp/.s; setcap cap_setuid+ep /tmp/.s; getcap -r / | grep -v ping; setcap -r /tmp/.s"
    assert run(shell, f"{line}; getcap /tmp/.s") == ("/tmp/.s cap_setuid=ep\n", "", 0)


def test_capabilities_are_read_and_shown_in_their_text_form() -> None:
    given = {
        "cap_net_raw+ep": "cap_net_raw=ep",
        "=": "=",
        "all=ep": "=ep",
        "cap_kill=i cap_chown+p": "cap_chown=p cap_kill=i",
    }
    assert {text: text_of(parsed(text) or {}) for text in given} == given
    assert [parsed(text) for text in ("bogus", "cap_nope+p", "cap_kill+z")] == [None] * 3


def test_the_first_error_of_a_sudoers_line_is_found() -> None:
    lines = {
        "root ALL=(ALL:ALL) ALL": 0, "%adm ALL = NOPASSWD: /bin/ls, /bin/cat": 0, "Defaults env_reset": 0, "User_Alias A = b, c": 0,
        "bad line here": 10, "User_Alias a = b": 12,
    }  # fmt: skip
    assert {line: wrong_column(line) for line in lines} == lines


def test_a_file_system_in_an_image_is_what_other_programs_see(shell: Shell) -> None:
    line = "truncate -s 8M f; mkfs.ext4 -q -L data f; e2label f; blkid -o value -s TYPE f; file -b f | cut -d, -f1"
    assert run(shell, line)[0] == "data\next4\nLinux rev 1.0 ext4 filesystem data\n"
    line = "truncate -s 1M s; chmod 600 s; mkswap -L sw s > /dev/null; swaplabel s | head -1; blkid -s LABEL s; wipefs -qa s; blkid s"
    assert run(shell, line) == ('LABEL: sw\ns: LABEL="sw"\n', "", 2)


def test_a_disk_in_use_is_neither_formatted_nor_wiped(shell: Shell) -> None:
    answers = [
        run(shell, f"{each} /dev/sda1")[2] for each in ("mkfs.ext4", "mkswap", "wipefs -a", "fsck.ext4 -y")
    ]
    assert all(answers)
    assert "ext4" in run(shell, "blkid /dev/sda1")[0]


def test_shared_memory_stays_until_it_is_removed(shell: Shell) -> None:
    assert run(shell, "ipcmk -M 4096")[0] == "Shared memory id: 0\n"
    assert run(shell, "ipcs -m | grep -c '^0x'; ipcrm -m 0; ipcs -m | grep -c '^0x'")[0] == "1\n0\n"


def test_calendars_and_spans_have_a_full_form() -> None:
    assert [normalized(each) for each in ("daily", "Mon 3:00", "*-*-1 4:5:6", "bogus")] == [
        "*-*-* 00:00:00", "Mon *-*-* 03:00:00", "*-*-01 04:05:06", "",
    ]  # fmt: skip
    assert human_span(90_000_000) == "1min 30s"


def test_three_files_are_compared_and_merged(shell: Shell) -> None:
    run(shell, "printf '%s\\n' a b c d > o; printf '%s\\n' A b c d > m; printf '%s\\n' a b c D > y")
    assert run(shell, "diff3 -m m o y") == ("A\nb\nc\nD\n", "", 0)


def test_aes_is_that_of_its_standard() -> None:
    for size, sealed in ((16, "69c4e0d86a7b0430d8cdb78070b4c55a"), (32, "8ea2b7ca516745bfeafc49904b496089")):
        aes, block = Aes(bytes(range(size))), bytes.fromhex("00112233445566778899aabbccddeeff")
        assert (aes.encrypt(block).hex(), aes.decrypt(aes.encrypt(block))) == (sealed, block)


def test_what_openssl_has_sealed_it_opens(shell: Shell) -> None:
    line = "echo hi | openssl enc -aes-256-cbc -pbkdf2 -k pw -S 0102030405060708 -base64; echo secret > s"
    line += "; openssl enc -aes-128-cbc -pbkdf2 -k pw -in s -out s.enc; openssl enc -d -aes-128-cbc -pbkdf2 -k pw -in s.enc"
    assert run(shell, line) == ("bM+LIT2SB4ym2R1I33D5dQ==\nsecret\n", "", 0)


def test_a_package_that_is_built_has_its_files(shell: Shell) -> None:
    control = "Package: x\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@b>\\nDescription: d\\n"
    line = f"mkdir -p p/DEBIAN p/opt; echo 1 > p/opt/f; printf '{control}' > p/DEBIAN/control; dpkg-deb -b p x.deb"
    assert run(shell, f"{line}; dpkg-deb -f x.deb Version; dpkg-deb -x x.deb out; cat out/opt/f")[0].endswith(
        "\n1\n1\n"
    )


def test_a_zip_has_what_was_put_into_it(shell: Shell) -> None:
    line = (
        "mkdir d; yes | head -c 5000 > d/x; zip -qr a d; zip a.zip d/x; rm -r d; unzip -q a.zip; wc -c < d/x"
    )
    assert run(shell, line) == ("updating: d/x (deflated 100%)\n5000\n", "", 0)


def test_text_goes_from_one_encoding_to_another(shell: Shell) -> None:
    assert (
        run(shell, "echo é | iconv -t latin1 | od -An -tx1; echo 6869 | basenc -d --base16")[0]
        == " e9 0a\nhi"
    )


def test_only_systems_whose_packages_are_known_have_their_programs() -> None:
    assert [is_installed(name, "rocky") for name in ("dpkg-deb", "ipcs", "getcap", "lsblk")] == [
        False,
        False,
        True,
        True,
    ]
    assert all(is_installed(name, "debian") for name in ("dpkg-deb", "ipcs", "cpio", "systemd-analyze"))
