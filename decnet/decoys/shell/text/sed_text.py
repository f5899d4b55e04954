"""The escapes of sed's patterns and replacements."""

ESCAPES = {"n": "\n", "t": "\t", "f": "\f", "v": "\v", "a": "\a", "r": "\r"}


def letters_of(text: str) -> list[str]:
    """The characters of one side of `y`."""
    out, at = [], 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            out.append(ESCAPES.get(text[at + 1], text[at + 1]))
            at += 2
        else:
            out.append(text[at])
            at += 1
    return out


def unescaped(text: str, *, regex: bool) -> str:
    """The text with GNU's escapes (`\\t`, `\\x41`, `\\o101`, `\\d065`) replaced; others stay."""
    out, at = "", 0
    while at < len(text):
        if text[at] != "\\" or at + 1 >= len(text):
            out += text[at]
            at += 1
            continue
        char = text[at + 1]
        at += 2
        base, length = {"x": (16, 2), "o": (8, 3), "d": (10, 3)}.get(char, (0, 0))
        digits = ""
        while length and len(digits) < length and at < len(text) and text[at].isalnum():
            if text[at].lower() not in "0123456789abcdef"[:base]:
                break
            digits += text[at]
            at += 1
        if digits:
            made = chr(int(digits, base) & 255)
            out += "\\" + made if made in ("*.[]^$\\" if regex else "&\\") else made
        elif char in "tfva" or (char == "n" and regex):
            out += ESCAPES[char]
        else:
            out += "\\" + char
    return out


def replacement_of(text: str, *, cases: bool = True) -> list[tuple[str, str]]:
    """The parts of a replacement: text, group (its number), case (U, L, u, l, E)."""
    parts: list[tuple[str, str]] = []
    text = unescaped(text, regex=False)
    at = 0
    while at < len(text):
        char, following = text[at], text[at + 1 : at + 2]
        at += 1
        if char == "&":
            parts.append(("group", "0"))
        elif char == "\\" and following:
            at += 1
            if following.isdecimal() and following.isascii():
                parts.append(("group", following))
            elif following in "ULulE" and cases:
                parts.append(("case", following))
            else:
                parts.append(("text", "\n" if following == "n" else "\r" if following == "r" else following))
        elif parts and parts[-1][0] == "text":
            parts[-1] = ("text", parts[-1][1] + char)
        else:
            parts.append(("text", char))
    return parts
