# ruff: noqa: E501 (what a terminal gets)
"""Keys at a prompt, and what the terminal gets for them: recorded from bash 5.2 (Readline 8.2) on an xterm of 80
columns, in a UTF-8 locale, with the lines HISTORY typed before."""

from __future__ import annotations

import asyncio

import pytest

from decnet.decoys.shell.editor import Editor

PROMPT, HISTORY = "root@web01:~# ", ["echo first", "echo second"]
CASES = {
    "insert_in_a_word": [
        ("echo one\x01", "echo one\x08\x08\x08\x08\x08\x08\x08\x08"),
        ("X", "\x1b[1@X"),
    ],
    "insert_before_a_blank": [
        ("echo one\x01\x06\x06", "echo one\x08\x08\x08\x08\x08\x08\x08\x08\x1b[C\x1b[C"),
        ("X", "\x1b[1@X"),
    ],
    "erase": [
        ("echo abc", "echo abc"),
        ("\x7f\x7f", "\x08\x1b[K\x08\x1b[K"),
    ],
    "erase_in_the_middle": [
        ("ab cd e\x02\x02", "ab cd e\x08\x08"),
        ("\x7f", "\x08\x1b[1P e\x08\x08"),
    ],
    "kill_and_yank": [
        ("ab cd ef\x17\x17", "ab cd ef\x08\x08\x1b[K\x08\x08\x08\x1b[K"),
        ("\x01\x19", "\x08\x08\x08\x1b[5@cd ef"),
    ],
    "recall": [
        ("\x10", "echo second"),
        ("\x10", "\x08\x08\x08\x08\x08\x08\x1b[1Pfirst"),
        ("\x0e", "\x08\x08\x08\x08\x08second"),
    ],
    "recall_keeps_what_was_typed": [
        ("par", "par"),
        ("\x10", "\x08\x08\x08echo second"),
        ("\x0e", "\x08" * 11 + "par\x1b[K"),
    ],
    "full_row": [
        ("a" * 66, "a" * 66 + " \r"),
        ("b", "b"),
        ("\x7f", "\r\x1b[K"),
    ],
    "wrapped": [
        ("a" * 60 + " b c d e", "a" * 60 + " b c d e"),
        ("\x01", "\x1b[A" + "\x1b[C" * 12),
        ("X", "X" + "a" * 60 + " b c d e\x1b[A" + "\x1b[C" * 12),
        ("\x05", "\r\n\r\x1b[C\x1b[C\x1b[C"),
        ("\x15", "\x1b[A" + "\x1b[C" * 11 + "\x1b[K\r\n\r\x1b[K\x1b[A" + "\x1b[C" * 14),
    ],
    "search": [
        ("\x12", "\r(reverse-i-search)`': "),
        (
            "fi",
            "\x08\x08\x08f': echo \x1b[7mf\x1b[27mirst"
            + "\x08" * 13
            + "i': echo \x1b[7mfi\x1b[27mrst\x08\x08\x08\x08\x08",
        ),
        ("\x05", "\r\x1b[10Proot@web01:~# echo first\x08\x08\x08\x08\x08\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C"),
    ],
    "failing_search": [
        ("\x12", "\r(reverse-i-search)`': "),
        (
            "fix",
            "\x08\x08\x08f': echo \x1b[7mf\x1b[27mirst"
            + "\x08" * 13
            + "i': echo \x1b[7mfi\x1b[27mrst\x08\x08\x08\x08\x08\x07\r\x1b[Cfailed reverse-i-search)`fix': echo first\x08\x08\x08\x08\x08",
        ),
    ],
    "search_again": [
        ("\x12", "\r(reverse-i-search)`': "),
        ("e", "\x08\x08\x08e': echo s\x1b[7me\x1b[27mcond\x08\x08\x08\x08\x08"),
        ("\x12", "\x08\x08\x08\x08\x08\x08\x1b[7me\x1b[27mcho second" + "\x08" * 11),
        ("\x12", "\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[1Pfirst" + "\x08" * 10),
        ("\x07", "\r\x1b[19Proot@web01:~# "),
    ],
    "paste": [
        ("\x1b[200~one\ntwo\x1b[201~", "\x1b[7mone\x1b[27m\r\n\r\x1b[7mtwo\x1b[27m"),
        ("x", "\x1b[A" + "\x1b[C" * 11 + "one\r\n\rtwox"),
    ],
    "bells": [
        ("\x7f", "\x07"),
        ("\x02", "\x07"),
        ("\x06", "\x07"),
        ("\x0e", "\x07"),
        ("a\x14", "a\x07"),
    ],
    "words": [
        ("one two\x01", "one two\x08\x08\x08\x08\x08\x08\x08"),
        ("\x1bu", "ONE"),
        ("\x1bf\x1b\x7f", "\x1b[C\x1b[C\x1b[C\x1b[C\x08\x08\x08\x1b[K"),
    ],
    "undo": [
        ("echo one", "echo one"),
        ("\x1f", "\x08" * 8 + "\x1b[K"),
        ("\x1f", "\x07"),
    ],
    "to_the_mark_and_back": [
        ("echo a b c", "echo a b c"),
        ("\x18\x18", "\x08" * 10 + "\x1b[7mecho a b c\x1b[27m" + "\x08" * 10),
        ("\x05", "echo a b c"),
    ],
    "quoted_insert": [
        ("echo x", "echo x"),
        ("\x16\x1b", "^["),
        ("[Aend", "[Aend"),
    ],
    "last_argument": [
        ("ls \x1b.", "ls second"),
        ("\x1b.", "\x08" * 6 + "\x1b[1Pfirst"),
        ("\x1b.", "\x07\x08\x08\x08\x08\x08\x1b[K"),
    ],
    "words_change_places": [
        ("echo alpha beta gamma\x02\x02", "echo alpha beta gamma\x08\x08"),
        ("\x1bb", "\x08\x08\x08"),
        ("\x1bt", "\x08\x08\x08\x08\x08gamma beta"),
    ],
    "a_line_as_it_was": [
        ("echo keep", "echo keep"),
        ("\x1br", "\x08" * 9 + "\x1b[K"),
    ],
    "wide_characters": [
        ("echo \u6f22\u5b57 \u00fc", "echo \u6f22\u5b57 \u00fc"),
        ("\x02\x02\x02", "\x08\x08\x08\x08"),
        ("x", "\x1b[1@x"),
        ("\x05!", "\x1b[C\x1b[C\x1b[C\x1b[C!"),
    ],
    "a_tab_in_a_line": [("echo tab\x16\tbed", "echo tab  bed")],
    "a_pasted_newline_at_the_end": [
        ("\x1b[200~a\n\x1b[201~", "\x1b[7ma\x1b[27m\r\n\r"),
        ("\r", "\x1b[A" + "\x1b[C" * 14 + "a\r\n\r\x1b[A\r\n\x1b[?2004l\r"),
    ],
    "clear_screen": [
        ("ab\x02", "ab\x08"),
        ("\x0c", "\x1b[H\x1b[2Jroot@web01:~# ab\x08"),
    ],
}
"""What is typed at once, and what is shown for it."""


@pytest.mark.parametrize("name", CASES)
def test_a_line_is_shown_as_readline_shows_it(name: str) -> None:
    typed = [keys for keys, _ in CASES[name]]

    assert shown(typed) == [text for _, text in CASES[name]]


OF_VI = {
    "change_a_word_and_append": [
        ("echo one two three", "echo one two three"),
        ("\x1b0w", "\x08\r" + "\x1b[C" * 14 + "\x1b[C" * 5),
        ("cwuno", "\x1b[3P\x1b[3@uno"),
        ("\x1bA four", "\x08" + "\x1b[C" * 11 + " four"),
    ],
    "find_delete_undo": [
        ("echo foo bar baz", "echo foo bar baz"),
        ("\x1bFbdw", "\x08\x08\x08\x1b[K\x08"),
        ("u", "\x1b[Cbaz\x08"),
    ],
    "arrows_stay_in_insert_mode": [("ls\x1b[D\x1b[DX", "ls\x08\x08Xls\x08\x08")],
}
"""The same with `set -o vi`."""


@pytest.mark.parametrize("name", OF_VI)
def test_a_line_has_the_keys_of_vi(name: str) -> None:
    typed = [keys for keys, _ in OF_VI[name]]

    assert shown(typed, is_vi=True) == [text for _, text in OF_VI[name]]


def shown(typed: list[str], *, is_vi: bool = False) -> list[str]:
    """What an editor writes for each piece that is typed."""
    written: list[bytes] = []

    async def write(data: bytes) -> None:
        written.append(data)

    async def run() -> list[str]:
        editor = Editor(PROMPT, HISTORY, write, brackets=True, is_readline=True, is_vi=is_vi)
        answers = []
        for keys in typed:
            await type_in(editor, keys)
            answers.append(b"".join(written).decode())
            written.clear()
        return answers

    return asyncio.run(run())


async def type_in(editor: Editor, keys: str) -> None:
    """Type keys; what would be inserted, at once."""
    while keys:
        size = next((at for at, key in enumerate(keys) if not key.isprintable()), len(keys))
        size = max(1, size) if editor.inserts else 1
        await editor.key(keys[:size])
        keys = keys[size:]
