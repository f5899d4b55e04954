"""Lines of containers' logs, as they appear."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from decnet.console.documents import dumps
from decnet.console.text import cell
from decnet.console.yaml_text import yaml_text
from decnet.wire import clean

LONGEST_LINE = 2000


def show_log_lines(lines: Iterable[tuple[str, str, str]], style: str) -> None:
    """Print lines (decky, container, text), each with its container in front; as JSON lines for `json`."""
    for decky, container, text in lines:
        if style == "json":
            print(dumps({"decky": decky, "container": container, "text": text}))
        elif style == "yaml":
            print(yaml_text([{"decky": decky, "container": container, "text": text}]), end="")
        else:
            print(f"{cell(container)}: {clean(text, LONGEST_LINE)}")
    sys.stdout.flush()
