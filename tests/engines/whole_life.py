"""The life of a fleet on one worker, from its enrolment over SSH to its end, by the real command line."""

from __future__ import annotations

from dataclasses import dataclass

from theatre import LIMIT, Said, Stage, eventually

from decnet.lab import Lab, run_argv
from decnet.lab.shell import run

ADDRESS = "198.51.100.11"
AGENT_FOLDER = "/var/lib/decnet-agent"
SIX = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.115"] }

[decky.web]
count = 3
services = ["http"]

[decky.host]
count = 3
services = ["ssh", "http"]
[decky.host.settings.ssh]
credentials = "root:toor"
"""
TWO = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.110"] }

[decky.web]
services = ["http"]

[decky.shell]
services = ["ssh"]
"""
NAMES = ["host-01", "host-02", "host-03", "web-01", "web-02", "web-03"]
ASK = """
docker version -f 'Engine {{.Server.Version}}'
echo "Compose $(docker compose version --short 2>/dev/null || docker-compose version --short)"
python3 --version
uname -r | cut -d- -f1 | sed 's/^/kernel /'
stat -fc %T /sys/fs/cgroup | sed 's/cgroup2fs/cgroup v2/; s/tmpfs/cgroup v1/'
"""


@dataclass(frozen=True)
class Site(Stage):
    """A worker w1 and its operator.

    `program` is the operator's decnet, `user` the login on the worker, `own_macs` whether the attacker is on
    one LAN with deckies that have a MAC each.
    """

    program: tuple[str, ...] = ("decnet",)
    user: str = "root"
    own_macs: bool = True

    def decnet(self, *argv: str, code: int | None = 0) -> Said:
        said = self.on(self.place, *self.program, *argv)
        assert code is None or said.code == code, f"decnet {argv}: {said}"
        return said

    def enrol(self) -> None:
        key = (self.lab.folder / "w1/sshd/host_ed25519.pub").read_text().split()[:2]
        known = self.folder / "known_hosts"
        known.write_text(" ".join([ADDRESS, *key]) + "\n")
        self.decnet("worker", "add", "w1", f"{self.user}@{ADDRESS}", "--known-hosts", str(known))
        self.decnet("worker", "check", "w1")

    def deploy(self, text: str = SIX) -> Said:
        return self.decnet("deploy", "-c", self.spec(text), "--yes")

    def containers(self, *places: str) -> dict[str, str]:
        return super().containers(*(places or ("w1",)))

    def statuses(self) -> dict[str, str]:
        return {name: each["status"] for name, each in self.deckies().items()}


def live(site: Site, text: str = SIX) -> None:
    """Enrol, deploy six, scan, log in, mutate, break, reconcile, tear down, wipe."""
    site.enrol()
    site.deploy(text)
    assert site.statuses() == dict.fromkeys(NAMES, "running")
    _deploy_again(site, text)
    _scan(site)
    _log_in(site)
    _mutate(site)
    _break_and_reconcile(site)
    site.decnet("teardown", "--all", "--yes")
    assert site.containers() == {}
    assert "decnet_lan" not in site.on("w1", "docker", "network", "ls").out
    site.decnet("worker", "remove", "w1", "--wipe")
    # What happened there is kept, and nothing that runs.
    eventually(lambda: not {"agents", "current", "identity.json"} & _left(site), 60)


def live_briefly(site: Site) -> None:
    """Enrol, deploy two, visit one, read its events, tear down: for a run that must be short."""
    site.enrol()
    site.deploy(TWO)
    assert site.statuses() == {"shell": "running", "web": "running"}
    page = f"http://{site.deckies()['web']['ip']}/seen"
    site.attack("curl", "-s", "-m", "10", "-o", "/dev/null", page)
    assert "/seen" in site.decnet("events", "--pull", "-o", "jsonl").out
    site.decnet("teardown", "--all", "--yes")
    assert site.containers() == {}


def _left(site: Site) -> set[str]:
    return set(site.on("w1", "ls", "-A", AGENT_FOLDER).out.split())


def versions(lab: Lab) -> str:
    """What the worker runs: engine, Compose, Python, kernel, control groups."""
    return ", ".join(run(run_argv(lab, "w1", ["sh", "-c", ASK]), limit=LIMIT).split("\n")).strip(", ")


def _deploy_again(site: Site, text: str) -> None:
    before = site.containers()
    assert "6 kept" in site.deploy(text).out
    assert site.containers() == before
    site.decnet("reconcile", "--check")


def _scan(site: Site) -> None:
    """Every decky has its own address and MAC on the LAN, and its services are open."""
    deckies = site.deckies()
    scan = site.attack("nmap", "-n", "-p", "22,80", *(each["ip"] for each in deckies.values()))
    found = scan.out.lower()
    if site.own_macs:
        assert [each["mac"] for each in deckies.values() if each["mac"].lower() not in found] == [], scan
    assert (found.count("80/tcp open"), found.count("22/tcp open")) == (6, 3), scan


def _log_in(site: Site) -> None:
    inside = site.ssh(site.deckies()["host-01"]["ip"], "toor", "cat /etc/passwd")
    assert (inside.code, "root:x:0:0" in inside.out) == (0, True), inside
    pulled = site.decnet("events", "--pull", "-o", "jsonl").lines
    assert [each["decky"] for each in pulled if each["kind"] == "login"] == ["host-01"]


def _mutate(site: Site) -> None:
    """The base and the other service stay as they are."""
    before = site.containers()
    site.decnet("mutate", "host-02", "--services", "ssh")
    assert site.containers() == {name: each for name, each in before.items() if name != "host-02-http"}
    site.decnet("mutate", "host-02", "--undo")
    assert site.deckies()["host-02"]["services"] == ["http", "ssh"]


def _break_and_reconcile(site: Site) -> None:
    site.on("w1", "docker", "kill", "web-01", "host-01-ssh")
    site.on("w1", "docker", "rm", "-f", "web-02", "host-03-http")
    site.decnet("reconcile", "--check", code=3)
    site.decnet("reconcile")
    site.decnet("reconcile", "--check")
    assert site.statuses() == dict.fromkeys(NAMES, "running")
    address = site.deckies()["web-01"]["ip"]
    assert site.attack("curl", "-s", "-m", "10", "-o", "/dev/null", f"http://{address}/").code == 0
