"""The images that deckies run: built by content, without the network, and shipped to workers.

Their names are here, which most commands ask for; building and shipping is in `build`, `shelf`, `programs`.
"""

from .names import ImageNames, root_name, wanted

__all__ = ["ImageNames", "root_name", "wanted"]
