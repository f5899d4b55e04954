"""Random work and random harm on a fleet of two workers; the seed draws both, the clock has its say too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from random import Random

from pair import PAIR, SIX, Pair

from decnet.lab import heal, partition, pause, resume, slow, start, stop
from decnet.lab.layout import place
from decnet.lab.processes import of_place

FINE = {0, 3, 4, 5, 75}
"""How a command may end in the middle of a storm: done, drift, partly, unreachable, lock held."""
KILLED = {-9, 137}
CONNECT = """
import socket, sys, threading
address, count, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def work():
    try:
        for _ in range(count // threads):
            socket.create_connection((address, 80), 2).close()
    except OSError:
        pass
workers = [threading.Thread(target=work) for _ in range(threads)]
[each.start() for each in workers]
[each.join() for each in workers]
"""
AGENT = "/var/lib/decnet-agent"
HARM = ("kill", "rm -f", "stop -t 1", "pause", "restart -t 1")
MORE = SIX.replace("count = 4", "count = 6")


def plug(pair: Pair, worker: str, state: str) -> None:
    """The switch's side of a worker's cable is `up` or `down`."""
    lan = place(pair.lab, "w1").netns.removesuffix("w1") + "lan"
    argv = ["ip", "netns", "exec", lan, "ip", "link", "set", f"{worker}-lan", state]
    subprocess.run(argv, check=True, timeout=20)


class Storm:
    """`log` has every step with its second and outcome, to find out what happened."""

    def __init__(self, pair: Pair, seed: int, say: Callable[[str], None]) -> None:
        self.pair = pair
        self.dice = Random(seed)
        self.say = say
        self.begun = time.monotonic()
        self.odd: list[str] = []
        self.counts: dict[str, int] = {}
        self.mounted: list[tuple[str, str]] = []
        self.attempts: list[str] = []
        """The passwords of logins that a decoy has answered, and whose events were pulled."""

    def rage(self, seconds: float) -> None:
        """Step after step until the time is over, or something odd has happened."""
        steps: list[tuple[int, Callable[[], str]]] = [
            (5, self.mutate), (2, self.deploy), (6, self.harm_container), (3, self.cut_off),
            (1, self.power_cut), (1, self.engine_stops), (2, self.engine_hangs), (3, self.command_is_killed),
            (2, self.job_is_killed), (2, self.slow_line), (2, self.sshd_goes), (4, self.attack),
            (6, self.reconcile), (2, self.status), (2, self.two_at_once), (1, self.agent_loses_its_folder),
            (2, self.flood), (2, self.address_is_stolen), (2, self.cable_is_unplugged),
            (2, self.disk_is_full), (1, self.disk_is_read_only),
        ]  # fmt: skip
        weights, makes = zip(*steps, strict=True)
        while not self.odd and time.monotonic() - self.begun < seconds:
            (make,) = self.dice.choices(makes, weights)
            outcome = make()
            self.counts[make.__name__] = self.counts.get(make.__name__, 0) + 1
            self.say(f"{time.monotonic() - self.begun:6.1f} s  {make.__name__}: {outcome}")

    # What an operator does.

    def decnet(self, *argv: str) -> str:
        said = self.pair.decnet(*argv, code=None)
        if said.code not in FINE or "Traceback" in said.err + said.out:
            self.odd.append(
                f"decnet {' '.join(argv)}: exit {said.code}\n{said.out[-2000:]}\n{said.err[-4000:]}"
            )
        return f"{' '.join(argv[:3])} -> {said.code}"

    def mutate(self) -> str:
        number = str(self.dice.randrange(10**6))
        which = self.dice.choice((["--all"], ["web-*"], [self.decky()]))
        return self.decnet("mutate", *which, "--random", "--seed", number)

    def deploy(self) -> str:
        text = self.dice.choice((SIX, MORE))
        return self.decnet("deploy", "-c", self.pair.spec(text), "--yes", "--max-remove", "4")

    def reconcile(self) -> str:
        return self.decnet("reconcile")

    def status(self) -> str:
        return self.decnet("status", "-o", "json")

    def two_at_once(self) -> str:
        ended: list[str] = []
        other = threading.Thread(target=lambda: ended.append(self.decnet("reconcile", "--lock-timeout", "1")))
        other.start()
        mine = self.decnet("mutate", self.decky(), "--random", "--lock-timeout", "60")
        other.join()
        return f"{mine}; {ended}"

    def command_is_killed(self) -> str:
        argv = self.dice.choice((["reconcile"], ["mutate", "--all", "--random"], ["events", "--pull"]))
        running = self.pair.start(*argv)
        pause_for = self.dice.uniform(0.1, 4.0)
        time.sleep(pause_for)
        try:
            os.killpg(running.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        running.communicate(timeout=30)
        return f"{argv[0]} after {pause_for:.1f} s -> {running.returncode}"

    def attack(self) -> str:
        for decky in list(self.pair.deckies().values())[:3]:
            self.pair.attack("curl", "-s", "-m", "2", "-o", "/dev/null", f"http://{decky['ip']}/")
            self.pair.attack("nc", "-z", "-w", "1", decky["ip"], "22")
        return self.decnet("events", "--pull", "-o", "jsonl")

    def flood(self) -> str:
        """A login, then thousands of connections: the login is among the events, and each once."""
        decoys = [decky["ip"] for decky in self.pair.deckies().values() if "http" in decky["services"]]
        if not decoys:
            return "no http decoy"
        address, password = self.dice.choice(decoys), f"{self.dice.randrange(10**9):09}"
        form = f"username=admin&password={password}"
        login = ("curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", "-d", form)
        answered = self.pair.attack(*login, f"http://{address}/login").out
        self.pair.attack("python3", "-c", CONNECT, address, "2000", "4", limit=120)
        outcome = self.decnet("events", "--pull", "-o", "jsonl")
        if answered not in ("", "000") and outcome.endswith("-> 0"):
            self.attempts.append(password)
        return f"{answered} at {address}; {outcome}"

    # What happens on the LAN.

    def address_is_stolen(self) -> str:
        taken = self.dice.sample(
            sorted({d["ip"] for d in self.pair.deckies().values()}), self.dice.choice((1, 3))
        )
        for address in taken:
            self.pair.attack("ip", "addr", "add", f"{address}/32", "dev", "eth0")
        outcome = self.decnet("reconcile")
        self.give_back()
        return f"{len(taken)}; {outcome}"

    def give_back(self) -> None:
        """The attacker has its own address only."""
        self.pair.attack(
            "sh",
            "-c",
            "ip -o addr show dev eth0 | awk '/\\/32/ {print $4}' | xargs -rn1 ip addr del dev eth0",
        )

    def cable_is_unplugged(self) -> str:
        worker = self.worker()
        plug(self.pair, worker, "down")
        outcome = self.decnet(self.dice.choice(("status", "reconcile")))
        plug(self.pair, worker, "up")
        return f"{worker}; {outcome}"

    # What happens to the workers.

    def disk_is_full(self) -> str:
        """No job can be written down."""
        worker, jobs = self.worker(), f"{AGENT}/jobs"
        self.mount(worker, jobs, f"mkdir -p {jobs} && mount -t tmpfs -o size=32k full {jobs}")
        self.pair.on(worker, "sh", "-c", f"dd if=/dev/zero of={jobs}/filler 2>/dev/null")
        outcome = self.mutate() if self.dice.random() < 0.5 else self.decnet("reconcile")
        self.decnet("status")
        self.unmount()
        return f"{worker}; {outcome}"

    def disk_is_read_only(self) -> str:
        worker = self.worker()
        self.mount(worker, AGENT, f"mount --bind {AGENT} {AGENT} && mount -o remount,ro,bind {AGENT}")
        outcome = self.decnet(self.dice.choice(("status", "reconcile")))
        self.unmount()
        return f"{worker}; {outcome}"

    def mount(self, worker: str, folder: str, command: str) -> None:
        assert self.pair.on(worker, "sh", "-c", command).code == 0
        self.mounted.append((worker, folder))

    def unmount(self) -> None:
        """What was mounted over the agents' folders is gone; a heartbeat may still have a file open there."""
        while self.mounted:
            worker, folder = self.mounted.pop()
            assert self.pair.on(worker, "umount", "-l", folder).code == 0

    def worker(self) -> str:
        return self.dice.choice(PAIR)

    def decky(self) -> str:
        state = json.loads((self.pair.home / "decnet-state.json").read_text())
        return str(self.dice.choice(sorted(state["projects"]["decnet"]["deckies"])))

    def harm_container(self) -> str:
        worker, harm = self.worker(), self.dice.choice(HARM)
        names = sorted(self.pair.containers(worker))
        if not names:
            return "nothing to harm"
        name = self.dice.choice(names)
        self.pair.on(worker, "sh", "-c", f"docker {harm} {name}")
        return f"{harm} {name} on {worker}"

    def cut_off(self) -> str:
        worker = self.worker()
        partition(self.pair.lab, worker)
        outcome = self.decnet("reconcile") if self.dice.random() < 0.7 else self.mutate()
        heal(self.pair.lab, worker)
        return f"{worker}; {outcome}"

    def slow_line(self) -> str:
        worker, delay, loss = self.worker(), self.dice.randrange(20, 300), self.dice.choice((0, 5, 20))
        slow(self.pair.lab, worker, delay, loss)
        outcome = self.decnet("reconcile")
        heal(self.pair.lab, worker)
        return f"{worker} {delay} ms {loss}%; {outcome}"

    def power_cut(self) -> str:
        worker = self.worker()
        stop(self.pair.lab, worker, "worker")
        outcome = self.decnet("reconcile") if self.dice.random() < 0.5 else ""
        start(self.pair.lab, worker)
        return f"{worker}; {outcome}"

    def engine_stops(self) -> str:
        worker = self.worker()
        running = self.pair.start("mutate", "--all", "--random")
        time.sleep(self.dice.uniform(0.5, 3.0))
        stop(self.pair.lab, worker, "engine")
        running.communicate(timeout=180)
        start(self.pair.lab, worker)
        return f"{worker} -> {running.returncode}"

    def engine_hangs(self) -> str:
        worker = self.worker()
        pause(self.pair.lab, worker)
        outcome = self.decnet("status")
        resume(self.pair.lab, worker)
        return f"{worker}; {outcome}"

    def sshd_goes(self) -> str:
        worker = self.worker()
        running = self.pair.start("mutate", "--all", "--random")
        time.sleep(self.dice.uniform(0.3, 3.0))
        stop(self.pair.lab, worker, "sshd")
        start(self.pair.lab, worker)
        out, err = running.communicate(timeout=180)
        if "Traceback" in out + err:
            self.odd.append(f"mutate while sshd went: {err[-4000:]}")
        return f"{worker} -> {running.returncode}"

    def job_is_killed(self) -> str:
        worker = self.worker()
        running = self.pair.start("mutate", "--all", "--random")
        killed = 0
        deadline = time.monotonic() + 6
        while not killed and time.monotonic() < deadline and running.poll() is None:
            killed = self.kill_job(worker)
            time.sleep(0.02)
        out, err = running.communicate(timeout=180)
        if "Traceback" in out + err:
            self.odd.append(f"mutate while its job was killed: {err[-4000:]}")
        return f"{worker}, {killed} processes -> {running.returncode}"

    def kill_job(self, worker: str) -> int:
        """End the job's process that the agent has written down, if it is one of this worker's."""
        own = {process.pid for process in of_place(place(self.pair.lab, worker))}
        for file in (self.pair.agent(worker) / "jobs").glob("*.json"):
            try:
                row = json.loads(file.read_text())
            except (ValueError, FileNotFoundError):
                continue  # Half written, or one of those that are forgotten.
            if row["state"] == "running" and row["pid"] in own:
                os.kill(row["pid"], signal.SIGKILL)
                return 1
        return 0

    def agent_loses_its_folder(self) -> str:
        """Not the whole of it: its identity stays, as after a restore of half a backup."""
        worker = self.worker()
        lost = self.dice.choice(("journal.jsonl", "events", "projects", "jobs"))
        self.pair.on(worker, "rm", "-rf", f"/var/lib/decnet-agent/{lost}")
        return f"{lost} of {worker}"
