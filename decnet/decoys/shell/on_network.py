# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Commands about the network: they show its state, but cannot reach other hosts."""

from .state import Answer, Command, Shell

RESOLVE_SECONDS = 5.0


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


COMMANDS: dict[str, Command] = {
    "apt": apt, "apt-get": apt,
}  # fmt: skip
