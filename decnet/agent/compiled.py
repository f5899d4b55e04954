"""The agent's byte code, cached next to its file by the Python that runs it.

Without it Python compiles the zip's sources at every start, which takes longer than most verbs. The file
itself contains none: byte code is specific to a Python version, and the file's hash must not depend on its
builder.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import zipfile

_UNCHECKED_HASH = (1).to_bytes(4, "little")


def keep(agent: str, target: str) -> None:
    """Compile the modules of the file `agent` into the zip `target`, atomically.

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
            with zipfile.ZipFile(agent) as sources, zipfile.ZipFile(file, "w") as compiled:
                _compile(sources, compiled)
            file.flush()
            os.fsync(descriptor)
            # With a folder given, Python uses linkat(2), which follows the link in /proc: see open(2).
            os.link("/proc/self/fd/%d" % descriptor, target, src_dir_fd=descriptor)
    except OSError:
        pass


def _compile(sources: zipfile.ZipFile, compiled: zipfile.ZipFile) -> None:
    for name in sources.namelist():
        if name.startswith(("decnet/agent/", "decnet/wire/")):
            compiled.writestr(name + "c", _module(name, sources.read(name)))


def _module(name: str, source: bytes) -> bytes:
    """A .pyc that Python takes without comparing it with a source file (PEP 552)."""
    import marshal
    from importlib.util import MAGIC_NUMBER, source_hash

    code = compile(source, "<agent>/" + name, "exec", dont_inherit=True, optimize=2)
    return MAGIC_NUMBER + _UNCHECKED_HASH + source_hash(source) + marshal.dumps(code)
