# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Commands about the machine: users, hardware, uptime, disk usage."""

from .state import Answer, Command, Shell


def systemctl(shell: Shell, arguments: list[str], given: str) -> Answer:
    unit = next((word for word in arguments[1:] if not word.startswith("-")), "")
    if unit and unit.removesuffix(".service") not in ("ssh", "sshd", "cron", "rsyslog", "nginx", "apache2"):
        return Answer(error=f"Unit {unit.removesuffix('.service')}.service could not be found.\n", status=4)
    return Answer("" if arguments[:1] != ["is-active"] else "active\n")


def crontab(shell: Shell, arguments: list[str], given: str) -> Answer:
    if "-l" in arguments:
        return Answer(error=f"no crontab for {shell.user}\n", status=1)
    return Answer()


def _nothing(shell: Shell, arguments: list[str], given: str) -> Answer:
    return Answer()


COMMANDS: dict[str, Command] = {
    "systemctl": systemctl, "service": systemctl,
    "crontab": crontab, "kill": _nothing, "stty": _nothing, "dmesg": _nothing,
}  # fmt: skip
