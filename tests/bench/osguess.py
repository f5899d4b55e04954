"""`python -m tests.bench nmap`: what `nmap -O` takes each kind of machine for, into docs/os-profiles.md.

Each machine is deployed three times: with no OS profile at all, with its sysctls alone, and as it is shipped.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from decnet.catalog import load
from decnet.lab import down, provide_images, run_argv, up
from decnet.model.catalog import Catalog

from .place import LAB, on_worker

KINDS = (
    ("linux", "debian-12", "Linux"), ("windows", "windows-11", "Windows 10"),
    ("windows_server", "windows-server-2019", "Windows.*Server"), ("bsd", "freebsd-13.2", "FreeBSD"),
    ("cisco", "cisco-ios-15.2", "Cisco.*IOS"), ("embedded", "busybox-camera", "[Cc]amera"),
    ("embedded", "hp-laserjet-m404", "[Pp]rinter"), ("embedded", "siemens-s7-1200", "RTOS|[Cc]ontroller"),
    ("embedded", "openwrt-21.02", "Linux"),
)  # fmt: skip
"""OS profile, release, and what a fitting guess has in its name."""

VARIANTS = ("none", "sysctls", "shipped")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "os-profiles.md"
BEGIN, END = "<!-- begin: python -m tests.bench nmap -->", "<!-- end -->"
CATALOG = "/var/lib/decnet/catalog/guess.toml"
SCAN = ("nmap", "-n", "-Pn", "-O", "--osscan-guess", "--max-os-tries", "3", "-p", "80,81,443", "-oX", "-")


@dataclass(frozen=True)
class Guess:
    """nmap's first guess and its accuracy in percent; of several that are equal the first that fits."""

    name: str
    accuracy: int

    def __str__(self) -> str:
        return f"{self.name} ({self.accuracy}%)" if self.name else "no guess"


def main() -> int:
    down(LAB)
    try:
        up(LAB, workers=1)
        provide_images(LAB, lambda line: print(line, file=sys.stderr))
        guesses = measure(load())
        on_worker("decnet", "teardown", "--all", "--yes", "--max-remove", "100")
    finally:
        down(LAB)
    table = spelled(guesses)
    print(table)
    write(table)
    return 0


def measure(catalog: Catalog) -> dict[str, dict[str, Guess]]:
    """Guesses by release and variant."""
    written, fleet = Path("/tmp/decnet-bench-guess.toml"), Path("/tmp/decnet-bench-guess-fleet.toml")
    written.write_text(own_catalog(catalog))
    fleet.write_text(described())
    on_worker("sh", "-c", f"mkdir -p $(dirname {CATALOG}) && cp {written} {CATALOG}")
    on_worker("decnet", "deploy", "-c", str(fleet), "--yes")
    deckies = {
        each["name"]: each["ip"]
        for each in json.loads(on_worker("decnet", "status", "-o", "json"))["deckies"]
    }
    on_worker("rm", CATALOG)
    for path in (written, fleet):
        path.unlink()
    return {
        release: {
            variant: guess_of(deckies["none" if variant == "none" else name_of(variant, release)], wanted)
            for variant in VARIANTS
        }
        for _, release, wanted in KINDS
    }  # fmt: skip


def own_catalog(catalog: Catalog) -> str:
    """OS profiles that differ in nothing but how their packets look."""
    lines = _profile("none", "", {})
    for os, release, _ in KINDS:
        look, values = catalog.stack(os, release)
        sysctls = {key.removeprefix("net.ipv4."): value for key, value in values.items()}
        memory = sysctls.pop("tcp_rmem", "0").split()[-1]
        plain = catalog.os_profiles[os].sysctls | catalog.releases[release].sysctls
        lines += _profile(name_of("sysctls", release), "", {key: str(value) for key, value in plain.items()})
        lines += _profile(name_of("shipped", release), look, sysctls, memory)
    return "\n".join(lines) + "\n"


def _profile(name: str, look: str, sysctls: dict[str, str], memory: str = "0") -> list[str]:
    return [
        f"[os.{name}]", f'summary = "{name}"', 'hostname = "hostNN"', 'vendors = ["vmware"]',
        f'look = "{look}"', f"receive_memory = {memory}",
        f"[os.{name}.sysctls]", *(f"{key} = {value}" for key, value in sysctls.items()),
        f"[release.{name}]", f'os = "{name}"', f"[release.{name}.banners]", 'http = "nginx/1.22.1"',
    ]  # fmt: skip


def name_of(variant: str, release: str) -> str:
    """A decky's and its own OS profile's name."""
    return f"{variant}-{release.replace('.', '-')}"


def described() -> str:
    """The fleet: one machine without a profile, and two of each kind."""
    names = ["none", *(name_of(variant, release) for variant in VARIANTS[1:] for _, release, _ in KINDS)]
    head = '[network]\naddresses = { use = ["192.0.2.100-192.0.2.199"] }\n'
    return head + "".join(f'[decky.{name}]\nos = "{name}"\nservices = ["http"]\n' for name in names)


def guess_of(address: str, wanted: str) -> Guess:
    """What nmap on the LAN takes that address for."""
    print(f"nmap -O {address}", file=sys.stderr)
    ended = subprocess.run(
        run_argv(LAB, "attacker", [*SCAN, address]), capture_output=True, text=True, timeout=300
    )
    return best(ended.stdout, wanted)


def best(xml: str, wanted: str) -> Guess:
    """The first guess of nmap's answer in XML."""
    matches = ElementTree.fromstring(xml).iter("osmatch")
    found = [Guess(each.get("name", ""), int(each.get("accuracy", "0"))) for each in matches]
    first = [guess for guess in found if guess.accuracy == found[0].accuracy]
    fitting = [guess for guess in first if re.search(wanted, guess.name)]
    return (fitting or first or [Guess("", 0)])[0]


def spelled(guesses: dict[str, dict[str, Guess]]) -> str:
    """The table of the page."""
    lines = [
        "| OS profile | release | no profile | its sysctls alone | as shipped |",
        "|---|---|---|---|---|",
    ]
    for os, release, _ in KINDS:
        cells = " | ".join(str(guesses[release][variant]) for variant in VARIANTS)
        lines.append(f"| {os} | {release} | {cells} |")
    return "\n".join(lines)


def write(table: str, page: Path = PAGE) -> None:
    """Put the table into the page, between its two marks."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")
