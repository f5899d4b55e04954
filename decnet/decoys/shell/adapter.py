"""Commands that take `(shell, arguments, given)` and return an Answer, as commands of a Process."""

from .process import Command, Process, Running
from .state import Command as OldCommand

READERS = """cat tee head tail more less grep egrep wc sort uniq cut awk sed tr xargs base64 md5sum sha1sum
sha256sum passwd chpasswd"""
READS_WITHOUT_FILE = frozenset(READERS.split())


def adapted(old: OldCommand) -> Command:
    """The command in today's form."""

    def command(process: Process) -> Running:
        given = process.given.decode("utf-8", "surrogateescape") if _reads(process) else ""
        shell = process.shell
        shell.to_terminal, shell.columns = process.to_terminal, process.columns
        answer = old(shell, process.args, given)
        if answer.delay:
            yield answer.delay
        process.out(answer.out)
        process.err(answer.error)
        return answer.status

    return command


def _reads(process: Process) -> bool:
    """Whether the command would wait for its standard input."""
    if process.name not in READS_WITHOUT_FILE:
        return False
    words: list[str] = []
    takes_value = False
    for word in process.args:
        if not takes_value and (word == "-" or not word.startswith("-")):
            words.append(word)
        takes_value = word in ("-n", "-c", "-d", "-f", "-k", "-t", "-A", "-B", "-m", "-F")
    takes = 1 if process.name in ("grep", "egrep", "awk", "sed") else 0
    return process.name in ("tee", "tr", "xargs", "passwd", "chpasswd") or words[takes:] in ([], ["-"])
