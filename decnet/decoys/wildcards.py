"""Names and patterns with `*` and `?`, without regular expressions: the time is bounded for any pattern."""

LONGEST = 255


def is_like(text: str, pattern: str) -> bool:
    """Whether the whole text matches, in time that grows with the product of the lengths. Longer patterns
    than LONGEST match nothing."""
    if len(pattern) > LONGEST:
        return False
    states = _after_stars({0}, pattern)
    for letter in text:
        states = {
            at + (pattern[at] != "*")
            for at in states
            if at < len(pattern) and pattern[at] in ("*", "?", letter)
        }
        states = _after_stars(states, pattern)
    return len(pattern) in states


def _after_stars(states: set[int], pattern: str) -> set[int]:
    """The places in a pattern that are reached without another letter."""
    reached = set(states)
    for at in sorted(states):
        while at < len(pattern) and pattern[at] == "*" and at + 1 not in reached:
            at += 1
            reached.add(at)
    return reached
