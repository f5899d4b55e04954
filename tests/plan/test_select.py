"""The grammar of selectors: of workers with --on, and of deckies."""

from __future__ import annotations

import pytest

from decnet.errors import UsageError
from decnet.model.worker import Worker
from decnet.plan.select import select, select_deckies

WORKERS = {
    name: Worker(name=name, worker_id=name, tags=tags)
    for name, tags in (("edge-1", ("dmz",)), ("edge-2", ()), ("w3", ("dmz", "old")), ("w4", ()))
}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (None, ["edge-1", "edge-2", "w3", "w4"]),
        ("w4", ["w4"]),
        ("edge-*", ["edge-1", "edge-2"]),
        ("@dmz", ["edge-1", "w3"]),
        ("edge-*,@dmz,!w3", ["edge-1", "edge-2"]),
        ("!@dmz", ["edge-2", "w4"]),
        (" w3 , w4 ", ["w3", "w4"]),
    ],
)
def test_a_selector_means_these_workers(text: str | None, names: list[str]) -> None:
    assert list(select(WORKERS, text)) == names


@pytest.mark.parametrize("text", ["", ",", "nobody", "@nothing", "w3,!w3", "edge-1,!nobody"])
def test_a_selector_that_matches_no_worker_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        select(WORKERS, text)


DECKIES = {"web-01": ("web-server",), "web-02": ("web-server",), "prn": ("printer",), "db": ()}


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (["web-01"], ["web-01"]),
        (["web-01", "db"], ["db", "web-01"]),
        (["web-01,db"], ["db", "web-01"]),
        (["web-*", "!web-02"], ["web-01"]),
        (["@printer,db"], ["db", "prn"]),
        (["!@web-server"], ["db", "prn"]),
        (["web-0[12]"], ["web-01", "web-02"]),
    ],
)
def test_c4_deckies_are_selected_by_the_same_grammar(texts: list[str], names: list[str]) -> None:
    assert list(select_deckies(DECKIES, texts)) == names


REFUSED = {
    "web-1": ("no decky is named 'web-1'", "did you mean 'web-01'?"),
    "web": ("no decky is named 'web'", "did you mean 'web-*'?"),
    "wbe": ("no decky is named 'wbe'", "did you mean 'web-*'?"),
    "nas*": ("no decky is named 'nas*'", "decnet status lists them"),
    "@printr": ("no decky has the archetype 'printr'", "did you mean '@printer'?"),
    "!dbb": ("no decky is named 'dbb'", "did you mean 'db'?"),
    "db,!db": ("db,!db excludes every decky", None),
    ",": ("no decky is selected", "for example 'web-*,@printer,!web-03'"),
    "": ("no decky is selected", "for example 'web-*,@printer,!web-03'"),
    "\x1b[2J": ("no decky is named '\\\\x1b[2J'", "decnet status lists them"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_c4_a_term_that_matches_no_decky_is_refused_and_the_nearest_is_named(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        select_deckies(DECKIES, [text])
    assert (caught.value.message, caught.value.hint) == REFUSED[text]


def test_c4_an_unknown_worker_is_refused_and_the_nearest_is_named() -> None:
    for text, message, hint in (
        ("edge1", "no worker is named 'edge1'", "did you mean 'edge-1'?"),
        ("@dmx", "no worker has the tag 'dmx'", "did you mean '@dmz'?"),
    ):
        with pytest.raises(UsageError) as caught:
            select(WORKERS, text)
        assert (caught.value.message, caught.value.hint) == (message, hint)


NESTED = {"web": (), "db": (), "dc1/gate": ("router",), "dc1/web": (), "dc2/gate": ("router",)}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("dc1/gate", ["dc1/gate"]),
        ("dc1/*", ["dc1/gate", "dc1/web"]),
        ("*/gate", ["dc1/gate", "dc2/gate"]),
        ("dc*/*,!dc2/*", ["dc1/gate", "dc1/web"]),
        ("/web", ["web"]),
        ("db", ["db"]),
        ("*", ["db", "web"]),
        ("@router", ["dc1/gate", "dc2/gate"]),
    ],
)
def test_deckies_of_topologies_are_topology_slash_decky(text: str, names: list[str]) -> None:
    assert list(select_deckies(NESTED, [text])) == names


def test_the_own_name_of_a_decky_is_enough_if_no_other_has_it() -> None:
    assert select_deckies({"web": (), "dc1/gate": ()}, ["gate"]) == ("dc1/gate",)


@pytest.mark.parametrize(
    ("text", "choices"),
    [("gate", "choose one: dc1/gate, dc2/gate"), ("!web", "choose one: /web (of the fleet), dc1/web")],
)
def test_a_name_that_fits_two_deckies_is_refused(text: str, choices: str) -> None:
    with pytest.raises(UsageError, match="is the name of 2 deckies") as refused:
        select_deckies(NESTED, [text])
    assert refused.value.hint == choices
