"""What keeps a decoy small: modules at their first use, data that stays in its files, one heap."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from decnet.decoys.host.archive import DATA, entry
from decnet.decoys.host.pieces import LENGTH, Pieces
from decnet.decoys.host.release_data import release_data

IDLE = """
import sys
from decnet.decoys.import_blocker import block_imports
from decnet.decoys.late_imports import LATE, LateModule, import_late

block_imports("ssh")
import_late()
import decnet.decoys.serve, decnet.decoys.ssh.logged_in, decnet.decoys.telnet, decnet.decoys.ftp

print([name for name in LATE if not isinstance(sys.modules[name], LateModule)])
print({"calendar", "datetime", "decimal", "zipfile", "tempfile", "lzma"} & set(sys.modules))
import inspect
print(inspect.isfunction(import_late), inspect.signature(import_late), type(inspect).__name__)
"""
LOADING = """
import sys, threading
from decoys.plain_shell import shell_of
from decnet.decoys.shell.engine import Engine
from decnet.decoys.shell.evaluator import Evaluator
from decnet.decoys.shell.loading import load

with shell_of("debian-12") as shell:
    engine = Engine()
    evaluator = Evaluator(engine, shell, {0: engine.input, 1: engine.screen(1), 2: engine.screen(2)})
    first, second = list(evaluator._load("perl")), list(evaluator._load("perl"))
    print(len(first) > 0, second, "decnet.decoys.shell.perl.program" in sys.modules)
    for _ in load("nothing"):
        pass
    print(list(evaluator._load("dnf")), threading.active_count())
"""
THREADS = """
import ctypes, threading
from decnet.decoys.allocator import use_one_heap

use_one_heap()
kept = []
for _ in range(3):
    thread = threading.Thread(target=lambda: kept.extend(bytes(1500) for _ in range(1000)))
    thread.start()
    thread.join()
ctypes.CDLL(None).malloc_stats()
"""


def test_modules_that_a_decoy_hardly_uses_are_loaded_at_their_first_use() -> None:
    done = subprocess.run([sys.executable, "-OO", "-c", IDLE], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["[]", "set()", "True () -> None module"]


def test_the_modules_of_a_command_are_loaded_in_a_thread_while_others_have_their_turns() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADING],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )

    assert done.stdout.splitlines() == ["True [] True", "[] 1"]


def test_all_threads_use_one_heap() -> None:
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=True)

    assert "Arena 0:" in done.stderr and "Arena 1:" not in done.stderr


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("*.zip")))
def test_an_entry_of_an_archive_is_what_zipfile_reads(name: str) -> None:
    with zipfile.ZipFile(DATA / name) as archive:
        known = archive.namelist()
        some = [*known[:12], *known[-2:]]

        assert [entry(name, "no such entry", each) for each in some] == [archive.read(each) for each in some]
    assert entry(name, "no such entry") is None


def test_pieces_are_read_across_their_borders() -> None:
    texts, whole = Pieces("debian-12.tree.zip", "texts"), b""
    with zipfile.ZipFile(DATA / "debian-12.tree.zip") as archive:
        whole = archive.read("texts.0") + archive.read("texts.1") + archive.read("texts.2")

    for start, end in ((0, 10), (LENGTH - 3, LENGTH + 5), (100, 2 * LENGTH + 7), (LENGTH, LENGTH), (7, 7)):
        assert texts.read(start, end) == whole[start:end]


@pytest.mark.parametrize("path", ["/", "/usr/bin", "/etc/ssh"])
def test_a_folder_of_a_release_is_found_and_its_neighbours_are_not(path: str) -> None:
    data = release_data("debian-12")

    assert data.folder(path) and {each.package for _, each in data.folder(path)} == data.brought_by(path)
    assert data.folder(f"{path.rstrip('/')}/0") == data.folder("") == data.folder("/zzz") == []
