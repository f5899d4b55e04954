"""A plausible database of a server in use, generated from the seed."""

import json

from ..persona import Persona
from .keyspace import Database, Hash, Items, Members, Scores, now

KINDS = ("sessions", "shop", "jobs")
FIRST = ("anna", "mark", "jens", "paul", "lena", "eva", "tom", "ines", "karl", "mira", "otto", "ruth")
LAST = (
    "berg",
    "weber",
    "novak",
    "silva",
    "horn",
    "keller",
    "lind",
    "moser",
    "ricci",
    "stone",
    "vogel",
    "wolf",
)
THINGS = ("gasket", "bracket", "valve", "cable", "sensor", "hinge", "pump", "filter", "relay", "coupling")
PAGES = ("home", "products", "contact", "news", "imprint", "search")
DAY = 86_400_000


def fill(database: Database, persona: Persona) -> None:
    """The keys of one kind of application, without its sessions."""
    kind = _kind(persona)
    if kind == "shop":
        _shop(database, persona)
    elif kind == "jobs":
        _jobs(database, persona)
    elif kind != "empty":
        _users(database, persona)


def _kind(persona: Persona) -> str:
    """The setting `content`, else one chosen by the seed."""
    return persona.text("content") or persona.choice("redis content", KINDS)


class Sessions:
    """The sessions of the application's users. Each place has one after the other: when a session ends, that
    of another user follows. Which one it is at a time, and its end, depend on the seed alone, so that they
    outlive a restart."""

    def __init__(self, persona: Persona) -> None:
        self._persona = persona
        count = 0 if _kind(persona) == "empty" else persona.number("redis sessions", 4, 18)
        lengths = [persona.number(f"redis end {place}", DAY // 8, 14 * DAY) for place in range(count)]
        self._places = [(each, persona.number(f"redis begin {n}", 0, each)) for n, each in enumerate(lengths)]
        self._ends = [0] * count
        self._next = 0 if count else None

    def renew(self, database: Database) -> None:
        """Put those that have begun since the last call. It costs nothing while none has."""
        at = now()
        if self._next is None or at < self._next:
            return
        for place, (length, phase) in enumerate(self._places):
            if self._ends[place] <= at:
                turn, past = divmod(at - phase, length)
                self._ends[place] = at - past + length
                _session(database, self._persona, f"{place} {turn}", self._ends[place])
        self._next = min(self._ends)


def _session(database: Database, persona: Persona, name: str, end: int) -> None:
    key = b"session:" + persona.bytes_for(f"redis session {name}", 16).hex().encode()
    content = {
        "user_id": persona.number(f"redis session user {name}", 3, 900),
        "csrf": persona.bytes_for(f"redis csrf {name}", 8).hex(),
        "ip": f"10.{persona.number(f'a {name}', 0, 40)}.{persona.number(f'b {name}', 0, 255)}."
        f"{persona.number(f'c {name}', 2, 250)}",
    }
    database.put(key, json.dumps(content).encode())
    database.ends[key] = end


def _users(database: Database, persona: Persona) -> None:
    domain = f"{persona.choice('redis domain', LAST)}.local"
    for number in range(persona.number("redis users", 3, 9)):
        first, last = persona.choice(f"first {number}", FIRST), persona.choice(f"last {number}", LAST)
        name = f"{first}.{last}"
        user = Hash(
            {
                b"name": name.encode(),
                b"email": f"{name}@{domain}".encode(),
                b"logins": b"%d" % persona.number(f"logins {number}", 1, 400),
                b"active": b"1",
            }
        )
        database.put(b"user:%d" % persona.number(f"user {number}", 3, 900), user)
    database.put(b"users:active", Members(dict.fromkeys(b"%d" % n for n in range(3, 9))))
    for page in PAGES:
        database.put(f"stats:hits:{page}".encode(), b"%d" % persona.number(f"hits {page}", 40, 90_000))


def _shop(database: Database, persona: Persona) -> None:
    best = Scores()
    for thing in THINGS:
        number = persona.number(f"thing {thing}", 1000, 9999)
        price = persona.number(f"price {thing}", 199, 48_900)
        fields = {
            "name": thing,
            "price": f"{price / 100:.2f}",
            "stock": persona.number(f"stock {thing}", 0, 600),
        }
        database.put(b"product:%d" % number, Hash({k.encode(): str(v).encode() for k, v in fields.items()}))
        best[b"%d" % number] = float(persona.number(f"sold {thing}", 0, 3000))
    database.put(b"products:bestsellers", best)
    database.put(b"orders:next", b"%d" % persona.number("orders", 4000, 90_000))
    for page in PAGES[:3]:
        database.put(
            f"cache:page:{page}".encode(), b'<!-- cached --><div class="page" id="%b"></div>' % page.encode()
        )


def _jobs(database: Database, persona: Persona) -> None:
    jobs = Items()
    for number in range(persona.number("jobs", 2, 7)):
        identity = persona.bytes_for(f"job {number}", 12).hex()
        content = {
            "class": "MailWorker",
            "jid": identity,
            "args": [persona.number(f"to {number}", 3, 900)],
            "retry": True,
        }
        jobs.append(json.dumps(content).encode())
    database.put(b"queue:default", jobs)
    database.put(b"queues", Members({b"default": None, b"mailers": None}))
    database.put(b"stat:processed", b"%d" % persona.number("processed", 2000, 900_000))
    database.put(b"stat:failed", b"%d" % persona.number("failed", 3, 400))
