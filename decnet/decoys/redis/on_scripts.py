"""EVAL and similar commands. No script is run: the simplest are recognized, all others fail as scripts do."""

import hashlib
import re
from typing import cast

from .arguments import printable, whole, word
from .instance import Client, Handlers, waits
from .keyspace import Wrong
from .resp import OK, Reply

MOST_SCRIPTS = 100
MOST_SCRIPT = 64 * 1024
CONSTANT = re.compile(rb"\s*return\s+(-?\d{1,15}|\"[^\"\\]*\"|'[^'\\]*'|true|false|nil)?\s*;?\s*")
CALL = re.compile(rb"\s*(?:return\s+)?redis\.p?call\(([^()]*)\)\s*;?\s*", re.DOTALL)
WORD = re.compile(rb"\s*(?:(KEYS|ARGV)\[(\d{1,4})\]|\"([^\"\\]*)\"|'([^'\\]*)'|(-?\d{1,15}))\s*(?:,|$)")
FORBIDDEN = re.compile(rb"\b(package|io|os|require|dofile|loadfile|debug|print|socket|posix|ffi|module)\b")
SHAPE = re.compile(rb"\s*(?:return|local|redis|if|for|while|do|repeat|function|[A-Za-z_]\w*\s*[=(.\[,])")


def evaluate(client: Client, words: list[bytes]) -> Reply:
    """EVAL: script, number of keys, keys, arguments."""
    count = whole(words[1])
    if count > len(words) - 2:
        raise Wrong("ERR Number of keys can't be greater than number of args")
    if count < 0:
        raise Wrong("ERR Number of keys can't be negative")
    _keep(client, words[0])
    return _result(client, words[0], words[2 : 2 + count], words[2 + count :])


def evaluate_kept(client: Client, words: list[bytes]) -> Reply:
    """EVALSHA."""
    script = client.server.scripts.get(word(words[0]))
    if script is None:
        raise Wrong("NOSCRIPT No matching script. Please use EVAL.")
    return evaluate(client, [script, *words[1:]])


def _keep(client: Client, script: bytes) -> str:
    digest = hashlib.sha1(script).hexdigest()
    scripts = client.server.scripts
    if len(scripts) >= MOST_SCRIPTS:
        scripts.pop(next(iter(scripts)))
    if len(script) <= MOST_SCRIPT:
        scripts[digest] = script
    return digest


def _result(client: Client, script: bytes, keys: list[bytes], arguments: list[bytes]) -> Reply:
    new = client.server.version >= (7,)
    constant = CONSTANT.fullmatch(script)
    if constant:
        return _constant(constant.group(1))
    call = CALL.fullmatch(script)
    if call:
        try:
            return _call(client, call.group(1), {b"KEYS": keys, b"ARGV": arguments})
        except Wrong as wrong:
            raise Wrong(_inside(script, wrong.reply, new)) from wrong
    forbidden = FORBIDDEN.search(script)
    if forbidden:
        raise Wrong(_no_such_global(script, printable(forbidden.group(1)), new))
    if not SHAPE.match(script):
        place = "user_script:1: '=' expected near '<eof>'"
        raise Wrong(f"ERR Error compiling script (new function): {place}")
    return None


def _inside(script: bytes, text: str, new: bool) -> str:
    """The error of a call, as the calling script reports it."""
    digest = hashlib.sha1(script).hexdigest()
    if b"redis.pcall" in script:
        return text
    if new:
        return f"{text} script: {digest}, on @user_script:1."
    return f"ERR Error running script (call to f_{digest}): @user_script:1: {text.removeprefix('ERR ')} "


def _no_such_global(script: bytes, name: str, new: bool) -> str:
    digest = hashlib.sha1(script).hexdigest()
    line = script[: script.index(name.encode())].count(b"\n") + 1
    text = f"user_script:{line}: Script attempted to access nonexistent global variable '{name}'"
    if new:
        return f"ERR {text} script: {digest}, on @user_script:{line}."
    return f"ERR Error running script (call to f_{digest}): @enable_strict_lua:15: {text} "


def _constant(text: bytes | None) -> Reply:
    if text is None or text in (b"nil", b"false"):
        return None
    if text == b"true":
        return 1
    return text[1:-1] if text[:1] in b"\"'" else int(text)


def _call(client: Client, inside: bytes, lists: dict[bytes, list[bytes]]) -> Reply:
    """One call of a command on the keyspace."""
    commands = client.server.commands
    words: list[bytes] = []
    at = 0
    while at < len(inside):
        found = WORD.match(inside, at)
        if found is None:
            return None
        name, number, *texts = found.groups()
        if name:
            place = int(number) - 1
            words.append(lists[name][place] if 0 <= place < len(lists[name]) else b"")
        else:
            words.append(next(text for text in texts if text is not None))
        at = found.end()
    command = client.server.table.commands.get(word(words[0])) if words else None
    if command is None:
        raise Wrong("ERR Unknown Redis command called from script")
    if not command.fits(len(words)):
        raise Wrong("ERR Wrong number of args calling Redis command from script")
    if "s" in command.flags or command.name not in commands.of_keys:
        raise Wrong("ERR This Redis command is not allowed from script")
    reply = commands.run(client, command, words)
    if waits(reply):
        return None
    return int(reply) if isinstance(reply, float) else cast("Reply", reply)


def script(client: Client, words: list[bytes]) -> Reply:
    """SCRIPT."""
    what, rest = word(words[0]), words[1:]
    scripts = client.server.scripts
    if what == "load":
        return _keep(client, rest[0])
    if what == "exists":
        return [int(word(digest) in scripts) for digest in rest]
    if what == "flush":
        if len(rest) > 1 or (rest and word(rest[0]) not in ("sync", "async")):
            raise Wrong("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
        scripts.clear()
        return OK
    if what == "kill":
        raise Wrong("NOTBUSY No scripts in execution right now.")
    return OK


def function(client: Client, words: list[bytes]) -> Reply:
    """FUNCTION: nothing is loaded."""
    what = word(words[0])
    if what == "load":
        raise Wrong("ERR Missing library metadata")
    if what == "stats":
        return {"running_script": None, "engines": {"LUA": {"libraries_count": 0, "functions_count": 0}}}
    if what == "delete":
        raise Wrong("ERR Library not found")
    if what == "kill":
        raise Wrong("NOTBUSY No scripts in execution right now.")
    return [] if what == "list" else OK


def call_function(client: Client, words: list[bytes]) -> Reply:
    whole(words[1], "ERR Bad number of keys provided")
    raise Wrong("ERR Function not found")


HANDLERS: Handlers = {
    "eval": evaluate, "eval_ro": evaluate, "evalsha": evaluate_kept, "evalsha_ro": evaluate_kept,
    "script": script, "function": function, "fcall": call_function, "fcall_ro": call_function,
}  # fmt: skip
