"""Which engine a worker is given, and what is refused before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from decnet.errors import UsageError
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
    with pytest.raises(UsageError, match="'hosts' belongs to the lab"):
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
    with pytest.raises(UsageError, match="w1 has the engine 'host' already"):
        choice.choose([first], ["trixie"], {}, silent)
    with pytest.raises(UsageError, match="for new workers, and there is none"):
        choice.choose([second], [], {"live-restore": True}, silent)


def test_a_worker_of_a_lab_before_this_choice_has_the_machines_engine(tmp_path: Path) -> None:
    worker = Lab("tlabx", tmp_path / "lab").worker(1)
    (worker.folder / "pids").mkdir(parents=True)
    with pytest.raises(UsageError, match="w1 has the engine 'host' already"):
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
    with pytest.raises(trees.Unavailable, match="no tree of Debian no-such-release: ") as refused:
        trees.make_tree(recipe, silent)
    assert refused.value.hint is not None and "\n" not in refused.value.message
    assert list(trees.CACHE.glob("*tree-none-*")) == []
