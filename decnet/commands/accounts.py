"""Which accounts log in at a decky's services: those of the fleet file, else one that its seed chooses."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from importlib.resources import files

from decnet.model.catalog import Catalog
from decnet.model.fleet import Decky
from decnet.plan.compose import machine_seed

WEAK_BY_DEFAULT = ("ssh", "telnet", "ftp")
"""Services that accept one weak pair if the fleet file has none; others accept no pair then."""


def accounts_of(decky: Decky, catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """By service, the user:password pairs that log in, as this version's decoys choose them."""
    found: dict[str, tuple[str, ...]] = {}
    for service, settings in decky.services.items():
        known = catalog.services.get(service)
        pairs = known.settings.get("credentials") if known else None
        if pairs is None or not pairs.pairs:
            continue
        given = settings.get("credentials")
        if given is not None:
            found[service] = tuple(pair.strip() for pair in str(given).split(",") if ":" in pair)
        else:
            found[service] = (_weak_pair(decky),) if service in WEAK_BY_DEFAULT else ()
    return found


def _weak_pair(decky: Decky) -> str:
    common, by_os = _tables()
    pairs = by_os.get(decky.os, common)
    digest = hashlib.shake_256(f"{machine_seed(decky)}:account".encode()).digest(16)
    return pairs[int.from_bytes(digest, "big") % len(pairs)]


@cache
def _tables() -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """WEAK and WEAK_ON of the decoys' source: their modules are programs of the containers, and nothing here
    imports them."""
    source = files("decnet").joinpath("decoys/credentials.py").read_text(encoding="utf-8")
    values = {
        target.id: ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in ("WEAK", "WEAK_ON")
    }
    return values["WEAK"], values["WEAK_ON"]
