"""An INI fleet file becomes a fleet file that means the same, or one clear refusal and nothing written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet import catalog
from decnet.commands.convert import ConvertOptions, convert
from decnet.commands.userfile import read_bytes
from decnet.commands.validate import read_spec
from decnet.engine.context import Context
from decnet.engine.outcome import Verbatim
from decnet.engine.progress import Event, Message
from decnet.errors import SpecError, UsageError
from decnet.model import fleetfile, inifile
from decnet.model.spec import FleetSpec
from decnet.plan.draft import Draft
from decnet.plan.resolve import resolve
from decnet.store.paths import Home

OWN = """\
[custom-intra]
binary = registry.example/intra:1
exec = serve --title "a b"
ports = 8080, 5353/udp

[Web_1]
services = ssh, custom-intra
"""


def desk(folder: Path, events: list[Event] | None = None) -> Context:
    heard = events if events is not None else []
    home = Home(folder / "home")
    return Context(home=home, catalog=catalog.load(home.catalog), emit=heard.append)


def meant(spec: FleetSpec, ctx: Context) -> list[Draft]:
    """What a spec makes of each decky, its places apart."""
    drafts = resolve(spec, ctx.catalog, rng=Random(7), desired={})
    return [replace(draft, place="", places={}) for draft in drafts]


def placeless(spec: FleetSpec) -> FleetSpec:
    kept = tuple(replace(decky, place="") for decky in spec.deckies)
    return replace(spec, places={}, deckies=kept)


PASSWORDS = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S"], exclude_characters=","),
    min_size=1,
    max_size=12,
)


@st.composite
def old_files(draw: st.DrawFn) -> str:
    """Any INI file that is right."""
    lines = ["[general]", "net = 192.0.2.0/24", "gw: 192.0.2.1", "; a comment"]
    if draw(st.booleans()):
        lines.append(f"mutate_interval = {draw(st.integers(1, 600))}")
    for number in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(["web", "DB", "file_srv", "lab box"])) + f"_x{number}y"
        services = draw(st.lists(st.sampled_from(["ssh", "http"]), min_size=1, max_size=2, unique=True))
        lines += ["", f"[{name}]", f"services = {', '.join(services)}"]
        if draw(st.booleans()):
            lines.append(f"ip = 192.0.2.{10 + number}")
        else:
            lines.append(f"AMOUNT = {draw(st.integers(1, 60))}")
        if draw(st.booleans()):
            lines.append(f"nmap_os={draw(st.sampled_from(['linux', 'windows', 'bsd', 'cisco']))}")
        if draw(st.booleans()):
            lines += [f"[{name}.{services[0]}]", *_settings(draw, services[0])]
    return "\n".join(lines)


def _settings(draw: st.DrawFn, service: str) -> list[str]:
    if service == "http":
        return [f"login = {draw(st.sampled_from(['yes', 'off', 'True', '0']))}", 'title = "quoted" \\ = : #']
    return [f"credentials = root:{draw(PASSWORDS)}", f"accept_after = {draw(st.integers(0, 100))}"]


@given(old_files())
@settings(max_examples=40)
def test_the_fleet_file_means_what_the_old_file_meant(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("old")
    (folder / "old.ini").write_text(text, encoding="utf-8")
    events: list[Event] = []
    ctx = desk(folder, events)
    convert(ctx, folder / "old.ini", ConvertOptions(output=folder / "new.toml"))
    old = inifile.parse_bytes(read_bytes(folder / "old.ini"), "old.ini", ctx.catalog).spec
    new = read_spec(ctx, folder / "new.toml")
    assert placeless(new) == placeless(old)
    assert meant(new, ctx) == meant(old, ctx)
    assert not [event for event in events if isinstance(event, Message) and event.level == "warning"]


def test_services_of_ones_own_go_where_decnet_finds_them(tmp_path: Path) -> None:
    (tmp_path / "old.ini").write_text(OWN)
    events: list[Event] = []
    ctx = desk(tmp_path, events)
    target = ctx.home.catalog / "old.toml"
    with pytest.raises(UsageError) as caught:
        convert(ctx, tmp_path / "old.ini", ConvertOptions())
    assert caught.value.hint == f"add --services {target}"
    shown = convert(ctx, tmp_path / "old.ini", ConvertOptions(services=target))
    assert isinstance(shown, Verbatim)
    assert [event.text for event in events if isinstance(event, Message)] == [
        "[Web_1] is renamed to web-1 now",
        f"{target}: written, with intra",
    ]
    catalog.loader.loaded.cache_clear()
    again = desk(tmp_path)
    assert again.catalog.services["intra"].command == ("serve", "--title", "a b")
    assert meant(fleetfile.parse(shown.text, "new.toml"), again)[0].services == {"ssh": {}, "intra": {}}
    # What is in the catalog already needs no file a second time.
    assert convert(again, tmp_path / "old.ini", ConvertOptions()) == shown


def test_what_cannot_be_deployed_is_written_and_reported(tmp_path: Path) -> None:
    (tmp_path / "old.ini").write_text("[aa]\nservices = ssh\n\n[bb]\nip = 192.0.2.9\n")
    events: list[Event] = []
    convert(desk(tmp_path, events), tmp_path / "old.ini", ConvertOptions(output=tmp_path / "new.toml"))
    assert (tmp_path / "new.toml").stat().st_mode & 0o777 == 0o600
    assert [event.text for event in events if isinstance(event, Message)] == [
        f"it cannot be deployed as it is: {tmp_path}/old.ini:4: bb: it has no services"
        " (set services or an archetype, or choose services at random (randomize_services))"
    ]


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "old.ini").write_text("[aa]\nservices = ssh\n")
    (tmp_path / "new.toml").write_text("mine")
    target = tmp_path / "new.toml"
    with pytest.raises(UsageError) as caught:
        convert(desk(tmp_path), tmp_path / "old.ini", ConvertOptions(output=target))
    assert (caught.value.message, caught.value.hint) == (f"{target} exists already", "--force replaces it")
    assert target.read_text() == "mine"
    convert(desk(tmp_path), tmp_path / "old.ini", ConvertOptions(output=target, force=True))
    assert target.read_text() == '[decky.aa]\nservices = [\n    "ssh",\n]\n'


@pytest.mark.parametrize("name", [".", "missing/new.toml"])
def test_a_path_that_cannot_be_written_is_reported(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old.ini").write_text("[aa]\nservices = ssh\n")
    with pytest.raises(UsageError):
        convert(desk(tmp_path), Path("old.ini"), ConvertOptions(output=Path(name), force=True))
    assert [path.name for path in tmp_path.iterdir()] == ["old.ini"]


def test_nothing_is_written_for_an_old_file_with_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "old.ini").write_text("[aa]\nserivces = ssh\n")
    with pytest.raises(SpecError) as caught:
        convert(desk(tmp_path), tmp_path / "old.ini", ConvertOptions(output=tmp_path / "new.toml"))
    assert caught.value.message.startswith(
        f"{tmp_path}/old.ini:2: `serivces` in [aa] is not a valid key there"
    )
    assert not (tmp_path / "new.toml").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("fleet.toml", '[decky.web]\nservices = ["ssh"]\n'),
        ("fleet.conf", '[decky.web]\nservices = ["ssh"]\n'),
        ("broken.toml", "[decky.web\n"),
    ],
)
def test_a_fleet_file_is_not_read_as_one_of_an_older_system(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError) as caught:
        convert(desk(tmp_path), tmp_path / name, ConvertOptions())
    path = tmp_path / name
    assert (caught.value.message, caught.value.hint) == (
        f"{path} is a TOML file: convert reads the INI files of older systems",
        f"to check a fleet file: decnet validate {path}",
    )


def test_an_old_file_that_is_toml_by_chance_is_converted(tmp_path: Path) -> None:
    (tmp_path / "old.ini").write_text("[general]\nmutate_interval = 60\n[decky]\namount = 1\n")
    assert isinstance(convert(desk(tmp_path), tmp_path / "old.ini", ConvertOptions()), Verbatim)
