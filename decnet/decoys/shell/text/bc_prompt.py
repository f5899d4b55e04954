"""`bc` at a terminal: it reads lines with Readline, one after the other. Source: bc 1.07.1."""

from __future__ import annotations

from ..context import Context, Work
from ..full_screen import on_terminal
from ..process import Process
from ..tasks import Line
from .bc import Machine, bc
from .common import parse

BANNER = """bc 1.07.1
Copyright 1991-1994, 1997, 1998, 2000, 2004, 2006, 2008, 2012-2017 Free Software Foundation, Inc.
This is free software with ABSOLUTELY NO WARRANTY.
For details type `warranty'.\x20
"""
SHORT, LONG = "hilqsvw", "help=h interactive=i mathlib=l quiet=q standard=s version=v warn=w"
MOST_TEXT = 16 * 1024
MOST_LINES = 2000


def bc_at_prompt(context: Context, process: Process) -> Work:
    """`bc`, with lines that are edited if it has a terminal."""
    source = context.fds.get(0)
    is_plain = all(word.startswith("-") for word in process.args) and not {"-v", "-h"} & set(process.args)
    if not (on_terminal(context) and source is context.engine.input and is_plain) or process.applet:
        return (yield bc(process))
    options = parse(process, SHORT, LONG)
    if "q" not in options:
        process.out(BANNER)
    machine = Machine(process, with_library="l" in options)
    shell = context.fork().shell
    shell.history, shell.notes = [], {**shell.notes, "cleared": ""}
    text = ""
    for _ in range(MOST_LINES):
        line = Line("", shell)
        yield line
        if line.is_interrupted:
            process.out("\n(interrupt) use quit to exit.\n")
            text = ""
            continue
        if line.text is None:
            return 0
        shell.history.append(line.text)
        text = (text + line.text + "\n")[:MOST_TEXT]
        if text.count("{") > text.count("}") or text.endswith("\\\n"):
            continue
        if not (yield from machine.run(text, "(standard_in)")):
            return 0
        text = ""
    return 1
