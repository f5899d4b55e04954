#!/bin/sh
# decnet @VERSION@ for Linux on @MACHINE@, glibc @GLIBC@ or newer. One file, with a Python of its own:
# it unpacks itself once into a cache, and starts from there.
set -eu
umask 077

fail() {
    echo "error: $1" >&2
    echo "hint: ${2:-set DECNET_CACHE to a folder of your own that can hold programs, with 150 MB free}" >&2
    exit 1
}

if [ -n "${DECNET_CACHE:-}" ]; then cache=$DECNET_CACHE
elif [ "$(id -u)" = 0 ]; then cache=/var/cache/decnet
elif [ -n "${XDG_CACHE_HOME:-}" ]; then cache=$XDG_CACHE_HOME/decnet
else cache=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}/.cache/decnet
fi
case $cache in /*) ;; *) fail "the cache folder $cache is not an absolute path" ;; esac
place=$cache/@CONTENT@

if [ ! -e "$place/complete" ]; then
    me=$0
    case $me in */*) ;; *) me=$(command -v -- "$0") ;; esac
    mkdir -p "$cache" || fail "the folder $cache cannot be made"
    new=$(mktemp -d "$cache/.new.XXXXXX") || fail "nothing can be written in $cache"
    trap 'rm -rf "$new"' EXIT
    trap 'exit 130' HUP INT TERM
    tail -c +@OFFSET@ "$me" | tar -xzf - -C "$new" --no-same-owner || fail "it cannot be unpacked into $cache"
    [ -e "$new/complete" ] || fail "$me is cut off" "copy it again"
    # Two at once unpack the same: whoever comes second takes what is there.
    mv -T "$new" "$place" 2>/dev/null || [ -e "$place/complete" ] || fail "it cannot be unpacked into $cache"
    trap - EXIT HUP INT TERM
    rm -rf "$new"
    "$place/bin/python@PYTHON@" -I -S -c pass || fail "what was unpacked into $cache cannot be run"
fi
[ -O "$place" ] || fail "$place belongs to somebody else" "look at who put it there, and remove it"

export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}"
exec "$place/bin/python@PYTHON@" -I -S "$place/start.py" "$@"
exit 1
