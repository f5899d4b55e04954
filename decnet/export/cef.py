"""ArcSight's Common Event Format, revision 20."""

from __future__ import annotations

from .sighting import Sighting

NAMES = {
    "contact": "Connection", "scan": "Scan", "login": "Login attempt", "command": "Command",
    "request": "Request", "file": "File", "disconnect": "Disconnect", "lost": "Events lost",
    "error": "Malformed input", "pivot": "Pivot",
}  # fmt: skip


def cef(seen: Sighting) -> str:
    """One line: `CEF:0|decnet|decnet|VERSION|KIND|Name|SEVERITY|key=value ...`."""
    event = seen.event
    header = ("CEF:0", "decnet", "decnet", seen.version, f"{event.service}.{event.kind}", NAMES[event.kind])
    words = [*map(_header, header), str(seen.severity)]
    return "|".join(words) + "|" + " ".join(f"{key}={_value(each)}" for key, each in _extension(seen))


def _extension(seen: Sighting) -> list[tuple[str, str]]:
    event = seen.event
    success = event.fields.get("success")
    pairs = [
        ("rt", str(int(event.at * 1000))),
        ("externalId", event.id),
        ("deviceExternalId", seen.worker),
        ("src", event.source_ip),
        ("spt", str(event.source_port or "")),
        ("dst", event.local_ip),
        ("dpt", str(event.local_port or "")),
        ("dmac", seen.mac),
        ("dhost", seen.hostname),
        ("proto", event.transport.upper()),
        ("app", event.service),
        ("cat", event.kind),
        ("duser", seen.text("username")),
        ("outcome", "" if success is None else "success" if success else "failure"),
        ("request", seen.text("path") or seen.text("url")),
        ("requestMethod", seen.text("method") if event.kind == "request" else ""),
        ("requestClientApplication", seen.text("user_agent")),
        ("fname", seen.text("path") if event.kind == "file" else ""),
        ("fsize", seen.text("size")),
        ("fileHash", seen.text("sha256")),
        ("cnt", str(event.stands_for) if event.stands_for > 1 else ""),
        ("reason", seen.text("reason")),
        ("msg", seen.sentence),
    ]
    for number, (label, value) in enumerate(_labelled(seen), 1):
        pairs += [(f"cs{number}", value), (f"cs{number}Label", label if value else "")]
    return [(key, value) for key, value in pairs if value]


def _labelled(seen: Sighting) -> list[tuple[str, str]]:
    secret = seen.text("password") or seen.text("hash") or seen.text("response") or seen.text("community")
    network = "" if seen.is_shared else f"{seen.event.project}/{seen.event.network}"
    named = [("session", seen.event.session), ("command", seen.text("input")), ("password", secret)]
    return [*named, ("decky", seen.event.decky), ("network", network), ("fingerprint", seen.fingerprint)]


def _header(text: str) -> str:
    return _clean(text).replace("\\", "\\\\").replace("|", "\\|")


def _value(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("=", "\\=").replace("\r\n", "\n")
    return _clean(escaped.replace("\n", "\\n").replace("\r", "\\r"))


def _clean(text: str) -> str:
    """Without characters that could end a line or steer a terminal."""
    return "".join(each if each.isprintable() else " " for each in text)
