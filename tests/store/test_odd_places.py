"""State directories in odd places: without file locks, in a deleted folder, under an open umask."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lockless import FLOCK, NO_LOCKS, without_locks

from decnet.store.desired import new_fleet, save_fleet
from decnet.store.home_check import open_home
from decnet.store.paths import Home

DECNET = Path(sys.executable).with_name("decnet")


def ran(
    home: str, *words: str, before: list[str] | None = None, **how: object
) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "DECNET_HOME": home, "DECNET_AGENT_HOME": "/nonexistent/agent"}
    env |= {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
    return subprocess.run(
        [*(before or []), str(DECNET), *words],
        env=env, capture_output=True, text=True, timeout=60, check=False, **how,  # type: ignore[call-overload, no-any-return]
    )  # fmt: skip


@pytest.mark.skipif(os.uname().machine not in FLOCK, reason="no number of flock(2) for this machine")
@pytest.mark.parametrize("error", NO_LOCKS)
def test_a_file_system_without_locks_is_reported_as_such(tmp_path: Path, error: str) -> None:
    home = tmp_path / "home"
    open_home(Home(home))
    save_fleet(Home(home), new_fleet())
    done = ran(str(home), "teardown", "--all", "-y", "--lock-timeout", "1", before=without_locks(error))
    assert done.returncode == 1
    assert f"error: cannot lock {home}/lock: " in done.stderr
    assert (
        "its file system has no file locks (flock): set DECNET_HOME to a directory on a local disk"
        in done.stderr
    )
    assert ran(str(home), "status", before=without_locks(error)).returncode == 0


@pytest.mark.parametrize(
    "words", [["status"], ["services"], ["deploy", "-s", "ssh", "--dry-run"], ["--help"]]
)
@pytest.mark.parametrize("named", ["relative", ""])
def test_a_deleted_working_directory_is_no_traceback(tmp_path: Path, words: list[str], named: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'rmdir {gone}; exec "$0" "$@"'
    home = named or str(tmp_path / "home")
    done = ran(home, *words, before=["sh", "-c", script], cwd=gone)
    assert "Traceback" not in done.stderr
    if named and words != ["--help"]:
        assert done.returncode == 2
        assert "DECNET_HOME is 'relative', which is not an absolute path" in done.stderr
        assert "hint: the working directory was deleted" in done.stderr


def test_an_open_umask_opens_nothing(tmp_path: Path) -> None:
    home = tmp_path / "a" / "b" / "home"
    for words in (["status"], ["deploy", "-s", "ssh", "-y"], ["worker", "add", "w1", "root@127.0.0.1:1"]):
        ran(str(home), *words, umask=0)
    modes = {path: path.stat().st_mode & 0o777 for path in (tmp_path / "a").rglob("*")}
    inside = {path: mode for path, mode in modes.items() if home in path.parents}
    assert {mode for path, mode in inside.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in inside.items() if path.is_dir()} == {0o700}
    assert (modes[home], modes[home.parent], (tmp_path / "a").stat().st_mode & 0o777) == (0o700, 0o755, 0o755)
    shutil.rmtree(tmp_path / "a")
