"""Makes readable.zip: `python -m trees.readable RELEASE ROOT...` in packaging/, by hand.

Each ROOT is the tree of a system of that RELEASE; what the archive has already stays. It has the texts of configuration, scripts and units whose
content is not in the data of the releases, where both have the same size: an entry is named PATH@SIZE, or
PATH@SIZE@VERSION where another release has another text of that size.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from decnet.decoys.host.readable import ARCHIVE  # noqa: E402 (the folder is no package)
from decnet.decoys.host.release_data import ReleaseData, release_data  # noqa: E402

DATA = Path(__file__).resolve().parents[2] / "decnet" / "decoys" / "host" / "data"
FOLDERS = (
    "/etc/",
    "/usr/bin/",
    "/usr/sbin/",
    "/usr/lib/systemd/",
    "/usr/lib/sysctl.d/",
    "/usr/lib/tmpfiles.d/",
)
UNREAD = (
    "/etc/apparmor.d/", "/etc/apt/trusted.gpg.d/", "/etc/mime.types", "/usr/lib/systemd/catalog/", "/usr/bin/py", "/etc/libnl-3/",
)  # fmt: skip
MOST = 12 * 1024
"""Bytes of one text."""


def main() -> None:
    """Write the archive."""
    with zipfile.ZipFile(DATA / ARCHIVE) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    for release, root in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        for name, version, text in _texts(release_data(release), Path(root), "/"):
            found[name if found.get(name, text) == text else f"{name}@{version}"] = text
    with zipfile.ZipFile(DATA / ARCHIVE, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(found):
            archive.writestr(zipfile.ZipInfo(name), found[name], zipfile.ZIP_DEFLATED)


def _texts(data: ReleaseData, root: Path, folder: str) -> Iterator[tuple[str, str, bytes]]:
    """Names in the archive, versions of the packages, texts."""
    for name, entry in data.folder(folder):
        path = f"{folder.rstrip('/')}/{name}"
        if entry.kind == "d":
            yield from _texts(data, root, path)
        elif entry.kind == "f" and entry.reference[:1] != "t" and _is_wanted(path) and entry.size <= MOST:
            text = _text(root / path[1:], entry.size)
            if text:
                row = next(islice(data.packages(), entry.package, None))
                yield f"{path}@{entry.size}", row.version, text


def _is_wanted(path: str) -> bool:
    return path.startswith(FOLDERS) and not path.startswith(UNREAD)


def _text(path: Path, size: int) -> bytes:
    """A file's text, of a script its first line; b"" for a binary or a file of another size."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size != size:
        return b""
    content = path.read_bytes()
    end = content.index(b"\n") + 1 if content.startswith(b"#!") else len(content)
    return b"" if b"\0" in content else content[:end]


if __name__ == "__main__":
    main()
