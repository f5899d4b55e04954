"""The tree of errors and the exit code that stands for several."""

from __future__ import annotations

import pytest

from decnet import errors
from decnet.cli.troubleshooting import described


@pytest.mark.parametrize(
    ("codes", "one"),
    [
        ([], 0),
        ([0, 0], 0),
        ([5, 4], 4),
        ([4, 1, 5], 1),
        ([1, 6, 4], 6),
        ([3, 0], 3),
        ([5, 0, 3], 5),
        ([2], 2),
    ],
)
def test_the_worst_code_wins_in_the_order_of_the_design(codes: list[int], one: int) -> None:
    assert errors.worst(codes) == one


def test_every_class_is_drawn_in_the_tree_with_its_exit_code() -> None:
    drawn = {}
    for line in (errors.__doc__ or "").splitlines():
        words = line.replace("├──", " ").replace("└──", " ").replace("│", " ").split()
        if len(words) >= 2 and words[1].isdigit():
            drawn[words[0]] = int(words[1])
    classes = {
        name: each.exit_code
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, errors.DecnetError)
    }
    assert drawn == classes


def test_every_class_has_a_cause_and_a_fix_for_the_troubleshooting_page() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    kinds = [
        each for each in classes if issubclass(each, errors.DecnetError) and each is not errors.DecnetError
    ]
    assert [each.__name__ for each in kinds if not all(described(each))] == []
