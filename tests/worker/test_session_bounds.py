"""A worker that lies harms its own call only, within bounds of memory and time."""

from __future__ import annotations

import asyncio
import atexit
import os
import resource
import shutil
import tempfile
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from decnet.errors import (
    BadAnswer,
    DecnetError,
    DockerDown,
    Failed,
    FleetRefused,
    HashRefused,
    IdentityRefused,
    Unreachable,
    WorkerBusy,
    WorkerError,
    WrongProtocol,
)
from decnet.worker.local import LocalSession

LIAR = Path(__file__).with_name("hostile_agent.py")


def packed(folder: Path) -> Path:
    """The lying agent in a file of an agent's shape."""
    file = folder / "agent.pyz"
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("decnet/__init__.py", "decnet/agent/__init__.py"):
            archive.writestr(name, "")
        archive.writestr("decnet/agent/program.py", LIAR.read_text())
    return file


AGENT = packed(Path(tempfile.mkdtemp(prefix="decnet-liar-")))
atexit.register(shutil.rmtree, AGENT.parent)


def ask(verb: str, *, limit: float = 20.0, stream: AsyncIterator[bytes] | None = None) -> dict[str, Any]:
    return asyncio.run(LocalSession(AGENT, worker="w1").call(verb, {"a": 1}, limit=limit, stream=stream))


def refusal(verb: str, *, limit: float = 20.0) -> DecnetError:
    with pytest.raises(DecnetError) as caught:
        ask(verb, limit=limit)
    assert caught.value.worker == "w1"
    assert str(caught.value).startswith("w1: ")
    assert not any(ord(char) < 0x20 or char == "\u202e" for char in str(caught.value))
    return caught.value


async def pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * 65536


async def broken_pieces() -> AsyncIterator[bytes]:
    yield b"x"
    raise Failed("the image cannot be read")


def test_a_good_answer_is_its_result() -> None:
    assert ask("good") == {"it": "is fine"}


def test_what_a_shell_prints_before_the_answer_is_passed_over() -> None:
    assert ask("noisy-shell") == {"it": "is fine"}


def test_what_follows_the_answer_is_passed_over() -> None:
    assert ask("answer-then-megabyte") == {"it": "is fine"}


def test_only_the_named_environment_reaches_the_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_OPERATOR", "1")
    monkeypatch.setenv("DECNET_DOCKER_SOCKET", "/run/other.sock")
    monkeypatch.delenv("DECNET_AGENT_HOME", raising=False)
    answer = ask("args")
    # LC_CTYPE is set by Python itself (PEP 538).
    assert set(answer["env"]) - {"LC_CTYPE"} == {"PATH", "DECNET_DOCKER_SOCKET"}
    assert answer["args"] == {"a": 1}


def test_a_stream_arrives_whole_after_the_request() -> None:
    assert ask("count-stream", stream=pieces(100)) == {"bytes": 100 * 65536}


def test_the_error_of_an_agent_that_refuses_a_stream_early_is_read() -> None:
    with pytest.raises(WorkerError, match="no images today"):
        ask("refuse-stream", stream=pieces(2000))


def test_a_stream_that_cannot_be_read_is_not_the_workers_failure() -> None:
    with pytest.raises(Failed, match="the image cannot be read"):
        ask("count-stream", stream=broken_pieces())


def test_a_hundred_megabytes_before_the_answer_are_not_kept() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert isinstance(refusal("hundred-megabytes"), BadAnswer)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


@pytest.mark.parametrize(
    "verb",
    [
        "huge-length", "wrong-marker", "cut-short", "bad-utf-8", "json-bomb", "deep-objects", "huge-number",
        "lone-surrogate", "not-an-object", "extra-key", "silent-end", "endless-log", "error-unheard-of",
    ],
)  # fmt: skip
def test_an_answer_that_breaks_the_protocol_is_a_bad_answer(verb: str) -> None:
    assert isinstance(refusal(verb), BadAnswer)


@pytest.mark.parametrize("verb", ["silent", "drip", "answer-then-hang", "answer-then-flood"])
def test_an_agent_that_does_not_end_is_ended_and_unreachable(verb: str) -> None:
    assert isinstance(refusal(verb, limit=1.0), Unreachable)


def test_a_child_that_holds_the_pipes_open_does_not_hold_up_the_answer() -> None:
    assert ask("child-holds-pipes", limit=10.0) == {"it": "is fine"}


def test_a_signal_is_reported() -> None:
    error = refusal("killed")
    assert type(error) is WorkerError
    assert "SIGKILL" in error.message


def test_a_failure_ends_with_the_agents_last_words_made_harmless() -> None:
    error = refusal("fails")
    assert type(error) is WorkerError
    assert "exit status 3" in error.message
    assert "no module named 'docker'" in error.message


def test_an_answer_of_a_failed_process_is_not_taken() -> None:
    assert isinstance(refusal("answers-and-fails"), WorkerError)


def test_a_newer_protocol_gets_the_hint_to_upgrade() -> None:
    error = refusal("newer")
    assert isinstance(error, WrongProtocol)
    assert error.hint is not None and "upgrade" in error.hint


@pytest.mark.parametrize(
    ("code", "kind", "exit_code"),
    [
        ("usage", WorkerError, 4), ("protocol", BadAnswer, 4), ("not-enrolled", IdentityRefused, 6),
        ("identity", IdentityRefused, 6), ("fleet", FleetRefused, 6), ("hash", HashRefused, 6),
        ("generation", WorkerError, 4), ("busy", WorkerBusy, 4), ("docker-down", DockerDown, 5),
        ("compose", WorkerError, 4), ("refused", WorkerError, 4), ("name-taken", WorkerError, 4),
        ("network", WorkerError, 4), ("address", WorkerError, 4), ("failed", WorkerError, 4),
        ("time-limit", WorkerError, 4),
    ],
)  # fmt: skip
def test_each_error_code_of_the_agent_is_one_class_of_ours(
    code: str, kind: type[DecnetError], exit_code: int
) -> None:
    error = refusal(f"error-{code}")
    assert (type(error), error.exit_code) == (kind, exit_code)


def test_busy_names_the_running_job() -> None:
    error = refusal("error-busy")
    assert isinstance(error, WorkerBusy)
    assert error.job_id == "ab12"


def test_a_held_address_names_its_holder() -> None:
    assert "192.0.2.7 is held by 02:\\x1b" in refusal("error-address").message


def test_a_cancelled_call_leaves_no_agent_behind() -> None:
    async def cancel_in_the_middle() -> list[int]:
        call = asyncio.create_task(LocalSession(AGENT, worker="w1").call("silent", {}, limit=60))
        await asyncio.sleep(0.3)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        return children()

    assert asyncio.run(cancel_in_the_middle()) == []


def test_calls_side_by_side_do_not_mix_their_answers() -> None:
    async def many() -> list[dict[str, Any]]:
        session = LocalSession(AGENT, worker="w1")
        return await asyncio.gather(*(session.call("args", {"n": n}, limit=30) for n in range(8)))

    assert [answer["args"]["n"] for answer in asyncio.run(many())] == list(range(8))


def children() -> list[int]:
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return [int(pid) for pid in text.split()]
