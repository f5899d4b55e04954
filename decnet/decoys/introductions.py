"""Which fingerprints each source has shown recently, so that each is recorded once and not per connection."""

from collections import OrderedDict

MOST = 2000
FORGET_SECONDS = 24 * 3600.0


class Introductions:
    """Pairs of source and fingerprint; the oldest is forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], float] = OrderedDict()

    def is_new(self, source: str, mark: str, now: float) -> bool:
        """Whether the source has not shown this fingerprint within a day. `now`: seconds of any origin."""
        key = (source, mark)
        since = self._known.get(key)
        if since is not None and now - since < FORGET_SECONDS:
            return False
        self._known.pop(key, None)
        self._known[key] = now
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return True
