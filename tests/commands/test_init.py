"""Row C11: `decnet init` writes a first fleet file for this machine's LAN, and timers if they are wanted."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from decnet.catalog import load as load_catalog
from decnet.commands.init import InitOptions, fleet_file, init
from decnet.commands.own_lan import own_lan
from decnet.commands.timers import documented
from decnet.commands.validate import validate
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome
from decnet.errors import UsageError
from decnet.model.fleetfile import parse
from decnet.store.paths import Home

DECNET = Path(sys.executable).with_name("decnet")
HEAD = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"


def route(interface: str, to: str, gateway: str, mask: str, metric: int) -> str:
    return f"{interface} {to} {gateway} 0003 0 0 {metric} {mask} 0 0 0\n"


NOT = "00000000"
LAN = HEAD + route("eth0", NOT, "010200C0", NOT, 100) + route("eth0", "000200C0", NOT, "00FFFFFF", 100)
TWO = LAN + route("wg0", NOT, "0100000A", NOT, 50) + route("wg0", "0000000A", NOT, "C0FFFFFF", 50)
TINY = HEAD + route("p", NOT, "0100000A", NOT, 0) + route("p", "0000000A", NOT, "FCFFFFFF", 0)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(Home(tmp_path / "home"), load_catalog(), emit=lambda event: None)


@pytest.fixture
def options(tmp_path: Path) -> InitOptions:
    """A machine in `tmp_path/root`, with systemd's and cron's folders."""
    for folder in ("etc/systemd/system", "etc/cron.d", "run/systemd/system"):
        (tmp_path / "root" / folder).mkdir(parents=True)
    (tmp_path / "routes").write_text(LAN)
    return InitOptions(tmp_path / "fleet.toml", root=tmp_path / "root", routes=tmp_path / "routes")


def written(options: InitOptions) -> list[str]:
    return sorted(str(p.relative_to(options.root)) for p in options.root.rglob("*") if p.is_file())


def test_the_file_is_valid_and_describes_this_machine(context: Context, options: InitOptions) -> None:
    outcome = init(context, options)
    text = options.path.read_text()
    assert validate(context, options.path).document["deckies"] == ["web"]
    assert all(f in text for f in ('interface = "eth0"', 'subnet = "192.0.2.0/24"', 'gateway = "192.0.2.1"'))
    assert isinstance(outcome, TextOutcome) and "next:" in outcome.lines
    assert written(options) == [] and not context.home.root.exists()


@pytest.mark.parametrize("routes", [LAN, TWO, TINY, HEAD, ""])
def test_every_example_in_it_is_valid_once_its_comment_sign_is_removed(
    tmp_path: Path, routes: str, context: Context
) -> None:
    (tmp_path / "routes").write_text(routes)
    lines = fleet_file(Path("fleet.toml"), own_lan(tmp_path / "routes")).splitlines()
    examples = [line[2:] if line.startswith(("# [", "# ")) and _is_toml(line[2:]) else line for line in lines]
    (tmp_path / "fleet.toml").write_text("\n".join(examples))
    assert validate(context, tmp_path / "fleet.toml").document["deckies"] == [
        "files", "office-01", "office-02", "office-03", "web",
    ]  # fmt: skip
    spec = parse("\n".join(examples), "fleet.toml")
    assert spec.network.interface and spec.network.addresses.use


def _is_toml(line: str) -> bool:
    return line.startswith("[decky.") or line.split(" ")[1:2] == ["="]


@pytest.mark.parametrize(("routes", "interface"), [(LAN, "eth0"), (TWO, "wg0"), (TINY, None), (HEAD, None)])
def test_the_lan_is_the_one_of_the_best_default_route(
    tmp_path: Path, routes: str, interface: str | None
) -> None:
    (tmp_path / "routes").write_text(routes)
    lan = own_lan(tmp_path / "routes")
    assert (lan.interface if lan else None) == interface
    if lan is not None:
        first, last = map(ip_address, lan.example.split("-"))
        assert first in ip_network(str(lan.subnet)) and last in lan.subnet
        assert not first <= lan.gateway <= last and last != lan.subnet.broadcast_address


def test_with_sudo_the_file_belongs_to_the_user_and_the_next_commands_have_sudo(
    context: Context, options: InitOptions
) -> None:
    outcome = init(context, replace(options, called_by=(12345, 12346)))
    found = options.path.stat()
    assert (found.st_uid, found.st_gid) == (12345, 12346)
    assert any("sudo decnet deploy -c" in line for line in outcome.lines)


def test_an_existing_file_is_replaced_with_force_only(context: Context, options: InitOptions) -> None:
    options.path.write_text("mine")
    with pytest.raises(UsageError, match="exists already and was not changed"):
        init(context, options)
    assert options.path.read_text() == "mine"
    init(context, replace(options, force=True))
    assert "[decky.web]" in options.path.read_text()


def test_timers_start_this_decnet_with_this_state_directory(context: Context, options: InitOptions) -> None:
    wanted = replace(options, timers="systemd", program=Path("/opt/decnet/bin/decnet"), home="/srv/decnet")
    outcome = init(context, wanted)
    assert len(written(options)) == 6
    service = (options.root / "etc/systemd/system/decnet-events.service").read_text()
    assert "ExecStart=/opt/decnet/bin/decnet events --pull" in service
    assert "Environment=DECNET_HOME=/srv/decnet\n" in service
    assert any(line.startswith("to start the timers: sudo systemctl") for line in outcome.lines)


def test_cron_finds_this_decnet_with_this_state_directory(context: Context, options: InitOptions) -> None:
    init(context, replace(options, timers="cron", program=Path("/opt/decnet/bin/decnet"), home="/srv/decnet"))
    assert written(options) == ["etc/cron.d/decnet"]
    lines = (options.root / "etc/cron.d/decnet").read_text().splitlines()
    assert lines[1].startswith("PATH=/opt/decnet/bin:/usr/local/sbin:") and "DECNET_HOME=/srv/decnet" in lines


def test_timers_can_be_added_later_and_again(context: Context, options: InitOptions) -> None:
    options.path.write_text("mine")
    for _ in range(2):
        outcome = init(context, replace(options, timers="cron"))
        assert outcome.lines[0].endswith("exists and was not changed")
    assert (options.path.read_text(), written(options)) == ("mine", ["etc/cron.d/decnet"])


def test_a_cron_file_that_was_edited_is_kept_and_nothing_is_written(
    context: Context, options: InitOptions
) -> None:
    (options.root / "etc/cron.d/decnet").write_text("edited")
    with pytest.raises(UsageError, match="is different"):
        init(context, replace(options, timers="cron"))
    assert not options.path.exists()


@pytest.mark.parametrize(("answer", "count"), [(True, 6), (False, 0)])
def test_on_a_terminal_it_asks(context: Context, options: InitOptions, answer: bool, count: int) -> None:
    init(replace(context, confirm=lambda question: answer), replace(options, interactive=True))
    assert len(written(options)) == count


def test_the_units_of_the_debian_package_are_not_written_again(
    context: Context, options: InitOptions
) -> None:
    unit = options.root / "usr/lib/systemd/system/decnet-events.timer"
    unit.parent.mkdir(parents=True)
    unit.write_text("")
    outcome = init(context, replace(options, timers="systemd"))
    assert written(options) == ["usr/lib/systemd/system/decnet-events.timer"]
    assert any("systemctl enable --now" in line for line in outcome.lines)


@pytest.mark.parametrize("program", ["/a b/decnet", "/a%b/decnet", "/a;b/decnet", "/a\nb/decnet"])
def test_a_path_that_means_something_else_in_a_unit_is_refused(
    context: Context, options: InitOptions, program: str
) -> None:
    for kind in ("systemd", "cron"):
        with pytest.raises(UsageError, match="cannot be written for the path"):
            init(context, replace(options, timers=kind, program=Path(program)))
    assert written(options) == [] and not options.path.exists()


def test_the_files_in_docs_are_the_ones_that_it_writes() -> None:
    docs = Path(__file__).parents[2] / "docs"
    assert {name: (docs / name).read_text() for name in documented()} == documented()


def test_as_a_command_it_creates_no_state_directory_and_its_file_validates(tmp_path: Path) -> None:
    environment = os.environ | {"DECNET_HOME": str(tmp_path / "home")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [DECNET, *words], cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    assert run("init").returncode == 0
    assert not (tmp_path / "home").exists()
    assert run("validate", "fleet.toml").returncode == 0
    again = run("init")
    assert (again.returncode, again.stderr.splitlines()[0]) == (
        2, "error: fleet.toml exists already and was not changed",
    )  # fmt: skip


def test_to_enable_cron_is_a_question_of_its_own(context: Context, options: InitOptions) -> None:
    (options.root / "run/systemd/system").rmdir()
    asked: list[str] = []

    def answered(answer: bool) -> list[str]:
        ctx = replace(context, confirm=lambda question: bool(asked.append(question)) or answer)
        init(ctx, replace(options, interactive=True, may_enable=True, force=True))
        return written(options)

    question = "Write /etc/cron.d/decnet: cron runs decnet as root from now on"
    assert (answered(False), answered(True)) == ([], ["etc/cron.d/decnet"])
    assert asked == [f"{question} to reconcile, mutate and pull events?"] * 2
