"""Commands about folders and files that need no data connection."""

import time

from .talk import Talk


async def pwd(talk: Talk, argument: str) -> None:
    await talk.reply("pwd")


async def cwd(talk: Talk, argument: str) -> None:
    path = talk.path(argument)
    if argument and talk.inside.is_folder(path):
        talk.cwd = path
        await talk.reply("went", talk.verb)
    else:
        await talk.reply("no_folder")


async def cdup(talk: Talk, argument: str) -> None:
    talk.cwd = talk.path("..")
    await talk.reply("went", talk.verb)


async def size(talk: Talk, argument: str) -> None:
    if talk.text and talk.dialect.has_text("size_ascii"):
        await talk.reply("size_ascii")
        return
    node = talk.inside.node(talk.path(argument))
    if await is_plain(talk, argument) and node is not None:
        await talk.reply("size", size=node.bytes)


async def mdtm(talk: Talk, argument: str) -> None:
    node = talk.inside.node(talk.path(argument))
    if await is_plain(talk, argument) and node is not None:
        await talk.reply("mdtm", stamp=time.strftime("%Y%m%d%H%M%S", time.gmtime(node.changed)))


async def is_plain(talk: Talk, argument: str) -> bool:
    """Whether it is a file; if not, sends the error."""
    node = talk.inside.node(talk.path(argument)) if argument else None
    if node is None or (node.folder and not talk.dialect.has_text("not_plain")):
        await talk.reply("no_file", talk.verb)
    elif node.folder:
        await talk.reply("not_plain", talk.verb)
    else:
        return True
    return False


async def change(talk: Talk, argument: str) -> None:
    """Every command that would change something: denied."""
    dialect, verb = talk.dialect, talk.verb
    if verb == "RNTO" and dialect.has_text("rename_first"):
        await talk.reply("rename_first")
    elif verb in ("DELE", "RMD", "XRMD", "RNFR") and dialect.names_files and _is_missing(talk, argument):
        await talk.reply("no_file")
    else:
        as_guest = talk.guest and dialect.has_text("denied guest") and verb not in ("MKD", "XMKD")
        await talk.reply("denied", "guest" if as_guest else verb)


def _is_missing(talk: Talk, argument: str) -> bool:
    return talk.inside.node(talk.path(argument)) is None
