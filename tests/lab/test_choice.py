"""Which engine a worker is given, and what is refused before anything is started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from decnet.errors import LockHeld, UsageError
from decnet.lab import Lab, choice, mountpoints, parse_options, trees, up
from decnet.lab.guard import exclusive
from decnet.lab.trees import Recipe


def silent(_sentence: str) -> None:
    pass


def test_options_nest_by_dots_and_have_json_values_or_text() -> None:
    words = [
        "live-restore=true",
        "features.containerd-snapshotter=true",
        "log-opts.max-size=10m",
        "log-driver=local",
    ]
    assert parse_options([*words, "data-root=/srv/my docker", "mtu=1400", "bridge="]) == {
        "live-restore": True,
        "features": {"containerd-snapshotter": True},
        "log-opts": {"max-size": "10m"},
        "log-driver": "local",
        "data-root": "/srv/my docker",
        "mtu": 1400,
        "bridge": "",
    }


@pytest.mark.parametrize("words", [["live-restore"], ["=true"], ["a..b=1"], ["a=1", "a.b=2"]])
def test_an_option_that_is_none_is_refused(words: list[str]) -> None:
    with pytest.raises(UsageError, match="engine option"):
        parse_options(words)


def test_a_name_in_capitals_is_a_variable_of_the_engine() -> None:
    found = choice.Choice(options=parse_options(["DOCKER_MIN_API_VERSION=1.44", "ipv6=true"]))
    assert (found.environment, found.settings) == (["DOCKER_MIN_API_VERSION=1.44"], {"ipv6": True})


def test_an_unknown_engine_and_a_setting_of_the_labs_own_are_refused(tmp_path: Path) -> None:
    lab = Lab("tlabx", tmp_path / "lab")
    with pytest.raises(UsageError, match="'woody' is unknown"):
        up(lab, engines=["woody"])
    with pytest.raises(UsageError, match="'hosts' is set by the lab"):
        up(lab, engine_options={"hosts": ["tcp://0.0.0.0:2375"]})
    with pytest.raises(UsageError, match="not an absolute path"):
        up(lab, engine_options={"data-root": "docker"})
    assert choice.of(lab.worker(1)) == choice.Choice()


def test_a_worker_keeps_its_engine_and_refuses_another(tmp_path: Path) -> None:
    lab = Lab("tlabx", tmp_path / "lab")
    first, second = lab.worker(1), lab.worker(2)
    choice.choose([first], ["host"], {"live-restore": True}, silent)
    choice.choose([first, second], [], {}, silent)
    assert choice.of(first).options == {"live-restore": True}
    assert choice.of(second) == choice.Choice()
    with pytest.raises(UsageError, match="w1 already has the engine 'host'"):
        choice.choose([first], ["trixie"], {}, silent)
    with pytest.raises(UsageError, match="to new workers, and there are none"):
        choice.choose([second], [], {"live-restore": True}, silent)


def test_a_worker_of_a_lab_before_this_choice_has_the_machines_engine(tmp_path: Path) -> None:
    worker = Lab("tlabx", tmp_path / "lab").worker(1)
    (worker.folder / "pids").mkdir(parents=True)
    with pytest.raises(UsageError, match="w1 already has the engine 'host'"):
        choice.choose([worker], ["trixie"], {}, silent)


def test_the_folders_above_a_mount_point_go_with_it() -> None:
    point = Path("/srv/tlabx a/b c")
    with exclusive(""):
        mountpoints.make([str(point)])
        assert point.is_dir()
        mountpoints.remove()
    assert not point.parent.exists()


def test_a_mount_point_is_read_without_its_escapes(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text("36 35 98:0 / /srv/my\\040docker\\134x rw - ext4 /dev/root rw\n")
    assert mountpoints.mounted(table) == ["/srv/my docker\\x"]


def test_a_release_that_cannot_be_had_is_one_sentence_and_leaves_nothing() -> None:
    recipe = Recipe("none", "no-such-release", ("base-files",))
    with pytest.raises(trees.Unavailable, match="Debian no-such-release cannot be installed: ") as refused:
        trees.make_tree(recipe, silent)
    assert refused.value.hint is not None and "\n" not in refused.value.message
    assert list(trees.CACHE.glob("*tree-none-*")) == []


def test_what_a_running_program_was_started_with_stays_in_the_cache() -> None:
    used, unused = trees.CACHE / "tlabx-used.img", trees.CACHE / "tlabx-unused.img"
    trees.CACHE.mkdir(mode=0o700, parents=True, exist_ok=True)
    with subprocess.Popen(["sh", "-c", "read line", "sh", f"ubd0=disk.cow,{used}"], stdin=subprocess.PIPE):
        used.touch()
        unused.touch()
        trees.remove_unused("tlabx-*.img")
        left = list(trees.CACHE.glob("tlabx-*.img"))
    trees.remove_unused("tlabx-*.img")
    assert (left, used.exists()) == ([used], False)


def test_the_cache_is_locked_by_a_name_that_no_lab_can_have(tmp_path: Path) -> None:
    recipe = Recipe("here", "none", ())
    with exclusive("trees"), pytest.raises(trees.Unavailable):
        trees.make_tree(recipe, silent)
    late = pytest.raises(LockHeld, match="is using the tlabx of the labs")
    with exclusive("cache/tlabx"), late, exclusive("cache/tlabx", limit=0.1):
        pass


IN_THREE_LOCKS = """
from decnet.lab.guard import exclusive
from decnet.lab.trees import Recipe, make_tree, remove_tree
with exclusive("tlabx1"), exclusive("tlabx2"), exclusive("tlabx3"):
    tree = make_tree(Recipe("tlabx", "trixie", ("base-files",), variant="extract"), print)
assert (tree / "etc/debian_version").read_text().startswith("13")
remove_tree(tree)
"""


@pytest.mark.engines
def test_a_tree_is_made_while_other_locks_are_held() -> None:
    """In a program whose first free descriptors are theirs, as those of a command are."""
    argv = [sys.executable, "-c", IN_THREE_LOCKS]
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
