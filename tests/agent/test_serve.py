"""Several requests on one channel: each answered as if it had been the only one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from agent_desk import WORKER, Desk

from decnet.wire import PROTOCOL, Unframer, parse
from decnet.worker.agent_package import build_agent

MARKERS = [f"{number:032x}" for number in range(9)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    content, sha256 = build_agent()
    (tmp_path / f"{sha256}.pyz").write_bytes(content)
    (tmp_path / "home").mkdir()
    return Desk(tmp_path / f"{sha256}.pyz", tmp_path / "home").enrolled_by_hand()


@contextmanager
def serving(desk: Desk) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        desk.argv("serve"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=desk.environment(), bufsize=0,
    ) as process:  # fmt: skip
        yield process
        assert process.stdin is not None
        process.stdin.close()


def line(verb: str, marker: str, **args: Any) -> bytes:
    return f"{verb} ".encode() + json.dumps({"v": PROTOCOL, "marker": marker, "args": args}).encode() + b"\n"


def asked(process: subprocess.Popen[bytes], verb: str, marker: str, **args: Any) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line(verb, marker, **args))
    unframer = Unframer(marker)
    while (payload := unframer.feed(process.stdout.read(65536))) is None:
        continue
    answer = parse(payload)
    assert isinstance(answer, dict)
    return answer


def test_each_request_is_answered_as_if_it_were_the_only_one(desk: Desk) -> None:
    with serving(desk) as process:
        first = asked(process, "hello", MARKERS[0])["result"]
        refused = asked(process, "status", MARKERS[1], unknown=1)["error"]
        (desk.home / "identity.json").unlink()
        last = asked(process, "hello", MARKERS[2])["result"]
    assert (first["worker_id"], refused["code"], last["worker_id"]) == (WORKER, "usage", None)
    assert process.returncode == 0


def test_requests_that_come_together_are_answered_in_their_order(desk: Desk) -> None:
    lines = b"".join(line("hello", marker) for marker in MARKERS)
    ended = subprocess.run(
        desk.argv("serve"), input=lines, capture_output=True, env=desk.environment(), timeout=60, check=True
    )
    found = [at for at in ended.stdout.split(b"\n") if at[:32].decode() in MARKERS]
    assert [each[:32].decode() for each in found] == MARKERS


def test_jobs_are_asked_for_on_the_same_channel_with_long_requests(desk: Desk) -> None:
    with serving(desk) as process:
        refused = [asked(process, "apply", MARKERS[0], filler="x" * 4_000_000)["error"]]
        refused += [asked(process, verb, MARKERS[1])["error"] for verb in ("teardown", "confirm")]
        assert asked(process, "hello", MARKERS[2])["ok"]
    assert [each["code"] for each in refused] == ["usage"] * 3


@pytest.mark.parametrize("verb", ["upgrade", "enrol", "image-load", "serve", "", "x" * 90])
def test_a_verb_that_changes_the_agent_is_not_served(desk: Desk, verb: str) -> None:
    ended = desk.raw("serve", stdin=line(verb, MARKERS[0]))
    assert (ended.returncode, ended.stdout) == (2, b"")


def test_a_request_without_an_end_is_not_read_for_ever(desk: Desk) -> None:
    ended = desk.raw("serve", stdin=b"status " + b"x" * 20_000_000)
    assert (ended.returncode, ended.stdout) == (0, b"")


def test_an_agent_that_was_replaced_answers_no_more(desk: Desk) -> None:
    other = desk.agent.with_name("other.pyz")
    other.write_bytes(desk.agent.read_bytes())
    with serving(desk) as process:
        assert asked(process, "hello", MARKERS[0])["ok"]
        (desk.home / "current").symlink_to(other)
        assert process.stdin is not None
        process.stdin.write(line("hello", MARKERS[1]))
        assert process.wait(timeout=30) == 0


def test_it_is_reached_over_the_gate(desk: Desk) -> None:
    desk.extra = {"SSH_ORIGINAL_COMMAND": "decnet-agent serve"}
    ended = desk.raw("gate", stdin=line("hello", MARKERS[0]))
    assert MARKERS[0].encode() in ended.stdout
