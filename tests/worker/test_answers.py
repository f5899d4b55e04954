"""Asking this machine's agent again: bounded, and anything but a result is no answer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from decnet.worker import answers
from decnet.worker.again import local_program
from decnet.worker.answers import answer_digest, ask

HEAD = """
import json, os, sys, time
def main(argv):
    request = json.loads(sys.stdin.readline())
    def answer(value, marker=request["marker"]):
        payload = json.dumps(value).encode()
        os.write(1, b"\\n%s %d\\n" % (marker.encode(), len(payload)) + payload)
    ok = {"v": request["v"], "ok": True, "result": {"verb": argv[0], **request["args"]}}
"""
STATUS = {"hello": {"clock": 7.0, "boot_id": "b"}, "containers": []}


def agent(folder: Path, body: str) -> str:
    """A program that is started as the agent is, and does this instead."""
    package = folder / "decnet/agent"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    lines = [*body.splitlines(), "return 0"]
    (package / "program.py").write_text(HEAD + "".join(f"    {line}\n" for line in lines))
    return str(folder)


def asked(program: str, *calls: tuple[str, dict[str, Any]]) -> list[answers.Answer]:
    return ask([(local_program(program, verb), args) for verb, args in calls])


def test_each_call_has_its_own_answer(tmp_path: Path) -> None:
    program = agent(tmp_path, "answer(ok)")
    found = asked(program, ("status", {"a": 1}), ("facts", {}))
    assert [result for result, _, _ in found] == [{"verb": "status", "a": 1}, {"verb": "facts"}]


def test_calls_run_at_the_same_time_and_are_timed_one_by_one(tmp_path: Path) -> None:
    program = agent(tmp_path, 'time.sleep(0.3 if argv[0] == "facts" else 0)\nanswer(ok)')
    (_, sent, answered), (_, later, last) = asked(program, ("status", {}), ("facts", {}))
    assert sent <= later < answered < last


@pytest.mark.parametrize(
    "body",
    [
        "",
        "return 0",
        "answer(ok)\nreturn 1",
        'answer(ok, "0" * 32)',
        'answer({**ok, "ok": False, "error": {}})',
        'answer({**ok, "v": 1})',
        'answer({**ok, "more": 1})',
        'answer({"v": request["v"], "ok": True, "result": []})',
        'os.write(1, b"\\n%s 99999999999\\n" % request["marker"].encode())',
        'os.write(1, b"x" * 2_000_000)',
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises((ValueError, OSError)):
        asked(agent(tmp_path, body), ("status", {}))


def test_an_agent_that_does_not_answer_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "PATIENCE", 0.5)
    program = agent(tmp_path, f'open("{tmp_path}/pid", "w").write(str(os.getpid()))\ntime.sleep(60)')
    with pytest.raises(TimeoutError):
        asked(program, ("status", {}))
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_program_that_has_hardly_begun_is_ended_too(tmp_path: Path) -> None:
    for _ in range(5):
        answers._Running(["/bin/sh", "-c", f"/bin/sleep 0.3; echo >{tmp_path}/end"], {}, {}).end()
    assert list(tmp_path.iterdir()) == []


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    program = agent(tmp_path, "answer(ok)")
    before = len(os.listdir("/proc/self/fd"))
    asked(program, ("status", {}), ("facts", {}))
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_change_of_anything_but_the_clock_is_seen_in_a_status() -> None:
    later = {**STATUS, "hello": {"clock": 9.0, "boot_id": "b"}}
    other = {**STATUS, "hello": {"clock": 7.0, "boot_id": "c"}}
    new = {**STATUS, "trouble": "x"}
    same = answer_digest("status", STATUS)
    assert answer_digest("status", later) == same
    assert same not in (answer_digest("status", other), answer_digest("status", new))


def test_free_disk_and_neighbours_are_no_change_of_the_facts() -> None:
    facts = {"subnet": "s", "disk_free_mib": 1, "neighbours": []}
    same = answer_digest("facts", facts)
    assert answer_digest("facts", {**facts, "disk_free_mib": 2, "neighbours": ["192.0.2.1"]}) == same
    assert answer_digest("facts", {**facts, "subnet": "t"}) != same


def test_the_order_in_which_the_engine_lists_things_is_no_change() -> None:
    one, two = {"name": "a", "subnets": []}, {"name": "b"}
    same = answer_digest("facts", {"networks": [one, two]})
    assert answer_digest("facts", {"networks": [two, one]}) == same
    assert answer_digest("facts", {"networks": [one, {"name": "c"}]}) != same
    assert answer_digest("facts", {"networks": [one]}) != same


@pytest.mark.parametrize(("verb", "result"), [("events", {}), ("status", {}), ("status", {"hello": []})])
def test_other_verbs_and_shapes_have_no_digest(verb: str, result: dict[str, object]) -> None:
    assert answer_digest(verb, result) is None
