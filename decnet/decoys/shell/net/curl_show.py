# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""curl's progress meter and --write-out."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = (
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
    "                                 Dload  Upload   Total   Spent    Left  Speed\n"
)
METER = "\r  0     0    0     0    0     0      0      0 --:--:-- {} --:--:--     0"
"""A line of the meter without any data; the time that was spent is missing."""
ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True)
class Transfer:
    """What --write-out can show of a transfer."""

    url: str
    status: int = 0
    size: int = 0
    kind: str = ""
    address: str = ""
    seconds: float = 0.0
    location: str = ""


def progress(size: int, rate: int = 1000) -> str:
    """The last line of the meter: a transfer inside the machine takes about a millisecond, one of a file less."""
    speed = _five(size * rate)
    return f"\r100 {_five(size):>5}  100 {_five(size):>5}    0     0 {speed:>6}      0 --:--:-- --:--:-- --:--:-- {speed:>5}\n"


def _five(number: int) -> str:
    """A number in five characters."""
    if number < 100_000:
        return str(number)
    if number < 10_000 * 1024:
        return f"{number // 1024}k"
    return f"{number / 1024 / 1024:.1f}M"


def formatted(form: str, transfer: Transfer) -> str:
    """The text of --write-out."""
    values = {
        "http_code": f"{transfer.status:03d}", "response_code": f"{transfer.status:03d}", "size_download": str(transfer.size),
        "content_type": transfer.kind, "url_effective": transfer.url, "url": transfer.url, "remote_ip": transfer.address,
        "time_total": f"{transfer.seconds:.6f}", "time_connect": f"{min(transfer.seconds, 0.0002):.6f}",
        "time_namelookup": "0.000021", "time_starttransfer": f"{transfer.seconds:.6f}", "num_redirects": "0",
        "speed_download": str(transfer.size * 1000), "http_version": "1.1" if transfer.status else "0", "exitcode": "0",
        "redirect_url": transfer.location, "num_connects": "1", "ssl_verify_result": "0", "method": "GET", "errormsg": "",
    }  # fmt: skip
    out, at = [], 0
    while at < len(form):
        if form.startswith("%{", at):
            end = form.find("}", at)
            if end > 0:
                out.append(values.get(form[at + 2 : end], ""))
                at = end + 1
                continue
        if form.startswith("%%", at):
            out.append("%")
            at += 2
        elif form[at] == "\\" and form[at + 1 : at + 2] in ESCAPES:
            out.append(ESCAPES[form[at + 1]])
            at += 2
        else:
            out.append(form[at])
            at += 1
    return "".join(out)
