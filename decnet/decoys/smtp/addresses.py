"""Addresses as MAIL and RCPT carry them."""

import re

ADDRESS = re.compile(r"\s*(?:<([^<>]*)>|([^\s<>]+))\s*(.*)")
LOCAL_PART = re.compile(r"[^\s<>()\[\]\\,;:@\"]{1,64}|\"[^\"]{0,62}\"")


def address(rest: str, word: str, kind: str) -> tuple[str, list[str], str]:
    """Address, options, and "syntax" or "address" where there is none. `word`: FROM: or TO:."""
    if not rest.upper().replace(" ", "").startswith(word):
        return "", [], "syntax"
    said = rest[rest.find(":") + 1 :]
    if not said.strip():
        return "", [], "syntax"
    found = ADDRESS.fullmatch(said[:1000])
    if found is None:
        return "", [], "address"
    path = found.group(1) if found.group(1) is not None else found.group(2)
    if path.startswith("@") and ":" in path:
        path = path.partition(":")[2]
    local = path.rpartition("@")[0] if "@" in path else path
    if path and not all(LOCAL_PART.fullmatch(part) for part in local.split("@")):
        return "", [], "address"
    return path.replace('"', "") if kind == "postfix" else path, found.group(3).split(), ""
