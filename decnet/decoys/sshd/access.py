"""Who gets in: the fleet file's credentials, or one weak pair that the seed chose."""

from collections import OrderedDict

from ..persona import Persona

USERS = ("root", "admin", "ubuntu", "user", "test", "oracle", "postgres", "deploy", "backup", "git")
PASSWORDS = (
    "123456",
    "admin",
    "password",
    "root",
    "changeme",
    "toor",
    "admin123",
    "Passw0rd",
    "qwerty",
    "1234",
)
MAX_SOURCES = 2000


class Access:
    """Decides on passwords; remembers per source address how often one failed, for `accept_after`."""

    def __init__(self, persona: Persona) -> None:
        said = persona.text("credentials")
        self._pairs = _pairs(said) if said is not None else {_drawn(persona)}
        after = persona.settings.get("accept_after", 0)
        self._accept_after = after if isinstance(after, int) else 0
        self._failed: OrderedDict[str, int] = OrderedDict()
        self._jitter = persona.number("delay", 0, 400) / 1000

    def lets_in(self, source: str, username: str, password: str) -> bool:
        """Whether this password logs in, and one more failure counted where it does not."""
        if (username, password) in self._pairs:
            return True
        failed = self._failed.pop(source, 0)
        if self._accept_after and failed >= self._accept_after and password:
            return True
        self._failed[source] = failed + 1
        while len(self._failed) > MAX_SOURCES:
            self._failed.popitem(last=False)
        return False

    def delay(self) -> float:
        """Seconds that a wrong password costs: pam_unix's two, spread a little."""
        return 1.6 + self._jitter


def _pairs(text: str) -> set[tuple[str, str]]:
    pairs = (pair.partition(":") for pair in text.split(",") if ":" in pair)
    return {(user.strip(), password) for user, _, password in pairs}


def _drawn(persona: Persona) -> tuple[str, str]:
    return persona.choice("user", USERS), persona.choice("password", PASSWORDS)
