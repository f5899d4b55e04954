# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""lsmod, modprobe, insmod, rmmod, modinfo."""

from __future__ import annotations

from ...host.modules import modules
from ..process import Process, Running
from ..text.common import Failure, parse, tool


@tool
def lsmod(process: Process) -> Running:
    """The loaded modules."""
    process.out(f"{'Module':<19} {'Size':>8}  Used by\n")
    for each in modules(process.shell.world):
        by = ",".join(each.by)
        process.out(f"{each.name:<19} {each.size:>8}  {each.uses}{' ' + by if by else ''}\n")
    yield 0.0
    return 0


@tool
def modprobe(process: Process) -> Running:
    """Load a module: only those that are loaded exist."""
    options = parse(
        process,
        "abCc:DfhinqrRsS:vV",
        "all=a remove=r quiet=q help=h version=V verbose=v dry-run=n show-depends=D",
        stop=True,
    )
    words, world = options.operands, process.shell.world
    yield 0.0
    if not words:
        raise Failure("FATAL: missing parameters. See -h.")
    name = words[0].replace("-", "_")
    if any(each.name == name for each in modules(world)):
        if "r" in options:
            raise Failure(
                f"FATAL: Module {words[0]} is in use."
                if process.shell.user == "root"
                else f"ERROR: could not remove '{name}': Operation not permitted"
            )
        return 0
    raise Failure(f"FATAL: Module {words[0]} not found in directory /lib/modules/{world.system.kernel}")


@tool
def insmod(process: Process) -> Running:
    """Load a module's file: none is one of this kernel."""
    options = parse(process, "fsphV", "help=h version=V", stop=True)
    yield 0.0
    if not options.operands:
        raise Failure("ERROR: missing filename.")
    path = options.operands[0]
    node = process.shell.node(process.shell.absolute(path))
    if node is None:
        raise Failure(f"ERROR: could not load module {path}: No such file or directory")
    raise Failure(
        f"ERROR: could not insert module {path}: {'Invalid module format' if process.shell.user == 'root' else 'Operation not permitted'}"
    )


@tool
def rmmod(process: Process) -> Running:
    """Unload a module: all are in use."""
    options = parse(process, "fswvhV", "help=h version=V verbose=v")
    yield 0.0
    if not options.operands:
        raise Failure("ERROR: missing module name.")
    for name in options.operands:
        known = next(
            (each for each in modules(process.shell.world) if each.name == name.replace("-", "_")), None
        )
        if known is None:
            process.err(f"rmmod: ERROR: Module {name} is not currently loaded\n")
        elif known.by:
            process.err(f"rmmod: ERROR: Module {name} is in use by: {' '.join(known.by)}\n")
        elif process.shell.user != "root":
            process.err(
                f"rmmod: ERROR: could not remove '{name}': Operation not permitted\nrmmod: ERROR: could not remove module {name}: Operation not permitted\n"
            )
        else:
            process.err(f"rmmod: ERROR: Module {name} is in use\n")
    return 1


@tool
def modinfo(process: Process) -> Running:
    """About a module."""
    options = parse(
        process,
        "0adF:hk:lnpb:V",
        "field=F filename=n help=h version=V author=a description=d license=l parameters=p",
    )
    world = process.shell.world
    yield 0.0
    status = 0
    for name in options.operands:
        if not any(each.name == name.replace("-", "_") for each in modules(world)):
            alias = "alias " if process.shell.world.system.version in ("22.04", "20.04", "11") else ""
            process.err(f"modinfo: ERROR: Module {alias}{name} not found.\n")
            status = 1
            continue
        process.out(
            f"filename:       /lib/modules/{world.system.kernel}/kernel/drivers/{name}.ko\nlicense:        GPL\nvermagic:       {world.system.kernel} SMP preempt mod_unload modversions \n"
        )
    return status


COMMANDS = {"lsmod": lsmod, "modprobe": modprobe, "insmod": insmod, "rmmod": rmmod, "modinfo": modinfo}
