"""The agent of version 0.1.0, which speaks protocol 1, built from this repository's history."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import Any

from agent_desk import signed

from decnet.worker.agent_package import MAIN, ROOMS

sys.path.insert(0, str(Path(__file__).parents[1] / "upgrades"))

from old_version import old_version  # noqa: E402


def old_agent(folder: Path) -> Path:
    """The agent's file, put into the folder."""
    place, sources = folder / "old.pyz", old_version(folder / "0.1.0").sources
    with zipfile.ZipFile(place, "w") as parcel:
        parcel.writestr("__main__.py", MAIN)
        parcel.writestr("decnet/__init__.py", b"")
        for room in ROOMS:
            for source in sorted((sources / "decnet" / room).glob("*.py")):
                parcel.write(source, f"decnet/{room}/{source.name}")
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
