# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""INFO: every line as that version prints it, with figures that are consistent with each other and the
machine."""

import hashlib
import time
from pathlib import Path

from ..host.processes import processes
from ..host.services import services
from .config import places
from .instance import Instance
from .keyspace import Database, now

UNITS = "KMGTP"
PID_SECONDS = 5.0
ASKED_FOR = ("Commandstats", "Latencystats")
"""Sections that come only with `all`, `everything` or by their names."""
COMPILERS = {
    "debian-11": "10.2.1", "debian-12": "12.2.0", "ubuntu-20.04": "9.3.0", "ubuntu-22.04": "11.4.0",
    "ubuntu-24.04": "13.2.0", "rocky-8": "8.5.0", "rocky-9": "11.3.1", "freebsd": "4.2.1", "windows": "0.0.0",
}  # fmt: skip
"""freebsd: clang reports itself as this GCC."""
ALLOCATORS = {
    "debian-11": "jemalloc-5.2.1", "debian-12": "jemalloc-5.3.0", "ubuntu-20.04": "jemalloc-5.2.1",
    "ubuntu-22.04": "jemalloc-5.2.1", "ubuntu-24.04": "jemalloc-5.3.0", "rocky": "jemalloc-5.1.0",
    "windows": "jemalloc-5.2.1-redis",
}  # fmt: skip


def info(server: Instance, wanted: list[str]) -> str:
    """The sections that are requested by name; without names the usual ones."""
    values = _values(server)
    out: list[str] = []
    for section, lines in _sections(server):
        name = section.lower()
        usual = not wanted or "default" in wanted
        everything = {"all", "everything"} & set(wanted)
        if name in wanted or everything or (usual and section not in ASKED_FOR):
            filled = [line for line in (line.format_map(values) for line in lines) if line]
            out.append("\r\n".join((f"# {section}", *filled)) + "\r\n")
    return "\r\n".join(out)


def _sections(server: Instance) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in Path(__file__).with_name("info.txt").read_text("utf-8").splitlines():
        since, _, rest = line.partition(" ")
        if since[:1].isdigit() or since[:1] == "-":
            number = tuple(int(part) for part in since.strip("-").split("."))
            if (server.version < number) != since.startswith("-"):
                continue
            line = rest
        if line.startswith("# "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def _values(server: Instance) -> dict[str, object]:
    return {
        **_of_the_machine(server), **_of_memory(server), **_of_use(server), **_of_replication(server),
        "commandstats": _command_lines(server), "errorstats": _error_lines(server),
        "latencystats": _latency_lines(server), "keyspace": _keyspace_lines(server),
    }  # fmt: skip


def _named(table: dict[str, str], server: Instance, otherwise: str) -> str:
    release = server.persona.release
    return next((value for name, value in table.items() if release.startswith(name)), otherwise)


def _of_the_machine(server: Instance) -> dict[str, object]:
    system = server.machine.system
    windows = server.persona.os.startswith("windows")
    build = hashlib.sha256(f"{server.persona.release} {server.version_text}".encode()).hexdigest()[:16]
    up = int(time.time() - server.started())
    place = places(server.machine)
    return {
        "version": server.version_text.split("-")[0], "build": build.lstrip("0"),
        "os": "Windows" if windows else f"{system.sysname} {system.kernel} {system.machine}",
        "bits": 32 if system.machine == "mips" else 64, "clock": "POSIX clock_gettime",
        "api": "WinSock_IOCP" if windows else "kqueue" if system.sysname == "FreeBSD" else "epoll",
        "atomic": "pthread-mutex" if windows else "c11-builtin" if server.version >= (6, 2) else "atomic-builtin",
        "gcc": _named(COMPILERS, server, "7.5.0"), "allocator": _named(ALLOCATORS, server, "libc"),
        "pid": _pid(server), "supervised": "systemd",
        "run_id": server.run_id, "port": server.port, "usec": int(time.time() * 1_000_000),
        "uptime": up, "days": up // 86400, "lru": int(time.time()) & 0xFFFFFF,
        "executable": place["executable"], "config": place["config"],
    }  # fmt: skip


def _of_memory(server: Instance) -> dict[str, object]:
    used, clients = server.used(), len(server.clients)
    peak = max(server.empty + server.keyspace.peak + 96_000, used)
    rss = used * 2 + server.persona.number("redis rss", 3_000_000, 6_000_000)
    allocated = used + server.persona.number("redis allocated", 150_000, 620_000)
    active = allocated + server.persona.number("redis active", 200_000, 400_000)
    resident = active + server.persona.number("redis resident", 2_000_000, 3_200_000)
    startup = server.empty - server.persona.number("redis startup", 20_000, 60_000)
    overhead = (
        startup
        + 1832 * clients
        + sum(72 * len(database.values) + 40 for database in server.keyspace.databases if database.values)
    )
    lua = 32768 if server.version >= (7,) else 37888
    scripts = sum(400 + len(script) for script in server.scripts.values())
    total = server.machine.memory_kib * 1024
    return {
        "used": used, "used_h": human(used), "rss": rss, "rss_h": human(rss), "peak": peak, "peak_h": human(peak),
        "peak_perc": f"{used * 100 / peak:.2f}", "overhead": overhead, "startup": startup,
        "dataset": max(used - overhead, 0),
        "dataset_perc": f"{max(used - overhead, 0) * 100 / max(used - startup, 1):.2f}",
        "allocated": allocated, "active": active, "resident": resident, "total": total, "total_h": human(total),
        "lua": lua, "lua_h": human(lua), "vm": lua + 33792, "vm_h": human(lua + 33792), "scripts": len(server.scripts),
        "script_bytes": scripts, "all_script_bytes": scripts + 200, "most": server.most, "most_h": human(server.most),
        "frag": f"{active / allocated:.2f}", "frag_bytes": active - allocated,
        "rss_ratio": f"{resident / active:.2f}", "rss_bytes": resident - active,
        "over_ratio": f"{rss / resident:.2f}", "over_bytes": rss - resident,
        "total_ratio": f"{rss / used:.2f}", "total_bytes": rss - used,
        "client_bytes": 1832 * clients if server.version >= (7,) else 20504 * clients, "clients": clients,
        "in_buffer": 20480 if server.version >= (7,) else 2 if server.version < (6,) else 8, "blocked": 0,
    }  # fmt: skip


def _of_use(server: Instance) -> dict[str, object]:
    """Counters of a server in use: those of a fictitious application, plus the commands of visitors."""
    up = int(time.time() - server.started())
    before = server.served()
    done = before + server.calls.total()
    received, sent = before * 61 + server.received, before * 184 + server.sent
    visits = server.connections()
    saves = (up // 7200 if server.began == 0 else 0) + bool(server.saved)
    return {
        "visits": visits, "commands": done, "ops": min(server.calls.total(), 1), "received": received, "sent": sent,
        "in_kbps": "0.03", "out_kbps": "0.08", "expired": before // 5000 + server.keyspace.expired,
        "expire_cpu": up // 60, "hits": before * 2 // 3 + server.keyspace.hits,
        "misses": before // 11 + server.keyspace.misses,
        "channels": len({name for client in server.clients.values() for name in client.channels}),
        "patterns": sum(len(client.patterns) for client in server.clients.values()),
        "fork": server.persona.number("redis fork", 180, 900) if saves else 0, "saves": saves,
        "changes": server.keyspace.changes, "last_save": server.last_save(),
        "save_seconds": 0 if saves else -1, "cow": 4096 * server.persona.number("redis cow", 60, 220) if saves else 0,
        "loaded": server.loaded, "errors": before // 40_000 + server.errors.total(),
        "reads": done + visits, "writes": done, "shrinks": before // 30,
        "cycles": up * 10 + done, "loop_usec": up * 900 + done * 40, "command_usec": done * 3, "loop_now": 93,
        "cpu_sys": f"{up * 0.00061 + 0.02:.6f}", "cpu_user": f"{up * 0.00052 + 0.03:.6f}",
        "cpu_child_sys": f"{saves * 0.0041:.6f}", "cpu_child_user": f"{saves * 0.0012:.6f}",
    }  # fmt: skip


def _of_replication(server: Instance) -> dict[str, object]:
    if server.master is None:
        return {"role": "master", "replica": "", "replid": server.replication}
    down = int(time.time() - server.link_down)
    lines = [
        f"master_host:{server.master[0]}", f"master_port:{server.master[1]}", "master_link_status:down",
        "master_last_io_seconds_ago:-1", "master_sync_in_progress:0",
        *(["slave_read_repl_offset:0"] if server.version >= (7,) else []),
        "slave_repl_offset:0" if server.version >= (6, 2) else "slave_repl_offset:1",
        f"master_link_down_since_seconds:{down if server.version < (6,) else -1}",
        "slave_priority:100", "slave_read_only:1",
        *(["replica_announced:1"] if server.version >= (6, 2) else []),
    ]  # fmt: skip
    return {"role": "slave", "replica": "\r\n".join(lines), "replid": server.replication}


def _command_lines(server: Instance) -> str:
    more = ",rejected_calls=0,failed_calls=0" if server.version >= (6, 2) else ""
    return "\r\n".join(
        f"cmdstat_{name}:calls={count},usec={count * 4},usec_per_call=4.00{more}"
        for name, count in server.calls.items()
    )


def _error_lines(server: Instance) -> str:
    return "\r\n".join(f"errorstat_{name}:count={count}" for name, count in server.errors.items())


def _latency_lines(server: Instance) -> str:
    return "\r\n".join(
        f"latency_percentiles_usec_{name}:p50=4.015,p99=6.015,p99.9=6.015" for name in server.calls
    )


def _keyspace_lines(server: Instance) -> str:
    lines = []
    for number, database in enumerate(server.keyspace.databases):
        if count := len(database.alive()):
            lines.append(
                f"db{number}:keys={count},expires={len(database.ends)},avg_ttl={_mean_time_left(database)}"
            )
    return "\r\n".join(lines)


def _mean_time_left(database: Database) -> int:
    ends = database.ends.values()
    return sum(end - now() for end in ends) // len(ends) if ends else 0


def human(count: int) -> str:
    """Bytes in the server's human-readable form."""
    if count < 1024:
        return f"{count}B"
    value = float(count)
    for unit in UNITS:
        value /= 1024
        if value < 1024:
            return f"{value:.2f}{unit}"
    return f"{value:.2f}P"


def _pid(server: Instance) -> int:
    """The number of its process, as the machine's other services show it. Looking it up takes as long as the
    kernel's tables of connections are."""
    until, found = server.pid
    if time.monotonic() > until:
        found = _looked_up_pid(server)
        server.pid = time.monotonic() + PID_SECONDS, found
    return found


def _looked_up_pid(server: Instance) -> int:
    machine = server.machine
    known = services(machine)
    if machine.system.sysname != "Linux" or all(each.service != "redis" for each in known):
        return server.persona.number("redis pid", 480, 1400)
    found, _ = processes(machine, known, int(time.time()))
    pids = (each.pid for each in found if each.service == "redis")
    return next(pids, 0) or server.persona.number("redis pid", 480, 1400)
