"""The comparison of shown output finds differences, and lets vary only what cannot be the same twice."""

from __future__ import annotations

import pytest
from docs.shown import answers, differences


@pytest.mark.parametrize(
    ("shown", "came"),
    [
        ("web at 192.0.2.7\ndone", "web at 192.0.2.7\ndone\n"),
        ("first\n...\nlast", "first\nsecond\nthird\nlast\n"),
        ("...\nlast", "last\n"),
        ("web: ..., running", "web: http and ssh, running\n"),
        ("web 00:50:56:7e:e0:25, 3 s", "web  00:0c:29:01:02:03,   12.5 s\n"),
        ("2026-01-02 10:11 login", "2031-11-12 00:59 login\n"),
        ("root's password: toor", "root's password: \n"),
    ],
)
def test_what_differs_in_times_and_ids_only_is_the_same(shown: str, came: str) -> None:
    assert differences(shown.splitlines(), came) == ""


@pytest.mark.parametrize(
    ("shown", "came"),
    [
        ("web at 192.0.2.7", "web at 192.0.2.8\n"),
        ("3 created", "2 created\n"),
        ("one", "one\ntwo\n"),
        ("one\n...\nlast", "one\ntwo\n"),
        ("web: ..., running", "web: http, stopped\n"),
        ("web 00:50:56:7e:e0:25", "web none\n"),
        ("done", ""),
    ],
)
def test_any_other_difference_is_reported(shown: str, came: str) -> None:
    assert differences(shown.splitlines(), came).startswith("--- shown\n+++ came\n")


def test_answers_are_read_from_what_is_shown() -> None:
    shown = [
        "Carry out 3 steps? [y/N] y",
        "Are you sure you want to continue connecting (yes/no/[fingerprint])? yes",
        "root@192.0.2.100's password: toor",
        "root@intranet:~# id",
        "uid=0(root)",
    ]
    assert [answer.text for answer in answers(shown)] == ["y", "yes", "toor", "id"]
