# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""How BusyBox's applets put the errors of the programs that they stand for."""

from __future__ import annotations

TEXTS: dict[str, tuple[tuple[str, str], ...]] = {
    "cat": (("{}: {}", "can't open '{}': {}"),),
    "chgrp": (("cannot access '{}': {}", "{}: {}"), ("invalid group: ‘{}’", "unknown group {}")),
    "chmod": (("cannot access '{}': {}", "{}: {}"), ("invalid mode: ‘{}’", "invalid mode '{}'")),
    "chown": (("cannot access '{}': {}", "{}: {}"), ("invalid user: ‘{}’", "unknown user {}")),
    "chroot": (
        ("cannot change root directory to '{}': {}", "can't change root directory to '{}': {}"),
        ("failed to run command ‘{}’: {}", "can't execute '{}': {}"),
    ),
    "cp": (
        ("cannot stat '{}': {}", "can't stat '{}': {}"),
        ("-r not specified; omitting directory '{}'", "omitting directory '{}'"),
        ("cannot create regular file '{}': {}", "can't create '{}': {}"),
        ("cannot create directory '{}': {}", "can't create directory '{}': {}"),
        ("cannot open '{}' for reading: {}", "can't open '{}': {}"),
    ),
    "cut": (("you must specify a list of bytes, characters, or fields", "expected a list of bytes, characters, or fields"),),
    "date": (("invalid date ‘{}’", "invalid date '{}'"),),
    "dd": (("failed to open '{}': {}", "can't open '{}': {}"), ("unrecognized operand ‘{}’", "invalid argument '{}' to 'dd'")),
    "df": (("{}: No such file or directory", "{}: can't find mount point"),),
    "diff": (("{}: {}", "can't stat '{}': {}"),),
    "du": (("cannot access '{}': {}", "{}: {}"),),
    "find": (("‘{}’: {}", "{}: {}"), ("'{}': {}", "{}: {}"), ("unknown predicate `{}'", "unrecognized: {}")),
    "head": (("cannot open '{}' for reading: {}", "{}: {}"), ("invalid number of lines: ‘{}’", "invalid number '{}'")),
    "id": (("‘{}’: no such user", "unknown user {}"),),
    "groups": (("‘{}’: no such user", "unknown user {}"),),
    "killall": (("{}: no process found", "{}: no process killed"),),
    "ln": (("failed to create symbolic link '{}': {}", "{}: {}"), ("failed to create hard link '{}': {}", "{}: {}"), ("failed to access '{}': {}", "{}: {}")),
    "ls": (("cannot access '{}': {}", "{}: {}"), ("cannot open directory '{}': {}", "can't open '{}': {}")),
    "mkdir": (("cannot create directory ‘{}’: {}", "can't create directory '{}': {}"), ("cannot create directory '{}': {}", "can't create directory '{}': {}")),
    "mount": (("{}: special device {} does not exist.", "mounting {1} on {0} failed: No such file or directory"),),
    "mv": (
        ("cannot stat '{}': {}", "can't rename '{}': {}"),
        ("cannot move '{}' to '{}': {}", "can't rename '{0}': {2}"),
    ),
    "nice": (("failed to run command ‘{}’: {}", "can't execute '{}': {}"),),
    "passwd": (("user '{}' does not exist", "unknown user {}"),),
    "rm": (
        ("cannot remove '{}': Is a directory", "'{}' is a directory"),
        ("cannot remove '{}': {}", "can't remove '{}': {}"),
    ),
    "rmdir": (("failed to remove '{}': {}", "'{}': {}"),),
    "sed": (("can't read {}: {}", "{}: {}"),),
    "sleep": (("invalid time interval ‘{}’", "invalid number '{}'"),),
    "sort": (("cannot read: {}: {}", "{}: {}"),),
    "stat": (("cannot statx '{}': {}", "can't stat '{}': {}"),),
    "su": (("user {} does not exist or the user entry does not contain all the required fields", "unknown user {}"),),
    "tail": (("cannot open '{}' for reading: {}", "can't open '{}': {}"),),
    "tar": (("{}: Cannot open: {}", "can't open '{}': {}"),),
    "touch": (("cannot touch '{}': {}", "{}: {}"),),
    "umount": (("{}: no mount point specified.", "can't unmount {}: Invalid argument"),),
} | {
    f"{name}sum": (("{}: {}", "can't open '{}': {}"),) for name in ("md5", "sha1", "sha256", "sha512", "sha3")
}  # fmt: skip
"""By applet, the forms of its errors elsewhere and here; `{}` is a name or a reason."""
STATUSES = {("ls", 2): 1, ("sort", 1): 1, ("tar", 2): 1, ("umount", 32): 1, ("mount", 32): 255, ("su", 1): 1}
"""Exit statuses that differ."""


def translated(name: str, line: str) -> str:
    """One line of an applet's errors as BusyBox puts it."""
    head = f"{name}: "
    if (line.startswith("Try '") and line.endswith("for more information.")) or line.startswith(
        "       dmesg(1)"
    ):
        return ""
    if not line.startswith(head):
        return line
    for form, here in TEXTS.get(name, ()):
        values = _values(form, line[len(head) :])
        if values is not None:
            return head + here.format(*values)
    return line


def _values(form: str, text: str) -> list[str] | None:
    """What stands for each `{}` of a form; None if the text has another form. The last one is the shortest."""
    parts = form.split("{}")
    if len(parts) == 1:
        return [] if text == form else None
    if not text.startswith(parts[0]):
        return None
    values, rest = [], text[len(parts[0]) :]
    for part in parts[1:-1]:
        value, found, rest = rest.partition(part) if len(parts) > 3 else rest.rpartition(part)
        if not found:
            return None
        values.append(value)
    if not rest.endswith(parts[-1]):
        return None
    return [*values, rest[: len(rest) - len(parts[-1])]] if len(parts) > 1 else []
