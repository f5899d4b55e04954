"""What the Debian package reports when it is purged: whether what stays is a fleet, or only its traces."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

POSTRM = Path(__file__).parents[2] / "packaging/debian/postrm"
ALONE = "mount -t tmpfs none /var/lib && mount -t tmpfs none /var/cache && mount -t tmpfs none /run && "


def purged(*files: str) -> tuple[list[str], list[str]]:
    """The lines that a purge prints where these files are, and what is left of them."""
    places = " && ".join(f"mkdir -p $(dirname {file}) && touch {file}" for file in files) or "true"
    script = f"{ALONE}{places} && sh {POSTRM} purge && find /var/lib /var/cache -type f"
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines(), sorted(done.stdout.split())


pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")


def test_a_machine_without_traces_hears_nothing() -> None:
    assert purged("/var/cache/decnet/0123/complete") == ([], [])


def test_a_fleet_that_still_runs_is_named_with_the_way_to_end_it() -> None:
    files = ["/var/lib/decnet-agent/identity.json", "/var/lib/decnet/fleet.json"]
    lines, left = purged(*files)
    assert left == files
    assert [line.partition(":")[2].split(" is kept: ")[0].strip() for line in lines] == [
        "/var/lib/decnet", "/var/lib/decnet-agent",
    ]  # fmt: skip
    assert "the keys and the state of a fleet" in lines[0] and lines[0].endswith("run 'decnet uninstall'")
    assert lines[1].endswith("the deckies on this machine, which keep running")


def test_what_uninstall_left_is_named_with_the_command_that_removes_it() -> None:
    lines, left = purged("/var/lib/decnet/events/w1/1.jsonl", "/var/lib/decnet-agent/events/1.jsonl")
    assert len(left) == 2
    assert [line.rpartition("to remove it: ")[2] for line in lines] == [
        "rm -rf /var/lib/decnet", "rm -rf /var/lib/decnet-agent",
    ]  # fmt: skip
