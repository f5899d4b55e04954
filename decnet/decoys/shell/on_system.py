# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Commands about the machine: users, hardware, uptime, disk usage."""

import time

from .state import Answer, Command, Shell


def _uptime(shell: Shell) -> str:
    now = time.time()
    up = int(now) - shell.world.booted()
    days, hours, minutes = up // 86400, up // 3600 % 24, up // 60 % 60
    clock = time.strftime("%H:%M:%S", time.gmtime(now))
    day = f"{days} day{'s' if days != 1 else ''}, " if days else ""
    length = f"{hours}:{minutes:02}" if hours else f"{minutes} min"
    return f" {clock} up {day}{length},  1 user,  load average: 0.0{up % 7}, 0.0{up % 5}, 0.0{up % 3}"


def last(shell: Shell, arguments: list[str], given: str) -> Answer:
    began = time.strftime("%a %b %e %H:%M", time.gmtime(shell.began))
    booted = time.strftime("%a %b %e %H:%M", time.gmtime(shell.world.booted()))
    return Answer(
        f"{shell.user:<8} pts/0        {shell.session.source:<16} {began}   still logged in\n"
        f"reboot   system boot  {shell.world.system.kernel[:16]:<16} {booted}   still running\n\n"
        f"wtmp begins {time.strftime('%a %b %e %H:%M:%S %Y', time.gmtime(shell.world.installed))}\n"
    )


def _processes(shell: Shell) -> list[tuple[int, str, str]]:
    return [(entry.pid, entry.user, entry.command) for entry in shell.processes(time.time())]


def top(shell: Shell, arguments: list[str], given: str) -> Answer:
    total = shell.world.memory_kib / 1024
    head = (
        f"top -{_uptime(shell)}\nTasks:  21 total,   1 running,  20 sleeping,   0 stopped,   0 zombie\n"
        f"%Cpu(s):  0.3 us,  0.2 sy,  0.0 ni, 99.5 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st\n"
        f"MiB Mem : {total:8.1f} total, {total / 5:8.1f} free, {total / 4:8.1f} used, {total * 0.55:8.1f} buff/cache\n\n"
        "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n"
    )
    rows = (
        f"{number:>7} {user:<8}  20   0  {16000 + number * 7:>6}  {4000 + number:>5}  {3000 + number:>5} S   0.0   0.1   "
        f"0:00.{number % 90:02} {name.split()[0].rsplit('/', 1)[-1]}\n"
        for number, user, name in _processes(shell)
    )
    return Answer(head + "".join(rows))


def passwd(shell: Shell, arguments: list[str], given: str) -> Answer:
    return Answer(
        error="passwd: Authentication token manipulation error\npasswd: password unchanged\n",
        status=10,
        delay=1.0,
    )


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
    "last": last, "top": top, "htop": top, "passwd": passwd, "systemctl": systemctl, "service": systemctl,
    "crontab": crontab, "kill": _nothing, "killall": _nothing, "pkill": _nothing, "stty": _nothing, "dmesg": _nothing,
}  # fmt: skip
