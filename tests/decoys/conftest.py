"""Decoys as plain processes on loopback, as they run in their image."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from inside import Inside  # noqa: E402 (the folder is no package)
from process import SAFETY_SECONDS, Decoy  # noqa: E402


@pytest.fixture
def decoy(tmp_path: Path) -> Iterator[Callable[..., Decoy]]:
    started: list[Decoy] = []

    def start(
        service: str,
        protocol: str = "tcp",
        longest_wait: float | None = None,
        uploads: Path | None = None,
        most_memory: int | None = None,
        **persona: Any,
    ) -> Decoy:
        started.append(
            Decoy(
                tmp_path,
                service,
                persona,
                protocol,
                longest_wait=longest_wait,
                uploads=uploads,
                most_memory=most_memory,
            )  # fmt: skip
        )
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop()
    assert [each for one in started for each in one.undefined()] == []


@pytest.fixture
def inside() -> Iterator[Callable[..., Inside]]:
    """A decoy in this process; nothing may have gone wrong in it, and its events are as the table says."""
    started: list[Inside] = []

    def start(service: str, **persona: Any) -> Inside:
        started.append(Inside(service, **persona))
        return started[-1]

    yield start
    undefined = [each for one in started for each in one.undefined()]
    for one in started:
        one.close()
    assert undefined == []
    assert [one.complaints for one in started if one.complaints] == []


class OpenSsh:
    """The real client with a password at hand."""

    def __init__(self, folder: Path) -> None:
        self.askpass = folder / "askpass"

    def __call__(
        self,
        port: int,
        *words: str,
        user: str = "root",
        password: str = "123456",
        given: str = "",
        known_hosts: Path | str = "/dev/null",
        log_level: str = "ERROR",
    ) -> subprocess.CompletedProcess[str]:
        self.askpass.write_text(f"#!/bin/sh\necho '{password}'\n")
        self.askpass.chmod(0o700)
        options = [
            "StrictHostKeyChecking=no",
            f"UserKnownHostsFile={known_hosts}",
            f"LogLevel={log_level}",
            "NumberOfPasswordPrompts=1",
        ]
        argv = ["ssh", "-F", "/dev/null", "-p", str(port), *(part for one in options for part in ("-o", one))]
        flags = [word for word in words if word.startswith("-")]
        environment = {
            "PATH": os.environ["PATH"], "SSH_ASKPASS": str(self.askpass), "SSH_ASKPASS_REQUIRE": "force",
            "HOME": "/nonexistent",
        }  # fmt: skip
        return subprocess.run(
            [*argv, *flags, f"{user}@127.0.0.1", *(word for word in words if not word.startswith("-"))],
            input=given, env=environment, capture_output=True, text=True, timeout=SAFETY_SECONDS,
        )  # fmt: skip


@pytest.fixture
def ssh(tmp_path: Path) -> OpenSsh:
    return OpenSsh(tmp_path)
