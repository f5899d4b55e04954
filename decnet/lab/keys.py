"""SSH keys of the lab: each worker's host keys, and the operator's key, which every worker accepts."""

import tempfile
from pathlib import Path
from typing import Final

from decnet.lab.layout import Lab, Place
from decnet.lab.shell import run

KEY_TYPES: Final = {"ed25519": [], "rsa": ["-b", "2048"]}


def operator_key(lab: Lab) -> Path:
    return Place(lab, "op").folder / "ssh" / "id_ed25519"


def host_key(worker: Place, kind: str) -> Path:
    return worker.folder / "sshd" / f"host_{kind}"


def make_host_keys(worker: Place) -> None:
    (worker.folder / "sshd").mkdir(mode=0o700, exist_ok=True)
    for kind, options in KEY_TYPES.items():
        make_key(host_key(worker, kind), kind, *options)


def make_key(path: Path, kind: str, *options: str) -> None:
    """Create a key pair without passphrase, unless it exists; `path` appears once both files are complete."""
    if path.exists():
        return
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        new = Path(folder) / "key"
        run(["ssh-keygen", "-q", "-t", kind, *options, "-N", "", "-C", path.name, "-f", str(new)], limit=60)
        new.with_suffix(".pub").rename(path.with_suffix(".pub"))
        new.rename(path)


def accept(worker: Place, public_key: Path) -> None:
    """Add a public key to the worker's authorized_keys, once."""
    line = public_key.read_text().strip()
    file = worker.folder / "ssh" / "authorized_keys"
    lines = file.read_text().splitlines() if file.exists() else []
    if line not in lines:
        file.touch(mode=0o600)
        file.write_text("\n".join([*lines, line]) + "\n")
