"""The arguments of a verb, taken out with their type and bounds."""

from __future__ import annotations

from decnet.wire import is_project

from .failure import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional


def text(args: Dict[str, Any], key: str, most: int = 200) -> str:
    """A string of 1 to `most` printable ASCII characters. Raises Refusal `usage`."""
    value = args.get(key)
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= most
        or not value.isascii()
        or not value.isprintable()
    ):
        raise Refusal("usage", "argument %s: a string of 1 to %d plain characters is needed" % (key, most))
    return value


def optional_text(args: Dict[str, Any], key: str, most: int = 200) -> Optional[str]:
    return None if args.get(key) is None else text(args, key, most)


def project(args: Dict[str, Any], default: Optional[str] = None) -> str:
    """The name of a project. Raises Refusal `usage`."""
    value = default if args.get("project") is None else args["project"]
    if not is_project(value):
        raise Refusal("usage", "argument project: decnet, or decnet-t- and 8 hexadecimal digits, is needed")
    return str(value)


def whole(args: Dict[str, Any], key: str, default: Optional[int] = None, most: int = 2**53) -> int:
    """A whole number from 0 to `most`. Raises Refusal `usage`."""
    value = args.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise Refusal("usage", "argument %s: a number from 0 to %d is needed" % (key, most))
    return value


def seconds(args: Dict[str, Any], key: str, default: float, most: float) -> float:
    value = args.get(key, default)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= most:
        raise Refusal("usage", "argument %s: seconds from 0 to %d are needed" % (key, most))
    return float(value)


def flag(args: Dict[str, Any], key: str) -> bool:
    value = args.get(key, False)
    if not isinstance(value, bool):
        raise Refusal("usage", "argument %s: true or false is needed" % key)
    return value


def mapping(args: Dict[str, Any], key: str) -> Dict[str, Any]:
    value = args.get(key)
    if not isinstance(value, dict):
        raise Refusal("usage", "argument %s: an object is needed" % key)
    return value


def texts(args: Dict[str, Any], key: str, most: int) -> List[str]:
    """A list of at most `most` short strings. Raises Refusal `usage`."""
    value = args.get(key, [])
    if not isinstance(value, list) or len(value) > most:
        raise Refusal("usage", "argument %s: a list of at most %d strings is needed" % (key, most))
    return [text({key: item}, key) for item in value]


def only(args: Dict[str, Any], *known: str) -> None:
    """Raises Refusal `usage` where an argument is not one of these, or `expect`."""
    unknown = sorted(set(args) - set(known) - {"expect"})
    if unknown:
        raise Refusal("usage", "unknown argument %r" % unknown[0][:80])
