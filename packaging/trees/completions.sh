# Runs in a chroot, as nobody: what bash-completion offers for each of the words after PROGRAM. One line per question:
# the words so far, the flags (nospace), and what is offered, separated by \x1f. `<NAME ARGUMENTS>` stands for a
# list that the machine decides: files, users, units.
. /usr/share/bash-completion/bash_completion
COMP_WORDBREAKS=$' \t\n"\'@><=;|&(:'
name=$1 flags= extglob=$(shopt -p extglob)
compopt() { flags="$flags $*"; }
complete -p "$name" > /dev/null 2>&1 || _completion_loader "$name" 2> /dev/null
spec=$(complete -p "$name" 2>/dev/null) || exit 0
offer() { COMPREPLY+=("<$*>"); }
for each in _filedir _usergroup _allowed_users _allowed_groups _signals _pids _pnames _pgids _services _modules \
    _installed_modules _known_hosts_real _configured_interfaces _available_interfaces _shells _uids _gids _fstypes \
    _terms _ip_addresses _kernel_versions _mac_addresses _filedir_xspec _user_at_host _variables_names _mounts \
    _comp_xfunc_dpkg_compgen_installed_packages _configured_interfaces _cd_devices _dvd_devices _pci_ids _usb_ids; do
  eval "$each() { offer ${each#_} \"\$@\"; }"
done
for each in $(declare -F | sed 's/^declare -f //' | grep -Ev '^__get_c(word|omp)' | grep -E '^__get_|^__filter_units|^_comp_dpkg|^__apt_'); do
  eval "$each() { echo '<$each>'; }"
done
apt-cache() { echo '<packages>'; }
dpkg-query() { echo '<installed>'; }
dpkg() { case $* in *--help*) command dpkg "$@" ;; *) echo '<installed>' ;; esac; }
shopt -s extglob
function=$(sed -n 's/.* -F \([^ ]*\) .*/\1/p' <<< "$spec")
printf '=\x1f%s\n' "$spec"
[ "$function" ] || exit 0
ask() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_TYPE=9 COMP_KEY=9 COMPREPLY=() flags=
  COMP_POINT=${#COMP_LINE}
  "$function" "$1" "${@: -1}" "${@: -2:1}" < /dev/null > /dev/null 2>&1
  local IFS=$'\x1f'
  printf '%s\x1f%s\x1f%s\n' "$(IFS=' '; echo "${*:2}")" "$flags" "${COMPREPLY[*]//$'\n'/ }"
}
ask "$name" ''
words=("${COMPREPLY[@]}")
ask "$name" -
options=("${COMPREPLY[@]}")
ask "$name" xx ''
ask "$name" --
options+=("${COMPREPLY[@]}")
[ ${#words[@]} -gt 80 ] && words=()
for each in "${words[@]}"; do
  case $each in *[!a-z0-9_-]* | -* | '') continue ;; esac
  ask "$name" "$each" ''
  ask "$name" "$each" -
  ask "$name" "$each" --
done
for each in $(printf '%s\n' "${options[@]:0:250}" | sort -u); do
  case $each in -*=) ask "$name" "${each%=}" = '' ;; -*) ask "$name" "$each" '' ;; esac
done
case $name in
  usermod|useradd|userdel|group*|gpasswd|chage|su|runuser|p[gk]*|ps|last|passwd|renice|curl|wget|s[scu]*|crontab|ch[fs]*)
    for each in {a..z} {A..Z}; do ask "$name" "-$each" ''; done ;;
esac
