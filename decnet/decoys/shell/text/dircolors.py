"""`dircolors`, and the LS_COLORS that the .bashrc of Debian and Ubuntu sets with it.

Sources: `dircolors -b` of coreutils 8.32 and 9.1, src/dircolors.hin of 8.30 and 9.4."""

from __future__ import annotations

from collections.abc import Iterable

from ...host.world import World
from ..process import Process, Running
from .common import tool

KINDS = (
    "rs=0:di=01;34:ln=01;36:mh=00:pi=40;33:so=01;35:do=01;35:bd=40;33;01:cd=40;33;01:or=40;31;01:mi=00:su=37;41:"
    "sg=30;43:ca={capable}:tw=30;42:ow=34;42:st=37;44:ex=01;32:"
)
ARCHIVES = (
    "tar tgz arc arj taz lha lz4 lzh lzma tlz txz tzo t7z zip z dz gz lrz lz lzo xz zst tzst bz2 bz tbz tbz2 "
    "tz deb rpm jar war ear sar rar alz ace zoo cpio 7z rz cab wim swm dwm esd"
)
NEW_ARCHIVES = "apk crate drpm egg pyz udeb whl"
"""Since 9.4, which has them all in order."""
PICTURES = (
    "jpg jpeg mjpg mjpeg gif bmp pbm pgm ppm tga xbm xpm tif tiff png svg svgz mng pcx mov mpg mpeg m2v mkv "
    "webm {}ogm mp4 m4v mp4v vob qt nuv wmv asf rm rmvb flc avi fli flv gl dl xcf xwd yuv cgm emf ogv ogx"
)
SOUNDS = "aac au flac m4a mid midi mka mp3 mpc ogg ra wav oga opus spx xspf"
BACKUPS = "bak old orig part rej swp tmp dpkg-dist dpkg-old ucf-dist ucf-new ucf-old rpmnew rpmorig rpmsave"
NEW_BACKUPS = "crdownload dpkg-new dpkg-tmp"
VERSIONS = {"11": 832, "12": 901, "20.04": 830, "22.04": 832, "24.04": 904}
"""By the system's version, that of coreutils."""


def colors_of(world: World) -> str:
    """The value of LS_COLORS."""
    version = VERSIONS.get(world.system.version, 901)
    archives, backups = ARCHIVES.split(), list[str]()
    pictures = PICTURES.format("webp " if version > 830 else "").split()
    if version >= 901:
        pictures, backups = ["avif", *pictures], BACKUPS.split()
    if version >= 904:
        archives, backups = (
            sorted([*archives, *NEW_ARCHIVES.split()]),
            sorted([*backups, *NEW_BACKUPS.split()]),
        )
    ends = _colored(archives, "01;31") + _colored(pictures, "01;35") + _colored(SOUNDS.split(), "00;36")
    if backups:
        ends += "*~=00;90:*#=00;90:" + _colored(backups, "00;90")
    return KINDS.format(capable="30;41" if version < 901 else "00") + ends


def _colored(ends: Iterable[str], code: str) -> str:
    return "".join(f"*.{end}={code}:" for end in ends)


@tool
def dircolors(process: Process) -> Running:
    """The value as a shell reads it; the syntax of the shell that SHELL names if no option chooses one."""
    yield 0.0
    shell = process.shell.variables.get("SHELL", "").rpartition("/")[2]
    words = set(process.args)
    if not shell and not words:
        process.err("dircolors: no SHELL environment variable, and no shell type option given\n")
        return 1
    value = colors_of(process.shell.world) if process.shell.environment().get("TERM") else ""
    if words & {"-c", "--csh", "--c-shell"} or (shell in ("csh", "tcsh") and not words & {"-b", "--sh"}):
        process.out(f"setenv LS_COLORS '{value}'\n")
    else:
        process.out(f"LS_COLORS='{value}';\nexport LS_COLORS\n")
    return 0


COMMANDS = {"dircolors": dircolors}
