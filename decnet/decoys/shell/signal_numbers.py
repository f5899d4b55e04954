"""The signals of Linux on most machines, as signal(7) numbers them."""

NUMBERED = """HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP
TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS"""
SIGNALS = {name: number for number, name in enumerate(NUMBERED.split(), 1)}
NAMES = {number: name for name, number in SIGNALS.items()}


def signals_listed() -> str:
    """All signals as BusyBox lists them."""
    names = NAMES | {29: "POLL"}
    return "".join(f"{number:>2}) {name}\n" for number, name in sorted(names.items()))
