"""Parses what clients report about themselves: handshake responses, and later commands with a password."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..events import shown
from . import dialects as no
from .dialects import CLEAR, NATIVE
from .packets import Fields, Malformed

MOST_STATEMENT = 4096
MOST_SECRETS = 20
TEXT = r"(?:'([^']*)'|\"([^\"]*)\")"
NAME = rf"(?:{TEXT}|`([^`]*)`|(\w+))(?:@\S+)?"
BY = re.compile(rf"\bidentified\s+(?:with\s+\S+\s+)?(?:by|as)\s+(?:password\s+)?{TEXT}", re.IGNORECASE)
BEFORE = re.compile(rf"{NAME}\s+$")
MOST_NAME = 100
SET = re.compile(
    rf"\bset\s+password(?:\s+for\s+{NAME})?\s*=\s*(?:(?:old_)?password\s*\(\s*)?{TEXT}", re.IGNORECASE
)
PRIMARY_USER = re.compile(rf"\b(?:master|source)_user\s*=\s*{TEXT}", re.IGNORECASE)
PRIMARY_PASSWORD = re.compile(rf"\b(?:master|source)_password\s*=\s*{TEXT}", re.IGNORECASE)


@dataclass
class Answer:
    """A handshake response, parsed as far as possible."""

    user: bytes = b""
    proof: bytes = b""
    database: str = ""
    plugin: str = NATIVE
    capabilities: int = 0
    extended: int = 0
    attributes: dict[str, str] = field(default_factory=dict)


def take_apart(content: bytes, answer: Answer) -> None:
    """Fill `answer`. Raises Malformed; the part before the error is kept."""
    fields = Fields(content)
    capabilities = fields.number(2)
    if not capabilities & no.CLIENT_41:
        _take_old(fields, capabilities, answer)
        return
    capabilities |= fields.number(2) << 16
    fields.take(5)
    answer.capabilities = capabilities
    answer.extended = int.from_bytes(fields.take(23)[19:], "little")
    answer.user = fields.text()
    answer.proof = _proof(fields, capabilities)
    answer.database = shown(fields.last()) if capabilities & no.CLIENT_WITH_DB else ""
    answer.plugin = (shown(fields.last()) if capabilities & no.CLIENT_PLUGINS else "") or NATIVE
    if capabilities & no.CLIENT_ATTRIBUTES and len(fields):
        answer.attributes = _attributes(fields)


def change_of_user(content: bytes, capabilities: int) -> Answer:
    """COM_CHANGE_USER, as far as it can be read."""
    fields, answer = Fields(content), Answer(capabilities=capabilities)
    try:
        answer.user = fields.text()
        secure = capabilities & (no.CLIENT_SECURE | no.CLIENT_COUNTED)
        answer.proof = fields.take(fields.number(1)) if secure else fields.text()
        answer.database = shown(fields.last())
        fields.take(2)
        answer.plugin = shown(fields.last()) or NATIVE
    except Malformed:
        pass
    return answer


def replica(content: bytes) -> Answer:
    """COM_REGISTER_SLAVE, as far as it can be read: the account for connecting to the replica."""
    fields, answer = Fields(content), Answer(plugin=CLEAR)
    try:
        fields.take(4)
        fields.take(fields.number(1))
        answer.user = fields.take(fields.number(1))
        answer.proof = fields.take(fields.number(1))
    except Malformed:
        pass
    return answer


def passwords(statement: str) -> list[tuple[str, str]]:
    """User (empty if none is named) and password of every password that a statement would set."""
    text = statement[:MOST_STATEMENT]
    found: list[tuple[str, str]] = []
    for each in BY.finditer(text):
        account = BEFORE.search(text[max(each.start() - MOST_NAME, 0) : each.start()])
        found.append((_first(account.groups()) if account else "", _first(each.groups())))
    found += [(_first(each.groups()[:4]), _first(each.groups()[4:])) for each in SET.finditer(text)]
    for each in PRIMARY_PASSWORD.finditer(text):
        user = PRIMARY_USER.search(text)
        found.append((_first(user.groups()) if user else "", _first(each.groups())))
    return found[:MOST_SECRETS]


def _first(groups: Sequence[str | None]) -> str:
    return next((each for each in groups if each is not None), "")


def _proof(fields: Fields, capabilities: int) -> bytes:
    if capabilities & no.CLIENT_COUNTED:
        return fields.counted()
    if capabilities & no.CLIENT_SECURE:
        return fields.take(fields.number(1))
    return fields.text()


def _take_old(fields: Fields, capabilities: int, answer: Answer) -> None:
    """The response of a client before 4.1."""
    answer.capabilities = capabilities & 0xFFFF & ~no.CLIENT_PLUGINS
    fields.take(3)
    answer.user = fields.text()
    answer.proof = fields.last()


def _attributes(fields: Fields) -> dict[str, str]:
    """What the client reports about itself."""
    inside = Fields(fields.counted())
    found: dict[str, str] = {}
    while len(inside) and len(found) < 32:
        name = shown(inside.counted())
        found[name] = re.sub(r"\s+", " ", shown(inside.counted())[:100])
    return found
