"""The agent of version 0.1.0, which speaks protocol 1, built from this repository's history."""

from __future__ import annotations

import io
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from agent_desk import signed

from decnet.worker.zipapp import MAIN

COMMIT = "3088c03ecd1d3ff906b7b53e7580458d8b6f0672"
ROOT = Path(__file__).parents[2]


def old_agent(place: Path) -> Path | None:
    """The agent's file, put there; None where the history does not reach back to it."""
    ended = subprocess.run(
        ["git", "-C", str(ROOT), "archive", COMMIT, "decnet/agent", "decnet/wire"],
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    if ended.returncode != 0:
        return None
    with tarfile.open(fileobj=io.BytesIO(ended.stdout)) as tree, zipfile.ZipFile(place, "w") as parcel:
        parcel.writestr("__main__.py", MAIN)
        parcel.writestr("decnet/__init__.py", b"")
        for member in tree.getmembers():
            source = tree.extractfile(member)
            if source is not None and member.name.endswith(".py"):
                parcel.writestr(member.name, source.read())
    return place


def old_bundle(args: dict[str, Any]) -> dict[str, Any]:
    """The same `apply` in protocol 1: one LAN, and a decky with one address."""
    content = args["slice"]
    (lan,) = content["networks"].values()
    deckies = {}
    for name, entry in content["deckies"].items():
        (home,) = entry["decky"]["attachments"]
        deckies[name] = {**entry, "decky": {"name": name, "ip": home["address"], "mac": home["mac"]}}
    old = {
        "schema": 1,
        "fleet_id": content["fleet_id"],
        "worker_id": content["worker_id"],
        "lan": {key: value for key, value in lan.items() if key not in ("name", "kind")}
        | {"network": lan["name"]},
        "deckies": deckies,
    }
    whole = {"slice": old, "steps": args["steps"], "compose": args["compose"]}
    return signed(whole, args["request_id"], args["generation"])
