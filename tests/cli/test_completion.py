"""Completion: names of everything at the cursor, fast, and in real shells at a real terminal."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from shell_at_a_terminal import Shell

from decnet.cli.completion import answer, rendered
from decnet.cli.tree import tree

WORKERS = {
    "1": {"name": "edge-1", "tags": ["dmz"]},
    "2": {"name": "hall", "tags": []},
    "3": {"tags": "torn"},
    "4": 7,
}
DECKIES = {"web-01": {"services": {"http": {}, "ssh": {}}}, "web-02": {"services": {}}, "quarry": {}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "fleet.json").write_text(
        json.dumps({"workers": WORKERS, "quarantine": {"1": {"address": "192.0.2.9"}}})
    )
    state = {"deckies": DECKIES, "rollouts": {"careful": {}}}
    (tmp_path / "decnet-state.json").write_text(json.dumps(state))
    (tmp_path / "rollouts.toml").write_text('[rollout.slow]\nsoak = "1d"\n')
    for name, status in (("0123456789ab", "running"), ("ended/fedcba987654", "done")):
        folder = tmp_path / "rollouts" / name
        folder.mkdir(parents=True)
        state = {"status": status, "units": {"edge-1": {"status": "waiting"}, "hall/branch": {}}}
        (folder / "state.json").write_text(json.dumps(state))
    (tmp_path / "rollouts" / "quarantine.json").write_text("[]")
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "own.toml").write_text(
        '[service.zed]\nports=[80]\nimage="a"\nsummary="mine"\n[archetype.kiosk]\nservices=["zed"]\n'
    )
    monkeypatch.setenv("DECNET_HOME", str(tmp_path))
    return tmp_path


def words(line: str) -> list[str]:
    given = answer(line)
    return [given.prefix + word for word, _ in given.words]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("decnet stat", ["status"]),
        ("decnet bogus ", []),
        ("decnet worker sho", ["show"]),
        ("decnet worker show ", ["local", "edge-1", "hall"]),
        ("decnet worker show h", ["hall"]),
        ("decnet deploy --worker=h", ["--worker=hall"]),
        ("decnet mutate ", ["web-01", "web-02", "quarry"]),
        ("decnet mutate web-01 w", ["web-02"]),
        ("decnet teardown --yes q", ["quarry"]),
        ("decnet logs web-01 ", ["http", "ssh"]),
        ("decnet logs web-01 http ", []),
        ("decnet events --decky quar", ["quarry"]),
        ("decnet history q", ["quarry"]),
        ("decnet deploy -s ssh,z", ["ssh,zed"]),
        ("decnet deploy --services=ssh,z", ["--services=ssh,zed"]),
        ("decnet deploy -s ssh,ss", []),
        ("decnet deploy --archetype ki", ["kiosk"]),
        ("decnet deploy --os em", ["embedded"]),
        ("decnet deploy --os windows_", []),
        ("decnet deploy --archetype domain", []),
        ("decnet reconcile --on ", ["local", "edge-1", "hall", "@dmz"]),
        ("decnet reconcile --on '@d", ["@dmz"]),
        ("decnet reconcile --on '@dmz,!h", ["@dmz,!hall"]),
        ("decnet status --detailed-exitcode --deta", []),
        ("decnet status -o json", ["json", "jsonl"]),
        ("decnet worker release 192", ["192.0.2.9"]),
        ("decnet deploy --rollout ", ["careful", "default", "slow"]),
        ("decnet image upgrade --rollout=d", ["--rollout=default"]),
        ("decnet deploy --on-failure ro", ["rollback"]),
        ("decnet rollout show ", ["0123456789ab", "fedcba987654"]),
        ("decnet rollout retry ", ["edge-1", "hall/branch"]),
        ("decnet rollout skip edge-1 ", ["hall/branch"]),
        ("decnet rollout wait f", ["fedcba987654"]),
        ("decnet mutate -- -", []),
        ("decnet deploy -n ", []),
    ],
)
def test_what_may_stand_at_the_cursor(home: Path, line: str, expected: list[str]) -> None:
    assert words(line) == expected


def test_files_are_left_to_the_shell(home: Path) -> None:
    assert answer("decnet deploy -c fl").how == "files"
    assert answer("decnet validate ").how == "files"


def test_options_are_completed_with_what_they_mean(home: Path) -> None:
    assert ("--archetype", "A kind of machine; see `decnet archetypes`.") in answer("decnet deploy --a").words
    assert dict(answer("decnet deploy -s z").words) == {"zed": "mine"}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"workers": 3, "deckies": 3}', "\xff"])
def test_a_broken_home_completes_nothing_and_says_nothing(home: Path, content: str) -> None:
    (home / "fleet.json").write_text(content, encoding="latin-1")
    (home / "decnet-state.json").write_text(content, encoding="latin-1")
    (home / "catalog" / "own.toml").write_text(content, encoding="latin-1")
    assert words("decnet mutate ") == []
    assert words("decnet worker show ") == ["local"]
    assert "ssh" in words("decnet deploy -s ")


def test_a_name_with_control_characters_is_never_offered(home: Path) -> None:
    (home / "decnet-state.json").write_text(json.dumps({"deckies": {"a\x1b[2Jb\n": {}, "fine": {}}}))
    assert words("decnet mutate ") == ["fine"]


def test_bash_gets_only_what_it_replaces(home: Path) -> None:
    def completions(line: str) -> list[str]:
        return rendered(answer(line), "bash", {"_DECNET_LINE": line}).splitlines()

    assert completions("decnet deploy --worker=h") == ["words", "hall"]
    assert completions("decnet reconcile --on=hall,@") == ["list", "@dmz"]


def test_completion_needs_neither_typer_nor_pydantic(home: Path) -> None:
    program = (
        "import sys; from decnet.cli.completion import main; code = main();"
        "print(code, {'typer', 'pydantic', 'rich'} & set(sys.modules), file=sys.stderr)"
    )
    asked = {"_DECNET_COMPLETE": "zsh", "_DECNET_LINE": "decnet deploy -s ze"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("list\n\nzed:mine\n", "0 set()\n")


def test_every_name_that_a_user_types_has_a_kind() -> None:
    commands = tree()["commands"]
    takes = {option["names"][-1]: option["takes"] for option in commands["deploy"]["options"]}
    assert [
        takes[name] for name in ("--services", "--archetype", "--os", "--worker", "--on", "--config")
    ] == [
        "services",
        "archetype",
        "os",
        "worker",
        "selector",
        "files",
    ]
    workers = commands["worker"]["commands"]
    for name in ("show", "trust", "rename", "tag", "drain", "undrain", "remove"):
        assert workers[name]["arguments"][0]["takes"] == "worker"


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_in_a_real_shell(name: str, home: Path) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    (home / "fleet.toml").write_text("")
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "TERM": "xterm",
        "DECNET_HOME": str(home),
    }
    with Shell(name, environment, home) as shell:
        shell.tab("decnet recon", "decnet reconcile ")
        shell.tab("decnet deploy -s ssh,z", "-s ssh,zed")
        shell.tab("decnet reconcile --on @d", "--on @dmz")
        shell.tab("decnet mutate q", "mutate quarry")
        shell.tab("decnet worker show ed", "worker show edge-1 ")
        shell.tab("decnet deploy --archetype ki", "--archetype kiosk ")
        shell.tab("decnet validate fleet.t", "validate fleet.toml ")
