"""The images that deckies run: named by content, built without the network, and shipped to workers.

Most commands need only their names, which are here; `build`, `shelf` and `programs` build and ship them.
"""

from .names import ImageNames, root_name, wanted

__all__ = ["ImageNames", "root_name", "wanted"]
