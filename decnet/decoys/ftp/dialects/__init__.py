"""FTP servers, one file each."""

from ...persona import Persona
from . import bsd, iis, proftpd, vsftpd
from .dialect import Dialect

__all__ = ["Dialect", "dialect_of"]

PRINTERS = ("FTP Server Ready", "FTP print service", "FTP Print Server")


def dialect_of(persona: Persona) -> Dialect:
    """The server that goes with the persona's greeting, else with its system."""
    greeting = persona.banner
    if "vsFTPd" in greeting:
        return vsftpd.make(persona)
    if "ProFTPD" in greeting:
        return proftpd.make(persona)
    if "Microsoft" in greeting:
        return iis.make(persona)
    if any(sign in greeting for sign in PRINTERS):
        return bsd.printer(persona)
    if persona.release.startswith("schneider"):
        return bsd.vxworks(persona)
    return bsd.make(persona) if persona.os == "bsd" else bsd.device(persona)
