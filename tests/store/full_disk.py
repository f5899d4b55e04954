"""Run on a tiny file system: fills it, commits, and prints the messages and the remaining files."""

from __future__ import annotations

import sys
from pathlib import Path

from decnet.errors import StateBroken
from decnet.store.atomic import write_whole
from decnet.store.jsonl import append_lines

folder = Path(sys.argv[1])
state, log = folder / "state.json", folder / "log.jsonl"
write_whole(state, b"old" * 100, keep=True)
try:
    write_whole(state, b"new" * 40_000, keep=True)
except StateBroken as error:
    print(error.message)
    print(error.hint)
print("old", state.read_bytes() == b"old" * 100)
print("files", sorted(path.name for path in folder.iterdir()))
append_lines(log, b'{"n":1}\n', limit=10**6, keep=3)
try:
    append_lines(log, b'{"n":2}\n' * 10_000, limit=10**6, keep=3)
except StateBroken as error:
    print(error.message)
print("lines", log.read_bytes() == b'{"n":1}\n')
