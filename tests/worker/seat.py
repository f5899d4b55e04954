"""The operator's seat: one act of the worker's tests per run, printed as JSON. The tests run it inside the
lab."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from decnet.errors import DecnetError, WorkerFailure
from decnet.model.worker import Worker
from decnet.worker import enrol, fleetkey, hostkeys
from decnet.worker.agent_package import AgentPackage
from decnet.worker.client import AgentClient
from decnet.worker.concurrency import Concurrency
from decnet.worker.login import HostKeyProof, Login, Place, fetch_key
from decnet.worker.pool import Pool
from decnet.worker.requirements import check
from decnet.worker.session import open_session

FLEET = "5d0f3f8e-0000-4000-8000-00000000f1ee"


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600)
    path.write_bytes(content)


class Seat:
    def __init__(self, home: Path, fleet_id: str = FLEET) -> None:
        self.home = home
        self.fleet_id = fleet_id
        self.known_hosts = home / "known_hosts"
        self.workers = home / "workers.json"
        self.concurrency = Concurrency()

    def side(self, fleet_id: str | None = None) -> enrol.FleetSide:
        def key(algorithm: str) -> fleetkey.FleetKey:
            return fleetkey.ensure_key(self.home / "keys" / "fleet", write, algorithm)

        return enrol.FleetSide(fleet_id or self.fleet_id, key, AgentPackage.of(self.home / "agents"))

    def known(self) -> dict[str, Worker]:
        text = self.workers.read_text() if self.workers.exists() else "{}"
        return {name: Worker.model_validate(row) for name, row in json.loads(text).items()}

    def record(self, worker: Worker, key: hostkeys.HostKey) -> None:
        rows = {**self.known(), worker.name: worker}
        write(self.workers, json.dumps({name: row.model_dump() for name, row in rows.items()}).encode())
        hostkeys.pin(self.known_hosts, worker, key, write)

    def client(self, worker: Worker) -> AgentClient:
        session = open_session(
            worker, agents=self.home / "agents", known_hosts=self.known_hosts,
            key=self.home / "keys" / "fleet", concurrency=self.concurrency,
        )  # fmt: skip
        return AgentClient(session, worker_id=worker.worker_id, fleet_id=self.fleet_id)


async def add(seat: Seat, args: argparse.Namespace) -> Any:
    known = seat.known().get(args.name)
    pins = hostkeys.load_pins(seat.known_hosts)
    vouched = HostKeyProof(
        pinned=pins.get(known.worker_id) if known else None,
        fingerprint=args.host_key,
        confirm=(lambda key: True) if args.yes else None,
    )
    wanted = known or Worker(name=args.name, worker_id="")
    ask = (lambda prompt: str(args.password)) if args.password else None
    login = Login.parse(args.address, ask=ask, jump=args.jump)
    done = await enrol.Enrolment().add(login, seat.side(), wanted, vouched, others={}, adopt=args.adopt)
    seat.record(done.worker, done.host_key)
    return {"changed": done.changed, "warnings": done.warnings, "worker_id": done.worker.worker_id}


async def recover(seat: Seat, args: argparse.Namespace) -> Any:
    done = await enrol.Enrolment().recover(
        Login.parse(args.address), None, seat.side, Worker(name=args.name, worker_id=""),
        HostKeyProof(confirm=lambda key: True), others={},
    )  # fmt: skip
    seat.record(done.enrolled.worker, done.enrolled.host_key)
    return {"worker_id": done.enrolled.worker.worker_id, "fleet_id": done.enrolled.hello.fleet_id}


async def trust(seat: Seat, args: argparse.Namespace) -> Any:
    worker = seat.known()[args.name]
    place = Place(worker.host, worker.port, worker.user, worker.jump)
    key = await fetch_key(place, worker.name)
    old = hostkeys.load_pins(seat.known_hosts)[worker.worker_id]
    await enrol.Enrolment().try_key(worker, key, seat.side().key, seat.fleet_id)
    hostkeys.pin(seat.known_hosts, worker, key, write)
    return {"old": old.fingerprint, "new": key.fingerprint}


async def withdraw(seat: Seat, args: argparse.Namespace) -> Any:
    worker = seat.known()[args.name]
    pin = hostkeys.pinned(seat.known_hosts, worker)
    login = Login(worker.host, worker.user, worker.port)
    return await enrol.Enrolment().withdraw(login, worker, seat.side().key, pin)


async def check_worker(seat: Seat, args: argparse.Namespace) -> Any:
    client = seat.client(seat.known()[args.name])
    try:
        done = await check(client)
    finally:
        await client.close()
    return {
        "warnings": [one.message for one in done.problems],
        "agent": done.hello.agent,
        "skew": done.skew,
    }


async def pull(seat: Seat, args: argparse.Namespace) -> Any:
    """`rounds` pulls of all workers over kept connections, a line of JSON for each."""
    async with Pool(seat.client) as pool:
        for number in range(args.rounds):
            start = time.monotonic()
            results = await pool.pull(seat.known().values(), lambda client: client.status())
            row = {
                name: as_document(result.error)
                if isinstance(result, WorkerFailure)
                else {"worker": result.hello.worker_id}
                for name, result in results.items()
            }
            seconds = time.monotonic() - start
            print(json.dumps({"round": number, "seconds": seconds, "workers": row}), flush=True)
            if number + 1 < args.rounds:
                await asyncio.to_thread(sys.stdin.readline)
    return None


def as_document(error: DecnetError) -> dict[str, Any]:
    return {
        "error": type(error).__name__,
        "code": error.code,
        "exit": error.exit_code,
        "message": str(error),
        "hint": error.hint,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("act", choices=["add", "recover", "trust", "withdraw", "pull", "check"])
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("address", nargs="?", default="")
    parser.add_argument("--host-key")
    parser.add_argument("--fleet", default=FLEET)
    parser.add_argument("--password")
    parser.add_argument("--jump")
    parser.add_argument("--yes", action="store_true")
    parser.add_argument("--adopt", action="store_true")
    parser.add_argument("--rounds", type=int, default=1)
    args = parser.parse_args()
    seat = Seat(args.home, args.fleet)
    acts = {
        "add": add, "recover": recover, "trust": trust, "withdraw": withdraw, "pull": pull,
        "check": check_worker,
    }  # fmt: skip
    try:
        outcome = {"ok": asyncio.run(acts[args.act](seat, args))}
    except DecnetError as error:
        outcome = as_document(error)
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
