# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The texts of the sites. Everything that differs between machines is derived from the seed."""

import struct
from html import escape

from ..persona import Persona

COMPANIES = (
    "Halden & Roth", "Norvik Logistics", "Brightwater Foods", "Castell Engineering", "Ostrava Metals", "Pinecrest Dental",
    "Lindholm Textiles", "Amberley Partners", "Kestrel Freight", "Sundal Marine", "Varga Instruments", "Meridian Tiles",
)  # fmt: skip
INTRANETS = (
    "Employee Portal",
    "Staff Intranet",
    "Service Desk",
    "Document Store",
    "Time Sheets",
    "Stock Room",
)
DEVICES = {
    "hp": "HP LaserJet Pro M404n", "brother": "Brother HL-L6400DW series", "canon": "LBP226dw",
    "openwrt": "LuCI", "camera": "Network Camera", "tasmota": "Tasmota", "tp-link": "TP-LINK",
    "siemens": "SIMATIC 1200", "schneider": "Modicon M340", "cisco": "Catalyst", "edgeswitch": "EdgeSwitch 24",
    "synology": "DiskStation", "qnap": "QTS", "yealink": "Yealink",
}  # fmt: skip
COLOURS = ("#1f4e79", "#2f6f4f", "#7a2e2e", "#44546a", "#5b3f8c", "#0f6674", "#8a5a00", "#333f48")


class Look:
    """Names and colours of one machine's pages."""

    def __init__(self, persona: Persona, title: str | None, server: str) -> None:
        self.persona = persona
        self.server = server
        self.colour = persona.choice("http colour", COLOURS)
        self._title = title

    def company(self) -> str:
        """The company of the site."""
        return self._title or self.persona.choice("http company", COMPANIES)

    def intranet(self) -> str:
        """The title of an intranet page."""
        return self._title or self.persona.choice("http intranet", INTRANETS)

    def product(self) -> str:
        """The name of the device."""
        release = self.persona.release.lower()
        known = next((name for mark, name in DEVICES.items() if mark in release), None)
        return self._title or known or "Management Console"

    def icon(self) -> bytes:
        """A 16 x 16 icon of one letter-like pattern, as .ico with four bits a pixel."""
        red, green, blue = (int(self.colour[at : at + 2], 16) for at in (1, 3, 5))
        half = [self.persona.number(f"http icon {row}", 0, 255) for row in range(16)]
        rows = b"".join(_nibbles(bits) for bits in half)
        palette = bytes((255, 255, 255, 0, blue, green, red, 0)) + bytes(56)
        picture = (
            struct.pack("<IiiHHIIiiII", 40, 16, 32, 1, 4, 0, len(rows), 0, 0, 16, 0)
            + palette
            + rows
            + bytes(64)
        )
        return struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 16, 0, 1, 4, len(picture), 22) + picture


def _nibbles(bits: int) -> bytes:
    """One symmetric row of 16 pixels from 8 bits."""
    pixels = [(bits >> at) & 1 for at in range(8)]
    whole = pixels + pixels[::-1]
    return bytes(whole[at] << 4 | whole[at + 1] for at in range(0, 16, 2))


def front(kind: str, look: Look, login: str) -> str:
    """The start page of a site of this kind."""
    if kind == "default":
        return _default(look)
    if kind == "company":
        return _company(look)
    if kind == "intranet":
        return _intranet(look, login)
    if kind == "device" and not login:
        return _frame(look, look.product(), f"<h1>{escape(look.product())}</h1>\n<p>Status: Ready</p>")
    return login_form(look, login) if login else _company(look)


def login_form(look: Look, action: str, *, wrong: bool = False) -> str:
    """A login form that posts to `action`."""
    title = look.product() if action.startswith("/cgi-bin") else look.intranet()
    complaint = '<p class="error">Invalid username or password.</p>\n' if wrong else ""
    return _frame(
        look,
        f"{title} - Sign in",
        f'<div class="box">\n<h1>{escape(title)}</h1>\n{complaint}'
        f'<form method="post" action="{action}">\n'
        '<label for="username">Username</label>\n<input id="username" name="username" type="text" autofocus>\n'
        '<label for="password">Password</label>\n<input id="password" name="password" type="password">\n'
        '<button type="submit">Sign in</button>\n</form>\n</div>',
    )


def stylesheet(look: Look) -> str:
    """The one style sheet."""
    return (
        "body { margin: 0; font-family: Segoe UI, Helvetica, Arial, sans-serif; color: #222; background: #f3f4f6; }\n"
        f"header {{ background: {look.colour}; color: #fff; padding: 12px 24px; }}\n"
        "main { max-width: 860px; margin: 24px auto; background: #fff; padding: 24px; border: 1px solid #ddd; }\n"
        ".box { width: 300px; margin: 60px auto; }\n.error { color: #a00; }\n"
        "label { display: block; margin-top: 12px; }\ninput { width: 100%; padding: 6px; box-sizing: border-box; }\n"
        f"button {{ margin-top: 16px; padding: 8px 20px; background: {look.colour}; color: #fff; border: 0; }}\n"
        "table { border-collapse: collapse; width: 100%; }\ntd { border-bottom: 1px solid #eee; padding: 6px; }\n"
    )


DEFAULTS = f"{__file__.rpartition('/')[0]}/defaults"
"""The pages that the packages of Debian and Ubuntu install as index.html, byte by byte: apache2-data 2.4.71,
2.4.52 and 2.4.41, nginx-common 1.22.1 and 1.18.0."""
IT_WORKS = "<html><body><h1>It works!</h1></body></html>\n"
"""Apache's own."""


def _default(look: Look) -> str:
    server, release = look.server, look.persona.release
    if server.startswith("nginx"):
        return _packaged("nginx-1.18" if server.startswith("nginx/1.18") else "nginx")
    if "Debian" in server:
        return _packaged("debian")
    if "Ubuntu" in server:
        return _packaged("ubuntu-20.04" if release.startswith("ubuntu-20.04") else "ubuntu")
    if server.startswith("Microsoft-IIS"):
        return _plain("IIS Windows Server", "Internet Information Services")
    if "Rocky" in server:
        return _plain(
            "HTTP Server Test Page", "The server works. No content has been added to /var/www/html yet."
        )
    return IT_WORKS if server.startswith("Apache") else _plain("Welcome page", "The web server is running.")


def _packaged(name: str) -> str:
    with open(f"{DEFAULTS}/{name}.html", encoding="utf-8", newline="") as page:  # noqa: PTH123 - pathlib takes memory
        return page.read()


def _plain(title: str, text: str) -> str:
    return (
        f"<!DOCTYPE html>\n<html>\n<head>\n<title>{title}</title>\n<style>\nbody {{ width: 35em; margin: 0 auto; "
        f"font-family: Tahoma, Verdana, Arial, sans-serif; }}\n</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        f"<p>{text}</p>\n</body>\n</html>\n"
    )


def _company(look: Look) -> str:
    name = escape(look.company())
    year = 1950 + look.persona.number("http founded", 0, 60)
    return _frame(
        look,
        look.company(),
        f"<h1>{name}</h1>\n<p>A family business since {year}.</p>\n<h2>What we do</h2>\n"
        "<p>We supply customers in the region, from first order to delivery. Call the office for a quote.</p>\n"
        f"<p>Office hours: Monday to Friday, 8:00 to 16:30.</p>\n<p>&copy; {name}</p>",
    )


def _intranet(look: Look, login: str) -> str:
    rows = (
        "Phone list",
        "Holiday calendar",
        "Expense form",
        "VPN instructions",
        "Printer setup",
        "Canteen menu",
    )
    link = login or "/"
    items = "\n".join(f'<tr><td><a href="{link}">{row}</a></td></tr>' for row in rows)
    return _frame(look, look.intranet(), f"<h1>{escape(look.intranet())}</h1>\n<table>\n{items}\n</table>")


def _frame(look: Look, title: str, body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<title>{escape(title)}</title>\n<link rel="stylesheet" href="/style.css">\n'
        f"</head>\n<body>\n<header>{escape(look.company())}</header>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
