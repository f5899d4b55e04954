"""The configuration prompt of a printer's network card, which has no login."""

from collections.abc import Callable

from ..persona import Persona
from .keyboard import Keyboard

MOST_LINES = 200
HELP = """
        To change/configure parameters, enter:
        Parameter-name: value <Carriage Return>

        Parameter-name  Type of value
        ip:             IP-address in dotted notation
        subnet-mask:    address in dotted notation (enter 0 for default)
        default-gw:     address in dotted notation (enter 0 for default)
        syslog-svr:     address in dotted notation (enter 0 for default)
        idle-timeout:   seconds in integers
        set-cmnty-name: alpha-numeric string (32 chars max)
        host-name:      alpha-numeric string (upper case only, 32 chars max)
        dhcp-config:    0 to disable, 1 to enable
        allow:          <ip> [mask] (0 to clear, list to display, 10 max)

        passwd:         change the password
        exit:           save the changes and leave
        quit:           leave without saving
"""
MENU = """
                    HP JetDirect

    Main Menu
    ---------
      1. General Settings
      2. TCP/IP Settings
      3. SNMP Settings
      4. Other Settings
      5. Support Information
      0. Exit

"""
PARAMETERS = ("ip", "subnet-mask", "default-gw", "syslog-svr", "idle-timeout", "set-cmnty-name", "host-name",
              "dhcp-config", "allow", "passwd")  # fmt: skip

SECRETS = ("passwd", "set-cmnty-name")


async def converse(keyboard: Keyboard, persona: Persona, record: Callable[[str], None]) -> None:
    """Read lines until the visitor leaves."""
    for _ in range(MOST_LINES):
        line = await keyboard.read_line(echo=True)
        text = (line or b"").decode("utf-8", "backslashreplace").strip()
        if text:
            record(text)
        if text.lower() in ("exit", "quit"):
            await keyboard.write(b"EXITING WITHOUT SAVING ANY ENTRIES\r\n")
            return
        await keyboard.write(_answer(persona, text).replace("\n", "\r\n").encode() + b"> ")


def _answer(persona: Persona, text: str) -> str:
    name = text.split(":", 1)[0].strip().lower()
    if not text:
        return ""
    if text == "?":
        return HELP
    if text.lower() == "menu":
        return MENU
    if text == "/":
        return _settings(persona)
    if name in PARAMETERS and ":" in text:
        return ""
    return "Invalid command, value or range\n"


def _settings(persona: Persona) -> str:
    network = persona.address.rpartition(".")[0]
    return (
        "\n    ===JetDirect Telnet Configuration===\n"
        "        Firmware Rev.   : JSI24090012\n"
        f"        MAC Address     : {persona.mac}\n"
        "        Config By       : USER SPECIFIED\n\n"
        f"        IP Address      : {persona.address}\n"
        "        Subnet Mask     : 255.255.255.0\n"
        f"        Default Gateway : {network}.1\n"
        "        Syslog Server   : Not Specified\n"
        "        Idle Timeout    : 270 Seconds\n"
        "        Set Cmnty Name  : Not Specified\n"
        f"        Host Name       : {persona.hostname}\n\n"
        "        DHCP Config     : Disabled\n"
        "        Passwd          : Disabled\n\n"
    )
