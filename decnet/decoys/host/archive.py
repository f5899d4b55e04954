"""The archives of this package: zip files of which one entry at a time is read.

`zipfile` would have an object for each of a thousand entries, and imports as much as a small decoy takes."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

DATA = Path(__file__).with_name("data")
END = struct.Struct("<4s8xIIxx")
"""The end of an archive without a comment (APPNOTE.TXT, 4.3.16): signature, length and place of the list."""
ENTRY = struct.Struct("<4s6xH8xIIHHH8xI")
"""Of the directory (4.3.12): signature, method, packed and whole length, lengths of name, extra and comment,
place."""
LOCAL = struct.Struct("<4s22xHH")
"""In front of an entry (4.3.7): signature, lengths of name and extra."""
OF_ENTRY, OF_END = b"PK\1\2", b"PK\5\6"
DEFLATED = 8


def entry(name: str, *wanted: str) -> bytes | None:
    """The content of the first of these entries that an archive has, None if it has none."""
    with (DATA / name).open("rb") as file:
        file.seek(-END.size, os.SEEK_END)
        signature, length, start = END.unpack(file.read())
        assert signature == OF_END, name
        file.seek(start)
        directory = file.read(length)
        found = next((each for known in wanted if (each := _found(directory, known.encode()))), None)
        if found is None:
            return None
        method, packed, start = found
        file.seek(start)
        _, of_name, of_extra = LOCAL.unpack(file.read(LOCAL.size))
        file.seek(of_name + of_extra, os.SEEK_CUR)
        content = file.read(packed)
        return zlib.decompress(content, -15) if method == DEFLATED else content


def _found(directory: bytes, name: bytes) -> tuple[int, int, int] | None:
    """Method, packed length and place of an entry."""
    at = directory.find(name)
    while at >= 0:
        if at >= ENTRY.size:
            signature, method, packed, _, length, _, _, start = ENTRY.unpack_from(directory, at - ENTRY.size)
            if signature == OF_ENTRY and length == len(name):
                return method, packed, start
        at = directory.find(name, at + 1)
    return None
