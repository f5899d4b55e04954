"""What the shell's commands print."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .shell import Shell

Program = Callable[["Shell", list[str]], str]


def _operands(words: list[str]) -> list[str]:
    return [word for word in words[1:] if not word.startswith("-")]


def _options(words: list[str]) -> set[str]:
    return {char for word in words[1:] if word.startswith("-") and word[:2] != "--" for char in word[1:]}


def ls(shell: Shell, words: list[str]) -> str:
    options = _options(words)
    printed = []
    for word in _operands(words) or ["."]:
        path = shell.path(word)
        if shell.is_folder(path):
            names = [n for n in shell.listed(path) if "a" in options or not n.startswith(".")]
            if "a" in options:
                names = [".", "..", *names]
            printed.append(_long(shell, path, names) if "l" in options else _short(names))
        elif path in shell.tree:
            printed.append(f"{word}\n")
        else:
            printed.append(shell.fails(f"ls: cannot access '{word}': No such file or directory\n", 2))
    return "".join(printed)


def _short(names: list[str]) -> str:
    return "  ".join(names) + "\n" if names else ""


def _long(shell: Shell, folder: str, names: list[str]) -> str:
    stamp = time.strftime("%b %e %H:%M", time.gmtime(shell.machine.booted))
    lines = [f"total {4 * len(names)}"]
    for name in names:
        path = shell.path(f"{folder}/{name}")
        is_folder = shell.is_folder(path)
        mode, links = ("drwxr-xr-x", 2) if is_folder else ("-rw-r--r--", 1)
        size = 4096 if is_folder else len(shell.tree.get(path, ""))
        lines.append(f"{mode} {links} root root {size:5d} {stamp} {name}")
    return "\n".join(lines) + "\n"


def cd(shell: Shell, words: list[str]) -> str:
    target = (_operands(words) or ["~"])[0]
    path = shell.path(target)
    if shell.is_folder(path):
        shell.folder = path
        return ""
    why = "Not a directory" if path in shell.tree else "No such file or directory"
    return shell.fails(f"{shell.name}: cd: {target}: {why}\n")


def cat(shell: Shell, words: list[str]) -> str:
    return "".join(_read(shell, "cat", word) for word in _operands(words))


def _read(shell: Shell, program: str, word: str) -> str:
    path = shell.path(word)
    if path in ("/etc/shadow", "/etc/sudoers") and shell.uid != 0:
        return shell.fails(f"{program}: {word}: Permission denied\n")
    if path == "/etc/shadow":
        return "".join(f"{name}:*:19600:0:99999:7:::\n" for name, *_ in shell.machine.users())
    if shell.is_folder(path):
        return shell.fails(f"{program}: {word}: Is a directory\n")
    if path not in shell.tree:
        return shell.fails(f"{program}: {word}: No such file or directory\n")
    return shell.tree[path]


def echo(shell: Shell, words: list[str]) -> str:
    values = {
        "$USER": shell.user,
        "$HOME": shell.home,
        "$SHELL": "/bin/bash",
        "$PWD": shell.folder,
        "$?": "0",
    }
    plain = words[2:] if words[1:2] == ["-n"] else words[1:]
    text = " ".join(values.get(word, word) for word in plain)
    return text if words[1:2] == ["-n"] else text + "\n"


def identity(shell: Shell, _words: list[str]) -> str:
    uid, user = shell.uid, shell.user
    return f"uid={uid}({user}) gid={uid}({user}) groups={uid}({user})\n"


def uname(shell: Shell, words: list[str]) -> str:
    machine = shell.machine
    system = "FreeBSD" if machine.family == "freebsd" else "Linux"
    arch = "amd64" if system == "FreeBSD" else "x86_64"
    parts = {"s": system, "n": machine.hostname, "r": machine.kernel, "v": machine.build, "m": arch}
    options = _options(words)
    if "a" in options:
        tail = "" if system == "FreeBSD" else " GNU/Linux"
        return " ".join(parts.values()) + tail + "\n"
    return " ".join(value for key, value in parts.items() if key in (options or {"s"})) + "\n"


def uptime(shell: Shell, _words: list[str]) -> str:
    seconds = int(shell.machine.uptime())
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    now = time.strftime("%H:%M:%S", time.gmtime())
    return f" {now} up {days} days, {hours:2d}:{minutes:02d},  1 user,  load average: 0.08, 0.03, 0.01\n"


def who(shell: Shell, _words: list[str]) -> str:
    return f"{shell.user:<8} pts/0        {time.strftime('%Y-%m-%d %H:%M', time.gmtime())}\n"


def w(shell: Shell, words: list[str]) -> str:
    head = "USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT\n"
    clock = time.strftime("%H:%M", time.gmtime())
    row = f"{shell.user:<8} pts/0    -                {clock}    0.00s  0.02s  0.00s w\n"
    return uptime(shell, words) + head + row


def ps(shell: Shell, words: list[str]) -> str:
    whole = len(words) > 1
    if not whole:
        return "    PID TTY          TIME CMD\n   1482 pts/0    00:00:00 bash\n   1519 pts/0    00:00:00 ps\n"
    rows = [
        ("root", 1, "/sbin/init"),
        ("root", 2, "[kthreadd]"),
        ("root", 311, "/lib/systemd/systemd-journald"),
    ]
    rows += [("root", 612, "sshd: /usr/sbin/sshd -D"), ("root", 655, "/usr/sbin/cron -f")]
    rows += [(shell.user, 1482, shell.name), (shell.user, 1519, " ".join(words))]
    head = "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"
    return head + "".join(
        f"{user:<8} {pid:7d}  0.0  0.1  16{pid % 1000:03d}  8{pid % 1000:03d} ?        "
        f"Ss   00:00   0:00 {command}\n"
        for user, pid, command in rows
    )


def addresses(shell: Shell, words: list[str]) -> str:
    persona = shell.machine.persona
    if words[0].endswith("ip") and (_operands(words) or ["help"])[0][0] not in "al":
        return ""
    return (
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n"
        "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
        "    inet 127.0.0.1/8 scope host lo\n"
        "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP "
        "group default qlen 1000\n"
        f"    link/ether {persona.mac} brd ff:ff:ff:ff:ff:ff\n"
        f"    inet {persona.address}/24 brd {persona.address.rpartition('.')[0]}.255 scope global eth0\n"
    )


def ifconfig(shell: Shell, _words: list[str]) -> str:
    persona = shell.machine.persona
    return (
        "eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n"
        f"        inet {persona.address}  netmask 255.255.255.0  broadcast "
        f"{persona.address.rpartition('.')[0]}.255\n"
        f"        ether {persona.mac}  txqueuelen 1000  (Ethernet)\n\n"
        "lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet 127.0.0.1  netmask 255.0.0.0\n"
    )


def free(shell: Shell, words: list[str]) -> str:
    unit = 1 if "m" in _options(words) else 1024
    total = shell.machine.memory_mib * unit
    head = "               total        used        free      shared  buff/cache   available\n"
    shares = (total, total // 4, total // 5, total // 90, total // 2, total * 7 // 10)
    memory = "Mem:    " + "".join(f"{share:12d}" for share in shares) + "\n"
    return head + memory + f"Swap:   {975 * unit:12d}{0:12d}{975 * unit:12d}\n"


def df(shell: Shell, _words: list[str]) -> str:
    used = shell.machine.persona.number("disk", 18, 71)
    return (
        "Filesystem     1K-blocks     Used Available Use% Mounted on\n"
        f"/dev/sda1       41020640 {410206 * used:8d}  {410206 * (95 - used):8d}  {used}% /\n"
        "tmpfs            1018432        0   1018432   0% /dev/shm\n"
    )


def mount(_shell: Shell, _words: list[str]) -> str:
    return (
        "/dev/sda1 on / type ext4 (rw,relatime,errors=remount-ro)\nproc on /proc type proc (rw,relatime)\n"
        "sysfs on /sys type sysfs (rw,relatime)\ntmpfs on /run type tmpfs (rw,nosuid,nodev,size=203688k)\n"
    )


def environment(shell: Shell, _words: list[str]) -> str:
    return (
        f"SHELL=/bin/bash\nPWD={shell.folder}\nLOGNAME={shell.user}\nHOME={shell.home}\nLANG=en_US.UTF-8\n"
        f"USER={shell.user}\nSHLVL=1\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
    )


def history(shell: Shell, _words: list[str]) -> str:
    return "".join(f"{n:5d}  {line}\n" for n, line in enumerate(shell.history, 1))


def fetch(shell: Shell, words: list[str]) -> str:
    """wget and curl: this machine resolves no name and reaches nobody."""
    targets = _operands(words)
    if not targets:
        return shell.fails(
            f"{words[0]}: missing URL\n" if words[0] == "wget" else "curl: try 'curl --help'\n", 2
        )
    host = targets[-1].split("://")[-1].split("/")[0].split(":")[0]
    if words[0] == "curl":
        return shell.fails(f"curl: (6) Could not resolve host: {host}\n", 6)
    text = f"Resolving {host} ({host})... failed: Temporary failure in name resolution.\n"
    return shell.fails(f"{text}wget: unable to resolve host address ‘{host}’\n", 4)


def ping(shell: Shell, words: list[str]) -> str:
    host = (_operands(words) or [""])[-1]
    return shell.fails(f"ping: {host}: Temporary failure in name resolution\n", 2)


def leave(shell: Shell, words: list[str]) -> str:
    shell.done = True
    code = words[1] if len(words) > 1 else "0"
    shell.status = int(code) % 256 if code.isdigit() else 0
    return ""


def sudo(shell: Shell, words: list[str]) -> str:
    if shell.uid == 0 and len(words) > 1:
        program = PROGRAMS.get(words[1])
        return program(shell, words[1:]) if program else shell.fails(f"sudo: {words[1]}: command not found\n")
    return shell.fails(f"{shell.user} is not in the sudoers file.\n")


def denied(shell: Shell, words: list[str]) -> str:
    return shell.fails(f"{words[0]}: Operation not permitted\n")


def touch(shell: Shell, words: list[str]) -> str:
    for word in _operands(words)[:20]:
        if len(shell.tree) < 200:
            shell.tree.setdefault(shell.path(word), "")
    return ""


def mkdir(shell: Shell, words: list[str]) -> str:
    for word in _operands(words)[:20]:
        if len(shell.tree) < 200:
            shell.tree.setdefault(shell.path(word) + "/", "")
    return ""


def rm(shell: Shell, words: list[str]) -> str:
    for word in _operands(words)[:20]:
        path = shell.path(word)
        if path not in shell.tree and not shell.is_folder(path) and "f" not in _options(words):
            return shell.fails(f"rm: cannot remove '{word}': No such file or directory\n")
        shell.tree.pop(path, None)
    return ""


def whoami(shell: Shell, _words: list[str]) -> str:
    return f"{shell.user}\n"


def pwd(shell: Shell, _words: list[str]) -> str:
    return f"{shell.folder}\n"


def hostname(shell: Shell, _words: list[str]) -> str:
    return f"{shell.machine.hostname}\n"


def nproc(shell: Shell, _words: list[str]) -> str:
    return f"{shell.machine.cores}\n"


def silent(_shell: Shell, _words: list[str]) -> str:
    return ""


PROGRAMS: dict[str, Program] = {
    "ls": ls,
    "cd": cd,
    "cat": cat,
    "head": cat,
    "tail": cat,
    "less": cat,
    "more": cat,
    "echo": echo,
    "printf": echo,
    "id": identity,
    "whoami": whoami,
    "pwd": pwd,
    "hostname": hostname,
    "nproc": nproc,
    "date": lambda _shell, _words: time.strftime("%a %b %e %H:%M:%S UTC %Y\n", time.gmtime()),
    "uname": uname,
    "uptime": uptime,
    "who": who,
    "w": w,
    "last": who,
    "ps": ps,
    "ip": addresses,
    "ifconfig": ifconfig,
    "free": free,
    "df": df,
    "mount": mount,
    "env": environment,
    "printenv": environment,
    "set": environment,
    "history": history,
    "wget": fetch,
    "curl": fetch,
    "ping": ping,
    "exit": leave,
    "logout": leave,
    "sudo": sudo,
    "touch": touch,
    "mkdir": mkdir,
    "rm": rm,
    "chattr": denied,
    "iptables": denied,
    "insmod": denied,
    "reboot": denied,
} | dict.fromkeys(
    (
        "chmod",
        "chown",
        "export",
        "unset",
        "alias",
        "true",
        "sleep",
        "sync",
        "clear",
        "cp",
        "mv",
        "kill",
        "ulimit",
    ),
    silent,
)
