# ruff: noqa: E501 (what is typed and shown is compared as it is)
"""What is typed at a prompt, as Debian 12 and Ubuntu 22.04 answered it."""

from __future__ import annotations

import asyncio
import os

import pytest
from test_shell_language import persona
from test_terminal import Keyboard

from decnet.decoys.events import Recorder
from decnet.decoys.host.sockets import SocketEntry
from decnet.decoys.host.world import World
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell
from decnet.decoys.shell.terminal import run_shell

PROMPT = "root@web01:~# "


def shown(*typed: str, release: str = "debian-12") -> str:
    """What the terminal shows after the greeting, without the marks of bracketed paste; § is the prompt."""
    channel = Keyboard((*typed, "exit\r"))
    into = os.open(os.devnull, os.O_WRONLY)
    session = Recorder(into).session("192.0.2.9", 4000)
    asyncio.run(asyncio.wait_for(run_shell(World(persona(release)), "root", session, channel), 20))
    os.close(into)
    text = (
        channel.shown.decode().replace("\x1b[?2004h", "").replace("\x1b[?2004l\r", "").replace("\r\n", "\n")
    )
    text = text[text.index(PROMPT) :].replace(PROMPT, "§")
    return text.removesuffix("§exit\nlogout\n")


CASES = {
    "PS1='$(echo dyn)> '\recho x\r": "§PS1='$(echo dyn)> '\ndyn> echo x\nx\n",
    "groups roo\t\x15": "§groups root ",
    "sort --rev\t/etc/hostname\r": "§sort --reverse /etc/hostname\nweb01\n",
    "pkill ssh\t\x15": "§pkill sshd ",
    "less -F /etc/hostname\r": "§less -F /etc/hostname\n\rweb01\n\r\x1b[K",
    "echo 5\x1b3x\r": "§echo 5\r\x1b[5P(arg: 1)\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\r\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C3\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\r\x1b[5@root@web01:~#\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[Cxxx\n5xxx\n",
    "echo a\x13b\x11c\r": "§echo abc\nabc\n",
    "unam\x1b\x1b\x15": "§uname ",
    "\x1b#\r": "§#\n",
    "unset PS1\recho a\r": "§unset PS1\necho a\na\n",
    "systemctl st\t\t\x15": "§systemctl st\a\nstart   status  stop    \n§systemctl st",
    "apt ins\t\x15": "§apt install ",
    "ls --colo\t\x15": "§ls --colo\ar",
    "find / -type \t\t\x15": "§find / -type \a\nb  c  d  f  l  p  s  \n§find / -type ",
    "kill -s HU\t\x15": "§kill -s HUP ",
    "chown root:ro\t\x15": "§chown root:root ",
    "usermod -aG su\t\x15": "§usermod -aG sudo ",
    "sudo systemctl sta\t\t\x15": "§sudo systemctl sta\a\nstart   status  \n§sudo systemctl sta",
    "ip addr sh\t\x15": "§ip addr show ",
    "touch /tmp/x.sh /tmp/x.tar.gz\rtar xzf /tmp/x\t\x15": "§touch /tmp/x.sh /tmp/x.tar.gz\n§tar xzf /tmp/x.tar.gz ",
    "which unam\t\x15": "§which uname ",
    "unset HO\t\t\x15": "§unset HO\a\nHOME      HOSTNAME  HOSTTYPE  \n§unset HO",
    "export PAT\t\x15": "§export PATH=",
    "ssh loc\t\x15": "§ssh localhost ",
    "complete | wc -l; complete -p ls cd ssh\r": "§complete | wc -l; complete -p ls cd ssh\n147\ncomplete -F _longopt ls\ncomplete -o nospace -F _cd cd\n-bash: complete: ssh: no completion specification\n",
    "cat /etc/host\t\t\x15": "§cat /etc/host\a\nhost.conf    hostname     hosts        hosts.allow  hosts.deny   \n§cat /etc/host",
    "mkdir /tmp/d1 /tmp/d2\rcd /tmp/d\t\t\x15": "§mkdir /tmp/d1 /tmp/d2\n§cd /tmp/d\a\nd1/ d2/ \n§cd /tmp/d",
    'echo "/etc/hostn\t\r': '§echo "/etc/hostname" \n/etc/hostname\n',
    "echo ${LOGNA\t\r": "§echo ${LOGNAME} \nroot\n",
    "ls -d ~ro\t\r": "§ls -d ~root/\n/root/\n",
    "echo $BASH_VERSI\t\t\x15": "§echo $BASH_VERSI\a\n$BASH_VERSINFO  $BASH_VERSION   \n§echo $BASH_VERSI",
    "echo one two three\recho !:1 !*\r": "§echo one two three\none two three\n§echo !:1 !*\necho one one two three\none one two three\n",
    "echo one\r^one^two\r": "§echo one\none\n§^one^two\necho two\ntwo\n",
    "echo a/b.c\recho !$:h !$:t:r !!:s/a/x/:p\r": "§echo a/b.c\na/b.c\n§echo !$:h !$:t:r !!:s/a/x/:p\necho a b echo x/b.c\n",
    "echo one\r!?on?\r": "§echo one\none\n§!?on?\necho one\none\n",
    "!nosuch\r": "§!nosuch\n-bash: !nosuch: event not found\n",
    "echo '!!' \"a!b\"; echo a!\r": "§echo '!!' \"a!b\"; echo a!\n-bash: !b: event not found\n",
    "bash --norc\rexit\r": "§bash --norc\nbash-5.2# exit\nexit\n",
    "logout\r": "§logout\n",
    "echo ${UNSET:?not there}\recho $?\r": "§echo ${UNSET:?not there}\n-bash: UNSET: not there\n§echo $?\n1\n",
    "systemctl nosuch\r": "§systemctl nosuch\n\x1b[0;1;31mUnknown command verb nosuch.\x1b[0m\r\n",
    "apt nosuch; apt-get nosuch\r": "§apt nosuch; apt-get nosuch\n\x1b[1;31mE: \x1b[0mInvalid operation nosuch\x1b[0m\nE: Invalid operation nosuch\n",
    "dpkg -L nosuch 2>&1 | head -1; dpkg -S nosuch\r": "§dpkg -L nosuch 2>&1 | head -1; dpkg -S nosuch\ndpkg-query: package 'nosuch' is not installed\n\x1b[1mdpkg-query:\x1b[0m no path found matching pattern *nosuch*\n",
    "tput cols; tput setaf 1; tput sgr0; tput nosuch\r": "§tput cols; tput setaf 1; tput sgr0; tput nosuch\n80\n\x1b[31m\x1b(B\x1b[mtput: unknown terminfo capability 'nosuch'\n",
    "mesg; sleep x\r": "§mesg; sleep x\nis n\nsleep: invalid time interval ‘x’\n",
}
"""What is typed at once, and what is shown for it."""


@pytest.mark.parametrize("keys", CASES)
def test_what_is_typed_is_answered_as_by_bash(keys: str) -> None:
    text = shown(keys)

    assert text.startswith(CASES[keys]), text


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (("read -s -p 'Password: ' x\r", "secret\r", 'echo "[$x]"\r'), "Password: §echo \"[$x]\"\n[secret]\n"),
        (("read -n 1 -p 'Sure? ' x\r", "yecho $x\r"), "Sure? yecho $x\n§echo $x\ny\n"),
        (("cat\r", "abc def\x17x\r", "\x04"), "abc def\b \b\b \b\b \bx\nabc x\n"),
        (("sh\r", "\x04", "echo back\r"), "# \n§echo back\n"),
        (("sudo su\r", "exit\r"), "§exit\nexit\n"),
        (("cp -i /etc/hostname /etc/hosts\r", "n\r"), "cp: overwrite '/etc/hosts'? n\n"),
        (("seq 3 | xargs -p echo\r", "y\r"), "echo 1 2 3?...y\n1 2 3\n"),
        (("ftp\r", "quit\r"), "§ftp\nftp> quit\n"),
        (("sleep 0 &\r", "\r", "wait\r", "\r"), "§wait\n§\n"),
    ],
)  # fmt: skip
def test_a_command_that_reads_the_terminal_is_answered_as_by_linux(
    pieces: tuple[str, ...], text: str
) -> None:
    assert text in shown(*pieces)


def test_the_prompt_of_ubuntu_sets_the_title_of_the_window_and_has_aliases() -> None:
    text = shown("alias ls; cd /tmp\r", release="ubuntu-22.04")

    assert text.startswith(
        "§alias ls; cd /tmp\nalias ls='ls --color=auto'\n\x1b]0;root@web01: /tmp\aroot@web01:/tmp# "
    )


def test_columns_with_colours_have_no_tabs() -> None:
    text = shown("ls --color=always -C /etc/ssh\r")

    assert "sshd_config" in text and "\t" not in text


def test_a_full_row_is_left_at_once_by_busybox() -> None:
    channel = Keyboard((": " + "x" * 100 + "\r", "exit\r"))
    into = os.open(os.devnull, os.O_WRONLY)
    session = Recorder(into).session("192.0.2.9", 4000)
    asyncio.run(asyncio.wait_for(run_shell(World(persona("busybox-camera")), "root", session, channel), 20))
    os.close(into)

    first, _, rest = channel.shown.decode().partition(": x")[2].partition("\r\r\n")
    assert set(first) == {"x"} and rest.startswith("x")


class Pauses(Keyboard):
    """A visitor who types each piece at its time: seconds since the one before."""

    async def read(self, limit: float = 900.0) -> bytes:
        await asyncio.sleep(0.02)
        return await super().read(limit)


def test_what_is_typed_while_a_command_runs_is_echoed_at_once_and_again_at_the_prompt() -> None:
    channel = Pauses(("sleep 0.2\r", "echo ab\x7fc\r", "exit\r"))
    into = os.open(os.devnull, os.O_WRONLY)
    session = Recorder(into).session("192.0.2.9", 4000)
    asyncio.run(asyncio.wait_for(run_shell(World(persona("debian-12")), "root", session, channel), 20))
    os.close(into)
    text = channel.shown.decode().replace("\x1b[?2004h", "").replace("\x1b[?2004l\r", "")
    assert "sleep 0.2\r\necho ab\b \bc\r\nexit\r\n" + PROMPT + "echo ac\r\nac\r\n" in text, text


PAGED = {
    "dpkg -l nosuch\r": "dpkg-query: no packages found matching nosuch\n\x1b[?1h\x1b=\r\r\x1b[K\x1b[?1l\x1b>",
    "journalctl -u nosuch\r": "\x1b[?1h\x1b=\r-- No entries --\x1b[m\n\r\x1b[K\x1b[?1l\x1b>",
    "dpkg -l nosuch 2>&1 | cat\r": "dpkg-query: no packages found matching nosuch\n",
    "DPKG_PAGER= dpkg -l nosuch\r": "\x1b[1mdpkg-query:\x1b[0m no packages found matching nosuch\n",
}
"""Lists that less shows at a terminal (less -FRSX), and that are printed elsewhere."""


@pytest.mark.parametrize("line", PAGED)
def test_lists_go_through_a_pager_at_a_terminal(line: str) -> None:
    assert shown(line).removeprefix("§" + line.replace("\r", "\n")) == PAGED[line]


def test_a_long_list_shows_its_lines_and_ends_with_q() -> None:
    text = shown("dpkg -l\r", "q")
    assert text.startswith("§dpkg -l\n\x1b[?1h\x1b=\rDesired=Unknown/Install/Remove/Purge/Hold\x1b[m\n")
    assert text.endswith("\x1b[m\x1b[7m>\x1b[27m\n\x1b[7mlines 1-23\x1b[27m\x1b[K\r\x1b[K\x1b[?1l\x1b>"), (
        text[-200:]
    )


PIECES = {
    ("telnet\r", "xyz\r", "quit\r"): "§telnet\ntelnet> xyz\n?Invalid command\ntelnet> quit\n",
    (
        "ln -is /etc/hosts /etc/hostname\r",
        "n\r",
    ): "§ln -is /etc/hosts /etc/hostname\nln: replace '/etc/hostname'? n\n",
    ("useradd -m eve\r", "su - eve\r", "\x04"): "§useradd -m eve\n§su - eve\n$ \n",
    ("su -s /bin/bash www-data\r", "exit\r"): "§su -s /bin/bash www-data\nwww-data@web01:/root$ exit\nexit\n",
    ("stty -echo\r", "echo hid\r", "stty echo\r"): "§stty -echo\n§\nhid\n§\n",
}
"""What is typed one piece after the other, and what is shown."""


@pytest.mark.parametrize("pieces", PIECES)
def test_programs_ask_and_wait(pieces: tuple[str, ...]) -> None:
    assert shown(*pieces) == PIECES[pieces]


class Counted(World):
    """A machine that counts how often its sockets are listed."""

    listed = 0

    def sockets(self) -> list[SocketEntry]:
        Counted.listed += 1
        return super().sockets()


def test_the_sockets_of_a_machine_are_listed_once_for_many_descriptors() -> None:
    into = os.open(os.devnull, os.O_WRONLY)
    shell = Shell(Counted(persona("debian-12")), "root", Recorder(into).session("192.0.2.9", 4000))
    answer = run_at_once(shell, "ls -l /proc/[0-9]*/fd | grep -c socket:")
    os.close(into)
    assert int(answer.out) > 20
    assert Counted.listed < 10
