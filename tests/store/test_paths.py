"""The location and the files of the state directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.errors import StateBroken, UsageError
from decnet.store.home_check import open_home
from decnet.store.paths import Home, find_home, safe_part


@pytest.mark.parametrize(
    ("env", "uid", "root"),
    [
        ({"DECNET_HOME": "/srv/decoys"}, 0, "/srv/decoys"),
        ({"DECNET_HOME": "/srv/decoys", "XDG_STATE_HOME": "/x"}, 1000, "/srv/decoys"),
        ({}, 0, "/var/lib/decnet"),
        ({"XDG_STATE_HOME": "/x", "HOME": "/home/u"}, 0, "/var/lib/decnet"),
        ({"XDG_STATE_HOME": "/x", "HOME": "/home/u"}, 1000, "/x/decnet"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/home/u"}, 1000, "/home/u/.local/state/decnet"),
        ({"DECNET_HOME": "", "HOME": "/home/u"}, 1000, "/home/u/.local/state/decnet"),
    ],
)
def test_the_home_is_found_by_variable_then_user(env: dict[str, str], uid: int, root: str) -> None:
    assert find_home(env, uid) == Home(Path(root))


@pytest.mark.parametrize("named", ["decoys", "./decoys", "~/decoys", "../x"])
def test_a_home_below_the_current_folder_is_refused(named: str) -> None:
    with pytest.raises(UsageError, match="not an absolute path"):
        find_home({"DECNET_HOME": named}, 0)


def test_a_user_without_a_home_directory_is_asked_to_set_one() -> None:
    with pytest.raises(UsageError, match="has no home directory"):
        find_home({}, 4_000_000_001)


@given(st.text(), st.text())
def test_any_name_is_one_safe_part_and_two_names_are_two(one: str, other: str) -> None:
    home = Home(Path("/h"))
    assert home.records(one).parent == home.records_dir
    assert home.events(one).parent == home.events_dir
    assert safe_part(one) not in ("", ".", "..")
    assert (safe_part(one) == safe_part(other)) == (one == other)


def test_a_name_cannot_pose_as_the_hash_of_another() -> None:
    assert safe_part(safe_part("../../etc")) != safe_part("../../etc")


def test_the_folders_are_made_for_their_user_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home")
    open_home(home)
    for folder in (home.root, home.records_dir, home.events_dir, home.keys, home.cache, home.agents):
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["decnet-state.json", "fleet.json", "records/w.json", "known_hosts", "lock"])
def test_a_link_in_a_files_place_is_refused(home: Home, tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").write_text("{}")
    (home.root / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateBroken, match="is a symbolic link, not a file"):
        open_home(home)


def test_a_link_in_a_folders_place_is_refused(home: Home, tmp_path: Path) -> None:
    home.keys.rmdir()
    home.keys.symlink_to(tmp_path)
    with pytest.raises(StateBroken, match="is a symbolic link, not a directory"):
        open_home(home)


def test_a_folder_and_a_pipe_in_a_files_place_are_refused(home: Home) -> None:
    home.state.mkdir()
    with pytest.raises(StateBroken, match="is a directory, not a file"):
        open_home(home)
    home.state.rmdir()
    os.mkfifo(home.state)
    with pytest.raises(StateBroken, match="is a pipe, not a file"):
        open_home(home)


def test_state_that_others_can_read_is_fixed_and_reported(home: Home) -> None:
    home.state.write_text("{}")
    home.state.chmod(0o644)
    assert open_home(home, write=False) == [f"{home.state} can be read by other users (mode 0644)"]
    assert open_home(home) == [f"{home.state} could be read by other users: its mode was 0644, now 0600"]
    assert home.state.stat().st_mode & 0o777 == 0o600
    assert open_home(home) == []


def test_a_private_key_that_others_can_read_is_refused(home: Home) -> None:
    key = home.keys / "fleet_ed25519"
    key.write_text("k")
    key.chmod(0o640)
    (home.keys / "fleet_ed25519.pub").write_text("p")
    (home.keys / "fleet_ed25519.pub").chmod(0o644)
    with pytest.raises(StateBroken, match=r"private key .* can be read by other users \(mode 0640\)"):
        open_home(home)
    key.chmod(0o600)
    assert open_home(home) == []


def test_another_users_file_and_folder_are_refused(home: Home) -> None:
    home.state.write_text("{}")
    os.chown(home.state, 65534, 65534)
    with pytest.raises(StateBroken, match="belongs to user 65534"):
        open_home(home)
    home.state.unlink()
    os.chown(home.records_dir, 65534, 65534)
    with pytest.raises(StateBroken, match="belongs to user 65534"):
        open_home(home)


def test_a_folder_that_others_can_write_is_refused_and_not_touched(home: Home) -> None:
    home.root.chmod(0o777)
    with pytest.raises(StateBroken, match="can be written by other users"):
        open_home(home)
    assert home.root.stat().st_mode & 0o777 == 0o777


@pytest.mark.parametrize("write", [True, False])
def test_a_catalog_that_others_can_write_is_refused(home: Home, write: bool) -> None:
    home.catalog.mkdir(mode=0o755)
    own = home.catalog / "own.toml"
    own.write_text("")
    own.chmod(0o644)
    assert open_home(home, write=write) == []
    own.chmod(0o664)
    with pytest.raises(StateBroken, match=r"own\.toml can be written by other users") as refused:
        open_home(home, write=write)
    assert refused.value.hint == f"check its content, then: chmod go-w {own}"
    own.chmod(0o644)
    os.chown(own, 65534, 65534)
    with pytest.raises(StateBroken, match="belongs to user 65534"):
        open_home(home, write=write)
    own.unlink()
    home.catalog.chmod(0o777)
    with pytest.raises(StateBroken, match="catalog can be written by other users"):
        open_home(home, write=write)


def test_looking_makes_nothing(tmp_path: Path) -> None:
    assert open_home(Home(tmp_path / "none"), write=False) == []
    assert list(tmp_path.iterdir()) == []
