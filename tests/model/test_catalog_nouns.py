"""A setting says in words what it must be."""

from __future__ import annotations

import pytest

from decnet.model.catalog_entries import SettingDef
from decnet.model.suggest import suggest
from decnet.model.values import Setting

TEXT = SettingDef(kind="str", help="")
CHOICE = SettingDef(kind="str", help="", choices=("a", "b"))
NUMBER = SettingDef(kind="int", help="")
BOUNDED = SettingDef(kind="int", help="", minimum=0, maximum=9)
SWITCH = SettingDef(kind="bool", help="")


@pytest.mark.parametrize(
    ("definition", "value", "complaint"),
    [
        (TEXT, "x", None),
        (TEXT, 1, "must be text"),
        (CHOICE, "a", None),
        (CHOICE, "c", "must be one of a, b"),
        (CHOICE, True, "must be one of a, b"),
        (NUMBER, -5, None),
        (NUMBER, True, "must be a whole number"),
        (NUMBER, 1.0, "must be a whole number"),
        (BOUNDED, 9, None),
        (BOUNDED, 10, "must be a whole number from 0 to 9"),
        (BOUNDED, -1, "must be a whole number from 0 to 9"),
        (SWITCH, False, None),
        (SWITCH, 0, "must be true or false"),
        (SWITCH, "yes", "must be true or false"),
    ],
)
def test_a_setting_fits_or_says_what_it_must_be(
    definition: SettingDef, value: Setting, complaint: str | None
) -> None:
    assert definition.complaint(value) == complaint


def test_the_nearest_name_is_found_over_case_dashes_and_slips() -> None:
    known = ["services", "settings", "docker_api", "web-server"]
    assert [
        suggest(name, known) for name in ("Services", "docker-api", "webserver", "setings", "qqq", "")
    ] == [
        "services",
        "docker_api",
        "web-server",
        "settings",
        None,
        None,
    ]
