"""The menu of `select`. Source: print_select_list of bash."""

TAB, AFTER_NUMBER = 8, 2


def menu(words: list[str], columns: int) -> str:
    """The words with their numbers, in columns as wide as the longest."""
    digits = len(str(len(words)))
    width = max(map(len, words)) + digits + 2 * AFTER_NUMBER
    rows = -(-len(words) // max(1, columns // width))
    if rows == 1:
        rows = len(words)
    return "".join(_row(words, row, rows, width, digits) for row in range(rows))


def _row(words: list[str], row: int, rows: int, width: int, digits: int) -> str:
    text, at, wide = "", 0, len(str(rows))
    for number in range(row, len(words), rows):
        cell = f"{number + 1:>{wide}}) {words[number]}"
        text += cell
        if number + rows < len(words):
            text += _indent(at + len(cell), at + width)
        at, wide = at + width, digits
    return text + "\n"


def _indent(start: int, end: int) -> str:
    """Tabs, and blanks where they would go too far."""
    text = ""
    while start < end:
        is_tab = end // TAB > start // TAB
        text += "\t" if is_tab else " "
        start += TAB - start % TAB if is_tab else 1
    return text
