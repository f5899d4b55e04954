"""The JSON Schema says of a fleet file what the parser says."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from decnet.errors import SpecError
from decnet.model import fleetfile
from decnet.model.schema import schema

RIGHT = """
mutate_interval = 5
[network]
driver = "bridge"
addresses.use = ["192.0.2.1"]
[decky.web]
count = 3
services = ["ssh"]
core = []
side = ["ftp"]
randomize_services = false
settings.ssh.x = 1
[rollout.careful]
waves = [1, "10%", "@edge"]
soak = "1h30m"
max_failures = 2
max_in_flight = "25%"
promote = "manual"
"""


READER = jsonschema.Draft202012Validator(schema())
PAGE = (Path(__file__).parents[2] / "docs" / "fleet-file.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```(?:\n\n```text\n(.*?)```)?", PAGE, re.DOTALL)


def problems(text: str) -> list[str]:
    """Where in a fleet file an editor would draw a red line, each place once."""
    return sorted({_place(error) for error in READER.iter_errors(tomllib.loads(text))})


def _place(error: jsonschema.ValidationError) -> str:
    route = [str(part) for part in error.absolute_path]
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        route += [name for name in error.instance if name not in known]
    if "propertyNames" in error.absolute_schema_path:
        route.append(str(error.instance))
    return ".".join(route)


def test_a_file_that_is_read_fits_the_schema() -> None:
    fleetfile.parse(RIGHT, "f")
    assert problems(RIGHT) == []


@pytest.mark.parametrize(
    ("right", "wrong", "path"),
    [
        ("count = 3", "count = 300", "decky.web.count"),
        ("count = 3", 'count = "3"', "decky.web.count"),
        ('driver = "bridge"', 'driver = "token-ring"', "network.driver"),
        ("\nservices =", "\nserivces =", "decky.web.serivces"),
        ("settings.ssh.x = 1", "settings.ssh.x = [1]", "decky.web.settings.ssh.x"),
        ("core = []", 'core = "ssh"', "decky.web.core"),
        ('side = ["ftp"]', "side = [1]", "decky.web.side.0"),
        ("[decky.web]", "[decky.Web]", "decky.Web"),
        ("mutate_interval = 5", "mutate_interval = 0", "mutate_interval"),
        ("[rollout.careful]", "[rollout.Careful]", "rollout.Careful"),
        ('[1, "10%", "@edge"]', '[1, true, "@edge"]', "rollout.careful.waves.1"),
        ('soak = "1h30m"', 'soak = "soon"', "rollout.careful.soak"),
        ('soak = "1h30m"', 'soka = "1h30m"', "rollout.careful.soka"),
        ("max_failures = 2", 'max_failures = "2 %"', "rollout.careful.max_failures"),
        ("max_failures = 2", "max_failures = true", "rollout.careful.max_failures"),
        ('promote = "manual"', 'promote = "by hand"', "rollout.careful.promote"),
        ("randomize_services = false", "hostname = 'a b'", "decky.web.hostname"),
    ],
)
def test_parser_and_schema_refuse_the_same(right: str, wrong: str, path: str) -> None:
    text = RIGHT.replace(right, wrong)
    with pytest.raises(SpecError):
        fleetfile.parse(text, "f")
    assert problems(text) == [path]


def test_the_schema_is_plain_json_and_explains_every_key() -> None:
    document = json.loads(json.dumps(schema()))
    keys = document["properties"]["decky"]["additionalProperties"]["properties"]
    assert all(key["description"] for key in keys.values())


def test_the_schema_itself_is_right() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("text", [text for text, message in EXAMPLES if not message])
def test_every_example_of_the_page_fits(text: str) -> None:
    assert problems(text) == []


def test_a_file_without_deckies_and_one_with_a_list_in_the_place_of_a_table_do_not_fit() -> None:
    assert problems("mutate_interval = 5") == [""]
    assert problems("[decky]") == ["decky"]
    assert problems("decky = []") == ["decky"]
