"""Programs refuse an option that they do not have as the release's own program does."""

from __future__ import annotations

import pytest
from plain_shell import shell_of

from decnet.decoys.shell.at_once import run_at_once

WRONG = [
    ("debian-12", "pmap", 1, "\nUsage:\n pmap [options] PID [PID ...]\n"),
    ("debian-12", "htop --nope", 1, "htop: unrecognized option '--nope'\n"),
    ("debian-12", "cron -x", 1, "cron: invalid option -- 'x'\nusage: cron\n"),
    ("ubuntu-22.04", "top -z", 1, "top: unknown option 'z'\nUsage:\n"),
    (
        "debian-12",
        "/usr/bin/nproc -x",
        1,
        "/usr/bin/nproc: invalid option -- 'x'\nTry '/usr/bin/nproc --help'",
    ),
]


@pytest.mark.parametrize(("release", "line", "status", "begin"), WRONG)
def test_a_wrong_call_is_answered_as_it_was_recorded(
    release: str, line: str, status: int, begin: str
) -> None:
    with shell_of(release) as shell:
        answer = run_at_once(shell, line)

    assert answer.status == status
    assert answer.error.startswith(begin)


@pytest.mark.parametrize("line", ["lsblk -V", "swapon -V", "mount -V"])
def test_a_version_by_its_letter_is_the_version(line: str) -> None:
    with shell_of("debian-12") as shell:
        assert "util-linux 2.38.1" in run_at_once(shell, line).out


@pytest.mark.parametrize(
    "line", ["ls -h", "df -h", "free -h", "sort -V", "rsyslogd -v", "curl -sS --version"]
)
def test_an_option_that_the_program_has_is_not_refused(line: str) -> None:
    with shell_of("debian-12") as shell:
        answer = run_at_once(shell, line)

    assert (answer.status, answer.error) == (0, "")
