"""A demonstration: a fleet on the practice network is attacked, mutated, broken, repaired and torn down."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from decnet.errors import Failed
from decnet.images import wanted
from decnet.lab.choice import HOST
from decnet.lab.enter import run_argv
from decnet.lab.faults import start, stop
from decnet.lab.images import provide_images
from decnet.lab.layout import Lab
from decnet.lab.lifecycle import down, up
from decnet.lab.status import status
from decnet.lab.trees import Unavailable

FLEET = """\
# A small office: six machines that no one has a reason to touch.
[network]
addresses = { use = ["192.0.2.100-192.0.2.150"] }

[decky.web]
archetype = "web-server"

[decky.intranet]
archetype = "linux-server"
mutate_interval = 60

[decky.monitor]
archetype = "monitoring-node"

[decky.floor-switch]
archetype = "network-gear"

[decky.orders]
archetype = "database-server"
worker = "w2"

[decky.post]
archetype = "mail-server"
"""
WIKIS = """
# New: a decoy of the office wiki on each worker.
[decky.wiki-1]
services = ["wiki"]
worker = "w1"

[decky.wiki-2]
services = ["wiki"]
worker = "w2"
"""
WIKI = """\
[service.wiki]
summary = "The office wiki"
image = "office/wiki:2"
ports = [8080]
"""
LIMIT = 300.0
Say = Callable[[str], None]


@dataclass
class Demo:
    """One run of the demonstration; a failed expectation ends it with an error."""

    lab: Lab
    say: Say
    started: float = field(default_factory=time.monotonic)
    found: set[str] = field(default_factory=set)
    """The result of the attacker's first scan."""

    def run(self) -> None:
        """The whole demonstration; it starts and ends without a lab."""
        self.chapter("A practice network: two workers with Docker and sshd, a LAN, an attacker")
        try:
            self._start()
            provide_images(self.lab, self.say, operator=True)
            self._story()
        finally:
            self.chapter("The practice network is removed")
            down(self.lab, emit=self.say)
        self.say(f"\ndone in {time.monotonic() - self.started:.0f} s")

    def _start(self) -> None:
        """One worker has this machine's Docker, the other that of Debian 13, if it can be installed."""
        down(self.lab)  # A killed demo may have left workers with other engines.
        start_lab = partial(up, self.lab, workers=2, emit=self.say, operator_engine=True)
        try:
            start_lab(engines=(HOST, "trixie"))
        except Unavailable as missing:
            self.say(f"{missing.message}: both workers have this machine's Docker")
            start_lab()

    def _story(self) -> None:
        with tempfile.TemporaryDirectory(prefix="decnet-demo-") as folder:
            fleet = Path(folder) / "fleet.toml"
            fleet.write_text(FLEET)
            self._enrol(Path(folder))
            self._deploy(fleet)
            self._attack(Path(folder))
            self._mutate()
            self._break()
            self._roll_out(Path(folder))
            self._bad_input(Path(folder))
            self._leave()

    def _enrol(self, folder: Path) -> None:
        self.chapter("Enrol the workers: check them, install the agent, pin their host keys")
        known = folder / "known_hosts"
        known.write_text(
            "".join(
                f"{worker.address} {self._host_key(worker.name)}\n" for worker in status(self.lab).workers
            )
        )
        for worker in status(self.lab).workers:
            self.decnet("worker", "add", worker.name, f"root@{worker.address}", "--known-hosts", str(known))
        self.decnet("worker", "list")

    def _host_key(self, worker: str) -> str:
        """The worker's key, as its administrator would confirm it."""
        public = self.lab.folder / worker / "sshd" / "host_ed25519.pub"
        return " ".join(public.read_text().split()[:2])

    def _deploy(self, fleet: Path) -> None:
        self.chapter("Deploy six decoys, defined in a file")
        self.say(fleet.read_text())
        self.decnet("deploy", "-c", str(fleet), "--yes")
        self.decnet("status")
        self.chapter("Deploy again: nothing to do, no container is touched")
        before = self.containers()
        self.decnet("deploy", "-c", str(fleet), "--yes")
        self.expect(self.containers() == before, "a second deploy touched a container")

    def _attack(self, folder: Path) -> None:
        self.chapter("What an attacker on the LAN finds")
        self.found = self.scan()
        # Not the switch: old IOS has no algorithm that a client of today takes.
        victim = next(decky for decky in self.deckies() if decky["name"] == "intranet")
        self.chapter(f"The attacker tries a password on {victim['ip']}")
        ask = folder / "ask"
        ask.write_text("#!/bin/sh\necho hunter2\n")
        ask.chmod(0o755)
        ssh = ["ssh", "-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
        ssh += ["-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1", "-o", "PubkeyAuthentication=no"]
        environment = ["env", f"SSH_ASKPASS={ask}", "SSH_ASKPASS_REQUIRE=force"]
        self.on("attacker", [*environment, *ssh, f"root@{victim['ip']}", "id"], any_exit=True)
        self.chapter("... and queries the other services")
        switch, database = self.decky_with("snmp"), self.decky_with("redis")
        self.on(
            "attacker", ["snmpget", "-v2c", "-c", "public", switch["ip"], "1.3.6.1.2.1.1.1.0"], any_exit=True
        )
        self.on("attacker", ["redis-cli", "-h", database["ip"], "KEYS", "*"], any_exit=True)
        self.on(
            "attacker",
            ["mysql", "-h", database["ip"], "-u", "root", "-psecret", "-e", "select 1"],
            any_exit=True,
        )
        self.chapter("... and decnet reports every attempt")
        self.decnet("events", "--pull", "--decky", victim["name"])
        self.decnet("events", "--decky", database["name"])
        logins = [e for e in self.json("events") if e["kind"] == "login"]
        self.expect(
            any(e["fields"].get("password") == "hunter2" for e in logins), "the login attempt did not arrive"
        )

    def _mutate(self) -> None:
        self.chapter("Mutate: one service more or less on each decky, so that an earlier scan is wrong")
        before = {d["name"]: set(d["services"]) for d in self.deckies()}
        self.decnet("mutate", "--all", "--random", "--seed", "7")
        for decky in self.deckies():
            changed = before[decky["name"]] ^ set(decky["services"])
            self.expect(len(changed) == 1, f"{decky['name']} changed {len(changed)} services instead of one")
        self.expect(self.scan() != self.found, "the second scan shows the same as the first one")

    def _break(self) -> None:
        self.chapter("Kill a container")
        victim = self.deckies()[0]
        home = str(victim["worker"])
        self.on(home, ["docker", "kill", f"{victim['name']}-{victim['services'][0]}"])
        self.on("operator", ["decnet", "status"], any_exit=True)
        self.decnet("reconcile")
        self.chapter("Kill the base of a decky")
        self.on(home, ["docker", "kill", victim["name"]])
        self.decnet("reconcile")
        self._all_running()
        self.chapter("A stray: a container with the fleet's label that is not in the fleet")
        fleet_id = json.loads(self.on("operator", ["cat", "/var/lib/decnet/decnet-state.json"], show=False))[
            "fleet_id"
        ]
        image = self.on(home, ["docker", "inspect", "-f", "{{.Config.Image}}", victim["name"]], show=False)
        labels = ["--label", f"decnet.fleet={fleet_id}", "--label", "decnet.decky=ghost"]
        self.on(
            home,
            ["docker", "run", "-d", "--name", "ghost", "--network", "none", *labels]
            + ["--label", "decnet.service=", "--entrypoint", "/bin/busybox", image.strip(), "sleep", "600"],
        )
        self.decnet("reconcile")
        self.decnet("reconcile", "--prune")
        self.chapter("A worker loses power: decnet reports what it knows and touches nothing")
        stop(self.lab, "w2", "worker")
        code = self.on("operator", ["decnet", "status"], any_exit=True, code=True)
        self.expect(code == "5", f"status ended with exit {code} instead of 5")
        self.chapter("The power is back: reconcile starts what is not running")
        start(self.lab, "w2")
        self.decnet("reconcile")
        self.decnet("status")
        self._all_running()

    def _roll_out(self, folder: Path) -> None:
        self.chapter(
            "A rollout: w1 gets a new decoy first, and w2 only if it works there. Its image is broken"
        )
        before = self.containers("w1", "w2")
        fleet, image = folder / "wikis.toml", folder / "wiki"
        fleet.write_text(FLEET + WIKIS)
        self.say(WIKIS.strip())
        image.mkdir()
        (image / "Dockerfile").write_text(f'FROM {wanted().base}\nENTRYPOINT ["/wiki"]\n')
        self.on("operator", ["docker", "build", "-q", "-t", "office/wiki:2", str(image)])
        own = self.lab.folder / "op" / "decnet" / "catalog" / "wiki.toml"
        own.parent.mkdir(exist_ok=True)
        own.write_text(WIKI)
        self._ends_with_4("deploy", "-c", str(fleet), "--waves", "w1,100%", "--yes")
        got_it = [d["name"] for d in self.deckies() if d["status"] == "running" and "wiki" in d["services"]]
        self.expect(not got_it, f"{got_it} run")
        self.chapter("The rollout halted, so w2 never got the decoy. One command takes the change back")
        self._ends_with_4("rollout", "rollback", "--interval", "1", "--yes")
        self.expect(self.containers("w1", "w2") == before, "the rollback left other containers")
        own.unlink()
        self._all_running()

    def _ends_with_4(self, *argv: str) -> None:
        """A rollout that stopped or was taken back is a failure for scripts."""
        code = self.on("operator", ["decnet", *argv], any_exit=True, code=True)
        self.expect(code == "4", f"decnet {argv[0]} ended with exit {code} instead of 4")

    def _bad_input(self, folder: Path) -> None:
        self.chapter("A fleet file with mistakes: one clear message, nothing changed")
        broken = folder / "broken.toml"
        broken.write_text('[decky.web]\nserivces = ["http"]\ncount = "two"\n')
        code = self.on("operator", ["decnet", "deploy", "-c", str(broken), "--yes"], any_exit=True, code=True)
        self.expect(code == "2", f"a broken fleet file ended with exit {code}")

    def _leave(self) -> None:
        self.chapter("Tear down: nothing is left")
        self.decnet("teardown", "--all", "--yes")
        self.expect(not self.containers(), "a container is left")
        for worker in ("w1", "w2"):
            networks = self.on(worker, ["docker", "network", "ls", "--format", "{{.Name}}"], show=False)
            self.expect("decnet_lan" not in networks.split(), f"the network of {worker} is left")
            self.decnet("worker", "remove", worker, "--wipe")

    def scan(self) -> set[str]:
        """The open ports that the attacker sees, each as "ADDRESS PORT/PROTOCOL"."""
        addresses = [decky["ip"] for decky in self.deckies()]
        ports = "T:21-25,80,443,587,3306,6379,U:161"
        report = self.on(
            "attacker",
            ["nmap", "-n", "-sS", "-sU", "-sV", "--version-light", "--open", "-p", ports, *addresses],
        )
        found, address = set(), ""
        for line in report.splitlines():
            if line.startswith("Nmap scan report for "):
                address = line.split()[-1]
            elif re.match(r"\d+/(tcp|udp)\s+open\s", line):
                found.add(f"{address} {line.split()[0]}")
        return found

    def _all_running(self) -> None:
        wrong = [d["name"] for d in self.deckies() if d["status"] != "running"]
        self.expect(not wrong, f"not running: {', '.join(wrong)}")

    def deckies(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json("status")["deckies"]
        return found

    def decky_with(self, service: str) -> dict[str, Any]:
        return next(decky for decky in self.deckies() if service in decky["services"])

    def containers(self, *workers: str) -> list[str]:
        """The ids of the fleet's containers on these workers; by default, on w1."""
        listed = ["docker", "ps", "-aq", "--no-trunc", "--filter", "label=decnet.fleet"]
        ids = [self.on(worker, listed, show=False) for worker in workers or ("w1",)]
        return sorted(" ".join(ids).split())

    def decnet(self, *argv: str) -> str:
        return self.on("operator", ["decnet", *argv])

    def json(self, *argv: str) -> Any:
        return json.loads(self.on("operator", ["decnet", *argv, "-o", "json"], any_exit=True, show=False))

    def on(
        self, place: str, argv: list[str], *, any_exit: bool = False, show: bool = True, code: bool = False
    ) -> str:
        """Run a command and show it with its output. Returns its stdout, or with `code` its exit code."""
        if show:
            self.say(f"\n{place}$ {' '.join(_short(argv))}")
        ended = subprocess.run(
            run_argv(self.lab, place, argv),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if show else subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=LIMIT,
            check=False,
        )
        if show:
            self.say(ended.stdout.rstrip())
        self.expect(any_exit or ended.returncode == 0, f"{argv[0]} ended with exit {ended.returncode}")
        return str(ended.returncode) if code else ended.stdout

    def chapter(self, title: str) -> None:
        self.say(f"\n=== {title} ({time.monotonic() - self.started:.0f} s)")

    def expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise Failed(f"the demonstration failed: {otherwise}")


def _short(argv: list[str]) -> list[str]:
    """The command as a user would type it: without the options that only silence ssh."""
    if "ssh" in argv:
        return ["ssh", *argv[-2:]]
    return argv


def demo(lab: Lab, say: Say) -> None:
    """Run the demonstration. Raises Failed at the first unexpected result."""
    Demo(lab, say).run()
