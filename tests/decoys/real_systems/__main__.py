"""python -m tests.decoys.real_systems: compare the decoys' shell with real systems, and print a table.

    real SYSTEM WAY [CATEGORY...]     ask a real system, and keep its answers in the cache (as root)
    compare SYSTEM WAY [CATEGORY...]  ask the decoys' shell, and print the shares and what differs
    keep SYSTEM [CATEGORY...]         record the answers that are equal; they stay equal in `make test`
    all                               ask all systems both ways, unless the cache has it, and compare

SYSTEM is debian12, ubuntu22.04 or busybox. WAY is exec (a command without a terminal), terminal (typed at a
prompt), or direct (exec without ssh, in this process: seconds). The cache is REAL_SYSTEMS (default:
/var/tmp/real-systems). FAILING=FOLDER writes what differs to a file per category.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from real_systems import answers, ours, systems, table  # noqa: E402 (the folder is no package)
from real_systems.commands import categories, commands_of  # noqa: E402

OF_THE_HOST = ("netstat -anp",)
"""Begins of commands that show sockets of the machine on which the tests run."""
RECORDED = Path(__file__).with_name("recorded")
CACHE = Path(os.environ.get("REAL_SYSTEMS", "/var/tmp/real-systems"))


def main(argv: list[str]) -> int:
    """Do what the first word says; the exit status."""
    if argv == ["all"]:
        return _all()
    if len(argv) < 2 or argv[0] not in ("real", "compare", "keep"):
        print(__doc__, file=sys.stderr)
        return 2
    system = next(each for each in systems.SYSTEMS if each.name == argv[1])
    if argv[0] == "keep":
        return _keep(system, argv[2:] or categories())
    return {"real": _real, "compare": _compare}[argv[0]](system, argv[2], argv[3:] or categories(argv[2]))


def _all() -> int:
    for system, way in itertools.product(systems.SYSTEMS, ("exec", "terminal")):
        names = categories(way)
        missing = [name for name in names if not _file(system, way, name).exists()]
        _real(system, way, missing)
        print(f"\n{system.name} {way}")
        _compare(system, way, names)
    return 0


def _real(system: systems.RealSystem, way: str, names: Sequence[str]) -> int:
    tree = system.build(CACHE)
    for name in names:
        replies = list(systems.replies(system, tree, commands_of(name), way))
        answers.save(_file(system, way, name), replies)
        print(f"{name}: {len(replies)} answers", flush=True)
    return 0


def _compare(system: systems.RealSystem, way: str, names: Sequence[str]) -> int:
    results = _results(system, way, names)
    print(table.shares(results))
    if failing := os.environ.get("FAILING"):
        table.write_failing(Path(failing), CACHE, f"{system.name} {way}", results)
    else:
        print(table.differences(results))
    return 0


def _keep(system: systems.RealSystem, names: Sequence[str]) -> int:
    results = (each for each in _results(system, "direct", names) if each.equal)
    equal = [each for each in results if not each.command.text.startswith(OF_THE_HOST)]
    answers.save(RECORDED / f"{system.name}.jsonl", [(each.command, each.real) for each in equal])
    print(f"{len(equal)} answers")
    return 0


def _results(system: systems.RealSystem, way: str, names: Sequence[str]) -> list[table.Result]:
    real = {name: answers.load(_file(system, way, name)) for name in names}
    commands = [each for name in names for each in commands_of(name) if each.text in real[name]]
    with ours.WAYS[way](system.ours) as run, ThreadPoolExecutor(ours.AT_ONCE[way]) as pool:
        replies = list(pool.map(run, commands))
    return [
        table.Result(each, real[each.category][each.text], reply, system.name)
        for each, reply in zip(commands, replies, strict=True)
    ]


def _file(system: systems.RealSystem, way: str, category: str) -> Path:
    return CACHE / f"{system.name}.{'terminal' if way == 'terminal' else 'exec'}" / f"{category}.json"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
