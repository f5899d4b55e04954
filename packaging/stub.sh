#!/bin/sh
{ # The shell runs nothing of this group before it has read all of it: a copy that is cut off here does nothing.
# decnet @VERSION@ for Linux on @MACHINE@, glibc @GLIBC@ or newer. One file with its own Python:
# it unpacks itself once into a cache, and starts from there.
set -eu
umask 077

fail() {
    echo "error: $1" >&2
    echo "hint: ${2:-set DECNET_CACHE to a directory of yours that can hold programs, with 150 MB free}" >&2
    exit 1
}

if [ -n "${DECNET_CACHE:-}" ]; then cache=$DECNET_CACHE
elif [ "$(id -u)" = 0 ]; then cache=/var/cache/decnet
elif [ -n "${XDG_CACHE_HOME:-}" ]; then cache=$XDG_CACHE_HOME/decnet
else cache=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}/.cache/decnet
fi
case $cache in /*) ;; *) fail "the cache directory $cache is not an absolute path" ;; esac
place=$cache/@CONTENT@
me=$0
case $me in */*) ;; *) me=$(command -v -- "$0") ;; esac
damaged() {
    fail "$me is damaged: cut off, or replaced while it started" "run it again, or else copy it again"
}

# A file that another version has replaced meanwhile is not a copy of this one that was cut off.
size=$(stat -Lc %s -- "$me" 2>/dev/null || echo @SIZE@)
if [ "$size" -lt @SIZE@ ] && head -c 4000 -- "$me" | grep -qa "^place=.*/@CONTENT@$"; then damaged; fi
if [ ! -e "$place/complete" ]; then
    mkdir -p "$cache" || fail "the directory $cache cannot be created"
    new=$(mktemp -d "$cache/.new.XXXXXX") || fail "cannot write to $cache"
    trap 'rm -rf "$new"' EXIT
    trap 'exit 130' HUP INT TERM
    # Opened once: an upgrade may put another file in this one's place meanwhile.
    exec 3<"$me"
    packed="tail -c +@OFFSET@ /proc/self/fd/3"
    case $($packed | sha256sum) in
        @CONTENT@*) ;;
        *) damaged ;;
    esac
    $packed | tar -xzf - -C "$new" --no-same-owner || fail "cannot unpack into $cache"
    exec 3<&-
    # Two at once unpack the same: whoever comes second takes what is there.
    mv -T "$new" "$place" 2>/dev/null || [ -e "$place/complete" ] || fail "cannot unpack into $cache"
    trap - EXIT HUP INT TERM
    rm -rf "$new"
    "$place/bin/python@PYTHON@" -I -S -c pass || fail "cannot run what was unpacked into $cache"
fi
[ -O "$place" ] || fail "$place belongs to another user" "find out who created it, then remove it"

export DECNET_PROGRAM="$me"
export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}"
exec "$place/bin/python@PYTHON@" -I -S "$place/start.py" "$@"
exit 1
}
