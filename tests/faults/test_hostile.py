"""Workers that lie, behind a real sshd, asked by the whole command line: each harms its own row only, within
bounds of memory and time, and the honest one among them is shown as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from liars import GOOD, LIMIT, LyingFleet, Ran, can_lie, sshd

pytestmark = pytest.mark.skipif(not can_lie(), reason="a real sshd needs root and openssh-server")

MOST_MIB = 250
MOST_SECONDS = 60.0
"""For a fleet of liars on a busy machine; the limit of one answer is 15 s, and some ask for it twice."""

EXPECTED = {
    "deep": ("failed", "nested too deeply"),
    "deep_objects": ("failed", "nested too deeply"),
    "bad_utf_8": ("failed", "not plain JSON"),
    "nul": ("failed", "not plain JSON"),
    "nul_in_a_string": ("failed", "not plain JSON"),
    "huge_number": ("failed", "more than 18 digits"),
    "infinite_number": ("failed", "a number is too large"),
    "nan": ("failed", "NaN is not a number"),
    "infinity": ("failed", "-Infinity is not a number"),
    "absurd_clock": ("failed", "clock: Input should be less than"),
    "negative_clock": ("failed", "clock: Input should be greater than"),
    "lone_surrogate": ("failed", "surrogate"),
    "duplicate_keys": ("failed", "has a duplicate key"),
    "not_an_object": ("failed", "is not an object"),
    "no_json": ("failed", "not plain JSON"),
    "unknown_field": ("failed", "Extra inputs are not permitted"),
    "unknown_envelope_field": ("failed", "is malformed"),
    "missing_field": ("failed", "Field required"),
    "wrong_types": ("failed", "not valid at"),
    "newer_protocol": ("failed", "speaks protocol 3"),
    "newer_hello": ("failed", "speaks protocol 3"),
    "wrong_marker": ("failed", "without an answer"),
    "wrong_length": ("failed", "not plain JSON"),
    "drop_at_exec": ("unreachable", "connection was lost"),
    "drop_in_the_answer": ("unreachable", "connection was lost"),
    "drop_before_the_exit_status": ("unreachable", "connection was lost"),
    "ended_by_a_signal": ("failed", "ended by signal KILL"),
    "fails": ("failed", "exit status 3"),
    "no_answer": ("failed", "without an answer"),
    "error": ("failed", "\\x1b[31mred"),
    "unknown_error": ("failed", "an error of an unknown kind"),
    "another_worker": ("refused", "another worker answers there"),
    "another_fleet": ("refused", "belongs to fleet somebody-else"),
    "another_agent": ("refused", "was not installed from here"),
    "escapes_everywhere": ("up", ""),
    "markup_everywhere": ("up", ""),
    "paths_everywhere": ("up", ""),
    "ten_thousand_foreign_deckies": ("up", ""),
    "says_it_has_the_others_deckies": ("up", ""),
    "other_fingerprints": ("up", ""),
    "works_for_ever": ("up", ""),
}
"""Each lie, the state of its worker in `status`, and the message about it."""

HEAVY = {
    "hundred_megabytes": "before the answer",
    "hundred_megabytes_announced": "an answer of 104857600 bytes",
    "hundred_megabytes_after": "",
    "hundred_megabytes_of_log": "log is too long",
    "as_long_as_may_be": "not valid at",
    "wide": "more than 500000 values",
    "wide_objects": "more than 500000 values",
    "all_quotes": "more than 500000 values",
    "a_million_deckies": "an answer of",
    "pages_without_end": "",
}
SLOW = {
    "silent": "no answer to status within 15 s",
    "one_byte_a_second": "no answer to status within 15 s",
    "without_end": "no answer to status within 15 s",
    "answer_then_for_ever": "no answer to status within 15 s",
}
VERBS = {
    "status": ["status", "-o", "json"],
    "events": ["events", "--pull", "-o", "jsonl"],
    "check": ["worker", "check", "-o", "json"],
    "reconcile": ["reconcile", "-o", "json"],
}


def name_of(lie: str) -> str:
    return lie.replace("_", "-")[:36].strip("-")


def fleet_of(folder: Path, *lies: str) -> LyingFleet:
    return LyingFleet(folder / "fleet", {name_of(lie): lie.replace("_", "-") for lie in lies})


@dataclass(frozen=True)
class Gallery:
    fleet: LyingFleet
    ran: dict[str, Ran]
    files: set[str]

    def worker(self, name: str) -> dict[str, Any]:
        return next(each for each in self.ran["status"].json["workers"] if each["name"] == name)

    def deckies(self, name: str) -> list[dict[str, Any]]:
        return [each for each in self.ran["status"].json["deckies"] if each["worker"] == name]


@pytest.fixture(scope="module")
def dripping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[Ran]]:
    """`status` of a fleet of slow liars. It waits for most of its time, so that other tests run meanwhile."""
    fleet = fleet_of(tmp_path_factory.mktemp("dripping"), *SLOW)
    with sshd(fleet), ThreadPoolExecutor(1) as pool:
        yield pool.submit(fleet.decnet, *VERBS["status"])


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory, dripping: Future[Ran]) -> Iterator[Gallery]:
    """All quick liars at once, and every verb that looks at them."""
    fleet = fleet_of(tmp_path_factory.mktemp("gallery"), *EXPECTED)
    with sshd(fleet):
        ran = {verb: fleet.decnet(*argv) for verb, argv in VERBS.items()}
        files = {str(each.relative_to(fleet.home.root)) for each in fleet.home.root.rglob("*")}
        yield Gallery(fleet, ran, files)


@pytest.mark.parametrize("lie", EXPECTED)
def test_a_liar_has_its_own_row_with_what_is_wrong(gallery: Gallery, lie: str) -> None:
    state, words = EXPECTED[lie]
    row = gallery.worker(name_of(lie))
    assert (row["state"].lower(), words in row["error"]) == (state, True), row
    deckies = gallery.deckies(name_of(lie))
    own = [each for each in deckies if each["name"] == f"web-{name_of(lie)}"[:40]]
    assert [each["status"] for each in own] == ["running" if state == "up" else "unknown"] or state == "up"


@pytest.mark.parametrize("verb", VERBS)
def test_the_honest_worker_among_them_is_shown_as_it_is(gallery: Gallery, verb: str) -> None:
    ran = gallery.ran[verb]
    if verb == "status":
        assert (gallery.worker(GOOD)["state"], gallery.worker(GOOD)["error"]) == ("up", "")
        assert [each["status"] for each in gallery.deckies(GOOD)] == ["running"]
    elif verb == "events":
        events = gallery.fleet.truth(GOOD)["events"]["events"]
        assert [each["id"] for each in ran.lines if each["worker"] == GOOD] == [each["id"] for each in events]
    elif verb == "check":
        assert {each["state"] for each in ran.json if each["name"] == GOOD} <= {"fine", "warning"}
    else:
        assert not [each for each in ran.json["troubles"] if each["worker"] == GOOD]


@pytest.mark.parametrize("verb", VERBS)
def test_a_fleet_of_liars_stays_within_bounds_and_gives_no_traceback(gallery: Gallery, verb: str) -> None:
    ran = gallery.ran[verb]
    assert "Traceback" not in ran.err + ran.out
    assert ran.seconds < MOST_SECONDS
    assert ran.rss_mib < MOST_MIB


@pytest.mark.parametrize("verb", VERBS)
def test_another_workers_identity_is_exit_6_in_every_verb(gallery: Gallery, verb: str) -> None:
    assert gallery.ran[verb].code == 6


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_that_a_worker_sends_steers_a_script_or_a_log(gallery: Gallery, verb: str) -> None:
    assert odd_characters(gallery.ran[verb].out + gallery.ran[verb].err) == set()


def odd_characters(text: str) -> set[str]:
    """Control, format and separator characters but the newline."""
    return {char for char in text if not char.isprintable() and char != "\n"}


def test_a_newer_protocol_is_reported_with_the_hint_to_upgrade(gallery: Gallery) -> None:
    assert gallery.worker("newer-protocol")["hint"] == "upgrade decnet here"


def test_ten_thousand_foreign_deckies_are_strays_of_their_worker_and_no_rows_of_anybody(
    gallery: Gallery,
) -> None:
    strays = [each for each in gallery.ran["status"].json["deckies"] if each["status"] == "stray"]
    assert {each["worker"] for each in strays} == {
        name_of("ten_thousand_foreign_deckies"), name_of("says_it_has_the_others_deckies"),
        name_of("escapes_everywhere"), name_of("markup_everywhere"), name_of("paths_everywhere"),
    }  # fmt: skip
    assert len(strays) > 10_000
    record = json.loads((gallery.fleet.home.records_dir / f"id-{GOOD}.json").read_text())
    assert [row["name"] for row in record["deckies"].values()] == ["web-good"]


def test_a_mass_of_strays_stops_the_pruning_of_its_worker_only(tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, "ten_thousand_foreign_deckies")
    liar = name_of("ten_thousand_foreign_deckies")
    with sshd(fleet):
        ran = fleet.decnet("reconcile", "--prune", "-o", "json")
    assert ran.code == 4, ran.err
    count = 10_000
    assert [(each["worker"], each["hint"]) for each in ran.json["troubles"]] == [
        (liar, f"if this is intended: decnet reconcile --prune --max-remove {count} --on {liar}")
    ]
    steps = {(each["worker"], each["bucket"]) for each in ran.json["steps"]}
    assert (GOOD, "adopt") in steps
    assert "stray" not in {bucket for _, bucket in steps}


def test_who_says_it_has_the_others_deckies_is_not_believed_about_them(gallery: Gallery) -> None:
    (row,) = gallery.deckies(GOOD)
    assert (row["name"], row["status"], row["drift"] in ("", "adopt")) == ("web-good", "running", True)


def test_healthy_by_its_word_while_its_hashes_differ_is_drift(gallery: Gallery) -> None:
    (row,) = gallery.deckies("other-fingerprints")
    assert (row["drift"], gallery.ran["status"].json["drift"] > 0) == ("change", True)


def test_no_name_of_a_worker_becomes_a_path(gallery: Gallery) -> None:
    assert not Path("/tmp/decnet-owned").exists()
    ids = {worker.worker_id for worker in gallery.fleet.workers.values()}
    odd = {
        path
        for path in gallery.files
        if not re.fullmatch(
            r"(records|events|keys|cache|agents|catalog|deliveries)?|[\w.-]+\.(json|jsonl)(\.\w+)?|known_hosts|lock"
            r"|agents/[\w.-]+|keys/fleet_ed25519|events/(shown\.json|shown\.lock|index\.db|index\.lock)|(records|events)/id-[\w.-]+(/[\w.]+)?",
            path,
        )
        or (path.startswith(("records/id-", "events/id-")) and not any(each in path for each in ids))
    }
    assert odd == set()


def test_the_events_of_a_worker_are_stored_as_its_own(gallery: Gallery) -> None:
    for each in gallery.fleet.workers.values():
        file = gallery.fleet.home.events(each.worker_id) / "events.jsonl"
        rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        assert {row["worker"] for row in rows} <= {each.worker_id}


TALKERS = ("error", "fails", "escapes_everywhere", "markup_everywhere", "paths_everywhere")


@pytest.fixture(scope="module")
def talkers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LyingFleet]:
    fleet = fleet_of(tmp_path_factory.mktemp("talkers"), *TALKERS)
    with sshd(fleet):
        yield fleet


@pytest.mark.parametrize("verb", ["status", "events --pull", "worker check", "reconcile --dry-run"])
def test_no_string_of_a_worker_steers_the_terminal_and_markup_is_literal(
    talkers: LyingFleet, verb: str
) -> None:
    ran = talkers.decnet(*verb.split(), tty=True)
    # What is left after the colours of our own tables.
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", ran.out)
    assert odd_characters(plain.replace("\r\n", "\n").replace("\r", "")) == set()
    assert "\x1b]" not in ran.out and "\x9b" not in ran.out
    # A table may have folded it, so the blanks are left out.
    assert "reconcile" in verb or "[boldred]x[/boldred][/]" in re.sub(r"\s+", "", plain)


LIGHTEST = ("hundred_megabytes_announced", "wide")


@pytest.mark.parametrize("lie", LIGHTEST)
def test_a_flood_costs_little_memory_and_no_time_of_the_others(tmp_path: Path, lie: str) -> None:
    flooded(tmp_path, lie, "status")


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("lie", HEAVY)
def test_every_flood_in_every_verb(tmp_path: Path, lie: str, verb: str) -> None:
    flooded(tmp_path, lie, verb)


def flooded(folder: Path, lie: str, verb: str) -> None:
    fleet = fleet_of(folder, lie)
    with sshd(fleet):
        ran = fleet.decnet(*VERBS[verb])
    assert "Traceback" not in ran.err
    assert (ran.rss_mib < MOST_MIB, ran.seconds < MOST_SECONDS) == (True, True), ran
    assert GOOD in ran.out or verb == "reconcile"
    if verb == "status":
        rows = {each["name"]: each for each in ran.json["workers"]}
        assert rows[GOOD]["state"] == "up"
        assert HEAVY[lie] in rows[name_of(lie)]["error"]


def test_a_worker_that_drips_or_never_ends_costs_the_limit_of_one_answer(dripping: Future[Ran]) -> None:
    ran = dripping.result(LIMIT)
    rows = {each["name"]: each for each in ran.json["workers"]}
    assert rows[GOOD]["state"] == "up"
    for lie, words in SLOW.items():
        assert (rows[name_of(lie)]["state"], words in rows[name_of(lie)]["error"]) == ("unreachable", True)
    assert ran.seconds < 30
    assert ran.rss_mib < MOST_MIB


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["events", "check", "reconcile"])
def test_a_worker_that_drips_or_never_ends_is_bounded_in_every_verb(tmp_path: Path, verb: str) -> None:
    fleet = fleet_of(tmp_path, *SLOW)
    with sshd(fleet):
        ran = fleet.decnet(*VERBS[verb])
    assert ran.code in (1, 5)
    assert ran.seconds < 90
    assert GOOD in ran.out or verb == "reconcile"


@pytest.mark.slow
def test_a_worker_that_claims_to_work_forever_costs_a_minute_and_is_named(tmp_path: Path) -> None:
    """With nothing to do there it costs nothing: the gallery has that one."""
    lie = "works_for_ever_with_drift"
    fleet = fleet_of(tmp_path, lie)
    with sshd(fleet):
        ran = fleet.decnet("reconcile")
    assert ran.code == 4
    assert ran.seconds < 90
    assert f"{name_of(lie)}: a job (apply) is still running there; nothing was changed" in ran.out
