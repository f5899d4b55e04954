"""The agent's byte code, cached next to its file by the Python that runs it.

Without it Python compiles the zip's sources at every start, which takes longer than most verbs. The file
itself contains none: byte code is specific to a Python version, and the file's hash must not depend on its
builder.

It is one marshalled code object, which the agent's start executes; from then on `loader.py` answers imports
of the agent's modules. Importing them from a zip would take as long as everything else in a heartbeat.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import zipfile

_LOADER = "decnet/agent/loader.py"


def keep(agent: str, target: str) -> None:
    """Compile the modules of the file `agent` into `target`, atomically.

    Only for a file that is named by its content: under any other name the modules may change. If the folder
    cannot be written, as on a full disk, nothing happens: the agent works without byte code.
    """
    import zipfile

    if len(os.path.basename(agent)) != len("%064d.pyz" % 0):
        return
    try:
        # Without a name until it is complete: a process that is killed here leaves no file.
        descriptor = os.open(os.path.dirname(target), os.O_TMPFILE | os.O_WRONLY, 0o600)
        with open(descriptor, "wb") as file:
            with open(agent, "rb") as content, zipfile.ZipFile(content) as sources:
                file.write(_compiled(sources, os.fstat(content.fileno())))
            file.flush()
            os.fsync(descriptor)
            # With a folder given, Python uses linkat(2), which follows the link in /proc: see open(2).
            os.link("/proc/self/fd/%d" % descriptor, target, src_dir_fd=descriptor)
    except OSError:
        pass


def _compiled(sources: zipfile.ZipFile, found: os.stat_result) -> bytes:
    import marshal

    modules = {"decnet": marshal.dumps(compile("", "<agent>", "exec"))}
    for name in sources.namelist():
        if name.startswith(("decnet/agent/", "decnet/wire/")):
            code = compile(sources.read(name), "<agent>/" + name, "exec", dont_inherit=True, optimize=2)
            modules[name[: -len(".py")].replace("/", ".").replace(".__init__", "")] = marshal.dumps(code)
    begin = "MODULES.update(%r)\ninstall(%d, %d)\n" % (modules, found.st_size, found.st_mtime_ns)
    text = sources.read(_LOADER).decode() + begin
    return marshal.dumps(compile(text, "<agent>", "exec", dont_inherit=True, optimize=2))
