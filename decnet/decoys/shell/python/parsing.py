"""Programs as trees."""

from __future__ import annotations

import ast
import warnings
from typing import Any

LONGEST = 32 * 1024
"""Characters of a program: parsing them must not delay the other visitors."""


def parsed(text: str, path: str, mode: str = "exec") -> Any:
    """A program's tree. Raises SyntaxError, MemoryError."""
    if len(text) > LONGEST:
        raise MemoryError
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compile(text, path, mode, ast.PyCF_ONLY_AST, dont_inherit=True)
    except (ValueError, RecursionError, OverflowError) as error:
        raise SyntaxError(str(error)) from None
