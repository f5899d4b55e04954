# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Commands about the machine: users, hardware, uptime, disk usage."""

import time

from .state import Answer, Command, Shell


def id_(shell: Shell, arguments: list[str], given: str) -> Answer:
    number = shell.world.number_of(shell.user)
    flags = "".join(word[1:] for word in arguments if word.startswith("-"))
    if "u" in flags or "g" in flags:
        return Answer(f"{shell.user if 'n' in flags else number}\n")
    more = "" if number == 0 else ",27(sudo)"
    return Answer(
        f"uid={number}({shell.user}) gid={number}({shell.user}) groups={number}({shell.user}){more}\n"
    )


def whoami(shell: Shell, arguments: list[str], given: str) -> Answer:
    return Answer(shell.user + "\n")


def uname(shell: Shell, arguments: list[str], given: str) -> Answer:
    world = shell.world
    system = world.system
    machine = system.machine
    parts = {"s": system.sysname, "n": world.hostname, "r": system.kernel, "v": system.build, "m": machine,
             "p": "unknown", "i": "unknown", "o": system.os}  # fmt: skip
    flags = "".join(word.lstrip("-") for word in arguments) or "s"
    if "a" in flags:
        flags = "snrvmo"
    unknown = next((flag for flag in flags if flag not in parts), None)
    if unknown:
        hint = "Try 'uname --help' for more information."
        return Answer(error=f"uname: invalid option -- '{unknown}'\n{hint}\n", status=1)
    return Answer(" ".join(parts[flag] for flag in "snrvmpio" if flag in flags) + "\n")


def uptime(shell: Shell, arguments: list[str], given: str) -> Answer:
    return Answer(_uptime(shell) + "\n")


def _uptime(shell: Shell) -> str:
    now = time.time()
    up = int(now) - shell.world.booted()
    days, hours, minutes = up // 86400, up // 3600 % 24, up // 60 % 60
    clock = time.strftime("%H:%M:%S", time.gmtime(now))
    day = f"{days} day{'s' if days != 1 else ''}, " if days else ""
    length = f"{hours}:{minutes:02}" if hours else f"{minutes} min"
    return f" {clock} up {day}{length},  1 user,  load average: 0.0{up % 7}, 0.0{up % 5}, 0.0{up % 3}"


def w(shell: Shell, arguments: list[str], given: str) -> Answer:
    began = time.strftime("%H:%M", time.gmtime(shell.began))
    head = "USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT"
    row = f"{shell.user:<8} pts/0    {shell.session.source:<16} {began}    0.00s  0.02s  0.00s w"
    return Answer(f"{_uptime(shell)}\n{head}\n{row}\n")


def who(shell: Shell, arguments: list[str], given: str) -> Answer:
    began = time.strftime("%Y-%m-%d %H:%M", time.gmtime(shell.began))
    return Answer(f"{shell.user:<8} pts/0        {began} ({shell.session.source})\n")


def last(shell: Shell, arguments: list[str], given: str) -> Answer:
    began = time.strftime("%a %b %e %H:%M", time.gmtime(shell.began))
    booted = time.strftime("%a %b %e %H:%M", time.gmtime(shell.world.booted()))
    return Answer(
        f"{shell.user:<8} pts/0        {shell.session.source:<16} {began}   still logged in\n"
        f"reboot   system boot  {shell.world.system.kernel[:16]:<16} {booted}   still running\n\n"
        f"wtmp begins {time.strftime('%a %b %e %H:%M:%S %Y', time.gmtime(shell.world.installed))}\n"
    )


def date(shell: Shell, arguments: list[str], given: str) -> Answer:
    now = time.gmtime()
    if arguments and arguments[0] == "+%s":
        return Answer(f"{int(time.time())}\n")
    return Answer(time.strftime("%a %b %e %I:%M:%S %p UTC %Y", now) + "\n")


PROCESSES = ("/sbin/init", "[kthreadd]", "[rcu_gp]", "[kworker/0:0H]", "[mm_percpu_wq]", "[ksoftirqd/0]", "[migration/0]",
             "[kdevtmpfs]", "[kauditd]", "[kswapd0]", "/lib/systemd/systemd-journald", "/lib/systemd/systemd-udevd",
             "/lib/systemd/systemd-timesyncd", "/usr/sbin/cron -f", "/usr/bin/dbus-daemon --system",
             "/usr/sbin/rsyslogd -n -iNONE", "/lib/systemd/systemd-logind", "/sbin/agetty -o -p -- \\u --noclear tty1 linux",
             "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups")  # fmt: skip


def _processes(shell: Shell) -> list[tuple[int, str, str]]:
    numbers = [at + 1 for at in range(10)] + [
        200 + 37 * at + shell.world.persona.number(f"pid {at}", 0, 30) for at in range(len(PROCESSES) - 10)
    ]
    rows = [(number, "root", name) for number, name in zip(numbers, PROCESSES, strict=True)]
    rows += [(shell.pid - 24, "root", f"sshd: {shell.user}@pts/0"), (shell.pid, shell.user, "-bash")]
    return rows


def ps(shell: Shell, arguments: list[str], given: str) -> Answer:
    flags = "".join(arguments).replace("-", "")
    rows = [*_processes(shell), (shell.pid + 30, shell.user, " ".join(["ps", *arguments]))]
    if "a" not in flags and "e" not in flags and "x" not in flags:
        return Answer(
            f"    PID TTY          TIME CMD\n{shell.pid:>7} pts/0    00:00:00 bash\n{shell.pid + 30:>7} pts/0    00:00:00 ps\n"
        )
    start = time.strftime("%b%d", time.gmtime(shell.world.booted()))
    if "u" in flags:
        out = "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"
        for number, user, name in rows:
            size = 0 if name.startswith("[") else shell.world.persona.number(f"vsz {name[:12]}", 4000, 160000)
            row = f"{user:<8} {number:>7}  0.0  0.{number % 4} {size:>6} {size // 9:>5} {'?':<8} Ss   {start}   0:0{number % 3} {name}"
            out += row + "\n"
        return Answer(out)
    out = "UID          PID    PPID  C STIME TTY          TIME CMD\n"
    return Answer(
        out
        + "".join(
            f"{user:<8} {number:>7}       1  0 {start} ?        00:00:00 {name}\n"
            for number, user, name in rows
        )
    )


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


def free(shell: Shell, arguments: list[str], given: str) -> Answer:
    flags = "".join(arguments)
    scale = 1024 if "m" in flags else 1024 * 1024 if "g" in flags else 1

    def unit(kib: int) -> str:
        return f"{kib / 1048576:.1f}Gi" if "h" in flags else str(kib // scale)

    total = shell.world.memory_kib
    row = [total, total // 4, total // 5, 1200, total * 11 // 20, total * 3 // 4]
    swap = [998396, 0, 998396]
    head = "               total        used        free      shared  buff/cache   available\n"
    return Answer(
        head + "Mem:    " + "".join(f"{unit(part):>12}" for part in row) + "\n"
        + "Swap:   " + "".join(f"{unit(part):>12}" for part in swap) + "\n"
    )  # fmt: skip


def df(shell: Shell, arguments: list[str], given: str) -> Answer:
    size = shell.world.persona.choice("disk size", (20, 40, 80, 120)) * 1024 * 1024
    used = size * shell.world.persona.number("disk used", 12, 61) // 100
    rows = (("udev", shell.world.memory_kib // 2, 0, "/dev"), ("tmpfs", shell.world.memory_kib // 10, 1124, "/run"),
            ("/dev/sda1", size, used, "/"), ("tmpfs", shell.world.memory_kib // 2, 0, "/dev/shm"))  # fmt: skip
    human = "h" in "".join(arguments)

    def shown(kib: int) -> str:
        if not human:
            return str(kib)
        return (
            f"{kib / 1048576:.0f}G"
            if kib >= 1048576
            else f"{kib / 1024:.0f}M"
            if kib >= 1024
            else "0"
            if not kib
            else f"{kib}K"
        )

    head = (
        "Filesystem      Size  Used Avail Use% Mounted on\n"
        if human
        else "Filesystem     1K-blocks     Used Available Use% Mounted on\n"
    )
    width = 5 if human else 9
    return Answer(head + "".join(
        f"{name:<15} {shown(all_):>{width}} {shown(taken):>{width}} {shown(all_ - taken):>{width}} "
        f"{taken * 100 // all_:>3}% {where}\n" for name, all_, taken, where in rows
    ))  # fmt: skip


def mount(shell: Shell, arguments: list[str], given: str) -> Answer:
    if arguments and shell.user != "root":
        return Answer(error="mount: only root can do that\n", status=32)
    return Answer("sysfs on /sys type sysfs (rw,nosuid,nodev,noexec,relatime)\nproc on /proc type proc (rw,nosuid,nodev,noexec,relatime)\n"
                  "/dev/sda1 on / type ext4 (rw,relatime,errors=remount-ro)\ntmpfs on /run type tmpfs (rw,nosuid,nodev,noexec,relatime)\n")  # fmt: skip


def env(shell: Shell, arguments: list[str], given: str) -> Answer:
    return Answer("".join(f"{name}={value}\n" for name, value in shell.environment().items()))


def lscpu(shell: Shell, arguments: list[str], given: str) -> Answer:
    model = next(
        line for line in (shell.read("/proc/cpuinfo") or "").splitlines() if line.startswith("model name")
    )
    return Answer(f"Architecture:            {shell.world.system.machine}\nCPU(s):                  {shell.world.processors}\n"
                  f"Vendor ID:               GenuineIntel\n  Model name:            {model.split(': ')[1]}\n")  # fmt: skip


def nproc(shell: Shell, arguments: list[str], given: str) -> Answer:
    return Answer(f"{shell.world.processors}\n")


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


def _clear(shell: Shell, arguments: list[str], given: str) -> Answer:
    return Answer("\x1b[H\x1b[2J\x1b[3J")


COMMANDS: dict[str, Command] = {
    "id": id_, "whoami": whoami, "uname": uname, "uptime": uptime, "w": w, "who": who, "last": last,
    "date": date, "ps": ps, "top": top, "htop": top, "free": free, "df": df, "mount": mount, "env": env, "printenv": env,
    "lscpu": lscpu, "nproc": nproc, "passwd": passwd, "systemctl": systemctl, "service": systemctl, "crontab": crontab,
    "clear": _clear, "reset": _clear, "kill": _nothing, "killall": _nothing, "pkill": _nothing, "stty": _nothing,
    "dmesg": _nothing,
}  # fmt: skip
