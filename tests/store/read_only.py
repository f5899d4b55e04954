"""Run on a read-only state directory: what still works, and the messages for the rest."""

from __future__ import annotations

import sys
from pathlib import Path

from decnet.errors import StateBroken
from decnet.store.desired import load_fleet
from decnet.store.home_check import open_home
from decnet.store.lock import Lock
from decnet.store.paths import Home

home = Home(Path(sys.argv[1]))
print(open_home(home, write=False))
fleet = load_fleet(home)
print(list(fleet.deckies) if fleet else None)
try:
    Lock(home, "decnet deploy").acquire()
except StateBroken as error:
    print(error.message)
try:
    open_home(home)
except StateBroken as error:
    print(f"{error.message} ({error.hint})")
