"""One process per verb: what it imports, what it answers, what it refuses."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest
from agent_desk import FLEET, MARKER, WORKER, Desk, answer_in
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.agent import docker, identity, journal, limits
from decnet.agent.program import VERBS
from decnet.agent.request import Refusal, decode
from decnet.agent.status import status
from decnet.wire import AGENT_VERSION, PROTOCOL, parse
from decnet.worker.agent_package import build_agent


def test_an_end_is_never_reported_with_an_older_list_of_containers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job removes its last container and writes the end while the status is made: the list is the newer."""
    desk.enrolled_by_hand()

    class Listed:
        def __init__(self, *_: object) -> None:
            journal.append("web", "remove", None, "r1")

        def answer(self) -> list[object]:
            return []

        def close(self) -> None:
            pass

    monkeypatch.setattr(docker, "Question", Listed)
    monkeypatch.setattr(identity, "engine_identity", lambda: "e")
    assert status({})["journal"]["records"] == []
    assert len(status({})["journal"]["records"]) == 1


IMPORT_ALL = """
import importlib, sys, zipfile
sys.path.insert(0, sys.argv[1])
names = zipfile.ZipFile(sys.argv[1]).namelist()
names = [name[:-3].replace("/", ".") for name in names if name.endswith(".py")]
for name in names:
    if name != "__main__" and not name.endswith("__init__"):
        importlib.import_module(name)
for name, module in sorted(sys.modules.items()):
    print(name, getattr(module, "__file__", None) or "built-in")
"""


def test_the_whole_agent_imports_the_standard_library_and_itself_only(
    agent_file: Path, tmp_path: Path
) -> None:
    # Elsewhere, another test may have left byte code next to it.
    agent_file = Path(shutil.copy(agent_file, tmp_path))
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", IMPORT_ALL, str(agent_file)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    standard = Path(sysconfig.get_path("stdlib")).resolve()
    ours, strange = set(), []
    for line in ended.stdout.splitlines():
        name, _, file = line.partition(" ")
        if file.startswith(str(agent_file.with_suffix(""))):
            ours.add(".".join(name.split(".")[:2]))
        elif file not in ("built-in", "frozen") and standard not in Path(file).resolve().parents:
            strange.append(line)
    assert strange == []
    assert ours == {"decnet", "decnet.agent", "decnet.wire"}


def test_a_heartbeat_does_without_regular_expressions(agent_file: Path) -> None:
    """Importing and compiling them takes longer than all the rest of it."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import decnet.agent.status; "
        "print('re' in sys.modules, 'json' in sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, str(agent_file)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert ended.stdout == "False False\n"


LOOK = """
import sys
sys.path.insert(0, sys.argv[1])
sys.argv.pop(0)
from decnet.agent.status import status
asked = status({})
print(sorted(each for each in sys.modules if each.startswith("decnet.agent.")))
"""


def test_a_heartbeat_imports_nothing_for_rollouts_where_there_are_none(desk: Desk) -> None:
    seat = desk.enrolled_by_hand()
    (seat.home / "projects" / "decnet").mkdir(parents=True)
    known = {"slice": {"fleet_id": FLEET, "deckies": {}}, "generation": 1, "plan_hash": None}
    (seat.home / "projects" / "decnet" / "slice.json").write_text(json.dumps(known))
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LOOK, str(seat.agent)],
        capture_output=True, text=True, timeout=60, check=True, env=seat.environment(),
    )  # fmt: skip
    for name in ("rollouts", "deadman", "restore", "visitors", "batches"):
        assert f"decnet.agent.{name}'" not in ended.stdout
    assert "decnet.agent.slices'" in ended.stdout


def test_the_file_does_not_depend_on_its_builder(agent_file: Path) -> None:
    script = "from decnet.worker.agent_package import build_agent; print(build_agent()[1])"
    for seed in ("1", "2"):
        ended = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True, text=True, timeout=60, check=True, env={"PYTHONHASHSEED": seed},
        )  # fmt: skip
        assert ended.stdout.strip() == build_agent()[1] == agent_file.stem


def test_hello_needs_no_enrolment_and_no_engine(desk: Desk) -> None:
    hello = desk.get("hello")
    assert (hello["worker_id"], hello["engine_id"], hello["agent"]) == (None, None, desk.agent.stem)


def test_status_answers_while_the_engine_is_down(desk: Desk) -> None:
    status = desk.enrolled_by_hand().get("status")
    assert (status["docker"], status["containers"], status["journal"]["verdict"]) == ("down", [], "ok")
    assert "does not answer" in status["docker_error"]


def test_facts_answer_while_the_engine_is_down(desk: Desk) -> None:
    facts = desk.enrolled_by_hand().get("facts")
    assert (facts["docker_version"], facts["networks"]) == (None, []) and facts["memory_mib"] > 0


def test_a_verb_before_enrolment_is_refused(desk: Desk) -> None:
    assert desk.refused("status")["code"] == "not-enrolled"


@pytest.mark.parametrize(
    ("expect", "code"),
    [({"worker_id": "w9"}, "identity"), ({"fleet_id": "f9"}, "fleet"), ({"x": 1}, "usage")],
)
def test_a_verb_for_another_worker_is_refused(desk: Desk, expect: dict[str, str], code: str) -> None:
    assert desk.enrolled_by_hand().refused("status", {"expect": expect})["code"] == code


def test_the_right_identity_is_accepted(desk: Desk) -> None:
    expect = {"worker_id": WORKER, "fleet_id": FLEET}
    assert desk.enrolled_by_hand().get("slice", {"expect": expect}) == {"projects": {}}


@pytest.mark.parametrize(("version", "hint"), [(PROTOCOL + 1, "decnet worker upgrade"), (PROTOCOL - 1, None)])
def test_another_protocol_is_refused_and_a_newer_one_with_a_hint(
    desk: Desk, version: int, hint: str | None
) -> None:
    line = json.dumps({"v": version, "marker": MARKER, "args": {}}).encode() + b"\n"
    error = answer_in(desk.raw("facts", stdin=line))["error"]
    assert (error["code"], error["hint"]) == ("protocol", hint)


def test_who_an_agent_is_can_be_asked_in_every_protocol(desk: Desk) -> None:
    line = json.dumps({"v": 7, "marker": MARKER, "args": {}}).encode() + b"\n"
    hello = answer_in(desk.raw("hello", stdin=line))["result"]
    assert (hello["protocol"], hello["version"]) == (PROTOCOL, AGENT_VERSION)


def test_an_unknown_verb_frames_nothing(desk: Desk) -> None:
    for words in (["nonsense"], [], ["hello", "more"], ["job"]):
        ended = desk.raw(*words, stdin=b"{}\n")
        assert (ended.returncode, ended.stdout) == (2, b"")


def test_a_broken_request_is_answered_and_not_carried_out(desk: Desk) -> None:
    for line in (
        b"",
        b"\n",
        b"{",
        b"[]\n",
        b"\xff\n",
        b'{"v":2}\n',
        b"[" * 100_000,
        b'{"v":2,"marker":"..\n',
    ):
        answer = answer_in(desk.raw("hello", stdin=line), "0" * 32)
        assert answer["error"]["code"] == "usage"


def test_an_unknown_argument_is_refused_by_every_verb(desk: Desk) -> None:
    desk.enrolled_by_hand()
    for verb in sorted(VERBS):
        assert desk.refused(verb, {"surprise": 1})["code"] == "usage", verb


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(max_examples=300)
@given(JSON | st.fixed_dictionaries({"v": JSON, "marker": JSON | st.just(MARKER), "args": JSON}))
def test_no_request_makes_the_parser_stumble(value: object) -> None:
    try:
        request = decode(value)
    except Refusal as refusal:
        assert refusal.code in ("usage", "protocol")
    else:
        assert len(request.marker) == 32 and isinstance(request.args, dict)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_no_bytes_make_the_parser_stumble(line: bytes) -> None:
    try:
        parse(line)
    except ValueError:
        pass


def test_a_status_of_a_hung_engine_comes_in_time(
    desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's socket takes connections and answers nothing, as a stopped process does."""
    desk.enrolled_by_hand()
    place = str(home / "hung.sock")
    monkeypatch.setenv("DECNET_DOCKER_SOCKET", place)
    monkeypatch.setattr(limits, "ENGINE", 0.3)
    monkeypatch.setattr(docker, "_until", None)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        listening.listen()
        begin = time.monotonic()
        answer = status({})
    assert (answer["docker"], time.monotonic() - begin < 3) == ("down", True)
    assert "no answer in time" in answer["docker_error"]
