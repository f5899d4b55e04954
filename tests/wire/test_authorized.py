"""A key file of a user who is not in its group is replaced, and no other group gets its rights."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from decnet.wire.authorized import replace_lines

NOBODY = 65534
OTHER = 12345


def as_nobody(path: Path) -> int:
    """The exit status of a process of that user that writes a line to the file."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            replace_lines(str(path), [b"key"])
            os._exit(0)
        except PermissionError:
            os._exit(13)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
@pytest.mark.parametrize(("owner", "status", "after"), [(NOBODY, 0, (NOBODY, 0o600)), (0, 13, (0, 0o640))])
def test_a_file_is_replaced_for_its_owner_who_is_not_in_its_group(
    owner: int, status: int, after: tuple[int, int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, NOBODY, NOBODY)
        path = Path(folder, "authorized_keys")
        path.write_bytes(b"old\n")
        os.chown(path, owner, OTHER)
        path.chmod(0o640)
        assert as_nobody(path) == status
        found = path.stat()
        assert (found.st_uid, stat.S_IMODE(found.st_mode)) == after
        assert path.read_bytes() == (b"key\n" if status == 0 else b"old\n")
