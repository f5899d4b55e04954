"""Commands that change files without a data connection: done for an account that may write, else denied."""

from .places import change
from .talk import Talk


async def make(talk: Talk, argument: str) -> None:
    """MKD."""
    if await _is_refused(talk, argument):
        return
    path = talk.path(argument)
    await _report(talk, talk.inside.make(path), "made", at=path.replace('"', '""'))


async def remove(talk: Talk, argument: str) -> None:
    """DELE, RMD."""
    if not await _is_refused(talk, argument):
        reason = talk.inside.remove(talk.path(argument), folder=talk.verb != "DELE")
        await _report(talk, reason, "removed")


async def rename_from(talk: Talk, argument: str) -> None:
    """RNFR."""
    if await _is_refused(talk, argument):
        return
    path = talk.path(argument)
    is_there = talk.inside.has(path)
    talk.renames = path if is_there else ""
    await _report(talk, "" if is_there else "No such file or directory", "rename")


async def rename_to(talk: Talk, argument: str) -> None:
    """RNTO."""
    if await _is_refused(talk, argument):
        return
    source, talk.renames = talk.renames, ""
    if not source:
        await talk.reply("rename_first")
    else:
        await _report(talk, talk.inside.rename(source, talk.path(argument)), "renamed")


async def chmod(talk: Talk, words: list[str]) -> None:
    """SITE CHMOD, for an account that may write."""
    digits, name = (words[1], words[-1]) if len(words) > 2 else ("", "")
    is_mode = 0 < len(digits) < 5 and set(digits) <= set("01234567")
    reason = talk.inside.allow(talk.path(name), int(digits, 8)) if is_mode else "Invalid argument"
    await _report(talk, reason, "chmod", name=name)


async def _is_refused(talk: Talk, argument: str) -> bool:
    """Whether this login changes nothing at all; then that is the answer."""
    if talk.dialect.stores_files and not talk.guest:
        return False
    await change(talk, argument)
    return True


async def _report(talk: Talk, reason: str, occasion: str, **more: str) -> None:
    """The reply for what was done, or for the reason why it was not."""
    if reason:
        await talk.reply("failed", talk.verb, reason=reason, **more)
    else:
        await talk.reply(occasion, talk.verb, **more)
