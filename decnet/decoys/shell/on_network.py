# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Commands about the network: they show its state, but cannot reach other hosts."""

import re

from .state import Answer, Command, Shell

RESOLVE_SECONDS = 5.0
CONNECT_SECONDS = 20.0


def wget(shell: Shell, arguments: list[str], given: str) -> Answer:
    url = next((word for word in arguments if not word.startswith("-")), "")
    if not url:
        return Answer(
            error="wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n",
            status=1,
        )
    shell.session.record("request", request="download", url=url)
    host = _host(url)
    full = url if "://" in url else f"http://{url}"
    if _is_address(host):
        error = f"--2024--  {full}\nConnecting to {host}:80... failed: Connection timed out.\nRetrying.\n"
        return Answer(error=error.replace("--2024--", _stamp()), status=4, delay=CONNECT_SECONDS)
    error = (
        f"{_stamp()}  {full}\nResolving {host} ({host})... failed: Temporary failure in name resolution.\n"
    )
    error += f"wget: unable to resolve host address '{host}'\n"
    return Answer(error=error, status=4, delay=RESOLVE_SECONDS)


def curl(shell: Shell, arguments: list[str], given: str) -> Answer:
    url = next((word for word in arguments if not word.startswith("-") and ("." in word or "/" in word)), "")
    if not url:
        return Answer(error="curl: try 'curl --help' or 'curl --manual' for more information\n", status=2)
    shell.session.record("request", request="download", url=url)
    host = _host(url)
    if _is_address(host):
        error = (
            f"curl: (28) Failed to connect to {host} port 80 after 129843 ms: Couldn't connect to server\n"
        )
        return Answer(error=error, status=28, delay=CONNECT_SECONDS)
    return Answer(error=f"curl: (6) Could not resolve host: {host}\n", status=6, delay=RESOLVE_SECONDS)


def ping(shell: Shell, arguments: list[str], given: str) -> Answer:
    host = next((word for word in reversed(arguments) if not word.startswith("-") and not word.isdigit()), "")
    if not host:
        return Answer(error="ping: usage error: Destination address required\n", status=2)
    if not _is_address(host):
        return Answer(
            error=f"ping: {host}: Temporary failure in name resolution\n", status=2, delay=RESOLVE_SECONDS
        )
    return Answer(
        f"PING {host} ({host}) 56(84) bytes of data.\n\n--- {host} ping statistics ---\n"
        "4 packets transmitted, 0 received, 100% packet loss, time 3061ms\n\n", status=1, delay=13.0,
    )  # fmt: skip


def ssh(shell: Shell, arguments: list[str], given: str) -> Answer:
    target = next((word for word in arguments if not word.startswith("-")), "")
    if not target:
        return Answer(
            error="usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] destination [command [argument ...]]\n", status=255
        )
    host = target.rsplit("@", 1)[-1]
    shell.session.record("request", request="ssh", host=host)
    if _is_address(host):
        return Answer(
            error=f"ssh: connect to host {host} port 22: Connection timed out\n",
            status=255,
            delay=CONNECT_SECONDS,
        )
    error = f"ssh: Could not resolve hostname {host}: Temporary failure in name resolution\n"
    return Answer(error=error, status=255, delay=RESOLVE_SECONDS)


def apt(shell: Shell, arguments: list[str], given: str) -> Answer:
    if shell.user != "root":
        return Answer(
            error="E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\n",
            status=100,
        )
    if "install" in arguments:
        name = arguments[-1]
        return Answer("Reading package lists... Done\nBuilding dependency tree... Done\n",
                      f"E: Unable to locate package {name}\n", 100, 0.6)  # fmt: skip
    return Answer(
        "Reading package lists... Done\n", "W: Some index files failed to download.\n", 0, RESOLVE_SECONDS
    )


def _stamp() -> str:
    import time

    return time.strftime("--%Y-%m-%d %H:%M:%S--", time.gmtime())


def _host(url: str) -> str:
    return re.sub(r"^[a-z]+://", "", url).split("/")[0].rsplit("@", 1)[-1].split(":")[0]


def _is_address(host: str) -> bool:
    return re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", host) is not None


COMMANDS: dict[str, Command] = {
    "wget": wget, "curl": curl, "ping": ping,
    "ssh": ssh, "apt": apt, "apt-get": apt, "yum": apt, "dnf": apt,
}  # fmt: skip
