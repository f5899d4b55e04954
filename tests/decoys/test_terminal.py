# ruff: noqa: E501 (what is typed and shown is compared as it is)
"""What a visitor does at a terminal: jobs, pagers, editors."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator

import pytest
from test_shell_language import persona

from decnet.decoys.events import Recorder, Session
from decnet.decoys.host.world import World
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.full_screen import keys_of
from decnet.decoys.shell.state import Shell
from decnet.decoys.shell.stream import IDLE_SECONDS, Terminal
from decnet.decoys.shell.terminal import run_shell

Type = Callable[..., str]


class Keyboard:
    """A channel whose visitor types the next piece whenever he is waited for."""

    def __init__(self, typed: tuple[str, ...]) -> None:
        self.terminal: Terminal | None = Terminal("xterm", 80, 24)
        self.shown = bytearray()
        self._typed = list(typed)

    async def read(self, limit: float = IDLE_SECONDS) -> bytes:
        await asyncio.sleep(0.002)
        return self._typed.pop(0).encode() if self._typed else b""

    async def write(self, data: bytes, *, error: bool = False) -> None:
        self.shown += data


@pytest.fixture
def world() -> World:
    return World(persona())


@pytest.fixture
def session() -> Iterator[Session]:
    into = os.open(os.devnull, os.O_WRONLY)
    yield Recorder(into).session("192.0.2.9", 4000)
    os.close(into)


@pytest.fixture
def typed(world: World, session: Session) -> Type:
    """What the terminal shows for some pieces of typing."""

    def run(*pieces: str) -> str:
        channel = Keyboard(pieces)
        asyncio.run(asyncio.wait_for(run_shell(world, "root", session, channel), 20))
        shown = channel.shown.decode().replace("\x1b[?2004h", "").replace("\x1b[?2004l\r", "")
        return shown.replace("\r\n", "\n")

    return run


def test_the_terminal_is_asked_to_mark_what_is_pasted(world: World, session: Session) -> None:
    channel = Keyboard(("echo a\r", "b\x03", "\x1b[200~echo c\recho d\x1b[201~", "\r", "\x04"))

    asyncio.run(asyncio.wait_for(run_shell(world, "root", session, channel), 20))

    prompt, end = b"\x1b[?2004hroot@web01:~# ", b"\x1b[?2004l\r"
    parts = [
        b"echo a\r\n" + end + b"a\r\n",
        b"b^C" + end + b"\x1b[?2004h" + end + b"\r\n",
        b"\x1b[7mecho c\x1b[27m\r\n\r\x1b[7mecho d\x1b[27m"
        + (b"\x1b[A" + b"\x1b[C" * 8 + b"echo c\r\n\recho d\r\n")
        + (end + b"c\r\nd\r\n"),
        end + b"\r\nlogout\r\n",
    ]
    assert channel.shown.endswith(prompt + prompt.join(parts))


def after(shown: str, command: str) -> str:
    """What the terminal shows behind the echo of a command."""
    return shown.partition(f"# {command}\n")[2]


def test_a_stopped_command_is_a_job_that_goes_on_and_ends(typed: Type) -> None:
    shown = typed("sleep 50\r", "\x1a", "jobs\rbg\rkill %1\r\recho $?\r")

    assert "^Z\n[1]+  Stopped                 sleep 50\n" in shown
    assert after(shown, "bg").startswith("[1]+ sleep 50 &\n")
    assert after(shown, "kill %1").split("\n", 1)[1].startswith("[1]+  Terminated              sleep 50\n")


def test_a_job_in_the_foreground_again_ends_with_an_interrupt(typed: Type) -> None:
    shown = typed("sleep 50 | cat\r", "\x1a", "fg\r", "\x03", "echo is $?; jobs\r", "exit\r")

    assert "[1]+  Stopped                 sleep 50 | cat\n" in shown
    assert after(shown, "fg").startswith("sleep 50 | cat\n^C\n") and "is 130\n" in shown


def test_a_loop_ends_with_the_command_that_is_interrupted(typed: Type) -> None:
    shown = typed("while :; do sleep 40; echo again; done\r", "\x03", "echo is $?\r")

    assert "\nis 130\n" in shown and "\nagain\n" not in shown


def test_a_shell_in_a_shell_is_suspended_and_comes_back(typed: Type) -> None:
    shown = typed("bash\r", "suspend\r", "jobs\r", "fg\r", "echo $SHLVL\r", "exit\rexit\r")

    assert after(shown, "jobs").startswith("[1]+  Stopped                 bash\n")
    assert after(shown, "echo $SHLVL").startswith("2\n")


def test_the_first_exit_warns_of_stopped_jobs(typed: Type) -> None:
    shown = typed("sleep 50\r", "\x1a", "exit\r", "echo still\r", "exit\r", "echo no\r")

    assert "logout\nThere are stopped jobs.\n" in shown and "\nstill\n" in shown
    assert shown.count("logout\n") == 2 or "\nno\n" in shown


def test_a_command_in_the_background_that_reads_the_terminal_stops(typed: Type) -> None:
    shown = typed("cat &\r", "jobs\r", "kill -9 %1\r")

    assert after(shown, "jobs").startswith("[1]+  Stopped                 cat\n")


KEY = "\x1b[K\r\x1b[K"
"""What clears the line at the bottom after a prompt."""


def lines(first: int, last: int) -> str:
    return "".join(f"line {each}\n" for each in range(first, last + 1))


REPAINTED = "".join(f"\x1b[{each};1Hline {each}\n" for each in range(1, 24)) + "\x1b[24;1H"
UPWARDS = "".join(f"\x1b[H\x1bMline {each}\n" for each in range(23, 0, -1)) + "\x1b[24;1H\r\x1b[K"
LAST = f"...skipping...\n{lines(38, 60)}\x1b[7m(END)\x1b[27m{KEY}"


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ("q", ""),
        (" q", f"{lines(24, 46)}:{KEY}"),
        ("dq", f"{lines(24, 35)}:{KEY}"),
        ("Gq", LAST),
        ("5jq", f":\x1b[K5\b5\r\x1b[K{lines(24, 28)}:{KEY}"),
        (
            "/e 30\rq",
            "/"
            + "".join(f"\x1b[K{each}\b{each}" for each in "e 30")
            + f"\r\x1b[K{REPAINTED * 2}...skipping...\nlin\x1b[7me 30\x1b[27m\n{lines(31, 52)}:{KEY}",
        ),
        ("Ggq", f"{LAST}\x1b[H\x1b[2J{UPWARDS}:{KEY}"),
    ],
)
def test_less_writes_the_pieces_of_the_real_one(typed: Type, keys: str, shown: str) -> None:
    made = "for i in $(seq 60); do echo line $i; done > /tmp/n\r"
    answer = typed(made, "less /tmp/n\r", keys, "exit\r")

    screen = answer.partition("\x1b[?1h\x1b=\r")[2].partition("\x1b[?1l\x1b>\x1b[?1049l")[0]
    assert screen == f"{lines(1, 23)}\x1b[7m/tmp/n\x1b[27m{KEY}{shown}"


def test_more_prints_page_after_page(typed: Type) -> None:
    shown = typed("seq 60 | more\r", " ", "q", "echo end\r")

    assert "\n23\n\x1b[7m--More--(" in shown and "\n46\n\x1b[7m--More--(" in shown and "\n47\n" not in shown


@pytest.mark.parametrize(
    ("keys", "content"),
    [
        ("ihello\rworld\x1b:wq\r", b"hello\nworld\n"),
        ("ia\rb\rc\x1bggddjp:x\r", b"b\nc\na\n"),
        ("ione two three\x1b0wcwTWO\x1bA!\x1bZZ", b"one TWO three!\n"),
        ("ia\x1byy3p:%s/a/b&/g\r:2d\r:w\r:q\r", b"ba\nba\nba\n"),
        ("iabc\x1bxuxx:wq\r", b"a\n"),
        ("ifirst\x1bosecond\x1bOmiddle\x1bkJ:wq\r", b"first middle\nsecond\n"),
        ("ix\x1b:q\r:q!\r", None),
    ],
)
def test_vi_writes_what_was_typed(
    typed: Type, world: World, session: Session, keys: str, content: bytes | None
) -> None:
    shown = typed("vi /tmp/v\r", keys, "cat /tmp/v | od -c | head -1; exit\r", "exit\r")

    assert "[New]" in shown and "\x1b[?1049l" in shown
    if content is None:
        assert (
            "E37: No write since last change (add ! to override)" in shown
            and "cat: /tmp/v: No such file" in shown
        )
    else:
        real = "".join(
            f"{chr(byte) if byte > 32 else '' if byte == 32 else chr(92) + 'n':>4}" for byte in content[:16]
        )
        assert f"0000000{real}\n" in shown


def test_vi_reports_a_command_that_it_does_not_have(typed: Type) -> None:
    assert "E492: Not an editor command: nope" in typed("vi\r", ":nope\r", ":q\r", "exit\r")


@pytest.mark.parametrize(
    ("keys", "line"),
    [("ab\rc\x0f\r\x18", "a   b  \\n   c  \\n"), ("x\x0b\x15\x15\x18y\r", "x  \\n   x  \\n")],
)
def test_nano_writes_what_was_typed(typed: Type, keys: str, line: str) -> None:
    shown = typed("nano /tmp/f\r", keys, "od -c /tmp/f | head -1; exit\r")

    assert "GNU nano 7.2" in shown and "[ New File ]" in shown and f"0000000   {line}\n" in shown


def test_an_editor_that_is_killed_gives_the_terminal_back(typed: Type) -> None:
    shown = typed("vi /tmp/x\r", "\x1a", "kill -9 %1\r", "echo b\x7fc\r", "exit\r")

    assert after(shown, "vi /tmp/x").count("\x1b[?1049l") == 1 and "\nc\n" in shown.replace(
        "[1]+  Killed                  vi /tmp/x\n", ""
    )


def test_watch_repeats_a_command_until_it_is_interrupted(typed: Type) -> None:
    shown = typed("watch -n 0.1 'echo $((6*7))'\r", "\x03", "exit\r")

    assert "Every 0.1s: echo $((6*7))" in shown and "\x1b[3;1H42\x1b[24;80H" in shown


def test_keys_with_sequences_have_names() -> None:
    assert keys_of("a\x1b[A\x1bOB\x1b[5~\x1b[1;5C\x1b") == [
        "a",
        "<up>",
        "<down>",
        "<pageup>",
        "<right>",
        "\x1b",
    ]


@pytest.mark.parametrize(
    "keys",
    [
        "i" + "x" * 300 + "\r" * 300,
        "i" + "ab\r" * 400 + "\x1b:%s/a/bbbbbbbbbb&&&/g\r:%s/b/ccccc/g\r",
        "9999999ihello\x1b999999p",
    ],
)
def test_an_editor_is_bounded(typed: Type, keys: str) -> None:
    assert "\nend\n" in typed("vi /tmp/v\r", keys, "\x1b:q!\r", "echo end\r", "exit\r")


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("echo one\recho two\rec\x12one\r", "one"),
        ("echo one\recho two\r\x12ne\x7f\x7fec\x12\r", "one"),
        ("true a b\recho \x1b.\r", "b"),
        ("echo a bc\x1bb\x1bb-\r", "-a bc"),
        ("touch /tmp/with\\ blank\rcd /tmp\recho wi\t\r", "with blank"),
        ("mkdir -p /tmp/d/sub; touch /tmp/d/sum\rcd /tmp/d\rcd su\t\rpwd\r", "/tmp/d/sub"),
        ("LONGNAME=5\recho $LONGN\t\r", "5"),
    ],
)
def test_a_line_is_edited_searched_and_completed(typed: Type, keys: str, line: str) -> None:
    assert f"\n{line}\n" in typed(keys, "exit\r")


def test_an_interrupt_gives_up_a_command_of_several_lines(typed: Type) -> None:
    shown = typed("for i in 1\r", "\x03", "echo is $?\r", "exit\r")

    assert "> ^C\n" in shown and "\nis 130\n" in shown


def test_a_shell_without_an_editor_shows_the_keys_as_they_come(typed: Type) -> None:
    shown = typed("sh\r", "echo \x1b[Ax\x7f\t!\r", "ab\x15echo \x17echo ok\r", "exit\r", "exit\r")

    assert "# echo ^[[Ax\b \b\t!\n" in shown and "\nok\n" in shown


def test_many_choices_are_offered_first(typed: Type) -> None:
    shown = typed(
        "mkdir /tmp/many; cd /tmp/many; touch f{1..120}\r", "ls f\t\t", "n", "\x15ls f\t\t", "y", "\x15exit\r"
    )

    assert shown.count("\nDisplay all 120 possibilities? (y or n)\n") == 2 and "\nf1    f" in shown


@pytest.mark.parametrize(
    "command",
    [
        "python3 -c 'import pty; pty.spawn(\"/bin/bash\")'",
        "python3 -c \"import pty;pty.spawn(['/bin/sh','-i'])\"",
        "perl -e 'exec \"/bin/sh\";'",
        "python3 -c 'import os; os.system(\"/bin/bash\")'",
    ],
)
def test_an_interpreter_starts_a_shell(typed: Type, command: str) -> None:
    shown = typed(f"{command}\r", "echo $((6*7)); exit 3\r", "echo outside\r", "exit\r")

    assert "\n42\n" in shown and "\noutside\n" in shown


def test_top_of_a_camera_is_that_of_busybox(session: Session) -> None:
    shell = Shell(World(persona("busybox-camera")), "root", session)

    lines = run_at_once(shell, "top -b -n 1").out.splitlines()

    assert lines[0].startswith("Mem: ") and lines[3] == "  PID  PPID USER     STAT   VSZ %VSZ %CPU COMMAND"
    assert any(line.endswith(" top -b -n 1") for line in lines[4:])


def test_an_editor_in_the_background_waits_for_the_terminal(typed: Type) -> None:
    shown = typed("vi /tmp/p &\r", "jobs\r", "echo typed\r", "fg\r", "ix\x1b:wq\r", "cat /tmp/p\r", "exit\r")

    before, _, behind = shown.partition("# fg\n")
    assert "[1]+  Stopped                 vi /tmp/p\n" in before and "\x1b[?1049h" not in before
    assert (
        "\ntyped\n" in before and "# cat /tmp/p\n" in behind and "\nx\n" in behind.replace("\x1b[?2004l", "")
    )
