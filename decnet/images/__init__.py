"""The images that deckies run: built by content, without the network, and shipped to workers."""

from .build import ensure, make_base_image
from .names import ImageNames, root_name, wanted
from .programs import end_programs
from .progress import Emit, ImageProgress
from .root import Source
from .shelf import ImageRow, absent, listed, prune, save_archive, save_size, save_stream

__all__ = [
    "Emit",
    "ImageNames",
    "ImageProgress",
    "ImageRow",
    "Source",
    "absent",
    "end_programs",
    "ensure",
    "listed",
    "make_base_image",
    "prune",
    "root_name",
    "save_archive",
    "save_size",
    "save_stream",
    "wanted",
]
