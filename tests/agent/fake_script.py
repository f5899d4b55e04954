"""One script of calls for a real agent and a fake one, and how their answers are compared."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import tarfile
import time
from collections.abc import Iterator
from typing import Any, Protocol

from agent_desk import FLEET, WORKER, bundle, signed, step

from decnet.wire import PROJECT

Answer = dict[str, Any]
WEB = {"web": ("192.0.2.101", {"ssh": 22, "http": 80})}
TWO = {**WEB, "db": ("192.0.2.102", {"ssh": 22})}
TAKEN = "192.0.2.250"
TOPOLOGY = "decnet-t-0123abcd"
FLEETS = {"project": PROJECT}
WAIT = 120.0


class Seat(Protocol):
    """A worker whose Docker engine is also used by others."""

    agent: bytes

    def ask(self, verb: str, args: Answer | None = None, stream: bytes = b"") -> Answer: ...
    def without_docker(self, verb: str, args: Answer | None = None) -> Answer: ...
    def stop(self, container: str) -> None: ...
    def restart(self, container: str) -> None: ...
    def make_foreign(self, container: str) -> None: ...
    def remove_foreign(self, container: str) -> None: ...
    def let_jobs_linger(self) -> None: ...


def script(seat: Seat) -> Iterator[tuple[str, Answer]]:
    """Every verb of the operator's, well and badly asked, each answer with what was asked."""
    yield from _before_enrolment(seat)
    yield from _checks(seat)
    yield from _a_life(seat)
    yield from _trouble(seat)
    yield from _another_project(seat)
    yield from _rollouts(seat)
    yield from _the_journal(seat)
    yield from _images_and_agents(seat)
    yield from _the_end(seat)


def _before_enrolment(seat: Seat) -> Iterator[tuple[str, Answer]]:
    identity = {"worker_id": WORKER, "fleet_id": FLEET}
    yield "hello of a stranger", seat.ask("hello")
    yield "facts of a stranger", seat.ask("facts")
    yield "status of a stranger", seat.ask("status")
    yield "enrol without Docker", seat.without_docker("enrol", identity)
    yield "enrol", seat.ask("enrol", identity)
    yield "enrol as the same", seat.ask("enrol", identity)
    yield "enrol as another worker", seat.ask("enrol", {**identity, "worker_id": "worker-2"})
    yield "enrol for another fleet", seat.ask("enrol", {**identity, "fleet_id": "fleet-2"})
    yield "hello", seat.ask("hello")
    yield "hello without Docker", seat.without_docker("hello")
    yield "facts", seat.ask("facts", {"images": ["decnet/base:0123456789ab", "no/such:image"]})
    yield "facts without Docker", seat.without_docker("facts")
    yield "the first status", seat.ask("status")
    yield "status without Docker", seat.without_docker("status")
    yield "the first slice", seat.ask("slice")
    yield "the first events", seat.ask("events")


def _checks(seat: Seat) -> Iterator[tuple[str, Answer]]:
    good = bundle(WEB, "r0", 1)
    for what, wrong in (
        ("another plan hash", {**good, "plan_hash": "0" * 64}),
        ("another hash", {**good, "hash": "0" * 64}),
        ("an unknown argument", {**good, "more": 1}),
        ("no request", {key: value for key, value in good.items() if key != "request_id"}),
        ("a privileged container", privileged()),
        ("a step for a decky that is not there", bundle(WEB, "r0", 1, [step("db", "create", up=["db"])])),
        ("another interface", bundle(WEB, "r0", 1, lan={"interface": "eth9"})),
        ("another project", {**good, "project": TOPOLOGY}),
        ("no project's name", {**good, "project": "other"}),
    ):
        yield f"apply with {what}", seat.ask("apply", wrong)
    yield "apply without Docker", seat.without_docker("apply", good)
    for expected in ({"worker_id": "worker-2", "fleet_id": FLEET}, {"worker_id": WORKER, "fleet_id": "f"}):
        yield f"expecting {sorted(expected.values())}", seat.ask("status", {"expect": expected})
    yield "a dry run", seat.ask("apply", {**good, "dry_run": True})
    taken = bundle({"bad": (TAKEN, {"ssh": 22})}, "r0", 1)
    yield "a dry run with a taken address", seat.ask("apply", {**taken, "dry_run": True})
    yield "probe", seat.ask("probe", {"addresses": [TAKEN, "192.0.2.101"], "seconds": 0.5})
    yield "probe of no address", seat.ask("probe", {"addresses": ["here"]})
    seat.make_foreign("web-ssh")
    yield "apply over somebody's container", seat.ask("apply", good)
    seat.remove_foreign("web-ssh")
    yield "nothing has come of it", seat.ask("status")


def _a_life(seat: Seat) -> Iterator[tuple[str, Answer]]:
    yield "create", seat.ask("apply", {**bundle(WEB, "r1", 1), "wait": WAIT})
    yield "the same request again", seat.ask("apply", bundle(WEB, "r1", 1))
    status = seat.ask("status")
    yield "status after create", status
    yield "slice after create", seat.ask("slice")
    yield "facts after create", seat.ask("facts")
    yield "probe of our own", seat.ask("probe", {"addresses": ["192.0.2.101"], "seconds": 0.5})
    yield "events", seat.ask("events")
    yield "events in pages", in_pages(seat)
    yield "events of another spool", seat.ask("events", {"after": 1, "spool_id": "no-spool"})
    yield "logs of a decky", seat.ask("logs", {"decky": "web"})
    yield "logs of a service", seat.ask("logs", {"decky": "web", "service": "ssh", "lines": 1})
    yield "logs of nobody", seat.ask("logs", {"decky": "nobody"})
    seat.stop("web-http")
    yield "status with a stopped service", seat.ask("status")
    yield (
        "start",
        seat.ask("apply", {**bundle(WEB, "r2", 2, [step("web", "heal", start=["web-http"])]), "wait": WAIT}),
    )
    yield "status after start", seat.ask("status")
    change = step("web", "change", remove=[target(seat, "web-http")], up=["web-ftp"])
    ftp = {"web": ("192.0.2.101", {"ssh": 22, "ftp": 21})}
    yield "mutate", seat.ask("apply", {**bundle(ftp, "r3", 3, [change]), "wait": WAIT})
    yield "status after mutate", seat.ask("status")
    yield "a lower generation", seat.ask("apply", bundle(ftp, "r4", 1))
    yield "a description only", seat.ask("apply", {**bundle(ftp, "r5", 4, []), "wait": WAIT})
    yield "status after a description", seat.ask("status")


def _trouble(seat: Seat) -> Iterator[tuple[str, Answer]]:
    bad = {"web": ("192.0.2.101", {"ssh": 22, "ftp": 21}), "bad": ("192.0.2.104", {"ssh": 22})}
    broken = {"bad-ssh": ["/bin/busybox", "sh", "-c", "echo out of order; exit 3"]}
    up = [step("bad", "create", up=["bad", "bad-ssh"])]
    seat.let_jobs_linger()
    yield "a decky that cannot run", under_way(seat.ask("apply", bundle(bad, "r6", 5, up, broken)))
    yield "a job is in the way", seat.ask("apply", bundle(bad, "r7", 5, []))
    yield "a teardown while it runs", seat.ask("teardown", {**FLEETS, "request_id": "r8", "generation": 6})
    yield "self-destruct while it runs", seat.ask("self-destruct")
    yield "its end", seat.ask("apply", {**bundle(bad, "r6", 5, up, broken), "wait": WAIT})
    yield "status after it", seat.ask("status")
    wrong = step("web", "change", remove=[{"name": "web-ftp", "id": "0" * 64}])
    yield "remove by another id", seat.ask("apply", {**bundle(bad, "r9", 6, [wrong]), "wait": WAIT})
    taken = {**bad, "late": (TAKEN, {"ssh": 22})}
    late = [step("late", "create", up=["late", "late-ssh"])]
    yield "a taken address", seat.ask("apply", {**bundle(taken, "r10", 7, late), "wait": WAIT})
    gone = [step("bad", "remove", remove=[target(seat, "bad"), target(seat, "bad-ssh")])]
    yield "remove", seat.ask("apply", {**bundle({**WEB}, "r11", 8, gone), "wait": WAIT})
    seat.stop("web")
    yield "status with a stopped base", seat.ask("status")
    everything = [target(seat, name) for name in ("web", "web-ftp", "web-ssh")]
    heal = [step("web", "heal", remove=everything, up=["web", "web-ssh", "web-http"])]
    yield "recreate", seat.ask("apply", {**bundle(WEB, "r12", 9, heal), "wait": WAIT})
    yield "status after recreate", seat.ask("status")
    seat.restart("web")
    yield "status with a restarted base", seat.ask("status")
    start = [step("web", "heal", start=["web", "web-ssh", "web-http"])]
    yield "start what is detached", seat.ask("apply", {**bundle(WEB, "r13", 10, start), "wait": WAIT})
    yield "status after it", seat.ask("status")


def _another_project(seat: Seat) -> Iterator[tuple[str, Answer]]:
    other = bundle({"web": ("192.0.2.111", {"ssh": 22})}, "t1", 1, project=TOPOLOGY)
    yield "another project", seat.ask("apply", {**other, "wait": WAIT})
    yield "status of two projects", seat.ask("status")
    yield "slices of two projects", seat.ask("slice")
    yield "logs of the other one", seat.ask("logs", {"project": TOPOLOGY, "decky": "web"})
    same = bundle({"db": ("192.0.2.111", {"ssh": 22})}, "t2", 11)
    yield "the address of another project", seat.ask("apply", same)
    down = {"project": TOPOLOGY, "request_id": "t3", "generation": 2, "wait": WAIT}
    yield "teardown of the other one", seat.ask("teardown", down)
    yield "status after it", seat.ask("status")


def _rollouts(seat: Seat) -> Iterator[tuple[str, Answer]]:
    held = {"id": "0123456789ab", "unit": "w1", "former": None, "to": "a" * 64, "seq": 1, "batch": 1}
    plain, armed = {**held, "confirm_within": None}, {**held, "confirm_within": 600}
    yield "a rollout of another shape", seat.ask("apply", {**bundle(WEB, "o0", 12, []), "rollout": held})
    yield "a rollout", seat.ask("apply", {**bundle(WEB, "o1", 12, []), "rollout": plain, "wait": WAIT})
    yield "status with a rollout", seat.ask("status", {"sessions": True})
    ask = {**FLEETS, "id": held["id"]}
    yield "confirm without a dead man", seat.ask("confirm", ask)
    change = step("web", "change", remove=[target(seat, "web-http")], up=["web-http"])
    again = bundle(WEB, "o2", 13, [change])
    yield "a dead man", seat.ask("apply", {**again, "rollout": armed, "wait": WAIT})
    yield "status with a dead man", seat.ask("status")
    yield "confirm", seat.ask("confirm", ask)
    yield "confirm another one", seat.ask("confirm", {**ask, "id": "ba9876543210"})
    yield "confirm with another argument", seat.ask("confirm", {**ask, "more": 1})
    yield "status after it", seat.ask("status", {"sessions": True})
    yield "a plain apply", seat.ask("apply", {**bundle(WEB, "o3", 14, []), "wait": WAIT})
    yield "status without a rollout", seat.ask("status", {"sessions": True})


def _the_journal(seat: Seat) -> Iterator[tuple[str, Answer]]:
    page = seat.ask("status")["result"]["journal"]
    for number in (0, len(page["records"]) // 2, len(page["records"]) - 1):
        record = page["records"][number]
        cursor = {"journal_id": page["journal_id"], "seq": record["seq"], "hash": record["hash"]}
        yield f"after record {number}", seat.ask("status", {"cursor": cursor})
        yield f"after another record {number}", seat.ask("status", {"cursor": {**cursor, "hash": "0" * 64}})
        yield f"another journal {number}", seat.ask("status", {"cursor": {**cursor, "journal_id": "none"}})
    yield "a cursor of another shape", seat.ask("status", {"cursor": {"seq": 1}})


def _images_and_agents(seat: Seat) -> Iterator[tuple[str, Answer]]:
    name = "own/service:1"
    yield "an image", seat.ask("image-load", {"images": [name]}, saved(name))
    yield "facts with an image", seat.ask("facts", {"images": [name]})
    yield (
        "an image that is not in the stream",
        seat.ask("image-load", {"images": ["own/other:1"]}, saved(name)),
    )
    yield "a stream that is none", seat.ask("image-load", {"images": ["own/other:1"]}, b"not a tar file" * 99)
    yield "an agent of another hash", seat.ask("upgrade", upgrade(seat.agent) | {"sha256": "0" * 64})
    yield "an agent that is none", seat.ask("upgrade", upgrade(b"not an agent"))
    yield "the same agent", seat.ask("upgrade", upgrade(seat.agent))


def _the_end(seat: Seat) -> Iterator[tuple[str, Answer]]:
    yield (
        "two",
        seat.ask(
            "apply", {**bundle(TWO, "r20", 20, [step("db", "create", up=["db", "db-ssh"])]), "wait": WAIT}
        ),
    )
    one = {**FLEETS, "request_id": "r21", "generation": 21, "deckies": ["web"], "wait": WAIT}
    yield "teardown of one", seat.ask("teardown", one)
    yield "status after it", seat.ask("status")
    yield "slice after it", seat.ask("slice")
    yield "teardown of nobody", seat.ask("teardown", {**one, "request_id": "r22", "deckies": ["nobody"]})
    yield (
        "teardown of a lower generation",
        seat.ask("teardown", {**one, "request_id": "r23", "generation": 1}),
    )
    everything = {**FLEETS, "request_id": "r24", "generation": 24, "wait": WAIT}
    yield "teardown of all", seat.ask("teardown", everything)
    yield "the same again", seat.ask("teardown", everything)
    yield "status at the end", seat.ask("status")
    yield "facts at the end", seat.ask("facts")
    yield "slice at the end", seat.ask("slice")
    yield "events at the end", seat.ask("events")
    yield "self-destruct", seat.ask("self-destruct")
    deadline = time.monotonic() + WAIT
    while seat.ask("hello")["result"]["worker_id"] is not None and time.monotonic() < deadline:
        time.sleep(0.2)
    yield "hello after it", seat.ask("hello")
    yield "status after it", seat.ask("status")


def in_pages(seat: Seat) -> Answer:
    """The last page of one event each, with the events of all."""
    events: list[Answer] = []
    while True:
        page = seat.ask("events", {"after": events[-1]["seq"] if events else 0, "limit": 1})
        events += page["result"]["events"]
        if not page["result"]["more"]:
            return {**page, "result": {**page["result"], "events": events}}
        assert len(page["result"]["events"]) == 1, page


def under_way(answer: Answer) -> Answer:
    """The answer to a request that is not waited for: whether its job has begun yet is left to chance."""
    assert answer["result"]["state"] in ("accepted", "running"), answer
    return {**answer, "result": {**answer["result"], "state": "accepted"}}


def upgrade(agent: bytes) -> Answer:
    return {"sha256": hashlib.sha256(agent).hexdigest(), "bytes": base64.b64encode(agent).decode()}


def privileged() -> Answer:
    whole = bundle(WEB, "r0", 1)
    whole["compose"]["services"]["web"]["privileged"] = True
    return signed({key: whole[key] for key in ("project", "slice", "steps", "compose")}, "r0", 1)


def target(seat: Seat, name: str) -> dict[str, str]:
    found = next(each for each in seat.ask("status")["result"]["containers"] if each["name"] == name)
    return {"name": name, "id": found["id"]}


def saved(name: str) -> bytes:
    """A `docker save` stream of an image with one empty layer."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as empty:
        empty.addfile(tarfile.TarInfo("file"))
    content = layer.getvalue()
    config = {
        "architecture": "amd64", "os": "linux", "config": {}, "history": [],
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(content).hexdigest()]},
    }  # fmt: skip
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["one/layer.tar"]}]
    parts = {
        "config.json": json.dumps(config).encode(),
        "one/layer.tar": content,
        "manifest.json": json.dumps(manifest).encode(),
    }
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for path, each in parts.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(each)
            archive.addfile(entry, io.BytesIO(each))
    return whole.getvalue()


MASKED = frozenset(
    {"at", "boot_id", "clock", "disk_free_mib", "engine_id", "hash", "hostname", "id", "journal_id",
     "machine", "mark", "memory_mib", "neighbours", "routes", "scan_trouble", "spool_id", "started"}
)  # fmt: skip
"""What chance, the time or the machine says: only its type is compared, and whether it is empty."""


def masked(value: Any, key: str = "") -> Any:
    """An answer as it is compared."""
    if key in ("armed_until", "up"):
        return f"<{type(value).__name__}>"
    if key in MASKED:
        return f"<{type(value).__name__}{'' if value else ', empty'}>"
    if isinstance(value, dict):
        return {name: masked(each, name) for name, each in value.items()}
    if key == "networks":
        value = sorted(value, key=lambda network: str(network["name"]))
    if key == "events":
        value = _by_service(value)
    if key == "restarts":
        return min(value, 1)
    if isinstance(value, list):
        return [masked(each) for each in value]
    if isinstance(value, str):
        return _settled(value)
    return value


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Every place at which two answers differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict) and set(ours) == set(theirs):
        return [each for key in ours for each in differences(ours[key], theirs[key], f"{path}.{key}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [each for n, (a, b) in pairs for each in differences(a, b, f"{path}[{n}]")]
    return [] if ours == theirs else [f"{path}: fake {ours!r}, real {theirs!r}"]


def _by_service(events: list[Answer]) -> list[Answer]:
    """Events in a fixed order: of services that start at once, either may report first."""
    seqs = [each["seq"] for each in events]
    ordered = sorted(events, key=lambda each: (each["decky"], each["service"], each["seq"]))
    return [{**each, "seq": seq} for each, seq in zip(ordered, seqs, strict=True)]


def _settled(text: str) -> str:
    """Without folders, hashes and MACs; a log that repeats itself once."""
    text = re.sub(r"/[\w./-]+/(docker\.sock|[\w.-]*\.json)", r"<folder>/\1", text)
    text = re.sub(r"\b[0-9a-f]{12,64}\b", "<hash>", text)
    text = re.sub(r"\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b", "<mac>", text)
    lines = text.split("\n")
    return "\n".join(line for number, line in enumerate(lines) if number == 0 or line != lines[number - 1])
