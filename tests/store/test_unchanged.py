"""What a command rested on is compared by content, and what is damaged or not ours alone does not count."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from decnet.store import unchanged
from decnet.store.home_check import open_home
from decnet.store.paths import Home, find_home
from decnet.store.unchanged import Basis, keep, load, state_digest

KNOWN = {"program": "p", "output": "deploy: 5 kept\n"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    open_home(made)
    for path in (made.state, made.records("w"), made.audit, made.seen, made.keys / "fleet_ed25519"):
        path.write_text("{}")
        path.chmod(0o600)
    return made


def changed(home: Home, change: Callable[[Home], object]) -> bool:
    before = state_digest(str(home.root))
    change(home)
    return state_digest(str(home.root)) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda home: home.state.write_text("[]"),
        lambda home: home.records("w").write_text("[]"),
        lambda home: home.records("v").write_text(""),
        lambda home: home.records("w").unlink(),
        lambda home: home.state.chmod(0o644),
        lambda home: home.audit.chmod(0o644),
        lambda home: home.events_dir.chmod(0o755),
        lambda home: home.root.chmod(0o755),
        lambda home: home.catalog.mkdir(),
        lambda home: (home.keys / "fleet_ed25519").write_text("other"),
        lambda home: (home.root / ".x.1.ab.tmp").write_text(""),
        lambda home: (home.root / "topologies.json").symlink_to(home.state),
    ],
)
def test_what_a_plan_can_rest_on_counts(home: Home, change: Callable[[Home], object]) -> None:
    assert changed(home, change)


@pytest.mark.parametrize(
    "change",
    [
        lambda home: home.seen.write_text("[]"),
        lambda home: home.audit.write_text("[]"),
        lambda home: (home.events_dir / "w").mkdir(),
        lambda home: (home.cache / "x").write_text(""),
        lambda home: os.utime(home.state, (1, 1)),
    ],
)
def test_what_no_plan_rests_on_does_not(home: Home, change: Callable[[Home], object]) -> None:
    assert not changed(home, change)


def test_a_change_of_the_same_length_at_the_same_time_counts(home: Home) -> None:
    found = home.state.stat()

    def change(_: Home) -> None:
        home.state.write_text("[]")
        os.utime(home.state, ns=(found.st_atime_ns, found.st_mtime_ns))

    assert changed(home, change)


def test_what_is_kept_is_loaded_for_the_same_command_only(home: Home) -> None:
    basis = Basis(["deploy"], str(home.root))
    keep(basis, KNOWN)
    assert load(basis) == KNOWN
    assert load(Basis(["deploy", "--yes"], str(home.root))) is None


def test_another_folder_or_variable_is_another_command(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [Basis(["deploy"], str(home.root)).key]
    monkeypatch.setenv("DECNET_X", "1")
    keys.append(Basis(["deploy"], str(home.root)).key)
    monkeypatch.chdir(tmp_path)
    keys.append(Basis(["deploy"], str(home.root)).key)
    assert len(set(keys)) == 3


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_bytes(path.read_bytes().replace(b"5 kept", b"6 kept")),
        lambda path: path.write_bytes(path.read_bytes()[:-3]),
        lambda path: path.write_bytes(b""),
        lambda path: path.chmod(0o640),
        lambda path: path.rename(path.with_suffix(".x")) and path.symlink_to(path.with_suffix(".x")),
    ],
)
def test_what_is_damaged_or_of_others_does_not_count(home: Home, harm: Callable[[Path], object]) -> None:
    basis = Basis(["deploy"], str(home.root))
    keep(basis, KNOWN)
    harm(Path(basis.path))
    assert load(basis) is None


def test_the_oldest_go_first(home: Home) -> None:
    made = [Basis(["deploy", str(number)], str(home.root)) for number in range(unchanged.KEPT + 2)]
    for number, basis in enumerate(made):
        keep(basis, KNOWN)
        os.utime(basis.path, (number, number))
    keep(Basis(["status"], str(home.root)), KNOWN)
    assert [load(basis) is None for basis in made] == [True] * 3 + [False] * (len(made) - 3)


@pytest.mark.parametrize(
    "variables",
    [
        {"DECNET_HOME": "/a/b"},
        {"DECNET_HOME": ""},
        {"XDG_STATE_HOME": "/x"},
        {"XDG_STATE_HOME": "x"},
        {},
    ],
)
@pytest.mark.parametrize("uid", [0, 1000])
def test_the_state_directory_is_the_one_that_every_command_uses(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], uid: int
) -> None:
    for name in ("DECNET_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/u", **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "getuid", lambda: uid)
    assert unchanged.state_folder() == str(find_home(os.environ, uid).root)


@pytest.mark.parametrize(
    ("at", "skew", "fresh"),
    [(0.0, 0.0, True), (-899.0, 0.9, True), (-901.0, 0.0, False), (1.0, 0.0, False), (0.0, 1.1, False)],
)
def test_a_contact_is_written_again_when_it_is_old_or_the_clock_has_moved(
    at: float, skew: float, fresh: bool
) -> None:
    now = 1_000_000.0
    assert unchanged.is_fresh(now + at, 0.5, now, 0.5 + skew) is fresh


def test_what_cannot_be_stored_leaves_nothing(home: Home) -> None:
    basis = Basis(["status"], str(home.root))
    before, fewest = os.listdir(home.cache), resource.getrlimit(resource.RLIMIT_FSIZE)
    # The write fails as on a full disk: Python ignores the signal.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, fewest[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            keep(basis, KNOWN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, fewest)

    assert os.listdir(home.cache) == before


def test_a_skew_that_an_answer_allows_is_the_noted_one(home: Home) -> None:
    rows = {"near": {"at": time.time(), "skew": 0.5}, "far": {"at": time.time(), "skew": -3.0}}
    (home.root / "seen.json").write_text(json.dumps(rows))
    assert unchanged.skews_of(str(home.root), {"near": (0.1, 0.9), "far": (-2.5, -2.0)}) == {
        "near": 0.5,
        "far": -2.5,
    }
    assert unchanged.skews_of(str(home.root), {"far": (-1.5, 0.0)}) is None
