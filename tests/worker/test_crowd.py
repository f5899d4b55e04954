"""Many workers that are asked again, over SSH in one process."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from decnet.worker.answers import Different, Question, answer_digest
from decnet.worker.crowd import Crowd

from .loopback import LIBRARY, Place, answer_to, request_of, ssh_server

if TYPE_CHECKING:
    from decnet.worker.answers import Answer

WORKERS = 5


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "keys").mkdir()
    made = Place(tmp_path / "keys")
    made.known_hosts = tmp_path / "known_hosts"
    return made


def status_of(worker: str) -> dict[str, Any]:
    return {"hello": {"clock": 7.0, "worker": worker}, "containers": []}


def questions(place: Place, port: int, *, pinned: Any = None) -> list[Question]:
    found = []
    for number in range(WORKERS):
        worker = place.worker(port, f"w{number}")
        place.pin(worker, pinned)
        where = {"host": worker.host, "port": port, "user": "root", "key": "fleet"}
        before = answer_digest("status", status_of(worker.name))
        assert before is not None
        found.append(Question(worker.worker_id, where, "status", {"who": worker.name}, before))
    return found


def asked(
    place: Place, *, other: str = "", status: int = 0, pinned: Any = None, keeps: bool = False
) -> list[Answer]:
    async def behave(process: Any) -> None:
        request = await request_of(process)
        result = status_of(request["args"]["who"])
        if request["args"]["who"] == other:
            result["containers"] = ["another"]
        process.stdout.write(answer_to(request, result))
        process.exit(status)

    async def main() -> list[Answer]:
        async with ssh_server(place, behave) as server:
            made = questions(place, server.get_port(), pinned=pinned)
            return await asyncio.to_thread(Crowd(str(place.folder.parent), made, keeps=keeps).verified)

    return asyncio.run(main())


def test_each_worker_gives_its_answer_and_the_time_of_its_request(place: Place) -> None:
    began = time.time()
    found = asked(place)
    assert [result["hello"]["worker"] for result, _, _ in found] == [f"w{each}" for each in range(WORKERS)]
    assert all(began < sent <= answered <= time.time() for _, sent, answered in found)


def test_another_answer_than_before_is_different(place: Place) -> None:
    with pytest.raises(Different):
        asked(place, other="w3")


def test_all_answers_are_kept_where_one_is_different(place: Place) -> None:
    with pytest.raises(Different) as found:
        asked(place, other="w0", keeps=True)
    assert {number: each[0]["hello"]["worker"] for number, each in found.value.answers.items()} == {
        number: f"w{number}" for number in range(WORKERS)
    }


def test_where_none_answers_none_is_kept(place: Place) -> None:
    with pytest.raises(Different) as found:
        asked(place, status=3, keeps=True)
    assert found.value.answers == {}


def test_an_agent_that_fails_gives_no_answer(place: Place) -> None:
    with pytest.raises(ValueError, match="exit status 3"):
        asked(place, status=3)


def test_a_worker_with_another_key_than_the_pinned_one_gives_no_answer(place: Place) -> None:
    with pytest.raises(ValueError, match="host key"):
        asked(place, pinned=LIBRARY.generate_private_key("ssh-ed25519"))
