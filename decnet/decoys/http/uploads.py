"""The files in a request: the body itself, or the parts of a form that have a file name."""

import re
from collections.abc import Iterator

from ..events import shown
from ..uploads import Incoming, Witness, record_content, record_file
from .messages import Request

MOST_FILES = 10
TEXTS = ("application/x-www-form-urlencoded", "application/json", "application/xml", "text/")
"""The types of bodies that are no files."""

BOUNDARY = re.compile(r'boundary="?([^";]{1,200})', re.I)
FILE_NAME = re.compile(rb'\bfilename="?([^"\r\n]{1,300})', re.I)


def carries_files(request: Request) -> bool:
    """Whether the body of this request is, or can contain, a file."""
    kind = request.header("content-type").lower()
    return request.method == "PUT" or bool(kind and not kind.startswith(TEXTS))


def record_uploads(witness: Witness, request: Request, incoming: Incoming, *, whole: bool) -> None:
    """Keep and record the files in what has arrived of a body."""
    if not incoming.size or not carries_files(request):
        return
    boundary = BOUNDARY.search(request.header("content-type"))
    if boundary is None or "multipart/" not in request.header("content-type").lower():
        record_file(witness, request.target, incoming, whole=whole)
        return
    for name, content in _parts(incoming.content(), boundary[1].encode("latin-1")):
        record_content(witness, shown(name), content, whole=whole)


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The names and contents of the first files of a form (RFC 7578)."""
    count = 0
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary, 100):
        head, _, content = part.partition(b"\r\n\r\n")
        found = FILE_NAME.search(head)
        if found and content and count < MOST_FILES:
            count += 1
            yield found[1], content
