# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""gpgv, gpgconf and other helpers of GnuPG."""

from __future__ import annotations

from ..process import Command, Process, Running
from ..text.common import why_not
from ..text.packaged import packaged


@packaged(refuses=False)
def gpgv(process: Process) -> Running:
    """Verify signatures by a keyring, which is not there."""
    home = f"{process.shell.variables.get('HOME', '/root')}/.gnupg"
    words = [word for word in process.args if not word.startswith("-")]
    path = words[-1] if words else ""
    reason = why_not(process, path)
    yield 0.0
    process.err(
        f"gpgv: unknown type of key resource 'trustedkeys.kbx'\ngpgv: keyblock resource '{home}/trustedkeys.kbx': General error\n"
    )
    if reason:
        process.err(f"gpgv: can't open '{path}': {reason}\ngpgv: verify signatures failed: {reason}\n")
        return 2
    process.err("gpgv: no valid OpenPGP data found.\ngpgv: verify signatures failed: Unknown system error\n")
    return 2


COMPONENTS = (
    ("gpg", "OpenPGP", "gpg"),
    ("gpgsm", "S/MIME", "gpgsm"),
    ("gpg-agent", "Private Keys", "gpg-agent"),
    ("scdaemon", "Smartcards", "../lib/gnupg/scdaemon"),
    ("dirmngr", "Network", "dirmngr"),
    ("pinentry", "Passphrase Entry", "pinentry"),
)


@packaged(bare=True, refuses=False)
def gpgconf(process: Process) -> Running:
    """Where the parts of GnuPG are."""
    word = (process.args or ["--list-components"])[0]
    home = f"{process.shell.variables.get('HOME', '/root')}/.gnupg"
    account = process.shell.world.accounts.user(process.shell.user)
    run = f"/run/user/{account.uid if account else 0}/gnupg"
    yield 0.0
    if word == "--list-components":
        process.out(
            "".join(
                f"{name}:{title}:/usr/bin/{program}\n".replace("/usr/bin/../", "/usr/")
                for name, title, program in COMPONENTS
            )
        )
    elif word == "--list-dirs":
        rows = [("sysconfdir", "/etc/gnupg"), ("bindir", "/usr/bin"), ("libexecdir", "/usr/lib/gnupg"), ("libdir", "/usr/lib/x86_64-linux-gnu/gnupg"), ("datadir", "/usr/share/gnupg"), ("localedir", "/usr/share/locale"),
                ("socketdir", run), ("dirmngr-socket", f"{run}/S.dirmngr"), ("agent-ssh-socket", f"{run}/S.gpg-agent.ssh"), ("agent-extra-socket", f"{run}/S.gpg-agent.extra"), ("agent-browser-socket", f"{run}/S.gpg-agent.browser"),
                ("agent-socket", f"{run}/S.gpg-agent"), ("homedir", home)]  # fmt: skip
        wanted = process.args[1:]
        process.out(
            "".join(
                f"{value}\n" if wanted else f"{name}:{value}\n"
                for name, value in rows
                if not wanted or name in wanted
            )
        )
    elif word in (
        "--kill",
        "--launch",
        "--reload",
        "--create-socketdir",
        "--remove-socketdir",
        "--check-programs",
    ):
        return 0
    else:
        process.err(f'invalid option "{word}"\n')
        return 2
    return 0


@packaged(refuses=False)
def helper(process: Process) -> Running:
    """Programs of GnuPG that read one file."""
    name = process.name.rpartition("/")[2]
    words = [word for word in process.args if not word.startswith("-")]
    yield 0.0
    if not words:
        process.err(f'invalid option "{process.args[0]}"\n')
        return 2
    reason = why_not(process, words[0])
    if name == "kbxutil":
        process.out(f"can't open '{words[0]}': {reason}\n" if reason else "")
        return 0
    process.err(f"{name}: can't open '{words[0]}': {reason}\n" if reason else "")
    return (1 if name == "gpgparsemail" else 2) if reason else 0


@packaged(bare=True, refuses=False)
def gpg_zip(process: Process) -> Running:
    """An old script."""
    yield 0.0
    process.err("gpg-zip: This script is deprecated - please use gpgtar instead.\n")
    process.err(ZIP_USAGE)
    return 1


ZIP_USAGE = """Usage: gpg-zip [--help] [--version] [--encrypt] [--decrypt] [--symmetric]
       [--list-archive] [--output FILE] [--gpg GPG] [--gpg-args ARGS]
       [--tar TAR] [--tar-args ARGS] filename1 [filename2, ...]
       directory1 [directory2, ...]

Encrypt or sign files into an archive.
"""


COMMANDS: dict[str, Command] = {
    "gpgv": gpgv,
    "gpgconf": gpgconf,
    "gpg-zip": gpg_zip,
    **dict.fromkeys(("gpgtar", "gpgsplit", "kbxutil", "gpgparsemail"), helper),
}
