"""The JSON Schema says of a fleet file what the parser says."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

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
randomize_services = false
settings.ssh.x = 1
"""


def problems(said: dict[str, Any], value: Any, path: str = "") -> list[str]:
    """A reader of the few words of JSON Schema that ours is written in."""
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "number": float}
    wanted = said.get("type", [])
    names = [wanted] if isinstance(wanted, str) else wanted
    if names and type(value) not in [kinds[name] for name in names]:
        return [path]
    found = []
    if isinstance(value, dict):
        found += [path for name in said.get("required", []) if name not in value]
        found += [path] * (len(value) < said.get("minProperties", 0))
        for name, inner in value.items():
            rest = said.get("additionalProperties", True)
            if not re.search(said.get("propertyNames", {}).get("pattern", ""), name):
                found.append(f"{path}.{name}")
            if name in said.get("properties", {}):
                found += problems(said["properties"][name], inner, f"{path}.{name}")
            elif rest is False:
                found.append(f"{path}.{name}")
            elif rest is not True:
                found += problems(rest, inner, f"{path}.{name}")
    if isinstance(value, list):
        found += [p for inner in value for p in problems(said.get("items", {}), inner, path)]
    if "enum" in said and value not in said["enum"]:
        found.append(path)
    if isinstance(value, str) and not re.search(said.get("pattern", ""), value):
        found.append(path)
    if isinstance(value, int) and not said.get("minimum", value) <= value <= said.get("maximum", value):
        found.append(path)
    return found


def test_a_file_that_is_read_fits_the_schema() -> None:
    fleetfile.parse(RIGHT, "f")
    assert problems(schema(), tomllib.loads(RIGHT)) == []


@pytest.mark.parametrize(
    ("right", "wrong", "path"),
    [
        ("count = 3", "count = 300", ".decky.web.count"),
        ("count = 3", 'count = "3"', ".decky.web.count"),
        ('driver = "bridge"', 'driver = "token-ring"', ".network.driver"),
        ("\nservices =", "\nserivces =", ".decky.web.serivces"),
        ("settings.ssh.x = 1", "settings.ssh.x = [1]", ".decky.web.settings.ssh.x"),
        ("[decky.web]", "[decky.Web]", ".decky.Web"),
        ("mutate_interval = 5", "mutate_interval = 0", ".mutate_interval"),
        ("randomize_services = false", "hostname = 'a b'", ".decky.web.hostname"),
    ],
)
def test_parser_and_schema_refuse_the_same(right: str, wrong: str, path: str) -> None:
    text = RIGHT.replace(right, wrong)
    with pytest.raises(SpecError):
        fleetfile.parse(text, "f")
    assert problems(schema(), tomllib.loads(text)) == [path]


def test_the_schema_is_plain_json_and_explains_every_key() -> None:
    said = json.loads(json.dumps(schema()))
    keys = said["properties"]["decky"]["additionalProperties"]["properties"]
    assert all(key["description"] for key in keys.values())
