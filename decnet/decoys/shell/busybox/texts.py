# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""How BusyBox's applets put the errors of the programs that they stand for."""

from __future__ import annotations

from ..text.common import USAGE

OF_GZIP: tuple[tuple[str, str], ...] = (
    ("{}: unknown suffix -- ignored", "{}: unknown suffix - ignored"),
    ("{} is a directory -- ignored", "can't remove file '{}': Is a directory"),
    ("{}.gz: {}", "{}: {}"),
    ("{} already has .gz suffix -- unchanged", ""),
    ("{}: Read-only file system", "can't open '{}': Read-only file system"),
)
OF_BZIP2: tuple[tuple[str, str], ...] = (
    ("(stdin) is not a bzip2 file.", "invalid magic"),
    ("Can't open input file {}: {}.", "{}: {}"),
    ("Input file {} is a directory.", "{}: unknown suffix - ignored"),
)
UNEXPECTED_END = "cmd. line:1: Unexpected end of string"
TEXTS: dict[str, tuple[tuple[str, str], ...]] = {
    "cat": (("{}: {}", "can't open '{}': {}"),),
    "chgrp": (("cannot access '{}': {}", "{}: {}"), ("changing group of '{}': {}", "{}: {}"), ("invalid group: '{}'", "unknown group {}"), ("missing operand{}", USAGE)),
    "chmod": (("cannot access '{}': {}", "{}: {}"), ("changing permissions of '{}': {}", "{}: {}"), ("invalid mode: '{}'", "invalid mode '{}'"), ("missing operand{}", USAGE)),
    "chown": (("cannot access '{}': {}", "{}: {}"), ("changing ownership of '{}': {}", "{}: {}"), ("invalid user: '{}:{}'", "unknown user/group {}:{}"), ("invalid user: '{}'", "unknown user {}"), ("invalid group: '{}:{}'", "unknown user/group {}:{}"), ("invalid group: '{}'", "unknown group {}"), ("missing operand{}", USAGE)),
    "chroot": (
        ("cannot change root directory to '{}': {}", "can't change root directory to '{}': {}"),
        ("failed to run command '{}': {}", "can't execute '{}': {}"),
    ),
    "cp": (
        ("cannot stat '{}': {}", "can't stat '{}': {}"),
        ("-r not specified; omitting directory '{}'", "omitting directory '{}'"),
        ("cannot create regular file '{}': {}", "can't create '{}': {}"),
        ("cannot create directory '{}': {}", "can't create directory '{}': {}"),
        ("cannot open '{}' for reading: {}", "can't open '{}': {}"),
    ),
    "cut": (("invalid field value '{}'", "invalid number '{}'"), ("you must specify a list of bytes, characters, or fields", "expected a list of bytes, characters, or fields"),),
    "date": (("{}: No such file or directory", "can't stat '{}': No such file or directory"),),
    "dd": (("invalid conversion: '{}'", "invalid argument '{}' to 'conv'"), ("invalid input flag: '{}'", "invalid argument '{}' to 'iflag'"), ("invalid output flag: '{}'", "invalid argument '{}' to 'oflag'"), ("invalid status level: '{}'", "invalid argument '{}' to 'status'"), ("failed to open '{}': {}", "can't open '{}': {}"), ("unrecognized operand '{}'", USAGE), ("invalid number: '{}'", "invalid number '{}'"), ("error reading '{}': {}", "{}: {}")),
    "df": (("{}: No such file or directory", "{}: can't find mount point"),),
    "diff": (("{}: {}", "can't stat '{}': {}"),),
    "du": (("cannot access '{}': {}", "{}: {}"),),
    "find": (
        ("missing argument to `{}'", "{} requires an argument"), ("Expected a positive decimal integer argument to {}, but got '{}'", "invalid number '{1}'"),
        ("can't execute '{}': {}", "{}: {}"), ("you have too many ')'", f"unrecognized: )\n{USAGE}"), ("invalid expression; I was expecting to find a ')' somewhere but did not see one.", "unpaired '('"), ("Unknown argument to -type: {}", "invalid argument '{}' to '-type'"), ("invalid -size type `{}'", "invalid number '{}'"),
        ("invalid argument `{}' to `{}'", "invalid number '{}'"), ("cannot delete '{}': {}", "{}: {}"), ("can't stat {}", "can't stat {}"), ("'{}': {}", "{}: {}"), ("unknown predicate `{}'", f"unrecognized: {{}}\n{USAGE}"),
    ),
    "head": (("invalid trailing option -- {}", "invalid number '{}'"), ("invalid number of bytes: '{}'", "invalid number '{}'"), ("error reading '{}': {}", "{}: Input/output error"), ("cannot open '{}' for reading: {}", "{}: {}"), ("invalid number of lines: '{}'", "invalid number '{}'")),
    "fdisk": (("cannot open {}: {}", "can't open '{}': {}"),),
    "gunzip": (("{}: not in gzip format", "invalid magic"), *OF_GZIP), "gzip": (("{}: not in gzip format", "invalid magic"), *OF_GZIP),
    "zcat": (("{}: not in gzip format", "no gzip/bzip2/xz magic"), *OF_GZIP),
    "bunzip2": OF_BZIP2, "bzcat": OF_BZIP2, "tac": (("failed to open '{}' for reading: {}", "{}: {}"),),
    "rev": (("cannot open {}: {}", "{}: {}"),), "expand": (("invalid tab size: '{}'", "invalid number '{}'"), ("tab size contains invalid character(s): '{}'", "invalid number '{}'")), "unlink": (("cannot unlink '{}': {}", "can't remove file '{}': {}"),),
    "link": (("cannot create link '{}' to '{}': {}", "can't create hardlink '{}' to '{}': {}"),),
    "sync": (("error opening '{}': {}", "can't open '{}': {}"),), "strings": (("'{}': No such file", "{}: No such file or directory"), ("Warning: '{}' is a directory", "")),
    "uniq": (("{}: Is a directory", "{}: I/O error"), ("{}: {}", "can't open '{}': {}")), "cmp": (("{}: Is a directory", "{}: I/O error"),),
    "mkfifo": (("cannot create fifo '{}': {}", "{}: {}"),), "mknod": (("missing operand after {}", USAGE), ("extra operand {}", USAGE), ("invalid device type {}", USAGE), ("invalid mode{}", "{}"), ("'{}': {}", "{}: {}")),
    "fold": (("invalid number of columns: '0': Numerical result out of range", "number 0 is not in 1..10000 range"), ("invalid number of columns: '{}'", "invalid number '{}'"),), "shuf": (("invalid line count: '{}'", "invalid number '{}'"),),
    "factor": (("'{}' is not a valid positive integer", USAGE),), "seq": (("invalid floating point argument: '{}'", USAGE),),
    "timeout": (("invalid time interval '{}'", "invalid number '{}'"), ("'{}': invalid signal", "unknown signal '{}'")),
    "hostname": (("can't open `{}'", "can't open '{}': No such file or directory"),),
    "expr": (("missing operand", "too few arguments"), ("syntax error: {}", "syntax error"), ("non-integer argument", "non-numeric argument")),
    "xargs": (("invalid number \"{}\" for -{} option", "invalid number '{}'"), ("unmatched {} quote; {}", "unmatched {} quote"),), "base64": (("invalid input", "truncated input"),),
    "swapoff": (("{}: swapoff failed: {}", "{}: {}"),), "run-parts": (("failed to open directory {}: {}", "{}: {}"),),
    "tr": (("missing operand after '{}'", ""),),
    "sed": (
        ("-e expression #1, char {}: unterminated {}", "unmatched '/'"), ("-e expression #1, char {}: missing command", "missing command"),
        ("-e expression #1, char {}: unknown option to `s'", "bad option in substitution expression"),
        ("-e expression #1, char {}: missing filename in r/R/w/W commands", "empty filename"),
        ("-e expression #1, char {}: unknown command: `,'", "no address after comma"), ("-e expression #1, char {}: unexpected `,'", "no address after comma"),
        ("-e expression #1, char {}: unknown command: `{}'", "unsupported command {1}"), ("can't find label for jump to `{}'", "can't find label for jump to '{}'"),
        ("can't read {}: {}", "{}: {}"), ("read error on {}: Is a directory", ""), ("couldn't open temporary file {}: {}", "can't create temp file '{}XXXXXX': {}"),
    ),
    "grep": (
        ("{}: Is a directory", ""), ("invalid max count", "invalid number"), ("{}: invalid context length argument", "invalid number '{}'"),
    ),
    "id": (("'{}': no such user", "unknown user {}"),),
    "groups": (("'{}': no such user", "unknown user {}"),),
    "insmod": (("ERROR: could not load module {}: {}", "can't insert '{}': {}"), ("ERROR: could not insert module {}: {}", "can't insert '{}': {}")),
    "more": (("can't open '{}': Is a directory", "read error: Is a directory"),),
    "killall": (("{}: no process found", "{}: no process killed"),),
    "kill": (("({}): {}", "can't kill pid {}: {}"), ("failed to parse argument: '{}'", "invalid number '{}'")),
    "logname": (("no login name", "getlogin: No such device or address"),),
    "mktemp": (("failed to create {} via template '{}': {}", "(null): {2}"), ("too few X's in template '{}'", "(null): Invalid argument")),
    "ln": (("{}: hard link not allowed for directory", "{}: Operation not permitted"), ("failed to create symbolic link '{}': {}", "{}: {}"), ("target '{}': {}", "{}: {}"), ("failed to create hard link '{}': {}", "{}: {}"), ("failed to access '{}': {}", "{}: {}")),
    "ls": (("cannot access '{}': {}", "{}: {}"), ("cannot open directory '{}': {}", "can't open '{}': {}")),
    "mkdir": (("cannot create directory '{}': {}", "can't create directory '{}': {}"), ("cannot create directory '{}': {}", "can't create directory '{}': {}")),
    "mount": (("{}: special device {} does not exist.", "mounting {1} on {0} failed: No such file or directory"), ("{}: can't find in /etc/fstab.", "can't find {} in /etc/fstab"),
              ("{}: mount point does not exist.", "mounting {0} failed: No such file or directory")),
    "modprobe": (("FATAL: Module {} not found in directory {}", "can't change directory to '{1}': No such file or directory"),),
    "mv": (
        ("cannot move '{}' to a subdirectory of itself, '{}'", "can't rename '{}': Invalid argument"),
        ("cannot stat '{}': {}", "can't rename '{}': {}"),
        ("cannot move '{}' to '{}': {}", "can't rename '{0}': {2}"),
    ),
    "nice": (("failed to run command '{}': {}", "can't execute '{}': {}"),),
    "od": (("invalid -{} argument '{}'", "invalid number '{1}'"), ("{}: Is a directory", "{}: read error"),),
    "passwd": (("user '{}' does not exist", "unknown user {}"),),
    "rm": (
        ("cannot remove '{}': Is a directory", "'{}' is a directory"),
        ("cannot remove '{}': {}", "can't remove '{}': {}"),
        ("refusing to remove '.' or '..' directory: skipping '{}'", "can't remove '.' or '..'"),
    ),
    "renice": (("invalid priority '{}'", "invalid number '{}'"), ("failed to get priority for {} (process ID): {}", "setpriority: {1}"),),
    "rmmod": (("ERROR: Module {} is not currently loaded", "can't unload module '{}': No such file or directory"),),
    "rmdir": (("failed to remove '{}': {}", "'{}': {}"),),
    "shred": (("{}: failed to open for writing: {}", "can't open '{}': {}"),),
    "sleep": (("invalid time interval '{}'", "invalid number '{}'"),),
    "sort": (("field number is zero: invalid field specification '{}'", "bad field specification"), ("invalid number at field start: {}", "bad field specification"), ("multi-character tab '{}'", "bad -t parameter"), ("cannot read: {}: {}", "{}: {}"), ("read failed: {}: Is a directory", "")),
    "stat": (("cannot statx '{}': {}", "can't stat '{}': {}"),),
    "stty": (("'{}': {}", "{}: {}"),),
    "swapon": (("{}: swapon failed: {}", "{}: {}"), ("cannot open {}: {}", "{}: {}")),
    "readlink": (("{}: Invalid argument", "{}: cannot read link: not a symlink"),),
    "sysctl": (("cannot stat /proc/sys/{}: No such file or directory", "error: '{}' is an unknown key"), ("cannot open {}", USAGE)),
    "su": (("user {} does not exist or the user entry does not contain all the required fields", "unknown user {}"),),
    "tail": (("invalid number of lines: '{}'", "invalid number '{}'"), ("invalid number of bytes: '{}'", "invalid number '{}'"), ("error reading '{}': {}", "read error: {1}"), ("cannot open '{}' for reading: {}", "can't open '{}': {}"),),
    "tar": (
        ("{}: Cannot change directory: {}", "can't change directory to '{}': {}"),
        ("Cowardly refusing to create an empty archive", "empty archive"), ("You must specify one of {}", USAGE),
        ("{}: Cannot open: {}", "can't open '{}': {}"), ("{}: Cannot stat: {}", "{}: {}"), ("Error is not recoverable: exiting now", ""),
        ("Removing leading `/' from {}", "removing leading '/' from member names"), ("This does not look like a tar archive", "short read"),
        ("Exiting with failure status due to previous errors", ""), ("{}: Not found in archive", "{}: not found in archive"),
    ),
    "touch": (("failed to get attributes of '{}': {}", "can't stat '{}': {}"), ("cannot touch '{}': {}", "{}: {}"),),
    "truncate": (("cannot open '{}' for writing: {}", "{}: open: {}"), ("you must specify either '--size' or '--reference'", USAGE), ("missing file operand", USAGE), ("Invalid number: '{}'", "invalid number '{}'")),
    "umount": (("{}: no mount point specified.", "can't unmount {}: No such file or directory"), ("{}: not mounted.", "can't unmount {}: Invalid argument"), ("{}: target is busy.", "can't unmount {}: Device or resource busy")),
    "awk": (
        ("read error (Is a directory)", "cmd. line:1: Is a directory"), ("line {}: runaway {}", UNEXPECTED_END), ("line {}: function {} never defined", "cmd. line:1: Call to undefined function"),
        ("line {}: wrong number of arguments in call to {}", "cmd. line:1: Too few arguments"), ("line {}: break {}", "cmd. line:1: 'break' not in a loop"),
        ("line {}: continue {}", "cmd. line:1: 'continue' not in a loop"), ("line {}: extra '}}'", ""), ("line {}: {}", "cmd. line:1: Unexpected token"),
        ("cannot open \"{}\" for output ({})", "can't open '{}': {}"), ("cannot open {} ({})", "{}: {}"), ("couldn't open file {}: {}", "can't open '{}': {}"), ("improper assignment: {}", USAGE),
        ("option requires an argument -- {}", f"option requires an argument -- '{{}}'\n{USAGE}"),
    ),
    "cal": (("illegal month value: use 1-12", "number is not in 1..12 range"), ("year '{}' not in range 1..9999", "number {} is not in 1..9999 range")),
} | {
    f"{name}sum": (("WARNING: {}", "WARNING: {}"), ("standard input: no properly formatted checksum lines found", "-: no checksum lines found"), ("{}: no properly formatted checksum lines found", "{}: no checksum lines found"), ("{}: Is a directory", "can't read '{}': Is a directory"), ("{}: {}", "can't open '{}': {}")) for name in ("md5", "sha1", "sha256", "sha512", "sha3")
}  # fmt: skip
"""By applet, the forms of its errors elsewhere and here; `{}` is a name or a reason."""
STATUSES = {
    ("ls", 2): 1,
    ("sort", 1): 1,
    ("tar", 2): 1,
    ("umount", 32): 1,
    ("insmod", 1): 254,
    ("timeout", 125): 1,
    ("nice", 125): 1,
    ("mountpoint", 32): 1,
    ("run-parts", 1): 0,
    ("mount", 32): 255,
    ("gunzip", 2): 1,
    ("gzip", 2): 1,
    ("zcat", 2): 1,
    ("su", 1): 1,
    ("kill", 123): 1,
    ("awk", 2): 1,
    ("sed", 2): 1,
    ("sed", 4): 1,
    ("xxd", 2): 1,
    ("bunzip2", 2): 1,
    ("bzcat", 2): 1,
    ("tty", 2): 1,
    ("swapon", 255): 1,
    ("swapoff", 4): 1,
}
"""Exit statuses that differ."""
HEADLESS = ("killall",)
"""Those whose errors have no name in front elsewhere."""
OTHER_NAMES = {"gunzip": "gzip", "zcat": "gzip", "unlzma": "xz", "lzcat": "xz", "unxz": "xz", "xzcat": "xz"}
"""As which program an applet's errors are put elsewhere."""
NO_SENTENCE = ("free", "renice", "last", "whoami", "hostid", "logname", "factor")
"""Applets that print their usage, not what was wrong with an option."""


def translated(name: str, line: str) -> str:
    """One line of an applet's errors as BusyBox puts it, "" for none, USAGE for its usage."""
    head, line = f"{name}: ", line.replace("\u2018", "'").replace("\u2019", "'")
    if (line.startswith("Try '") and line.endswith("for more information.")) or line.startswith(
        "       dmesg(1)"
    ):
        return ""
    given = next(
        (each for each in (head, f"{OTHER_NAMES.get(name, name)}: ") if line.startswith(each)),
        "" if name in HEADLESS else None,
    )
    if given is None:
        return line
    for form, here in TEXTS.get(name, ()):
        values = _values(form, line[len(given) :])
        if values is not None:
            return head + here.format(*values) if here not in ("", USAGE) else here
    return head + line[len(given) :] if given else line


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
