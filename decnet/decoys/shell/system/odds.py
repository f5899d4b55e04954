# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""htop, gpg-agent, ssh-agent -k, lspgpot and other programs that need a terminal or an agent."""

from __future__ import annotations

from ..process import Command, Process, Running
from ..text.packaged import packaged


@packaged(bare=True, refuses=False)
def htop(process: Process) -> Running:
    """A picture of the processes: `top` draws it."""
    if not process.to_terminal:
        process.err("Error opening terminal: unknown.\n")
        yield 0.0
        return 1
    return (yield from process.call(["top"]))


@packaged(bare=True, refuses=False)
def ssh_agent(process: Process) -> Running:
    """An agent for keys, which no one else reaches."""
    words = [word for word in process.args if word not in ("-s", "-c", "-d", "-D")]
    variables = process.shell.environment()
    yield 0.0
    if "-k" in words:
        pid = variables.get("SSH_AGENT_PID", "")
        if not pid:
            process.err("SSH_AGENT_PID not set, cannot kill agent\n")
            return 1
        process.out(f"unset SSH_AUTH_SOCK;\nunset SSH_AGENT_PID;\necho Agent pid {pid} killed;\n")
        return 0
    if words and not words[0].startswith("-"):
        return (yield from process.call(words))
    import secrets

    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    name = "".join(secrets.choice(letters) for _ in range(12))
    pid = str(process.shell.world.new_pid(1))
    socket = f"/tmp/ssh-{name}/agent.{int(pid) - 1}"
    if "-c" in process.args:
        process.out(f"setenv SSH_AUTH_SOCK {socket};\nsetenv SSH_AGENT_PID {pid};\necho Agent pid {pid};\n")
    else:
        process.out(
            f"SSH_AUTH_SOCK={socket}; export SSH_AUTH_SOCK;\nSSH_AGENT_PID={pid}; export SSH_AGENT_PID;\necho Agent pid {pid};\n"
        )
    return 0


@packaged(bare=True, refuses=False)
def gpg_agent(process: Process) -> Running:
    """The agent of GnuPG: none runs."""
    words = [word for word in process.args if not word.startswith("-")]
    yield 0.0
    if process.name.rpartition("/")[2] == "gpg-connect-agent":
        home = f"{process.shell.variables.get('HOME', '/root')}/.gnupg"
        process.err("gpg-connect-agent: no running gpg-agent - starting '/usr/bin/gpg-agent'\n")
        if process.shell.node(home) is None:
            process.err(
                "gpg-connect-agent: can't connect to the agent: No such file or directory\ngpg-connect-agent: error sending standard options: No agent running\n"
            )
            return 1
        process.err(
            "gpg-connect-agent: waiting for the agent to come up ... (5s)\ngpg-connect-agent: connection to agent established\n"
        )
        return 0
    if words and "--daemon" in process.args:
        return (yield from process.call(words))
    if "--daemon" in process.args or "--server" in process.args:
        return 0
    process.err(f"gpg-agent[{process.pid}]: no gpg-agent running in this session\n")
    return 2


@packaged(bare=True, refuses=False)
def sulogin(process: Process) -> Running:
    """A login for the first process of a boot, on a terminal."""
    wrong = next((word for word in process.args if word.startswith("--")), "")
    yield 0.0
    process.err(f"sulogin: unrecognized option '{wrong}'\n" if wrong else "")
    process.err("sulogin: tcgetattr failed: Inappropriate ioctl for device\n")
    return 0


COMMANDS: dict[str, Command] = {
    "htop": htop, "ssh-agent": ssh_agent, "gpg-agent": gpg_agent, "gpg-connect-agent": gpg_agent, "sulogin": sulogin,
}  # fmt: skip
