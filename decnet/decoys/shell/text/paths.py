"""basename, dirname, realpath, readlink."""

from ..process import Process, Running
from .common import Failure, link_node, parse, quoted, tool


def _missing(operands: list[str]) -> None:
    if not operands:
        raise Failure("missing operand", hint=True)


@tool
def basename(process: Process) -> Running:
    """The last part of paths."""
    options = parse(process, "as:z", "multiple=a suffix=s zero=z", stop=True)
    _missing(options.operands)
    many = "a" in options or "s" in options
    if not many and len(options.operands) > 2:
        raise Failure(f"extra operand {quoted(process, options.operands[2])}", hint=True)
    suffix = options.value("s") if many else (options.operands[1:] or [""])[0]
    for path in options.operands if many else options.operands[:1]:
        name = path.rstrip("/").rsplit("/", 1)[-1] or ("/" if path else "")
        if suffix and name.endswith(suffix) and name != suffix:
            name = name[: -len(suffix)]
        process.out(name + ("\0" if "z" in options else "\n"))
    yield 0.0
    return 0


@tool
def dirname(process: Process) -> Running:
    """Paths without their last part."""
    options = parse(process, "z", "zero=z")
    _missing(options.operands)
    for path in options.operands:
        body = path.rstrip("/")
        folder = body.rsplit("/", 1)[0].rstrip("/") if "/" in body else ""
        root = path.startswith("/") and not folder
        process.out((folder or ("/" if root else ".")) + ("\0" if "z" in options else "\n"))
    yield 0.0
    return 0


def _resolved(process: Process, path: str, *, whole: bool, loose: bool) -> str:
    """The absolute path with links followed. Raises Failure with the reason."""
    shell = process.shell
    where = shell.absolute(path)
    done = ""
    parts = where.strip("/").split("/") if where != "/" else []
    steps = 0
    while parts:
        part = parts.pop(0)
        steps += 1
        if steps > 200:
            raise Failure("Too many levels of symbolic links")
        step = f"{done}/{part}"
        node = link_node(process, step)
        if node is None:
            if loose or (not parts and not whole):
                done = step
                continue
            raise Failure("No such file or directory")
        if node.target:
            target = node.target if node.target.startswith("/") else f"{done}/{node.target}"
            parts = [each for each in target.split("/") if each] + parts
            done = ""
            parts = shell.absolute("/" + "/".join(parts)).strip("/").split("/")
            continue
        if parts and not node.folder and not loose:
            raise Failure("Not a directory")
        done = step
    return done or "/"


@tool
def realpath(process: Process) -> Running:
    """Absolute paths without links."""
    options = parse(process, "eLmPqsz", "canonicalize-existing=e canonicalize-missing=m quiet=q no-symlinks=s strip=s zero=z relative-to: relative-base:")  # fmt: skip # noqa: E501
    _missing(options.operands)
    status = 0
    for path in options.operands:
        try:
            found = _resolved(process, path, whole="e" in options, loose="m" in options or "s" in options)
        except Failure as failure:
            process.err("" if "q" in options else f"{process.name}: {path}: {failure.message}\n")
            status = 1
            continue
        if "relative-to" in options:
            found = _relative(process.shell.absolute(options.value("relative-to")), found)
        process.out(found + ("\0" if "z" in options else "\n"))
    yield 0.0
    return status


def _relative(base: str, path: str) -> str:
    one, two = base.strip("/").split("/") if base != "/" else [], path.strip("/").split("/")
    same = 0
    while same < min(len(one), len(two)) and one[same] == two[same]:
        same += 1
    return "/".join([".."] * (len(one) - same) + two[same:]) or "."


@tool
def readlink(process: Process) -> Running:
    """Where a link leads."""
    options = parse(process, "femnqsvz", "canonicalize=f canonicalize-existing=e canonicalize-missing=m no-newline=n quiet=q silent=s verbose=v zero=z")  # fmt: skip # noqa: E501
    _missing(options.operands)
    status = 0
    for path in options.operands:
        end = "" if "n" in options else "\0" if "z" in options else "\n"
        if options.last("fem"):
            try:
                process.out(_resolved(process, path, whole="e" in options, loose="m" in options) + end)
            except Failure as failure:
                process.err(f"{process.name}: {path}: {failure.message}\n" if "v" in options else "")
                status = 1
            continue
        node = link_node(process, process.shell.absolute(path))
        if node is None or not node.target:
            reason = "No such file or directory" if node is None else "Invalid argument"
            process.err(f"{process.name}: {path}: {reason}\n" if "v" in options else "")
            status = 1
            continue
        process.out(node.target + end)
    yield 0.0
    return status


COMMANDS = {"basename": basename, "dirname": dirname, "realpath": realpath, "readlink": readlink}
