"""How asyncssh is imported: no program is started, and no part that needs what decnet does not install."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import ctypes.util, sys
STARTS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"}
find_library = ctypes.util.find_library
sys.addaudithook(lambda event, _: print("started", event) if event in STARTS else None)
from decnet.worker.ssh_library import asyncssh
library = asyncssh()
print(library.__name__, "cryptography.x509" in sys.modules, ctypes.util.find_library is find_library)
"""


def test_importing_asyncssh_starts_no_program_and_imports_no_x509() -> None:
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr) == ("asyncssh False True\n", "")
