"""Objects of `ip` (iproute2 6.1) whose tables are empty, or hold only the kernel's own rows."""

from __future__ import annotations

from collections.abc import Callable

from ..process import Process
from ..text.common import Failure
from .ip_show import View, links

Shows = Callable[[Process, View, list[str]], str]
OFF6 = "forwarding off mc_forwarding off proxy_neigh off ignore_routes_with_linkdown off"
OFF = {"inet": OFF6.replace("mc_", "rp_filter off mc_"), "inet6": OFF6}
NO_VRF = "Name              Table\n-----------------------\nNo VRF has been configured\n"
NO_FAMILY = "RTNETLINK answers: No such file or directory\nError talking to the kernel"
CACHE = """{family} {table} 
    dev {device} 
    refcnt 1 reachable {reachable} base_reachable 30000 retrans 1000 
    gc_stale 60000 delay_probe 5000 queue 101 
    app_probes 0 ucast_probes 3 mcast_probes 3 
    anycast_delay 1000 proxy_delay 800 proxy_queue 64 locktime {locktime} 

"""  # noqa: W291 (as it is printed)
CACHES = (("inet", "arp_cache", 1000), ("inet6", "ndisc_cache", 0))


def other_object(process: Process, view: View, name: str, words: list[str], *, json: bool) -> int:
    """Show one of OTHERS. Raises Failure."""
    if json:
        process.out("[ ]\n")
    else:
        process.out(OTHERS[name](process, view, words))
    return 0


def _named(process: Process, words: list[str]) -> list[str]:
    names = [link.name for link in links(process.shell.world)]
    if "dev" not in words[:-1]:
        return names
    name = words[words.index("dev") + 1]
    if name not in names:
        raise Failure(f'Cannot find device "{name}"', 1)
    return [name]


def _families(view: View) -> list[str]:
    return [view.family] if view.family in OFF else list(OFF)


def _netconf(process: Process, view: View, words: list[str]) -> str:
    names = _named(process, words)
    shown = names if "dev" in words else [*names, "all", "default"]
    return "".join(f"{family} {name} {OFF[family]} \n" for family in _families(view) for name in shown)


def _ntable(process: Process, view: View, words: list[str]) -> str:
    seed = process.shell.world.persona
    return "".join(
        CACHE.format(
            family=family,
            table=table,
            device=name,
            locktime=locktime,
            reachable=seed.number(f"reachable {table} {name}", 15_000, 45_000) // 4 * 4,
        )
        for family, table, locktime in CACHES
        if family in _families(view)
        for name in _named(process, words)
    )


def _token(process: Process, view: View, words: list[str]) -> str:
    return "".join(f"token :: dev {name}\n" for name in _named(process, words) if name != "lo")


def _xfrm(process: Process, view: View, words: list[str]) -> str:
    counted = words[:1] == ["state"] and "count".startswith(words[-1]) and len(words) > 1
    return "\t SAD count 0\n" if counted else ""


def _nothing(process: Process, view: View, words: list[str]) -> str:
    return ""


def _no_family(process: Process, view: View, words: list[str]) -> str:
    raise Failure(NO_FAMILY, 1)


OTHERS: dict[str, Shows] = {
    "netconf": _netconf, "ntable": _ntable, "ntbl": _ntable, "token": _token, "xfrm": _xfrm,
    "fou": _no_family,
    "vrf": lambda process, view, words: NO_VRF, "l2tp": _nothing, "macsec": _nothing, "ioam": _nothing,
    "tcp_metrics": _nothing, "tcpmetrics": _nothing,
    "sr": lambda process, view, words: "tunsrc addr ::\n" if words[:1] == ["tunsrc"] else "",
}  # fmt: skip
"""What they show, by object. No visitor's change reaches them."""
